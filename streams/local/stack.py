"""The servers that the platform needs: those named in the environment, Docker's, or ones started here."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from streams.errors import UnavailableError
from streams.local.cache import Progress, silent
from streams.local.containers import RedisContainer, RedpandaContainer, docker_answers
from streams.local.kafka import KafkaServer
from streams.local.redis import RedisServer
from streams.settings import Settings

MARKET_DATABASE: Final = 0
WIDGET_DATABASE: Final = 1


class LocalStack:
    """Kafka and Redis, found or started, in this order.

    1. what the settings name explicitly (KAFKA_BOOTSTRAP, MDC_REDIS_URL, WDC_REDIS_URL) is used as it is;
    2. Docker, where an engine answers and the optional library for it is installed;
    3. the embedded servers.

    Args:
        settings: The platform's settings, with what the environment says.
        folder: Where embedded servers keep their data between runs; None keeps nothing.
        docker: Whether Docker may be used.
        progress: Told what is being done.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        folder: Path | None = None,
        docker: bool = True,
        progress: Progress = silent,
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._docker = docker
        self._progress = progress
        self._chosen = False
        self.kafka: KafkaServer | RedpandaContainer | None = None
        self.redis: RedisServer | RedisContainer | None = None

    @property
    def bootstrap(self) -> str:
        """Kafka's ``host:port``, several by comma."""
        return self._settings.kafka_bootstrap if self.kafka is None else self.kafka.bootstrap

    @property
    def mdc_redis_url(self) -> str:
        """URL of the market data cache's Redis database; may hold a password."""
        if self.redis is None or self._given("mdc_redis_url"):
            return self._settings.mdc_redis_url.get_secret_value()
        return self.redis.url(MARKET_DATABASE)

    @property
    def wdc_redis_url(self) -> str:
        """URL of the widget data cache's Redis database; may hold a password."""
        if self.redis is None or self._given("wdc_redis_url"):
            return self._settings.wdc_redis_url.get_secret_value()
        return self.redis.url(WIDGET_DATABASE)

    @property
    def is_addressed(self) -> bool:
        """Whether the servers' addresses are known: embedded ones are before they answer."""
        return self._chosen and all(server.is_addressed for server in (self.kafka, self.redis) if server)

    def environment(self) -> dict[str, str]:
        """Return the environment variables that point a child process to these servers."""
        values = {
            "kafka_bootstrap": self.bootstrap,
            "mdc_redis_url": self.mdc_redis_url,
            "wdc_redis_url": self.wdc_redis_url,
        }
        return {field.upper(): value for field, value in values.items()}

    async def start(self) -> None:
        """Start what is not given, all at the same time; return when it answers.

        Raises:
            UnavailableError: A server cannot be downloaded or started; the others are stopped again.
        """
        need_kafka = not self._given("kafka_bootstrap")
        need_redis = not (self._given("mdc_redis_url") and self._given("wdc_redis_url"))
        if not (need_kafka or need_redis):
            self._chosen = True
            return
        containers = self._docker and await docker_answers()
        if need_kafka:
            self.kafka = RedpandaContainer() if containers else self._embedded_kafka()
        if need_redis:
            self.redis = RedisContainer() if containers else self._embedded_redis()
        self._chosen = True
        starting = [asyncio.create_task(server.start()) for server in (self.kafka, self.redis) if server]
        try:
            await asyncio.gather(*starting)
        except BaseException:
            await _end(starting)
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop what was started here, all at the same time, and remove what is temporary."""
        results = await asyncio.gather(
            *(server.stop() for server in (self.kafka, self.redis) if server), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise UnavailableError(f"a local server does not stop: {result}") from result

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _given(self, field: str) -> bool:
        return field in self._settings.model_fields_set

    def _embedded_kafka(self) -> KafkaServer:
        folder = None if self._folder is None else self._folder / "kafka"
        return KafkaServer(self._settings, folder, self._progress)

    def _embedded_redis(self) -> RedisServer:
        folder = None if self._folder is None else self._folder / "redis"
        return RedisServer(folder, self._progress, self._settings)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
