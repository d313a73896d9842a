"""Makes faults as a command line wants them, for ``streams faults``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import typer

from streams.cli.tasks import run_until_stopped
from streams.demo.options import validated
from streams.faults.options import FaultsOptions
from streams.faults.report import Report
from streams.faults.run import FaultsRun
from streams.settings import Settings

FAILED = 1


def run_faults(given: Mapping[str, Any], settings: Settings, *, json: bool) -> None:
    """Run; news go to stderr, the result to stdout.

    Args:
        given: Options by name; None stands for not given.
        settings: What the environment says.
        json: Whether the last line is a JSON object.

    Raises:
        StreamsError: It cannot run.
        typer.Exit: Something was lost, doubled or did not recover.
    """
    # What goes wrong in its own clients is what it measures; the processes have logs of their own.
    logging.disable(logging.CRITICAL)
    faults = FaultsRun(validated(FaultsOptions, given), settings, lambda line: typer.echo(line, err=True))
    reports: list[Report] = []

    async def run(stop: asyncio.Event) -> None:
        running, stopping = asyncio.create_task(faults.run()), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                reports.append(running.result())
        finally:
            for task in (running, stopping):
                task.cancel()
            await asyncio.gather(running, stopping, return_exceptions=True)

    run_until_stopped(run)
    for report in reports:
        for line in report.lines():
            typer.echo(line)
        if json:
            typer.echo(report.json())
        if not report.is_well:
            raise typer.Exit(FAILED)
