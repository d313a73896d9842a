"""The clients of this process as operators see them: the slowest first, as many as fit into an answer."""

from __future__ import annotations

import asyncio
import heapq
import logging
import secrets
from collections.abc import Iterable
from itertools import islice
from typing import Final

import msgspec

from streams.settings import Settings
from streams.wds.feeder import Feeder
from streams.wds.tcp_info import acknowledged_bytes
from streams.wds.visitors import Visitor, Visitors

MOST_CLIENTS: Final = 100
"""Most clients of an answer."""
MOST_FEEDS: Final = 50
"""Most feeds of a client that are named …"""
MOST_CHARACTERS: Final = 1_000
"""… and most characters of them all."""
MOST_OF_A_NAME: Final = 128
"""Most characters of a client's name: whoever signs its token chooses it."""
STEP: Final = 500
"""After so many clients what is published has its turn."""

logger: Final = logging.getLogger(__name__)


class ClientReport(msgspec.Struct, frozen=True):
    """A client.

    Attributes:
        id: Tells it from every other client, of other processes too.
        name: That of its key or token; None where it has shown none.
        address: Where it comes from; of IPv6 its network.
        way: ``websocket`` or ``events``.
        since_ms: When it came, ms since 1970 UTC.
        subscriptions: How many it has.
        feeds: Their names, wildcards among them; not all where there are many.
        waiting: Messages that wait for it in the service.
        waiting_bytes: Their size as frames.
        stalled_s: For how long it has taken no data, in seconds; None while it takes some.
        sent_bytes: What its system has acknowledged; None where ours does not tell.
        compressed: Whether it takes compressed messages.
    """

    id: str
    name: str | None
    address: str
    way: str
    since_ms: int
    subscriptions: int
    feeds: list[str]
    waiting: int
    waiting_bytes: int
    stalled_s: float | None
    sent_bytes: int | None
    compressed: bool

    @property
    def slowness(self) -> tuple[float, int]:
        """By which the slowest is the greatest."""
        return self.stalled_s or 0.0, self.waiting_bytes


class RosterReport(msgspec.Struct, frozen=True):
    """The clients of a process.

    Attributes:
        process: What the ids of its clients begin with; another one after a restart.
        worker: Which of several processes that share a port; None where it is the only one.
        own_port: Where it answers alone, if it is one of several.
        own_ports: Where each of them does.
        total: How many clients it has.
        found: How many of them were asked for.
        clients: The slowest of these, the slowest first.
    """

    process: str
    worker: int | None
    own_port: int | None
    own_ports: list[int]
    total: int
    found: int
    clients: list[ClientReport]


class Roster:
    """Tells who is connected, and sends one away.

    Args:
        settings: Which of several processes this is.
        visitors: Who is in.
        feeder: Knows their subscriptions.
    """

    def __init__(self, settings: Settings, visitors: Visitors, feeder: Feeder) -> None:
        self._worker = settings.wds_worker
        self._own_port = None if settings.wds_worker is None else settings.wds_own_port
        self._own_ports = settings.wds_own_ports
        self._visitors = visitors
        self._feeder = feeder
        self._process = secrets.token_hex(4)

    async def report(self, wanted: str = "") -> RosterReport:
        """Return the clients.

        Args:
            wanted: A client's id, or a part of names and addresses, in whatever case; empty for all.
        """
        total = len(self._visitors)
        found, slowest = await self._choose(wanted.lower())
        clients: list[ClientReport] = []
        for visitor in slowest:
            if not visitor.outbox.is_closed:
                clients.append(self._describe(visitor))
            await asyncio.sleep(0)
        return RosterReport(
            self._process, self._worker, self._own_port, self._own_ports, total, found, clients
        )

    def disconnect(self, client_id: str, operator: str) -> ClientReport | None:
        """Send a client away, and return who that was; None where there is no such client, or no more.

        Args:
            client_id: Its id.
            operator: By whose order.
        """
        process, _, number = client_id.partition("-")
        if process != self._process or not number.isascii() or not number.isdecimal():
            return None
        visitor = self._visitors.find(int(number))
        if visitor is None or visitor.outbox.is_closed:
            return None
        client = self._describe(visitor)
        self._visitors.disconnect(visitor)
        logger.info("disconnected %r from %s by order of %r", client.name, client.address, operator)
        return client

    async def _choose(self, wanted: str) -> tuple[int, list[Visitor]]:
        everybody = self._visitors.all()
        found = 0
        slowest: list[Visitor] = []
        for start in range(0, len(everybody), STEP):
            batch = [each for each in everybody[start : start + STEP] if self._is_meant(each, wanted)]
            found += len(batch)
            slowest = heapq.nlargest(MOST_CLIENTS, [*slowest, *batch], key=_slowness)
            await asyncio.sleep(0)
        return found, slowest

    def _is_meant(self, visitor: Visitor, wanted: str) -> bool:
        if visitor.outbox.is_closed:
            return False
        name = visitor.grant.name.lower() if visitor.grant is not None else ""
        return wanted in name or wanted in visitor.address or wanted == self._id(visitor)

    def _id(self, visitor: Visitor) -> str:
        return f"{self._process}-{visitor.number}"

    def _describe(self, visitor: Visitor) -> ClientReport:
        outbox = visitor.outbox
        stalled_s = outbox.stalled_s
        return ClientReport(
            id=self._id(visitor),
            name=None if visitor.grant is None else visitor.grant.name[:MOST_OF_A_NAME],
            address=visitor.address,
            way=visitor.way,
            since_ms=int(visitor.since_s * 1_000),
            subscriptions=self._feeder.count(outbox),
            feeds=_some(self._feeder.names(outbox)),
            waiting=outbox.waiting,
            waiting_bytes=outbox.waiting_bytes,
            stalled_s=None if stalled_s is None else round(stalled_s, 1),
            sent_bytes=acknowledged_bytes(visitor.connection),
            compressed=outbox.deflates,
        )


def _slowness(visitor: Visitor) -> tuple[float, int]:
    return visitor.outbox.stalled_s or 0.0, visitor.outbox.waiting_bytes


def _some(names: Iterable[str]) -> list[str]:
    some: list[str] = []
    room = MOST_CHARACTERS
    for name in islice(names, MOST_FEEDS):
        room -= len(name)
        if room < 0:
            break
        some.append(name)
    return sorted(some)
