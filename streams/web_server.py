"""A web server as a part of a service: uvicorn, set up, started and watched alike everywhere."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp

from streams.errors import SettingsError, UnavailableError

START_POLL_S: Final = 0.01


class WebServer(uvicorn.Server):
    """uvicorn without signal handlers: the process that runs it has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def configured(
    app: ASGIApp,
    proxies: Sequence[str],
    certificate: tuple[Path | None, Path | None],
    stop_timeout_s: int,
    **options: Any,  # noqa: ANN401  uvicorn's
) -> uvicorn.Config:
    """Return the configuration of a server for strangers: TLS, proxies, and logs of its faults alone.

    Args:
        app: What is served.
        proxies: Addresses and networks whose X-Forwarded-For and -Proto are believed.
        certificate: Files of the chain and of its key.
        stop_timeout_s: Longest that open connections keep it from stopping.
        options: Further ones of uvicorn.

    Raises:
        SettingsError: The certificate cannot be used.
    """
    certfile, keyfile = certificate
    config = uvicorn.Config(
        app,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies) or None,
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=stop_timeout_s,
        ssl_certfile=certfile,
        ssl_keyfile=keyfile,
        **options,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(f"the certificate or its key cannot be used: {reason}") from None
    return config


async def until_started(server: WebServer, parts: Collection[asyncio.Task[None]], name: str) -> None:
    """Wait until a server takes connections.

    Args:
        server: It; one of the parts runs it.
        parts: What the service consists of.
        name: The service's.

    Raises:
        UnavailableError: A part has ended before; one that has failed raises its own error.
    """
    while not server.started:
        for part in parts:
            if part.done():
                part.result()
                raise UnavailableError(f"the {name} did not start")
        await asyncio.sleep(START_POLL_S)


async def until_one_ends(parts: Collection[asyncio.Task[None]]) -> None:
    """Return, or raise, when a part of a service has ended by itself."""
    done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
    for part in done:
        part.result()


async def until_stopped(stop: asyncio.Event, watching: asyncio.Task[None]) -> None:
    """Return when ``stop`` is set, or when what watches a service's parts ends; raise what that raises."""
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait({watching, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if watching in done:
            watching.result()
    finally:
        stopping.cancel()
