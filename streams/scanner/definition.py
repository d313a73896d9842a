"""A screener's definition as people write it: a table of options and filters, checked word by word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from streams import feeds
from streams.scanner.definition_faults import Faults, shown
from streams.scanner.leaderboard import SIZE
from streams.scanner.measures import NUMBERS
from streams.scanner.screener import Screener
from streams.scanner.screener_filters import GROUPS, make_groups, table_of, texts_of
from streams.scanner.toml_lines import Where
from streams.sessions import Session

DEFAULT_SIZE: Final = 100
SESSIONS: Final = {
    "pre_market": Session.PRE_MARKET,
    "regular": Session.REGULAR,
    "after_hours": Session.AFTER_HOURS,
}
OPTIONS: Final = ("sort", "order", "size", "session")
ORDERS: Final = ("descending", "ascending")


def make_screener(name: str, table: object, faults: Faults) -> Screener | None:
    """Return the screener that a table of a definition describes.

    Args:
        name: The table's name.
        table: What is said there, of any kind.
        faults: Where is noted what is wrong: if anything is, the screener is not to be used.
    """
    if not isinstance(table, dict):
        faults.add((name,), f"no screener: begin one with [{name if is_name(name) else 'name'}]")
        return None
    if not is_name(name):
        faults.add((name,), "a name is of lower-case letters, digits and _, 64 at most")
    elif feeds.feed_of_key(feeds.SCREENER.key(name)) is not feeds.SCREENER:
        faults.add((name,), "the name is a built-in board's")
    filters = {field: value for field, value in table.items() if field not in OPTIONS}
    every, some, no = make_groups(name, filters, OPTIONS, faults)
    return Screener(
        name=name,
        sort=_sort(name, table, faults),
        descending=faults.one_of((name, "order"), table.get("order", ORDERS[0]), ORDERS) == ORDERS[0],
        size=_size((name, "size"), table.get("size", DEFAULT_SIZE), faults),
        all=every,
        any=some,
        none=no,
        sessions=_sessions(name, table, faults),
    )


def define(screener: Screener) -> dict[str, Any]:
    """Return the table that describes a screener: `make_screener` of it returns the same."""
    table: dict[str, Any] = {
        "sort": screener.sort,
        "order": ORDERS[0] if screener.descending else ORDERS[1],
        "size": screener.size,
    }
    if screener.sessions:
        table["session"] = [name for name, session in SESSIONS.items() if session in screener.sessions]
    groups = zip(GROUPS, (screener.all, screener.any, screener.none), strict=True)
    return table | {name: table_of(group) for name, group in groups if group.ranges or group.choices}


def is_name(name: str) -> bool:
    """Tell whether a screener may be named so."""
    return feeds.SCREENER_NAME.fullmatch(name) is not None


def _sort(name: str, table: Mapping[str, Any], faults: Faults) -> str:
    if "sort" not in table:
        faults.add((name,), 'no order: say by which number, such as sort = "pct_change"')
        return ""
    return faults.one_of((name, "sort"), table["sort"], NUMBERS)


def _size(where: Where, value: object, faults: Faults) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= SIZE:
        faults.add(where, f"size is {shown(value)}, it must be a whole number from 1 to {SIZE}")
        return DEFAULT_SIZE
    return value


def _sessions(name: str, table: Mapping[str, Any], faults: Faults) -> tuple[Session, ...]:
    if "session" not in table:
        return ()
    where = (name, "session")
    named = [
        faults.one_of(where, each, SESSIONS) for each in texts_of(where, where[-1], table["session"], faults)
    ]
    return tuple(sorted({SESSIONS[each] for each in named if each in SESSIONS}))
