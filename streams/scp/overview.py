"""All that is watched of the platform, and what of it is alarming."""

from __future__ import annotations

import asyncio
from typing import Final

from streams.scp.alarms import Alarms, findings
from streams.scp.clock import now_ms
from streams.scp.monitor import Monitor
from streams.scp.redis_watch import RedisWatch
from streams.scp.topic_watch import TopicWatch
from streams.scp.watched import watched
from streams.scp.wds_clients import WdsClients
from streams.settings import Settings
from streams.wds.control_tokens import ControlTokens

JUDGE_S: Final = 2.0


class Overview:
    """Watches components, topics and Redis.

    Args:
        settings: All of them.

    Attributes:
        monitor: The components.
        topics: Kafka.
        redis: Redis.
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
        self.alarms = Alarms()

    async def run(self) -> None:
        """Watch, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.monitor.run(), name="scp-monitor")
            group.create_task(self.topics.run(), name="scp-topics")
            group.create_task(self.redis.run(), name="scp-redis")
            group.create_task(self._judge(), name="scp-alarms")

    async def close(self) -> None:
        """Drop the connections."""
        await self.monitor.close()
        await self.clients.close()

    async def _judge(self) -> None:
        while True:
            await asyncio.sleep(JUDGE_S)
            components = [subject.describe() for subject in self.monitor.all()]
            self.alarms.take(now_ms(), findings(components, self.topics.describe(), self.redis.describe()))
