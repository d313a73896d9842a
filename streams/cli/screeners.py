"""``streams screeners``: boards of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from streams.scanner.screener import Choice, Conditions, Range, Screener

File = Annotated[
    Path | None, typer.Argument(metavar="FILE", help="Definitions in TOML; default SCREENERS_FILE.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Boards of your own: filters, an order and a size each, defined in the file SCREENERS_FILE.",
    )
    group.command(
        "check",
        help="Check a file of definitions; exit code 1 and FILE:LINE: reason where one is wrong.",
        epilog="Example: streams screeners check docs/screeners.example.toml",
    )(check)
    group.command(
        "list",
        help="List the boards that a file defines.",
        epilog="Example: streams screeners list docs/screeners.example.toml",
    )(list_)
    group.command(
        "fields",
        help="List what boards can be filtered and ordered by.",
        epilog="Example: streams screeners fields",
    )(fields)
    app.add_typer(group, name="screeners")


def check(file: File = None) -> None:
    """Show each mistake, or say how many boards there are."""
    from streams.scanner.screener_file import DefinitionError, read_screeners

    path = _given(file)
    try:
        found = read_screeners(path)
    except DefinitionError as error:
        for fault in error.faults:
            typer.echo(fault, err=True)
        raise typer.Exit(1) from None
    names = ", ".join(screener.name for screener in found) or "none"
    typer.echo(f"{path}: {len(found)} screeners: {names}")


def list_(
    file: File = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="One JSON array on stdout.")] = False,
) -> None:
    """Show each board's feed, order, size and filters."""
    import msgspec

    from streams import feeds
    from streams.scanner.screener_file import read_screeners

    found = read_screeners(_given(file))
    if json:
        told = [
            {"feed": feeds.SCREENER.key(each.name), **msgspec.structs.asdict(each), "version": each.version}
            for each in found
        ]
        typer.echo(msgspec.json.encode(told))
        return
    if not found:
        typer.echo("no screeners are defined", err=True)
    width = max((len(screener.name) for screener in found), default=0)
    for screener in found:
        order = "descending" if screener.descending else "ascending"
        feed = feeds.SCREENER.key(screener.name)
        typer.echo(f"{feed:{width + 9}}  {screener.size:3} rows by {screener.sort}, {order}")
        for words in _filters(screener):
            typer.echo(f"{'':{width + 9}}  {words}")


def fields() -> None:
    """Show the numbers and texts."""
    from streams.scanner.measures import MEANINGS, NUMBERS, TEXTS

    typer.echo("numbers, to filter and to order by:")
    for name in NUMBERS:
        typer.echo(f"  {name:24}{MEANINGS.get(name, '')}".rstrip())
    typer.echo(f"texts, to filter by: {', '.join(TEXTS)}")
    typer.echo("session: pre_market, regular, after_hours")
    typer.echo("groups of filters: all, any, none")


def _given(file: Path | None) -> Path:
    from streams import settings
    from streams.errors import SettingsError

    path = file or settings.load().screeners_file
    if path is None:
        raise SettingsError("name a file of screeners, or set SCREENERS_FILE")
    return path


def _filters(screener: Screener) -> list[str]:
    named = " or ".join(session.removesuffix("_session") for session in screener.sessions)
    groups = {"": screener.all, "any: ": screener.any, "none: ": screener.none}
    return [f"session {named}"] * bool(named) + [
        f"{joined}{words}" for joined, group in groups.items() for words in _conditions(group)
    ]


def _conditions(group: Conditions) -> list[str]:
    return [*map(_bounds, group.ranges), *map(_words, group.choices)]


def _bounds(asked: Range) -> str:
    if asked.minimum is None:
        return f"{asked.field} at most {asked.maximum:,.10g}"
    if asked.maximum is None:
        return f"{asked.field} at least {asked.minimum:,.10g}"
    return f"{asked.field} from {asked.minimum:,.10g} to {asked.maximum:,.10g}"


def _words(asked: Choice) -> str:
    return f"{asked.field} {'not ' if asked.negated else ''}{' or '.join(asked.values)}"
