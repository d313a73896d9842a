"""The processes of the WDS, each of which is asked by itself: what one does not say hides no other.

A component of the WDS may be several processes: a host name may stand for several pods, and processes of one
pod may share a port. The answer of any of these names the ports on which each answers alone.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import msgspec

from streams.scp.monitor import FAILURES, TIMEOUT_S, content_of, why
from streams.scp.watched import Kind, Watched
from streams.wds.control import CLIENTS
from streams.wds.roster import RosterReport

MOST_ADDRESSES: Final = 64
"""Most addresses of a host name that are asked."""
_FAMILIES: Final = (socket.AF_INET, socket.AF_INET6)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process answers.

    Attributes:
        title: What people call the component.
        scheme: http or https.
        host: The name that stands in its certificate.
        address: The IP address; the host again where it has none.
        port: The port.
    """

    title: str
    scheme: str
    host: str
    address: str
    port: int

    @property
    def authority(self) -> str:
        """Address and port, as a URL has them."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one process says of its clients: a report, or why there is none."""

    place: Place
    report: RosterReport | None
    problem: str | None


class WdsProcesses:
    """Finds and asks them.

    Args:
        components: Those that are watched.
    """

    def __init__(self, components: Iterable[Watched]) -> None:
        self._places = [_place(component) for component in components if component.kind is Kind.WDS]
        self._session: aiohttp.ClientSession | None = None
        self._own_ports: dict[Place, list[int]] = {}

    async def ask(self, token: str, wanted: str) -> list[Answer]:
        """Return what each process says; it takes some seconds at most.

        Args:
            token: To be shown to them.
            wanted: A client's id, or a part of names and addresses; empty for all.
        """
        question = _Question(token, wanted)
        told = await asyncio.gather(*(self._ask_host(question, place) for place in self._places))
        return _once(answer for answers in told for answer in answers)

    async def disconnect(self, place: Place, client_id: str, token: str) -> tuple[int, str]:
        """Have a process send a client away; return the HTTP status, and what is wrong where it is no 200.

        Raises:
            OSError: It does not answer (or another of FAILURES).
        """
        status, content = await self._send("POST", place, f"/{client_id}/disconnect", token)
        return status, "" if status == HTTPStatus.OK else _problem(status, content)

    async def close(self) -> None:
        """Drop the connections."""
        if self._session is not None:
            await self._session.close()

    async def _ask_host(self, question: _Question, place: Place) -> list[Answer]:
        try:
            families = await _resolved(place)
        except (OSError, TimeoutError):
            return [Answer(place, None, f"{place.host} has no address")]
        current = {each for family in families for each in family}
        self._own_ports = {
            each: ports
            for each, ports in self._own_ports.items()
            if each in current or each.host != place.host
        }
        told = [
            [answer for answers in await self._ask_addresses(question, family) for answer in answers]
            for family in families
        ]
        # A name may have addresses of a kind on which nobody listens, as localhost often has.
        most = max(told, key=lambda answers: sum(answer.report is not None for answer in answers))
        return sorted(most, key=_order)

    async def _ask_addresses(self, question: _Question, places: Sequence[Place]) -> list[list[Answer]]:
        return await asyncio.gather(*(self._ask_address(question, place) for place in places))

    async def _ask_address(self, question: _Question, place: Place) -> list[Answer]:
        """Ask all processes of an address: by their own ports once these are known: one may hang."""
        known = self._own_ports.pop(place, [])
        answers = await self._ask_ports(question, place, known)
        if all(answer.report is None for answer in answers):
            first = await self._ask_one(question, place)
            answers = [first]
            known = [] if first.report is None else [first.report.own_port or place.port]
        told = {port for answer in answers if answer.report is not None for port in answer.report.own_ports}
        if told:
            self._own_ports[place] = sorted(told)
        return [*answers, *await self._ask_ports(question, place, sorted(told - set(known)))]

    async def _ask_ports(self, question: _Question, place: Place, ports: Sequence[int]) -> list[Answer]:
        places = [replace(place, port=port) for port in ports]
        return await asyncio.gather(*(self._ask_one(question, each) for each in places))

    async def _ask_one(self, question: _Question, place: Place) -> Answer:
        try:
            status, content = await self._send("GET", place, "", question.token, question.wanted)
            if status != HTTPStatus.OK:
                return Answer(place, None, _problem(status, content))
            return Answer(place, msgspec.json.decode(content, type=RosterReport), None)
        except msgspec.DecodeError:
            return Answer(place, None, "its answer cannot be read")
        except FAILURES as error:
            return Answer(place, None, why(error))

    async def _send(
        self, method: str, place: Place, path: str, token: str, wanted: str = ""
    ) -> tuple[int, bytes]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        async with self._session.request(
            method,
            f"{place.scheme}://{place.authority}{CLIENTS}{path}",
            params={"find": wanted} if wanted else None,
            headers={"Authorization": f"Bearer {token}"},
            server_hostname=place.host if place.scheme == "https" else None,
            allow_redirects=False,
        ) as response:
            return response.status, await content_of(response)


@dataclass(frozen=True, slots=True)
class _Question:
    token: str
    wanted: str


class _Told(msgspec.Struct):
    error: str = ""


def _place(component: Watched) -> Place:
    parts = urlsplit(component.url)
    host = parts.hostname or ""
    return Place(component.title, parts.scheme, host, host, parts.port or (80, 443)[parts.scheme == "https"])


async def _resolved(place: Place) -> list[list[Place]]:
    """Return the addresses that a host name stands for, those of each family together.

    Raises:
        OSError: It has none.
        TimeoutError: Nobody says so in time.
    """
    async with asyncio.timeout(TIMEOUT_S):
        found = await asyncio.get_running_loop().getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    by_family = [
        dict.fromkeys(str(address[0]) for kind, *_, address in found if kind is family)
        for family in _FAMILIES
    ]
    return [
        [replace(place, address=address) for address in list(addresses)[:MOST_ADDRESSES]]
        for addresses in by_family
        if addresses
    ]


def _order(answer: Answer) -> tuple[str, int]:
    own_port = None if answer.report is None else answer.report.own_port
    return answer.place.address, own_port or answer.place.port


def _once(answers: Iterable[Answer]) -> list[Answer]:
    """Return the answers without those of a process that is reached by two ways."""
    kept = {answer.report.process if answer.report else answer.place.authority: answer for answer in answers}
    return list(kept.values())


def _problem(status: int, content: bytes) -> str:
    if status == HTTPStatus.UNAUTHORIZED:
        return "it does not know our tokens: WDS_JWT_SECRET differs, or the clocks do"
    try:
        told = msgspec.json.decode(content, type=_Told).error
    except msgspec.DecodeError:
        told = ""
    if status == HTTPStatus.NOT_FOUND and told in {"", HTTPStatus.NOT_FOUND.phrase}:
        return "it is of a version that does not tell its clients"
    return told[:200] or f"HTTP {status}"
