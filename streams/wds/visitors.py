"""Who is in: counted by address and by key, and sent away when their key or token no longer holds."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from streams.settings import Settings
from streams.telemetry import Counters
from streams.wds.grants import Grant
from streams.wds.outbox import Outbox

POLICY_VIOLATION: Final = 1008
"""WebSocket close code for a client that may not be here."""
DISCONNECTED: Final = "disconnected by an operator"
"""Why a client was sent away that may be here: it may come again."""

_numbers: Final = itertools.count(1)


@dataclass(eq=False, slots=True)
class Visitor:
    """One client that is in.

    Attributes:
        address: Where it comes from.
        outbox: What waits for it.
        connection: On which it is served.
        way: How: ``websocket`` or ``events``.
        grant: What it may do; None before it has said who it is.
        number: Tells it from all others of this process.
        since_s: When it came, seconds since 1970 UTC.
    """

    address: str
    outbox: Outbox
    connection: asyncio.BaseTransport
    way: str
    grant: Grant | None = None
    number: int = field(default_factory=_numbers.__next__)
    since_s: float = field(default_factory=time.time)


class Visitors:
    """All clients of this process.

    Args:
        settings: How many there may be, in all and from one address.
        counters: Counts ``refused`` and ``cut_off`` clients by reason.
    """

    def __init__(self, settings: Settings, counters: Counters) -> None:
        self._most = settings.wds_max_clients
        self._most_of_address = settings.wds_max_clients_per_address
        self._counters = counters
        self._inside: dict[int, Visitor] = {}
        self._by_address: Counter[str] = Counter()
        self._by_key: Counter[str] = Counter()

    def __len__(self) -> int:
        """Return how many are in."""
        return len(self._inside)

    def all(self) -> list[Visitor]:
        """Return those who are in."""
        return list(self._inside.values())

    def find(self, number: int) -> Visitor | None:
        """Return the one of this number, if it is in."""
        return self._inside.get(number)

    def objection(self, address: str) -> str | None:
        """Return why a client from an address may not come in; None where it may."""
        if len(self._inside) >= self._most:
            return "too many clients"
        if self._by_address[address] >= self._most_of_address:
            return "too many clients of an address"
        return None

    def enter(self, visitor: Visitor) -> None:
        """Count one in."""
        self._inside[visitor.number] = visitor
        self._by_address[visitor.address] += 1
        self._counters.add("accepted")

    def leave(self, visitor: Visitor) -> None:
        """Count one out."""
        self._inside.pop(visitor.number, None)
        _subtract(self._by_address, visitor.address)
        self._drop_grant(visitor)

    def authorize(self, visitor: Visitor, grant: Grant) -> bool:
        """Give a client what its key or token allows; False where too many use the key already."""
        self._drop_grant(visitor)
        if grant.max_clients is not None and self._by_key[grant.key_id] >= grant.max_clients:
            return False
        self._by_key[grant.key_id] += 1
        visitor.grant = visitor.outbox.grant = grant
        return True

    def sweep(self, stands: Callable[[Grant], bool]) -> None:
        """Send those away whose key is gone or whose token is over."""
        fallen = [each for each in self._inside.values() if each.grant and not stands(each.grant)]
        for visitor in fallen:
            is_over = visitor.grant is not None and visitor.grant.has_expired
            reason = "token expired" if is_over else "key revoked"
            self._counters.add("cut_off", reason=reason)
            visitor.outbox.finish(POLICY_VIOLATION, reason)

    def disconnect(self, visitor: Visitor) -> None:
        """Send one away because an operator wants it."""
        self._counters.add("cut_off", reason=DISCONNECTED)
        visitor.outbox.finish(POLICY_VIOLATION, DISCONNECTED)

    def _drop_grant(self, visitor: Visitor) -> None:
        if visitor.grant is not None:
            _subtract(self._by_key, visitor.grant.key_id)
            visitor.grant = None


def _subtract(counts: Counter[str], name: str) -> None:
    counts[name] -= 1
    if not counts[name]:
        del counts[name]
