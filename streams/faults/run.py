"""A run: one market, one installation, and a trial for each fault."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from streams.errors import UnavailableError
from streams.faults import arrival
from streams.faults.catalogue import chosen
from streams.faults.installation import Installation
from streams.faults.market import record_market
from streams.faults.options import FaultsOptions
from streams.faults.report import Outcome
from streams.faults.trial import Trials
from streams.faults.undisturbed import Undisturbed
from streams.local.cache import Progress
from streams.local.scratch import make_scratch, remove_scratch
from streams.settings import Settings


class FaultsRun:
    """One run.

    Args:
        options: What to run.
        settings: What the environment says; servers that it names are not touched.
        say: Told what is being done.
        tell: Given what came of each fault as soon as it is over.

    Attributes:
        faults: The faults to make, in their order.

    Raises:
        BadInputError: A fault is unknown.
    """

    def __init__(
        self, options: FaultsOptions, settings: Settings, say: Progress, tell: Callable[[Outcome], None]
    ) -> None:
        self.faults = chosen(options.only, short=options.short)
        self._options = options
        self._settings = settings
        self._say = say
        self._tell = tell

    async def run(self) -> None:
        """Make the faults, one after the other. All is stopped at the end.

        Raises:
            StreamsError: The platform cannot be started or asked, has not come back after a fault, or the
                deadline is over.
        """
        seconds = self._options.deadline
        try:
            async with asyncio.timeout(seconds), _scratch() as folder:
                await self._make_all(folder)
        except TimeoutError:
            raise UnavailableError(
                f"not all was done in {seconds:g} s: --deadline gives more time, --only makes fewer faults"
            ) from None

    async def _make_all(self, folder: Path) -> None:
        options = self._options
        market = await asyncio.to_thread(
            record_market,
            folder,
            [options.seconds + fault.seconds for fault in self.faults],
            symbols=options.symbols,
            rate=options.rate,
            seed=options.seed,
        )
        async with Installation(market, self._settings, folder, self._say).running() as installation:
            references = await arrival.references(installation.settings)
            trials = Trials(installation, market, Undisturbed(references), self._say)
            await trials.open()
            try:
                await self._make_each(trials)
            finally:
                if options.logs is not None:
                    self._save_logs(installation, options.logs)

    async def _make_each(self, trials: Trials) -> None:
        for fault in self.faults:
            self._say(f"{fault.name}: {fault.what}")
            self._tell(await trials.make(fault))
            if not trials.has_settled:
                raise UnavailableError(f"the platform has not come back after {fault.name}")

    def _save_logs(self, installation: Installation, folder: Path) -> None:
        try:
            installation.stage.save_logs(folder)
        except OSError as error:
            self._say(f"the logs cannot be copied to {folder}: {error.strerror}")
        else:
            self._say(f"logs: {folder}")


@contextlib.asynccontextmanager
async def _scratch() -> AsyncIterator[Path]:
    folder = await asyncio.to_thread(make_scratch, "faults")
    try:
        yield folder
    finally:
        await asyncio.to_thread(remove_scratch, folder)
