"""Asks all components how they are, again and again, and keeps what they said for a while."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp

from streams.scp import condition
from streams.scp.clock import now_ms
from streams.scp.condition import Sample
from streams.scp.durations import Durations, durations
from streams.scp.end_history import Reading
from streams.scp.incident import LastError
from streams.scp.watched import Watched

INTERVAL_S: Final = 2.0
TIMEOUT_S: Final = 2.0
MAX_BYTES: Final = 1024 * 1024
HISTORY: Final = 450
"""Points that are kept of each component: a quarter of an hour."""
FAILURES: Final = (aiohttp.ClientError, OSError, TimeoutError, ValueError)


class Subject:
    """One component and what is known of it."""

    def __init__(self, component: Watched) -> None:
        self.component = component
        self.asking = asyncio.Lock()
        self._last: Sample | None = None
        self._rates: dict[str, float] = {}
        self._latency: dict[str, Durations] = {}
        self._event_delay: dict[str, Durations] = {}
        self._cpu_percent: float | None = None
        self._error = LastError()
        self._told_s = 0.0
        self._points: deque[dict[str, Any]] = deque(maxlen=HISTORY)

    def take(self, sample: Sample) -> None:
        """Take what it says now."""
        self._rates = condition.rates(self._last, sample)
        self._latency = durations(self._last, sample, "latency")
        self._event_delay = durations(self._last, sample, "event_delay")
        self._cpu_percent = condition.cpu_percent(self._last, sample)
        self._last = sample
        self._told_s = time.monotonic()
        is_healthy = sample.health is not None and condition.is_healthy(sample.health)
        if sample.health is not None:
            error = condition.last_error(sample.health)
        else:
            error = (sample.problem or "no answer", None)
        self._error.take(sample.at_ms, error, is_healthy=is_healthy)
        self._points.append({
            "at_ms": sample.at_ms,
            "healthy": is_healthy,
            "lag": None if sample.health is None else condition.lag(sample.health),
            "rates": {name: rate for name, rate in self._rates.items() if rate},
            "latency": self._latency,
        })  # fmt: skip

    @property
    def health(self) -> Mapping[str, Any] | None:
        """What it said of itself last; None where it gave no answer."""
        return None if self._last is None else self._last.health

    def describe(self) -> dict[str, Any]:
        """Return how it is; what is not known is None, never 0."""
        component, sample = self.component, self._last or Sample(0, None, "not asked yet")
        health: Mapping[str, Any] = sample.health or {}
        return {
            "name": component.name,
            "title": component.title,
            "kind": component.kind,
            "controllable": component.is_controllable,
            "reachable": sample.health is not None,
            "healthy": sample.health is not None and condition.is_healthy(sample.health),
            "state": condition.state(sample),
            "version": health.get("version"),
            "uptime_s": health.get("uptime_s"),
            "checked_ms": sample.at_ms or None,
            "lag": condition.lag(health),
            "rates": self._rates,
            "latency": self._latency,
            "event_delay": self._event_delay,
            "cpu_percent": self._cpu_percent,
            "drops": condition.drops(sample.counters),
            "last_error": self._error.describe(),
            "health": sample.health,
        }

    def readings(self) -> tuple[str, dict[tuple[str, int], Reading]] | None:
        """Return the group that a worker belongs to, and how far it is; None for what tells of none."""
        health = self.health
        group = None if health is None else health.get("app")
        if health is None or not isinstance(group, str):
            return None
        told = condition.positions(health).items()
        return group, {key: Reading(self._told_s, position, lag) for key, (position, lag) in told}

    def history(self) -> list[dict[str, Any]]:
        """Return the points of the last minutes, the oldest first."""
        return list(self._points)


class Monitor:
    """All components.

    Args:
        components: Which.
    """

    def __init__(self, components: Sequence[Watched]) -> None:
        self._subjects = {component.name: Subject(component) for component in components}
        self._session: aiohttp.ClientSession | None = None

    def find(self, name: str) -> Subject | None:
        """Return the component of this name."""
        return self._subjects.get(name)

    def all(self) -> list[Subject]:
        """Return all components, in the order of the settings."""
        return list(self._subjects.values())

    def readings(self) -> dict[str, dict[tuple[str, int], Reading]]:
        """Return how far the workers of each group are, by partition; of two that tell, the one ahead."""
        groups: dict[str, dict[tuple[str, int], Reading]] = {}
        for subject in self._subjects.values():
            if (found := subject.readings()) is None:
                continue
            known = groups.setdefault(found[0], {})
            for partition, reading in found[1].items():
                if partition not in known or known[partition].offset < reading.offset:
                    known[partition] = reading
        return groups

    async def run(self) -> None:
        """Ask, until cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(INTERVAL_S)

    async def refresh(self) -> None:
        """Ask all once, at the same time."""
        await asyncio.gather(*(self.ask(subject) for subject in self._subjects.values()))

    async def ask(self, subject: Subject) -> None:
        """Ask one once; what it says later is taken later."""
        async with subject.asking:
            await self._ask(subject)

    async def act(self, component: Watched, action: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        """Have a listener do something; return its HTTP status and its answer.

        Args:
            component: Which listener.
            action: Of its control API.
            body: What goes with it.

        Raises:
            OSError: It does not answer (or another of FAILURES).
        """
        timeout = aiohttp.ClientTimeout(total=ACTION_TIMEOUT_S)
        async with self._open().post(
            f"{component.url}/{action}", json=body, timeout=timeout, allow_redirects=False
        ) as response:
            return response.status, json.loads(await content_of(response))

    async def close(self) -> None:
        """Drop the connections."""
        if self._session is not None:
            await self._session.close()

    async def _ask(self, subject: Subject) -> None:
        url = f"{subject.component.url}/health"
        try:
            async with self._open().get(url, allow_redirects=False) as response:
                health = json.loads(await content_of(response))
            if not isinstance(health, dict):
                raise ValueError("its answer is no object")
        except FAILURES as error:
            subject.take(Sample(now_ms(), None, why(error)))
            return
        counters = condition.flattened(health.get("counters"))
        subject.take(Sample(now_ms(), health, None, counters))

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        return self._session


ACTION_TIMEOUT_S: Final = 15.0
"""Longest that a listener may take to do what it is told: it closes connections in order."""


async def content_of(response: aiohttp.ClientResponse) -> bytes:
    """Return an answer's body.

    Raises:
        ValueError: It is longer than MAX_BYTES.
    """
    content = b""
    while part := await response.content.read(MAX_BYTES):
        content += part
        if len(content) > MAX_BYTES:
            raise ValueError("its answer is too long")
    return content


def why(error: BaseException) -> str:
    """Return why somebody did not answer, in a few words."""
    match error:
        case TimeoutError():
            return f"no answer in {TIMEOUT_S:g} s"
        case aiohttp.ClientSSLError():
            return "its certificate is not trusted"
        case aiohttp.ClientConnectorError():
            return "it does not listen"
        case ValueError():
            return f"its answer cannot be read: {error}"[:200]
    return type(error).__name__
