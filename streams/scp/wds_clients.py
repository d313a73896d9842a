"""Who is connected to the WDS, over all its processes; and one client sent away."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec

from streams.errors import UnavailableError
from streams.scp.clock import now_ms
from streams.scp.monitor import FAILURES, why
from streams.scp.refusals import RefusedError
from streams.scp.watched import Watched
from streams.scp.wds_processes import Answer, Place, WdsProcesses
from streams.wds.control_tokens import Action, ControlTokens
from streams.wds.roster import ClientReport

MOST_CLIENTS: Final = 200
"""Most clients of an answer, over all processes."""
MOST_NAMED: Final = 3
OFF: Final = (
    "set WDS_JWT_SECRET here and for the WDS: without it clients can be neither listed nor disconnected"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A client, and the process that it is connected to."""

    client: ClientReport
    place: Place

    @property
    def text(self) -> str:
        """Who it is, for people."""
        name = "a client without a name" if self.client.name is None else self.client.name
        return f"{name} from {self.client.address} at {self.place.title} {self.place.authority}"


class WdsClients:
    """The clients.

    Args:
        components: Those that are watched.
        tokens: What is shown to the WDS; None where no secret is set.
    """

    def __init__(self, components: Iterable[Watched], tokens: ControlTokens | None) -> None:
        self._processes = WdsProcesses(components)
        self._tokens = tokens

    async def describe(self, operator: str, wanted: str = "") -> dict[str, Any]:
        """Return who is connected, the slowest first, and what each process says.

        Args:
            operator: Who wants to know.
            wanted: A client's id, or a part of names and addresses; empty for all.
        """
        if self._tokens is None:
            return _description((), OFF)
        token = self._tokens.sign(operator, Action.LIST)
        return _description(await self._processes.ask(token, wanted), None)

    async def find(self, operator: str, client_id: str) -> Found:
        """Return a client.

        Raises:
            RefusedError: There is no such client, or no secret is set.
        """
        answers = await self._processes.ask(self._needed().sign(operator, Action.LIST), client_id)
        for answer in answers:
            for client in answer.report.clients if answer.report is not None else ():
                if client.id == client_id:
                    return Found(client, answer.place)
        silent = [f"{each.place.authority}: {each.problem}" for each in answers if each.report is None]
        unless = f", unless at {'; '.join(silent[:MOST_NAMED])}" if silent else ""
        raise RefusedError(HTTPStatus.NOT_FOUND, f"no such client: it has gone{unless}")

    async def disconnect(self, operator: str, found: Found) -> None:
        """Have a client sent away.

        Raises:
            RefusedError: It has gone meanwhile.
            UnavailableError: Its process does not do it.
        """
        place = f"{found.place.title} at {found.place.authority}"
        token = self._needed().sign(operator, Action.DISCONNECT)
        try:
            status, problem = await self._processes.disconnect(found.place, found.client.id, token)
        except FAILURES as error:
            raise UnavailableError(
                f"{place} has not answered ({why(error)}): see whether the client is gone"
            ) from None
        if status == HTTPStatus.NOT_FOUND:
            raise RefusedError(status, problem)
        if status != HTTPStatus.OK:
            raise UnavailableError(f"{place} refuses: {problem}")

    async def close(self) -> None:
        """Drop the connections."""
        await self._processes.close()

    def _needed(self) -> ControlTokens:
        if self._tokens is None:
            raise RefusedError(HTTPStatus.CONFLICT, OFF)
        return self._tokens


def _description(answers: Sequence[Answer], problem: str | None) -> dict[str, Any]:
    told = [(answer.place, answer.report) for answer in answers if answer.report is not None]
    clients = [
        (_title(answer), each) for answer in answers if answer.report for each in answer.report.clients
    ]
    shown = heapq.nlargest(MOST_CLIENTS, clients, key=lambda each: each[1].slowness)
    return {
        "at_ms": now_ms(),
        "problem": problem,
        "total": sum(report.total for _, report in told),
        "found": sum(report.found for _, report in told),
        "processes": [
            {
                "title": _title(answer),
                "address": answer.place.authority,
                "clients": None if answer.report is None else answer.report.total,
                "problem": answer.problem,
            }
            for answer in answers
        ],
        "clients": [{**msgspec.to_builtins(client), "process": title} for title, client in shown],
    }


def _title(answer: Answer) -> str:
    worker = None if answer.report is None else answer.report.worker
    return answer.place.title if worker is None else f"{answer.place.title} {worker}"
