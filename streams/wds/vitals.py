"""How the service is: whether Redis answers, what is published comes, and what is due is written."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Final

from streams import redis_link
from streams.settings import Settings
from streams.telemetry import Reporter
from streams.wds.feeder import Feeder
from streams.wds.punctuality import CHECK_S, DUE, Punctuality
from streams.wds.snapshots import Snapshots

logger: Final = logging.getLogger(__name__)


class Vitals:
    """Watches the feeder.

    Args:
        settings: How late a feed may be.
        feeder: What is watched.
        snapshots: Tells when feeds were written.
    """

    def __init__(self, settings: Settings, feeder: Feeder, snapshots: Snapshots) -> None:
        self._feeder = feeder
        self._snapshots = snapshots
        self._punctuality = Punctuality(settings.wds_stale_after_s)
        self._unheard: list[str] = []
        self._started_s = time.monotonic()
        self._reporter = Reporter(logger)

    @property
    def away(self) -> list[str]:
        """What keeps clients from being served, one line each."""
        return [
            f"Redis ({name}) does not answer, or does not send what is published"
            for name, connected in self._feeder.connected.items()
            if not connected
        ]

    @property
    def problems(self) -> list[str]:
        """All that is wrong, one line each."""
        late = [f"{name} was written {age_s:.0f} s ago" for name, age_s in self._punctuality.late().items()]
        unheard = [f"{name} was written and did not come" for name in self._unheard]
        return [*self.away, *late, *unheard]

    def report(self) -> dict[str, Any]:
        """Return how it is: ``status`` is ok or degraded, and ``problems`` say why."""
        ages_s = self._feeder.message_ages_s
        problems = self.problems
        return {
            "status": "degraded" if problems else "ok",
            "problems": problems,
            "uptime_s": round(time.monotonic() - self._started_s, 1),
            "redis": self._feeder.connected,
            "last_message_age_s": min(ages_s.values(), default=None),
            "message_ages_s": ages_s,
        }

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            try:
                self._punctuality.note(await self._snapshots.written_ages_s(DUE))
            except redis_link.FAILURES:
                # The connection of the subscriptions tells that as well.
                self._unheard = []
            else:
                self._listen()
            await asyncio.sleep(CHECK_S)

    def _listen(self) -> None:
        subscribed = {feed.pattern: feed for feed in DUE if self._feeder.hears(feed)}
        self._unheard = self._punctuality.unheard(subscribed, self._feeder.message_ages_s)
        for name in self._unheard:
            reason = f"{name} was written and did not come"
            self._reporter.warn("a subscription is deaf: connecting anew", reason)
            self._feeder.renew(subscribed[name].database, reason)
