"""How bars look in a terminal."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from streams.cli.watching import Tables

OPEN_MS = 1_499_693_400_000
"""2017-07-10 09:30 ET."""


def bar(minute: int, close: float, final: str = "true") -> bytes:
    return b'{"t":%d,"o":1.5,"h":9.5,"l":1.25,"c":%.2f,"v":1200,"vw":null,"final":%s}' % (
        OPEN_MS + minute * 60_000,
        close,
        final.encode(),
    )


def shown(tables: Tables) -> list[list[str]]:
    console = Console(width=100, file=StringIO(), record=True)
    console.print(tables._draw())
    lines = console.export_text().splitlines()
    return [line.replace("│", " ").split() for line in lines if ":3" in line]


def test_changes_are_merged_into_the_chart_newest_first() -> None:
    tables = Tables(rows=2)
    tables.put("bars:1m:ABC", b"[%s,%s]" % (bar(1, 3.0, "false"), bar(0, 2.0)))
    tables.put("bars:1m:ABC", bar(1, 4.0))
    tables.put("bars:1m:ABC", bar(2, 5.0, "false"))
    assert [(line[0], line[4]) for line in shown(tables)] == [("09:32", "5.00"), ("09:31", "4.00")]
