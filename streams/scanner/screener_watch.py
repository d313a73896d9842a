"""The screeners in force, from wherever they are defined, and told anew whenever one of them changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from streams.scanner.screener import Screener
from streams.telemetry import Counters

logger = logging.getLogger(__name__)

KNOWN_S: Final = 15.0
"""Longest wait for what is defined when a worker starts; what comes later changes the boards then."""


class Source(Protocol):
    """A place where screeners are defined. No two sources have one of the same name."""

    @property
    def screeners(self) -> tuple[Screener, ...]:
        """Those in force, as far as is known."""

    async def known(self) -> None:
        """Wait until they are known."""

    async def run(self, changed: Callable[[], None]) -> None:
        """Follow the place, for ever; ``changed`` is called whenever others are in force."""


class ScreenerWatch:
    """Follows all sources.

    Args:
        sources: By the name that the gauge ``screeners`` has for them.
        counters: Gauges how many there are.
        changed: Told the screeners whenever they are others than before.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        counters: Counters,
        changed: Callable[[tuple[Screener, ...]], None],
    ) -> None:
        self._sources = sources
        self._changed = changed
        counters.watch(
            "screeners", lambda: {(name,): len(source.screeners) for name, source in sources.items()}
        )

    @property
    def screeners(self) -> tuple[Screener, ...]:
        """The definitions in force."""
        return tuple(screener for source in self._sources.values() for screener in source.screeners)

    async def known(self) -> None:
        """Wait until every source is known, KNOWN_S at most."""
        try:
            async with asyncio.timeout(KNOWN_S):
                for source in self._sources.values():
                    await source.known()
        except TimeoutError:
            logger.warning("screeners are not all known yet: boards begin without the others")

    async def run(self) -> None:
        """Follow them for ever."""
        await asyncio.gather(*(source.run(self._tell) for source in self._sources.values()))

    def _tell(self) -> None:
        self._changed(self.screeners)
