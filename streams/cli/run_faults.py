"""Makes faults as a command line wants them, for ``streams faults``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import time
from collections.abc import Mapping
from typing import Any

import typer

from streams.cli.tasks import run_until_stopped
from streams.demo.options import validated
from streams.faults.options import FaultsOptions
from streams.faults.report import Outcome, Report, Table
from streams.faults.run import FaultsRun
from streams.settings import Settings

FAILED = 1


def run_faults(given: Mapping[str, Any], settings: Settings, *, json: bool) -> None:
    """Run; news go to stderr, the result to stdout, as much of it as there is when something ends the run.

    Args:
        given: Options by name; None stands for not given.
        settings: What the environment says.
        json: Whether the last line is a JSON object.

    Raises:
        StreamsError: It cannot run, or not to its end.
        typer.Exit: It was stopped, or something was lost, doubled or did not recover.
    """
    # What goes wrong in its own clients is what it measures; the processes have logs of their own.
    logging.disable(logging.CRITICAL)
    report, started = Report(), time.monotonic()

    def tell(outcome: Outcome) -> None:
        if not report.faults:
            _say(table.head)
        report.faults.append(outcome)
        done = f"{len(report.faults)} of {len(faults.faults)}, {time.monotonic() - started:.0f} s"
        _say(f"{table.row(outcome)}   ({done})")

    faults = FaultsRun(validated(FaultsOptions, given), settings, _say, tell)
    table = Table([fault.name for fault in faults.faults])
    try:
        is_whole = run_until_stopped(lambda stop: _run(faults, stop))
    finally:
        if left := [fault.name for fault in faults.faults[len(report.faults) :]]:
            _say(f"not made: {', '.join(left)}")
        _say(f"{time.monotonic() - started:.0f} s, {_processor_s():.0f} s of processor time")
        for line in (table.head, *map(table.row, report.faults)):
            typer.echo(line)
        if json:
            typer.echo(report.json())
    if not (is_whole and report.is_well):
        raise typer.Exit(FAILED)


async def _run(faults: FaultsRun, stop: asyncio.Event) -> bool:
    """Make the faults until they are made or a stop is wanted; return whether all are made."""
    running, stopping = asyncio.create_task(faults.run()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        return running.done()
    finally:
        for task in (running, stopping):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(running, stopping, return_exceptions=True)


def _processor_s() -> float:
    """Return the processor time of this process and of those that it has run, in seconds."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def _say(line: str) -> None:
    typer.echo(line, err=True)
