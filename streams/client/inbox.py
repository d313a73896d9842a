"""What waits for the program that reads a subscription: bounded, newest value per feed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar

T = TypeVar("T")

Kind = Literal["snapshot", "value", "items", "lag", "stale", "resync"]


@dataclass(frozen=True, slots=True)
class Update(Generic[T]):
    """Something new of a feed.

    Attributes:
        feed: Its key, never a wildcard; of a notice the name of the subscription.
        kind: ``snapshot`` and ``value`` bring the feed's whole value (also where only changes were sent),
            ``items`` new entries of a list; ``lag``, ``stale`` and ``resync`` are notices.
        data: The value, or the entries, newest first; None for a notice.
        missed: How many updates of the feed were not delivered before this one, as far as it is known:
            because they were replaced by it or lost.
        reason: Of a notice.
    """

    feed: str
    kind: Kind
    data: T | None = None
    missed: int = 0
    reason: str = ""


class Inbox(Generic[T]):
    """Updates in order; a newer value takes the place of the one that waits for the same feed.

    Args:
        bound: Most updates that wait.
    """

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._order: deque[str | Update[T]] = deque()
        self._values: dict[str, Update[T]] = {}

    def __len__(self) -> int:
        """Return how many updates wait."""
        return len(self._order)

    def put(self, update: Update[T], *, is_list: bool) -> bool:
        """Let an update wait; False where there is no room for it.

        Args:
            update: It.
            is_list: Whether its feed is a list, so that it must not be replaced.
        """
        if not is_list and (waiting := self._values.get(update.feed)) is not None:
            missed = waiting.missed + update.missed + 1
            kind: Kind = "snapshot" if "snapshot" in (waiting.kind, update.kind) else update.kind
            self._values[update.feed] = replace(update, kind=kind, missed=missed)
            return True
        if len(self._order) >= self._bound:
            return False
        if is_list or update.kind not in {"snapshot", "value"}:
            self._order.append(update)
        else:
            self._values[update.feed] = update
            self._order.append(update.feed)
        return True

    def take(self) -> Update[T]:
        """Return the update whose turn it is.

        Raises:
            IndexError: None waits.
        """
        entry = self._order.popleft()
        return self._values.pop(entry) if isinstance(entry, str) else entry

    def drop_entries(self, feed: str) -> int:
        """Forget a list's entries that wait, in favour of a snapshot; return how many updates they were."""
        left = [each for each in self._order if isinstance(each, str) or each.feed != feed]
        dropped = len(self._order) - len(left)
        self._order = deque(left)
        return dropped
