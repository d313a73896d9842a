"""What a client may wish of a subscription beyond the bare feed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from streams.feeds import Feed

MAX_LIMIT: Final = 10_000
MAX_FIELDS: Final = 64
MAX_FIELD_NAME: Final = 64
MIN_INTERVAL_MS: Final = 10
MAX_INTERVAL_MS: Final = 60_000


class InvalidOptions(Exception):  # noqa: N818  named as the reply names it
    """An option is wrong; the message says which, and what it must be."""


class Options(msgspec.Struct, frozen=True):
    """How the updates of a feed are to be. Subscriptions that agree in them share their frames.

    Attributes:
        limit: Most rows of a value, and most entries of a list's snapshot; 0 for all.
        fields: The fields of each row, entry or object that are wanted; empty for all.
        delta: Whether changed rows are wanted instead of the whole board.
        interval_ms: Least time between two frames of a feed, ms; 0 for none.
    """

    limit: int = 0
    fields: tuple[str, ...] = ()
    delta: bool = False
    interval_ms: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether values go on as they are, so that no client costs more than another."""
        return self == PLAIN


PLAIN: Final = Options()


class Wish(msgspec.Struct, frozen=True):
    """A subscription's options.

    Attributes:
        options: How the updates are to be.
        snapshot: Whether the current value comes first.
    """

    options: Options
    snapshot: bool


def parse(given: Mapping[str, Any], matched: list[Feed]) -> Wish:
    """Return the wish of a request.

    Args:
        given: The request's options by name, those that it has.
        matched: The catalogue feeds that its feed name matches.

    Raises:
        InvalidOptions: One of them cannot be used.
    """
    for name in ("snapshot", "delta"):
        if not isinstance(given.get(name, False), bool):
            raise InvalidOptions(f"{name} must be true or false")
    options = Options(
        limit=_number(given, "limit", 1, MAX_LIMIT),
        fields=_fields(given),
        delta=given.get("delta", False),
        interval_ms=_number(given, "interval_ms", MIN_INTERVAL_MS, MAX_INTERVAL_MS),
    )
    if options.delta and not all(feed.is_board for feed in matched):
        raise InvalidOptions("delta is for boards only, such as scanners:top_volume or scanners:*")
    return Wish(options, options.delta or given.get("snapshot", False))


def _number(given: Mapping[str, Any], name: str, least: int, most: int) -> int:
    if name not in given:
        return 0
    value = given[name]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidOptions(f"{name} must be a whole number from {least} to {most}")
    return value


def _fields(given: Mapping[str, Any]) -> tuple[str, ...]:
    if "fields" not in given:
        return ()
    names = given["fields"]
    is_usable = (
        isinstance(names, list)
        and 1 <= len(names) <= MAX_FIELDS
        and all(isinstance(name, str) and 1 <= len(name) <= MAX_FIELD_NAME for name in names)
    )
    if not is_usable:
        raise InvalidOptions(f"fields must be a list of 1 to {MAX_FIELDS} names")
    # Whoever wants the same fields shares them, in whatever order they were named.
    return tuple(sorted(set(names)))
