"""A trial: a piece of the market is played, a fault is made in it, and what came of it is judged."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Final

from streams.errors import StreamsError, UnavailableError
from streams.faults import arrival
from streams.faults.arrival import Missing, Offsets
from streams.faults.comparison import Comparison
from streams.faults.expiry import Expiry
from streams.faults.fault import Fault
from streams.faults.installation import Installation
from streams.faults.market import ARTICLE, Piece, RecordedMarket
from streams.faults.replay import Replays
from streams.faults.report import Outcome
from streams.faults.results import Results
from streams.faults.undisturbed import Undisturbed
from streams.faults.watch import Watch
from streams.local.cache import Progress

BEFORE_S: Final = 2.5
"""How long the market goes on before a fault: what is usual is measured then."""
MAKE_TIMEOUT_S: Final = 130.0
"""Longer than any server, and three workers, may take to start."""
RECOVERY_TIMEOUT_S: Final = 60.0
IN_FLIGHT_S: Final = 1.0
"""What the vendors send in this time may die with a listener; more than that is lost."""
POLL_S: Final = 0.2


class Trials:
    """Makes faults on one installation, one after the other.

    Args:
        installation: The platform; its opening piece has been played.
        market: What is played to it.
        undisturbed: What comes of the market when nothing fails; nothing has been played to it.
        say: Told what is wrong.

    Attributes:
        has_settled: Whether all of the last piece went through in the end; else nothing more can be judged.
    """

    def __init__(
        self, installation: Installation, market: RecordedMarket, undisturbed: Undisturbed, say: Progress
    ) -> None:
        self.has_settled = True
        self._installation = installation
        self._market = market
        self._undisturbed = undisturbed
        self._say = say
        self._known = Comparison()
        self._expiry = Expiry()

    async def open(self) -> None:
        """Take note of the opening piece."""
        expected = await asyncio.to_thread(self._expect, self._market.pieces[0])
        self._expiry.note(expected, self._installation.opened_at)

    async def make(self, fault: Fault) -> Outcome:
        """Play the next piece, make a fault in it; return what came of it.

        Raises:
            StreamsError: The platform cannot be asked.
        """
        installation = self._installation
        since = await arrival.ends(installation.settings)
        async with installation.watch() as watch:
            await watch.look()
            replays = Replays(installation.ledger)
            piece, began = await installation.play(), time.monotonic()
            expecting = None
            if not fault.loses_input:
                expecting = asyncio.create_task(asyncio.to_thread(self._expect, piece))
            await asyncio.sleep(BEFORE_S)
            await watch.look()
            recovery_s = await self._suffer(watch, fault, began + piece.seconds)
            await watch.look()
        if expecting is None:
            missing, expected = await self._expect_arrived(piece, since)
        else:
            missing, expected = Missing(0, 0), await expecting
        self._expiry.note(expected, began)
        comparison = await installation.compared(expected, self._expiry)
        new, self._known = comparison.beyond(self._known), comparison
        for line in new.lines():
            self._say(f"  {line}")
        return Outcome(
            fault.name,
            recovery_s,
            replays.count(piece.events),
            new.lost.total() + _too_many(missing, piece),
            new.doubled.total(),
            missing.total,
        )

    async def _suffer(self, watch: Watch, fault: Fault, over: float) -> float | None:
        """Make a fault, wait until all has gone through; return how long recovery took, None for no end."""
        recovery_s = None
        try:
            async with asyncio.timeout(MAKE_TIMEOUT_S):
                fault_at = await fault.make(self._installation)
        except TimeoutError:
            self._say(f"  {fault.name} could not be made within {MAKE_TIMEOUT_S:g} s")
        except StreamsError as error:
            self._say(f"  {fault.name} could not be made: {error}")
        else:
            recovery_s = await self._recovery_s(watch, fault_at, over)
        try:
            await self._installation.settle()
        except UnavailableError as error:
            self._say(f"  {error}")
            self.has_settled = False
            return None
        return recovery_s

    async def _recovery_s(self, watch: Watch, fault_at: float, over: float) -> float | None:
        """Wait until the platform has recovered and the piece may be over."""
        deadline = time.monotonic() + RECOVERY_TIMEOUT_S
        recovered: float | None = None
        while time.monotonic() < deadline and (recovered is None or time.monotonic() < over):
            await asyncio.sleep(POLL_S)
            recovered = watch.recovered_at(fault_at)
        return None if recovered is None else round(max(0.0, recovered - fault_at), 1)

    def _expect(self, piece: Piece) -> Results:
        self._undisturbed.play(self._market.frames_of(piece), self._market.articles_of(piece))
        return self._undisturbed.results()

    async def _expect_arrived(self, piece: Piece, since: Offsets) -> tuple[Missing, Results]:
        """Return what of a piece has not arrived, and what comes of the rest."""
        records = await arrival.arrived(self._installation.settings, since)

        def expect() -> tuple[Missing, Results]:
            for topic, value in records:
                self._undisturbed.take(topic, value)
            frames, articles = self._market.frames_of(piece), self._market.articles_of(piece)
            return arrival.missing(frames, articles, records), self._undisturbed.results()

        return await asyncio.to_thread(expect)


def _too_many(missing: Missing, piece: Piece) -> int:
    """Return how many events have not arrived beyond those that may have been on their way."""
    articles = piece.events[ARTICLE]
    sent = piece.events.total() - articles, articles
    return sum(
        max(0, count - math.ceil(of * IN_FLIGHT_S / piece.seconds))
        for count, of in zip((missing.events, missing.articles), sent, strict=True)
    )
