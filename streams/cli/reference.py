"""``streams reference``: per-symbol reference data."""

from __future__ import annotations

from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True, help="Previous closes, average volumes, floats, types and exchanges of symbols."
    )
    group.command(
        "load",
        help="Load the whole market's reference data from the vendor's REST into Kafka. "
        "A load that was ended goes on where it was: what was fetched is kept in DATA_DIR.",
        epilog="Example: MASSIVE_API_KEY=… REFERENCE_CALLS_PER_MINUTE=5 streams reference load",
    )(load)
    group.command(
        "show",
        help="Show what md.reference holds of a symbol, how old it is, and what is unknown.",
        epilog="Example: streams reference show AAPL --json",
    )(show)
    group.command(
        "dump",
        help="Write all that md.reference holds to stdout, one JSON object a line, as backtests read it.",
        epilog="Example: streams reference dump > reference.ndjson",
    )(dump)
    app.add_typer(group, name="reference")


def load(
    *,
    complete: Annotated[
        bool,
        typer.Option("--complete", help="Exit with 1 where the previous session's bars are not there yet."),
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Fetch again what is kept, too.")] = False,
) -> None:
    """Load and say how many symbols."""
    from streams import settings
    from streams.cli.loading import Screen
    from streams.cli.tasks import run_to_end
    from streams.errors import UnavailableError
    from streams.reference.loader import load_reference

    with Screen() as screen:
        loaded = run_to_end(load_reference(settings.load(), screen, fresh=fresh))
    typer.echo(f"reference data of {len(loaded.references)} symbols loaded for {loaded.day.date}")
    if not loaded.has_previous:
        lacking = f"the vendor has no bars of {loaded.previous}: previous closes are unknown"
        if complete:
            raise UnavailableError(f"{lacking}; load again later")
        typer.echo(lacking, err=True)


def show(
    symbol: Annotated[str, typer.Argument(help="As the vendor spells it, such as AAPL or BRK.B.")],
    *,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show a symbol's reference data."""
    import time

    from streams import settings
    from streams.cli.loading import as_json, as_text
    from streams.cli.tasks import run_to_end
    from streams.errors import BadInputError
    from streams.reference.lookup import look_up

    loaded = settings.load()
    found = run_to_end(look_up(loaded, symbol))
    if found is None:
        raise BadInputError(
            f"no reference data of {symbol}: is it spelled as the vendor does (capitals count), "
            "has streams reference load run?"
        )
    typer.echo((as_json if json else as_text)(found, int(time.time() * 1000)))


def dump() -> None:
    """Write every symbol's reference data, and say how much it is."""
    import sys

    import msgspec

    from streams import settings
    from streams.cli.tasks import run_to_end
    from streams.reference.dump import read_all

    found = run_to_end(read_all(settings.load()))
    sys.stdout.buffer.writelines(msgspec.json.encode(each) + b"\n" for each in found.references)
    rejected = f", {found.rejected} records were none" if found.rejected else ""
    typer.echo(f"{len(found.references)} lines of reference data{rejected}", err=True)
