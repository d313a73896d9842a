"""A screener's definition as people write it: a table of options and filters, checked word by word."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from streams import feeds
from streams.scanner.leaderboard import SIZE
from streams.scanner.measures import NUMBERS, TEXTS
from streams.scanner.screener import Choice, Range, Screener
from streams.scanner.toml_lines import Where
from streams.sessions import Session

DEFAULT_SIZE: Final = 100
MAX_CHOICES: Final = 1_000
"""Most values that one filter of a text names."""
SESSIONS: Final = {
    "pre_market": Session.PRE_MARKET,
    "regular": Session.REGULAR,
    "after_hours": Session.AFTER_HOURS,
}
OPTIONS: Final = ("sort", "order", "size", "session")
ORDERS: Final = ("descending", "ascending")


class Faults:
    """What is wrong in one file.

    Attributes:
        found: The places and reasons.
    """

    def __init__(self) -> None:
        self.found: list[tuple[Where, str]] = []

    def add(self, where: Where, reason: str) -> None:
        """Note a fault."""
        self.found.append((where, reason))


def make_screener(name: str, table: object, faults: Faults) -> Screener | None:
    """Return the screener that a table of a definition file describes.

    Args:
        name: The table's name.
        table: What the file says there, of any kind.
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
    ranges = [_range((name, field), value, faults) for field, value in filters.items() if field in NUMBERS]
    choices = [_choice((name, field), value, faults) for field, value in filters.items() if field in TEXTS]
    for field in filters:
        if field not in NUMBERS and field not in TEXTS:
            faults.add((name, field), _unknown("filter", field, [*OPTIONS, *NUMBERS, *TEXTS]))
    return Screener(
        name=name,
        sort=_sort(name, table, faults),
        descending=_one_of((name, "order"), table.get("order", ORDERS[0]), ORDERS, faults) == ORDERS[0],
        size=_size((name, "size"), table.get("size", DEFAULT_SIZE), faults),
        # By name, so that only what a definition says makes its version.
        ranges=tuple(sorted(filter(None, ranges), key=lambda each: each.field)),
        choices=tuple(sorted(filter(None, choices), key=lambda each: each.field)),
        sessions=_sessions(name, table, faults),
    )


def is_name(name: str) -> bool:
    """Tell whether a screener may be named so."""
    return feeds.SCREENER_NAME.fullmatch(name) is not None


def _sort(name: str, table: Mapping[str, Any], faults: Faults) -> str:
    if "sort" not in table:
        faults.add((name,), 'no order: say by which number, such as sort = "pct_change"')
        return ""
    return _one_of((name, "sort"), table["sort"], NUMBERS, faults)


def _size(where: Where, value: object, faults: Faults) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= SIZE:
        faults.add(where, f"size is {_shown(value)}, it must be a whole number from 1 to {SIZE}")
        return DEFAULT_SIZE
    return value


def _sessions(name: str, table: Mapping[str, Any], faults: Faults) -> tuple[Session, ...]:
    if "session" not in table:
        return ()
    where = (name, "session")
    named = [_one_of(where, each, SESSIONS, faults) for each in _texts(where, table["session"], faults)]
    return tuple(sorted({SESSIONS[each] for each in named if each in SESSIONS}))


def _one_of(where: Where, value: object, known: Iterable[str], faults: Faults) -> str:
    if not isinstance(value, str):
        faults.add(where, f"{where[-1]} is {_shown(value)}, it must be a text")
        return ""
    if value not in known:
        faults.add(where, _unknown(where[-1], value, list(known)))
    return value


def _range(where: Where, value: object, faults: Faults) -> Range | None:
    if not isinstance(value, dict) or not value:
        faults.add(where, f"{where[-1]} is {_shown(value)}, it must be like {{ min = 1, max = 20 }}")
        return None
    bounds: dict[str, float] = {}
    for name, bound in value.items():
        if name not in ("min", "max"):
            faults.add((*where, name), f"{where[-1]}: {_unknown('bound', name, ['min', 'max'])}")
        elif (number := _number(bound)) is None:
            faults.add((*where, name), f"{where[-1]}: {name} is {_shown(bound)}, it must be a number")
        else:
            bounds[name] = number
    least, most = bounds.get("min"), bounds.get("max")
    if least is not None and most is not None and least > most:
        faults.add(where, f"{where[-1]}: min {least:.15g} is above max {most:.15g}")
    return Range(where[-1], least, most)


def _number(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _choice(where: Where, value: object, faults: Faults) -> Choice | None:
    negated = isinstance(value, dict)
    if isinstance(value, dict):
        for name in value.keys() - {"not"}:
            faults.add((*where, name), f"{where[-1]}: {_unknown('word', name, ['not'])}")
        if "not" not in value:
            return None
        where, value = (*where, "not"), value["not"]
    return Choice(where[1], tuple(sorted(set(_texts(where, value, faults)))), negated)


def _texts(where: Where, value: object, faults: Faults) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(each, str) for each in texts):
        faults.add(where, f'{where[1]} is {_shown(value)}, it must be a text or several: ["…", "…"]')
        return []
    if len(texts) > MAX_CHOICES:
        faults.add(where, f"{where[1]} has more than {MAX_CHOICES} values")
        return []
    return texts


def _unknown(kind: str, name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(known)}"
    return f"unknown {kind} {_shown(name)}: {hint}"


def _shown(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004  what fits into a line
