"""``streams backtest``: the platform's rules over recorded frames, without a broker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "backtest",
        help="Run the platform's rules over recorded frames; write boards, alerts and bars as Parquet.",
        epilog="Example: streams backtest monday.ndjson.gz tuesday.ndjson.gz --out results",
    )(backtest)


def backtest(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…",
            help="Recorded frames, one JSON array a line, may be gzip; several in the order of their time.",
        ),
    ],
    *,
    out: Annotated[
        Path, typer.Option(help="Folder for boards.parquet (the final ones), alerts.parquet, bars.parquet.")
    ],
    reference: Annotated[
        Path | None, typer.Option(help="Reference data, one JSON object a line, as md.reference has it.")
    ] = None,
    screeners: Annotated[
        Path | None, typer.Option(help="Definitions of boards of your own, in TOML; default SCREENERS_FILE.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The last line on stdout is one JSON object.")] = False,
) -> None:
    """Run it, with its progress on a terminal."""
    import signal
    import sys
    import time

    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from streams import settings
    from streams.backtest.run import run
    from streams.telemetry import configure_logging

    loaded = settings.load()
    configure_logging(loaded.log_level, loaded.log_format)
    # SIGTERM ends it as Ctrl-C does: nothing half made is left.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(file=sys.stderr)
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=sum(file.stat().st_size for file in files if file.exists()))
        report = run(
            files,
            out,
            now_ms=time.time_ns() // 1_000_000,
            reference=reference,
            screeners=screeners or loaded.screeners_file,
            force=force,
            progress=lambda read: bar.update(task, completed=read),
        )
    for line in [report.json()] if json else [*report.lines(), f"written to {out}"]:
        typer.echo(line)
