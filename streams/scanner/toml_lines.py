"""On which line of a TOML text a table or key begins: the library that reads the text does not tell."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

Where = tuple[str, ...]
"""A place in a text: a table's name, a key in it, a key of that."""


def line_of(where: Where, lines: Mapping[Where, int]) -> int:
    """Return the line of a place, or of the closest one around it."""
    while where not in lines and where:
        where = where[:-1]
    return lines.get(where, 1)


def lines_of(text: str) -> dict[Where, int]:
    """Return the line of each place in a text that can be read.

    A statement begins where the one before ended, and ends where what was read since then can be read alone.
    """
    lines: dict[Where, int] = {}
    table: Where = ()
    statement, begun = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if not statement:
            begun = number
        statement += f"{line}\n"
        if line.rstrip().endswith(",") and "#" not in line:
            continue  # goes on for sure: a long list is not read again for each of its lines
        try:
            said = tomllib.loads(statement)
        except ValueError:
            continue
        places = list(_places(said))
        if statement.lstrip().startswith("["):
            table = places[-1]
            places = [table[:depth] for depth in range(1, len(table) + 1)]
        else:
            places = [(*table, *place) for place in places]
        for place in places:
            lines.setdefault(place, begun)
        statement = ""
    return lines


def _places(table: Mapping[str, Any]) -> Iterator[Where]:
    for name, value in table.items():
        yield (name,)
        if isinstance(value, dict):
            for place in _places(value):
                yield (name, *place)
