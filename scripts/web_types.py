"""Writes the page's types of feeds and rows from the catalogue and the structs of the back end.

python scripts/web_types.py writes web/src/generated/feeds.ts, measures.ts: what screeners filter by,
and topics.ts. With --check it only tells whether they are as they should be.
"""

from __future__ import annotations

import json
import sys
from enum import EnumType
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec

from streams import feeds, topics
from streams.bars.minute import Bar
from streams.events import Aggregate, Luld, Quote, Trade
from streams.halts.status import HaltEntry
from streams.news.market_day import CalendarNow, DaySessions
from streams.scanner.alert import Alert
from streams.scanner.daily_range import DailyRange
from streams.scanner.definition import SESSIONS
from streams.scanner.leaderboard import SIZE
from streams.scanner.measures import MEANINGS, NUMBERS, TEXTS
from streams.scanner.row import Row
from streams.trades.window import Stats

GENERATED: Final = Path(__file__).parent.parent / "web" / "src" / "generated"
SHAPES: Final[tuple[type[msgspec.Struct], ...]] = (
    Row, DailyRange, Alert, HaltEntry, Stats, Bar, DaySessions, CalendarNow, Aggregate, Trade, Quote, Luld,
)  # fmt: skip
BASIC: Final = {str: "string", int: "number", float: "number", bool: "boolean", NoneType: "null"}
FEED: Final = """export interface Feed {
  pattern: string;
  kind: 'latest' | 'list';
  ttlS: number;
  bound: number;
}
"""
HEAD: Final = "// Written by scripts/web_types.py from the back end's catalogue and structs: change those.\n"


def catalogue() -> str:
    """Return the feeds as constants: pattern, kind, TTL in seconds, bound."""
    names = {id(value): name for name, value in vars(feeds).items() if isinstance(value, feeds.Feed)}
    lines = [
        f"  {names[id(feed)]}: "
        + f"{{ pattern: {json.dumps(feed.pattern)}, kind: {json.dumps(feed.kind)}, "
        + f"ttlS: {feed.ttl}, bound: {feed.bound} }},"
        for feed in feeds.CATALOGUE
    ]
    return "\n".join([
        FEED,
        "export const FEEDS = {", *lines, "} as const satisfies Record<string, Feed>;\n",
    ])  # fmt: skip


def shape(struct: type[msgspec.Struct]) -> str:
    """Return a struct as a TypeScript interface, under its fields' names on the wire."""
    hints = get_type_hints(struct, include_extras=True)
    lines = [
        f"  {json.dumps(field.encode_name) if not field.encode_name.isidentifier() else field.encode_name}: "
        f"{typescript(hints[field.name])};"
        for field in msgspec.structs.fields(struct)
    ]
    return "\n".join([f"export interface {struct.__name__} {{", *lines, "}\n"])


def typescript(hint: Any) -> str:  # noqa: ANN401  any annotation
    """Return the TypeScript type of an annotation.

    Raises:
        TypeError: It is of a kind that no struct of the page has.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in BASIC:
        return BASIC[hint]
    if origin is Annotated:
        return typescript(arguments[0])
    if origin in (Union, UnionType):
        return " | ".join(dict.fromkeys(map(typescript, arguments)))
    if origin in (tuple, list):
        return f"{typescript(arguments[0])}[]"
    if isinstance(hint, EnumType):
        return " | ".join(f"'{member.value}'" for member in hint)  # type: ignore[var-annotated]
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint.__name__
    raise TypeError(f"no TypeScript type is known for {hint!r}")


def measures() -> str:
    """Return what screeners filter and order by: numbers with what they mean, texts, sessions."""
    numbers = [f"  {name}: {json.dumps(MEANINGS.get(name, ''))}," for name in NUMBERS]
    return "\n".join([
        "/** Numbers by name, each with what it is where that is no field of a row. */",
        "export const NUMBERS = {", *numbers, "} as const;\n",
        f"export const TEXTS = {json.dumps(list(TEXTS))} as const;",
        f"export const SESSIONS = {json.dumps(list(SESSIONS))} as const;",
        "/** Most rows of a board. */",
        f"export const MOST_ROWS = {SIZE};\n",
    ])  # fmt: skip


def topic_names() -> str:
    """Return the names of all topics, without the installation's prefix."""
    names = json.dumps([topic.suffix for topic in topics.CATALOGUE])
    about = "/** The platform's topics, without the installation's prefix. */"
    return f"{about}\nexport const TOPICS = {names} as const;\n"


def wanted() -> dict[Path, str]:
    """Return what the files should hold."""
    return {
        GENERATED / "topics.ts": "\n".join([HEAD, topic_names()]),
        GENERATED / "feeds.ts": "\n".join([HEAD, catalogue(), *map(shape, SHAPES)]),
        GENERATED / "measures.ts": "\n".join([HEAD, measures()]),
    }


def main() -> None:
    """Write, or check and exit with 1."""
    for target, text in wanted().items():
        if target.exists() and target.read_text() == text:
            continue
        if "--check" in sys.argv[1:]:
            sys.exit(f"not as it should be: {target.name}; write it: python scripts/web_types.py")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        print(f"wrote {target.name}")


if __name__ == "__main__":
    main()
