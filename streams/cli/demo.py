"""``streams demo``: the whole platform on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "demo",
        help="Run all of it on this machine, fed by the market simulator, with a live view.",
        epilog="Example: streams demo --symbols 2000 --rate 10000 --seconds 60",
    )(demo)


def demo(  # noqa: PLR0913  one parameter an option
    *,
    symbols: Annotated[
        int | None, typer.Option(help="Listings of the synthetic market; default 8000.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(help="Events a second in regular trading; default 20000.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="What all randomness comes from; default 7.")] = None,
    start: Annotated[
        str | None,
        typer.Option(help="First second, New York time: 2026-03-02T09:25; default the last session's 09:25."),
    ] = None,
    input: Annotated[  # noqa: A002  the option's name
        Path | None, typer.Option(help="Recorded frames instead of the synthetic market, may be gzip.")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="Reference data of recorded symbols, one JSON object a line.")
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(help="Event time for real time; 0: a recording as fast as it goes; default 1."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Scanner workers that share the partitions; default 1.")
    ] = None,
    screeners: Annotated[
        Path | None, typer.Option(help="Definitions of boards of your own, in TOML: streams screeners.")
    ] = None,
    apps: Annotated[
        str | None,
        typer.Option(
            help="Apps beside the scanner, by comma: trades,quotes,news,bars; or all, or none. "
            "Default all, as the dashboard shows them; none without it."
        ),
    ] = None,
    wds_port: Annotated[
        int | None, typer.Option(help="Port of the WDS; 0 takes a free one; default 4202.")
    ] = None,
    scp_port: Annotated[
        int | None,
        typer.Option(help="Port of the dashboard; 0 takes a free one; default 8000, or a free one if taken."),
    ] = None,
    dashboard: Annotated[
        bool, typer.Option("--dashboard/--no-dashboard", help="Whether the dashboard is served.")
    ] = True,
    seconds: Annotated[
        float | None, typer.Option(help="End after this many seconds; default at Ctrl-C.")
    ] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="A line every few seconds, no live view.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The last line on stdout is one JSON object.")] = False,
) -> None:
    """Start Kafka, Redis, simulator, listener, scanner and WDS; stop them all at the end."""
    from streams.cli.run_demo import run_demo

    if apps is None:
        apps = "all" if dashboard else "none"
    given = {
        "symbols": symbols, "rate": rate, "seed": seed, "start": start, "input": input,
        "reference": reference, "speed": speed, "workers": workers, "apps": apps, "wds_port": wds_port,
        "seconds": seconds, "screeners": screeners, "scp_port": scp_port, "dashboard": dashboard,
    }  # fmt: skip
    run_demo(given, headless=headless, json=json)
