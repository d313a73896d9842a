"""A run: one market, played undisturbed and then with a fault in each of its pieces."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

from streams.errors import UnavailableError
from streams.faults import arrival
from streams.faults.catalogue import chosen
from streams.faults.comparison import Comparison
from streams.faults.fault import Fault
from streams.faults.installation import Installation
from streams.faults.market import RecordedMarket, record_market
from streams.faults.options import FaultsOptions
from streams.faults.replay import Replays
from streams.faults.report import Outcome, Report
from streams.faults.results import Results
from streams.faults.watch import Watch
from streams.local.cache import Progress
from streams.local.scratch import make_scratch, remove_scratch
from streams.settings import Settings

BEFORE_S: Final = 2.5
"""How long the market goes on before a fault: what is usual is measured then."""
RECOVERY_TIMEOUT_S: Final = 45.0
POLL_S: Final = 0.2


class FaultsRun:
    """One run.

    Args:
        options: What to run.
        settings: What the environment says; servers that it names are not touched.
        say: Told what is being done.

    Raises:
        BadInputError: A fault is unknown.
    """

    def __init__(self, options: FaultsOptions, settings: Settings, say: Progress) -> None:
        self._options = options
        self._settings = settings
        self._say = say
        self._faults = chosen(options.only, short=options.short)
        self._known = Comparison()

    async def run(self) -> Report:
        """Make the faults, one after the other; return what came of them.

        Raises:
            StreamsError: The platform cannot be started. All is stopped first.
        """
        started = time.monotonic()
        async with _scratch() as folder:
            options = self._options
            seconds = [options.piece_s + fault.seconds for fault in self._faults]
            market = await asyncio.to_thread(
                record_market, folder, seconds, symbols=options.symbols, rate=options.rate, seed=options.seed
            )
            self._say("the market undisturbed, as fast as it goes")
            expected = await self._undisturbed(market, folder)
            self._say(f"the same market at {options.rate:,.0f} events/s, with faults")
            outcomes = await self._disturbed(market, folder, expected)
        self._say(f"all of it took {time.monotonic() - started:.0f} s")
        return Report(outcomes)

    async def _undisturbed(self, market: RecordedMarket, folder: Path) -> list[Results]:
        async with Installation(market, self._settings, folder, _silent).running() as installation:
            results = []
            for number, fault in enumerate(self._faults, 1):
                self._say(f"  {number} of {len(self._faults)}: without {fault.name}")
                await installation.play(speed=0)
                await installation.settle()
                results.append(await installation.final_results())
            return results

    async def _disturbed(
        self, market: RecordedMarket, folder: Path, expected: Sequence[Results]
    ) -> list[Outcome]:
        async with Installation(market, self._settings, folder, self._say).running() as installation:
            outcomes = []
            for fault, results in zip(self._faults, expected, strict=True):
                self._say(f"{fault.name}: {fault.what}")
                outcomes.append(await self._suffer(installation, fault, results))
            return outcomes

    async def _suffer(self, installation: Installation, fault: Fault, expected: Results) -> Outcome:
        since = await arrival.ends(installation.settings)
        async with installation.watch() as watch:
            await watch.look()
            replays = Replays(installation.ledger)
            piece, began = await installation.play(speed=1), time.monotonic()
            await asyncio.sleep(BEFORE_S)
            await watch.look()
            fault_at = await fault.make(installation)
            recovered_at = await self._recovered(watch, fault_at, began + piece.seconds)
            try:
                await installation.settle()
            except UnavailableError as error:
                self._say(f"  {error}")
                recovered_at = None
            await watch.look()
        gap = arrival.Gap(0, frozenset())
        if fault.loses_input:
            gap = await arrival.gap_since(installation.settings, since, piece)
        comparison = await installation.compared(expected, gap)
        new = comparison.beyond(self._known)
        self._known = comparison
        for line in new.lines():
            self._say(f"  {line}")
        return Outcome(
            fault.name,
            None if recovered_at is None else round(max(0.0, recovered_at - fault_at), 1),
            replays.count(piece.events),
            new.lost.total(),
            new.doubled.total(),
            gap.events,
        )

    async def _recovered(self, watch: Watch, fault_at: float, over: float) -> float | None:
        """Wait until the platform has recovered and the piece may be over; return when it had."""
        deadline = time.monotonic() + RECOVERY_TIMEOUT_S
        recovered: float | None = None
        while time.monotonic() < deadline and (recovered is None or time.monotonic() < over):
            await asyncio.sleep(POLL_S)
            recovered = watch.recovered_at(fault_at)
        return recovered


@contextlib.asynccontextmanager
async def _scratch() -> AsyncIterator[Path]:
    folder = await asyncio.to_thread(make_scratch, "faults")
    try:
        yield folder
    finally:
        await asyncio.to_thread(remove_scratch, folder)


def _silent(_line: str) -> None:
    """Say nothing: the undisturbed run is no news."""
