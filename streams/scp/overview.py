"""All that is watched of the platform, and what of it is alarming."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from streams.scp.alarms import Alarms, findings
from streams.scp.clock import now_ms
from streams.scp.market_time import replayed_ms
from streams.scp.monitor import Monitor
from streams.scp.redis_watch import RedisWatch
from streams.scp.reference_watch import ReferenceWatch
from streams.scp.topic_watch import TopicWatch
from streams.scp.watched import watched
from streams.scp.wds_clients import WdsClients
from streams.sessions import MarketCalendar
from streams.settings import Settings
from streams.wds.control_tokens import ControlTokens

JUDGE_S: Final = 2.0


class Overview:
    """Watches components, topics, Redis and reference data.

    Args:
        settings: All of them.

    Attributes:
        monitor: The components.
        topics: Kafka.
        redis: Redis.
        calendar: The exchange's.
        alarms: What is wrong of all that.
        clients: Who is connected to the WDS; asked when somebody wants to know.

    Raises:
        SettingsError: One is wrong.
    """

    def __init__(self, settings: Settings) -> None:
        components = watched(settings)
        self.monitor = Monitor(components)
        self.clients = WdsClients(components, ControlTokens.of(settings))
        self.topics = TopicWatch(settings, self.monitor.readings)
        self.redis = RedisWatch(settings)
        self.calendar = MarketCalendar()
        self._reference = ReferenceWatch(settings, self.topics, self.calendar)
        self.alarms = Alarms()

    async def run(self) -> None:
        """Watch, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.monitor.run(), name="scp-monitor")
            group.create_task(self.topics.run(), name="scp-topics")
            group.create_task(self.redis.run(), name="scp-redis")
            group.create_task(self._reference.run(), name="scp-reference")
            group.create_task(self._judge(), name="scp-alarms")

    def describe_reference(self) -> dict[str, Any]:
        """Return how reference data is: that of today, or of the day that a replay plays."""
        healths = [subject.health for subject in self.monitor.all()]
        return self._reference.describe(replayed_ms(healths, now_ms()))

    async def close(self) -> None:
        """Drop the connections."""
        await self.monitor.close()
        await self.clients.close()

    async def _judge(self) -> None:
        while True:
            await asyncio.sleep(JUDGE_S)
            components = [subject.describe() for subject in self.monitor.all()]
            topics, redis = self.topics.describe(), self.redis.describe()
            self.alarms.take(now_ms(), findings(components, topics, redis, self.describe_reference()))
