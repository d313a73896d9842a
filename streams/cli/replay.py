"""``streams replay``: recorded frames through the whole platform."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "replay",
        help="Play recorded frames through all of it: simulator, listener, Kafka, scanner, Redis, WDS.",
        epilog="Example: streams replay recording.ndjson.gz --speed 20",
    )(replay)


def replay(  # noqa: PLR0913  one parameter an option
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Recorded frames, one JSON array a line, may be gzip.")
    ],
    *,
    speed: Annotated[
        float | None, typer.Option(help="Event time for real time; 0: as fast as it goes; default 1.")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="Reference data of the recorded symbols, one JSON object a line.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Scanner workers that share the partitions; default 1.")
    ] = None,
    screeners: Annotated[
        Path | None, typer.Option(help="Definitions of boards of your own, in TOML: streams screeners.")
    ] = None,
    wds_port: Annotated[
        int | None, typer.Option(help="Port of the WDS; 0 takes a free one; default 4202.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="End after this many seconds at the latest.")] = None,
    exit_: Annotated[
        bool, typer.Option("--exit", help="End when the file is through, instead of at Ctrl-C.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The last line on stdout is one JSON object.")] = False,
) -> None:
    """Start everything, play the file, show the final boards, and stay there for clients."""
    from streams.cli.run_demo import run_demo

    given = {
        "input": file, "speed": speed, "reference": reference, "workers": workers, "wds_port": wds_port,
        "seconds": seconds, "screeners": screeners,
    }  # fmt: skip
    run_demo(given, headless=True, json=json, tells_end=True, ends_itself=exit_)
