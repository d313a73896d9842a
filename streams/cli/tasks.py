"""Runs a command's coroutine: quick ones to their end, services until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

import typer

INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as shells have it."""

T = TypeVar("T")


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """Run a command that ends by itself, with the libraries' own logs off: its error is its one line."""
    logging.disable(logging.CRITICAL)
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def run_until_stopped(
    work: Callable[[asyncio.Event], Awaitable[T]],
    *,
    new_loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> T:
    """Run a service. SIGINT and SIGTERM set the event it is given; a second one cancels it.

    Args:
        work: The service; it ends in order when its event is set.
        new_loop: Makes the event loop, where it should be another than asyncio's own.

    Raises:
        typer.Exit: It was Ctrl-C, and the service has ended.
    """
    with asyncio.Runner(loop_factory=new_loop) as runner:
        interrupted, result = runner.run(_guarded(work))
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    return result


async def _guarded(work: Callable[[asyncio.Event], Awaitable[T]]) -> tuple[bool, T]:
    stop = asyncio.Event()
    received: list[signal.Signals] = []
    running = asyncio.ensure_future(work(stop))

    def on_signal(number: signal.Signals) -> None:
        received.append(number)
        if stop.is_set():
            # Whatever is cut short now would complain of it.
            logging.disable(logging.CRITICAL)
            running.cancel()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    try:
        result = await running
    except asyncio.CancelledError:
        if not received:
            raise
        raise typer.Exit(INTERRUPTED) from None
    return signal.SIGINT in received, result


def new_uvloop() -> asyncio.AbstractEventLoop:
    """Return the faster event loop, for the services that move every event."""
    import uvloop

    return uvloop.new_event_loop()
