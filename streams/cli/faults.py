"""``streams faults``: everything that can fail fails."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "faults",
        help="Make faults on the real platform, and compare the results with those of an undisturbed run.",
        epilog="Example: streams faults --only kill-scanner-worker flush-redis",
    )(faults)


def faults(  # noqa: PLR0913  one parameter an option
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="More names, as those of --only.")
    ] = None,
    *,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Faults to make; default all.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name the faults, and end.")] = False,
    short: Annotated[
        bool, typer.Option("--short", help="Just the most telling faults: about a minute.")
    ] = False,
    seconds: Annotated[
        int | None, typer.Option(help="Least seconds of the market for a fault; default 6.")
    ] = None,
    deadline: Annotated[
        float | None, typer.Option(help="Most seconds for all of it; default 840. What is done is printed.")
    ] = None,
    logs: Annotated[
        Path | None, typer.Option(help="Folder that the processes' logs are copied to at the end.")
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Events a second; default 20000.")] = None,
    symbols: Annotated[int | None, typer.Option(help="Listings that trade; default 2000.")] = None,
    seed: Annotated[int | None, typer.Option(help="What all randomness comes from; default 7.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The last line on stdout is one JSON object.")] = False,
) -> None:
    """Make faults, and print a table of what came of each.

    A recorded market is played to one installation of the platform at 20,000 events a second, with a fault
    in each of its pieces; after each, all that clients can read is compared with what the platform's rules
    make of the same market. The servers are its own; those named in the environment are not touched.

    recovery: seconds from the fault (one that lasts: from its end) until all processes were at work, and
    the workers' lag, the age of what clients are sent and the number of keys in Redis as before.
    replayed: events and articles that workers read a second time.
    lost: boards' rows, symbols' values, alerts, articles of an undisturbed run that are missing or differ.
    doubled: those that are there more often than in an undisturbed run, or only here.

    Where a listener is killed, what it had been sent and not yet written is counted beside the table: the
    vendor has no replay. What is expected is then what comes of the events that have arrived.

    Rows appear on stderr as the faults end, the table on stdout at the end: of all that was done, also
    when Ctrl-C, SIGTERM or the deadline ends the run. Exit code 0 where all faults were made and all is
    well, 1 where something was lost, doubled or did not recover, or not all was done; 130 after Ctrl-C.
    """
    from streams import settings
    from streams.cli.run_faults import run_faults

    if list_:
        from streams.faults.catalogue import CATALOGUE

        for fault in CATALOGUE:
            typer.echo(f"{fault.name:24}{fault.what}")
        return
    given = {
        "only": tuple(name for part in (*(only or ()), *(names or ())) for name in part.split(",") if name),
        "short": short, "seconds": seconds, "deadline": deadline, "logs": logs, "rate": rate,
        "symbols": symbols, "seed": seed,
    }  # fmt: skip
    run_faults(given, settings.load(), json=json)
