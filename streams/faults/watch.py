"""How the platform is while something fails: fresh at its far end, no records behind, all of it at work."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from streams import feeds
from streams.client import WidgetClient
from streams.demo.counts import Ledger
from streams.demo.stage import Stage
from streams.errors import StreamsError
from streams.platform.components import SCANNER, assigned_partitions, lag
from streams.redis_link import FAILURES, make_client

SAMPLE_S: Final = 0.2
SPARE: Final = 1.5
"""What was so before a fault may be half as much again after it."""
SPARE_LAG: Final = 50
SPARE_BEHIND_MS: Final = 500
KEYS_SHARE: Final = 0.98
"""A few keys may expire meanwhile."""
TIMEOUT_S: Final = 2.0
CONNECT_TIMEOUT_S: Final = 5.0
SILENCE_S: Final = 1.0


class _Quote(msgspec.Struct):
    end_timestamp: int


_quote: Final = msgspec.json.Decoder(_Quote)
_board: Final = msgspec.json.Decoder(list[_Quote] | None)


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at everything.

    Attributes:
        at: Monotonic seconds.
        is_up: Whether every process answers and does its work, and the partitions are all shared out.
        lag: Records that the workers have not read, and those that the scanner's have not made safe.
        behind_ms: The market's clock against the newest bar that a WebSocket client has been sent.
        keys: How many keys the widgets' Redis holds.
    """

    at: float
    is_up: bool
    lag: int
    behind_ms: int
    keys: int


class Watch:
    """Looks at a stage several times a second while it is entered; an async context manager.

    Args:
        stage: What to look at.
        ledger: Takes the counters of all processes.
    """

    def __init__(self, stage: Stage, ledger: Ledger) -> None:
        self._stage = stage
        self._ledger = ledger
        self._samples: list[Sample] = []
        self._newest_ms = 0
        self._tasks: list[asyncio.Task[None]] = []

    def recovered_at(self, fault_at: float) -> float | None:
        """Return when all was again as it had been before the fault, monotonic seconds; None for not yet."""
        before = [sample for sample in self._samples if sample.at < fault_at and sample.is_up]
        if not before:
            return None
        lag_bound = SPARE * max(sample.lag for sample in before) + SPARE_LAG
        behind_bound = SPARE * max(sample.behind_ms for sample in before) + SPARE_BEHIND_MS
        keys = KEYS_SHARE * before[-1].keys
        recovered: float | None = fault_at
        for sample in self._samples:
            if sample.at < fault_at:
                continue
            is_well = sample.lag <= lag_bound and sample.behind_ms <= behind_bound and sample.keys >= keys
            if not (sample.is_up and is_well):
                recovered = None
            elif recovered is None:
                recovered = sample.at
        return recovered

    async def look(self) -> None:
        """Look once, now."""
        stage = self._stage
        components = (*stage.workers, *stage.listeners, stage.wds)
        healths = await asyncio.gather(*(stage.probe.health(each.health_url) for each in components))
        for component, health in zip(components, healths, strict=True):
            self._ledger.update(component.name, health.get("counters", {}))
        status, keys = await asyncio.gather(stage.probe.health(stage.simulator.health_url), self._keys())
        by_name = dict(zip((each.name for each in components), healths, strict=True))
        is_up = all(each.is_ready(health) for each, health in zip(components, healths, strict=True) if health)
        self._samples.append(
            Sample(
                at=time.monotonic(),
                is_up=is_up and all(healths) and self._is_shared(by_name),
                lag=sum(map(lag, healths)) + _unsafe(by_name),
                behind_ms=self._behind_ms(status.get("clock_ms", 0)),
                keys=keys,
            )
        )

    async def __aenter__(self) -> Watch:
        """Begin."""
        self._tasks = [asyncio.create_task(self._read_quotes()), asyncio.create_task(self._sample())]
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _is_shared(self, healths: Mapping[str, dict[str, Any]]) -> bool:
        assigned = sum(
            assigned_partitions(health, self._stage.settings)
            for name, health in healths.items()
            if name.startswith(SCANNER)
        )
        return assigned == self._stage.settings.kafka_partitions

    def _behind_ms(self, clock_ms: int) -> int:
        # Before the first quote there is nothing that could be old.
        return max(0, clock_ms - self._newest_ms) if self._newest_ms else 0

    async def _keys(self) -> int:
        redis = make_client(self._stage.redis_urls[1], TIMEOUT_S, 1)
        try:
            return int(await redis.dbsize())
        except FAILURES:
            return 0
        finally:
            await redis.aclose()

    async def _sample(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(SAMPLE_S)

    async def _read_quotes(self) -> None:
        while True:
            with contextlib.suppress(StreamsError, TimeoutError):
                await self._follow_quotes()
            await asyncio.sleep(SAMPLE_S)

    async def _follow_quotes(self) -> None:
        """Read quotes until none comes any more: the market may have gone on while nobody was connected."""
        clock = asyncio.get_running_loop().time
        async with (
            asyncio.timeout(CONNECT_TIMEOUT_S) as patience,
            WidgetClient(self._stage.wds_url, self._stage.key) as client,
        ):
            await client.subscribe(feeds.QUOTE.key("*"))
            board = _board.decode(await client.get(feeds.TOP_VOLUME.key()))
            self._note(*(board or ()))
            async for payload in client.payloads():
                patience.reschedule(clock() + SILENCE_S)
                self._note(_quote.decode(payload))

    def _note(self, *quotes: _Quote) -> None:
        self._newest_ms = max((self._newest_ms, *(quote.end_timestamp for quote in quotes)))


def _unsafe(healths: Mapping[str, dict[str, Any]]) -> int:
    """Return how many records the scanner has read and not committed, where it has committed any."""
    return sum(
        max(0, progress["position"] - progress["committed"])
        for name, health in healths.items()
        if name.startswith(SCANNER)
        for progress in health.get("partitions", ())
        if progress["committed"] is not None
    )
