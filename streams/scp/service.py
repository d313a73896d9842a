"""The service control plane as a whole: started and stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

import uvicorn

from streams import kafka_link, web_server
from streams.listeners.control import bind
from streams.scanner.file_source import FileSource
from streams.scp.accounts import Accounts
from streams.scp.app import ControlPlaneApp
from streams.scp.audit import Audit
from streams.scp.company_data import CompanyData
from streams.scp.database import Database
from streams.scp.login_throttle import LoginThrottle
from streams.scp.logins import Logins
from streams.scp.oidc import OidcProvider
from streams.scp.overview import Overview
from streams.scp.passwords import Passwords
from streams.scp.plane import Plane
from streams.scp.reception import Reception
from streams.scp.roles import Role
from streams.scp.screener_relay import ScreenerRelay
from streams.scp.shelves import MAX_BYTES, SCREENERS, Bounds, Shelves
from streams.scp.vendor import Vendor
from streams.scp.wds_access import WdsAccess
from streams.settings import Settings
from streams.telemetry import Counters
from streams.wds.door import Door, Hours
from streams.web_server import WebServer

REQUEST_S: Final = 15.0
"""Longest that a request may take to arrive."""
STALL_S: Final = 15.0
"""Longest that a browser may take nothing of an answer."""
REQUEST_BYTES: Final = MAX_BYTES + 1024 * 1024
"""Beyond it a connection is cut off; some of it is read ahead of who refuses the request with a reason."""
CONNECTIONS: Final = 2_048
STOP_TIMEOUT_S: Final = 2

logger: Final = logging.getLogger(__name__)


class ControlPlane:
    """The SCP. Use ``serving`` as an async context manager.

    Args:
        settings: All of them.

    Raises:
        SettingsError: One is missing or wrong.
    """

    def __init__(self, settings: Settings) -> None:
        self.counters = Counters()
        self.port = settings.scp_port
        self._settings = settings
        self._wds = WdsAccess(settings)
        self._provider = OidcProvider(settings) if settings.scp_oidc_issuer is not None else None
        kafka_link.options(settings)
        self._overview = Overview(settings)
        self._database = Database(settings)
        self._accounts = Accounts(self._database)
        bounds = Bounds(settings.scp_screeners_per_user, settings.scp_screeners_max)
        self._shelves = Shelves(self._database, {SCREENERS: bounds})
        self._screeners = ScreenerRelay(settings, self._shelves, self.counters)
        self._file_screeners = FileSource(settings.screeners_file, self.counters)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[asyncio.Task[None]]:
        """Serve for as long as the context lasts; ``port`` is the true one in it.

        Yields:
            A task that ends, or fails, when a part of the service does so by itself.

        Raises:
            StreamsError: It cannot start.
        """
        companies = CompanyData(self._settings, Vendor(self._settings, self.counters), self.counters)
        try:
            await self._database.upgrade()
            secret = await self._database.secret("scp")
            app = ControlPlaneApp(
                await self._plane(companies, secret),
                self._database,
                self._overview,
                self._provider,
                secret,
            )
            async with self._listening(app) as watching:
                yield watching
        finally:
            await companies.close()
            await self._overview.close()
            await self._database.close()

    async def _plane(self, companies: CompanyData, secret: str) -> Plane:
        settings = self._settings
        logins = Logins(self._database, settings)
        audit = Audit(self._database, settings.scp_audit_days)
        anonymous = None
        if settings.scp_anonymous_role is not None:
            role = settings.scp_anonymous_role
            logger.warning("SCP_ANONYMOUS_ROLE is %s: anyone who reaches the SCP may do what it may", role)
            anonymous = await self._accounts.anonymous(Role.named(role))
        elif self._provider is None and not await self._accounts.can_anybody_log_in():
            logger.warning("nobody can log in: streams scp create-admin makes the first account")
        return Plane(
            settings=settings,
            counters=self.counters,
            reception=Reception(settings, logins, audit, self.counters, secret, anonymous),
            accounts=self._accounts,
            logins=logins,
            passwords=Passwords(),
            throttle=LoginThrottle(),
            audit=audit,
            shelves=self._shelves,
            screeners=self._screeners,
            file_screeners=self._file_screeners,
            companies=companies,
            wds=self._wds,
        )

    @contextlib.asynccontextmanager
    async def _listening(self, app: ControlPlaneApp) -> AsyncIterator[asyncio.Task[None]]:
        server = WebServer(_config(self._settings, app, self.counters))
        listening = bind(self._settings.scp_host, self._settings.scp_port)
        self.port = listening.getsockname()[1]
        tasks = [
            asyncio.create_task(server.serve(sockets=[listening]), name="scp-server"),
            asyncio.create_task(self._overview.run(), name="scp-overview"),
            asyncio.create_task(self._screeners.run(), name="scp-screeners"),
        ]
        if self._settings.screeners_file is not None:
            tasks.append(asyncio.create_task(self._file_screeners.run(lambda: None), name="scp-file"))
        watching = asyncio.create_task(web_server.until_one_ends(tasks), name="scp-watch")
        try:
            await web_server.until_started(server, tasks, "SCP")
            scheme = "http" if self._settings.scp_ssl_certfile is None else "https"
            logger.info("serves %s://%s:%d/", scheme, self._settings.scp_host, self.port)
            yield watching
        finally:
            server.should_exit = True
            await asyncio.wait(tasks[:1])
            for task in (watching, *tasks):
                task.cancel()
            await asyncio.gather(watching, *tasks, return_exceptions=True)
            listening.close()


def _config(settings: Settings, app: ControlPlaneApp, counters: Counters) -> uvicorn.Config:
    return web_server.configured(
        app.asgi(),
        settings.scp_trusted_proxies,
        (settings.scp_ssl_certfile, settings.scp_ssl_keyfile),
        STOP_TIMEOUT_S,
        # uvicorn calls what it is given: a class with its first argument does as well.
        http=partial(Door, Hours(REQUEST_S, STALL_S, CONNECTIONS, counters, REQUEST_BYTES)),
        ws="none",
        server_header=False,
    )


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set.

    Raises:
        StreamsError: The service cannot start.
    """
    # It logs each failed try; the watch of the topics says once that Kafka is away.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    async with ControlPlane(settings).serving() as watching:
        await web_server.until_stopped(stop, watching)
