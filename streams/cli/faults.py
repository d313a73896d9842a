"""``streams faults``: everything that can fail fails."""

from __future__ import annotations

from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "faults",
        help="Make faults on the real platform, and compare the results with those of an undisturbed run.",
        epilog="Example: streams faults --only kill-scanner-worker,flush-redis",
    )(faults)


def faults(  # noqa: PLR0913  one parameter an option
    *,
    only: Annotated[str | None, typer.Option(help="Names of faults, by comma; default all.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name the faults, and end.")] = False,
    short: Annotated[
        bool, typer.Option("--short", help="Just the most telling faults: about a minute.")
    ] = False,
    seconds: Annotated[
        int | None, typer.Option(help="Seconds of the market for each fault; default 8, 5 with --short.")
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Events a second; default 20000.")] = None,
    symbols: Annotated[int | None, typer.Option(help="Listings that trade; default 2000.")] = None,
    seed: Annotated[int | None, typer.Option(help="What all randomness comes from; default 7.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The last line on stdout is one JSON object.")] = False,
) -> None:
    """Make faults, and print a table of what came of each.

    A recorded market is played to one installation as fast as it goes, then to another at 20,000 events a
    second, with a fault in each of its pieces. Both have servers of their own; those named in the
    environment are not touched.

    recovery: seconds from the fault (one that lasts: from its end) until all processes were at work, and
    the workers' lag, the age of what clients are sent and the number of keys in Redis as before.
    replayed: events and articles that workers read a second time.
    lost: boards' rows, symbols' values, alerts, articles of the undisturbed run that are missing or differ.
    doubled: those that are there more often than in the undisturbed run, or only here.

    Where a listener is killed, what it had been sent and not yet written is counted beside the table: the
    vendor has no replay. Results of those symbols are left out of the comparison.

    Exit code 0 where all is well, 1 where something was lost, doubled or did not recover.
    """
    from streams import settings
    from streams.cli.run_faults import run_faults

    if list_:
        from streams.faults.catalogue import CATALOGUE

        for fault in CATALOGUE:
            typer.echo(f"{fault.name:24}{fault.what}")
        return
    given = {
        "only": None if only is None else tuple(filter(None, only.split(","))),
        "short": short, "seconds": seconds, "rate": rate, "symbols": symbols, "seed": seed,
    }  # fmt: skip
    run_faults(given, settings.load(), json=json)
