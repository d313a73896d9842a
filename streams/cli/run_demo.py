"""Runs a demo from a command line's options, for ``streams demo`` and ``streams replay``."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping
from typing import Any

import typer
from rich.console import Console

from streams import settings
from streams.cli.tasks import run_until_stopped
from streams.demo.options import demo_options
from streams.demo.run import Demo
from streams.demo.screen import LineView, LiveView


def run_demo(
    given: Mapping[str, Any],
    *,
    headless: bool,
    json: bool,
    tells_end: bool = False,
    ends_itself: bool = False,
) -> None:
    """Run a demo; views go to stderr, the result to stdout.

    Args:
        given: Options by name; None stands for not given.
        headless: Whether lines are shown instead of the live view.
        json: Whether the result is one JSON object.
        tells_end: Whether the end of a recording is told of.
        ends_itself: Whether the demo ends with the recording.

    Raises:
        StreamsError: It cannot run.
    """
    loaded = settings.load()
    # What goes wrong in the demo's own clients is shown, not logged; the processes have logs of their own.
    logging.disable(logging.CRITICAL)
    options = demo_options(given)
    console = Console(file=sys.stderr)
    view = LiveView(console) if console.is_terminal and not headless else LineView(console)
    demo = Demo(options, loaded, view, tells_end=tells_end, ends_itself=ends_itself)

    async def run(stop: asyncio.Event) -> None:
        report = await demo.run(stop)
        if report is None:
            return
        for line in [report.json()] if json else report.lines():
            typer.echo(line)

    run_until_stopped(run)
