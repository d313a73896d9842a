"""Redpanda and Redis as Docker containers, where a Docker engine answers and testcontainers is installed."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
from typing import Any, Final

from streams.errors import UnavailableError

ASK_TIMEOUT_S: Final = 3.0
START_TIMEOUT_S: Final = 300.0
STOP_TIMEOUT_S: Final = 30.0
REDIS_PORT: Final = 6379
REDPANDA_IMAGE: Final = "docker.redpanda.com/redpandadata/redpanda:v25.2.1"
REDIS_IMAGE: Final = "redis:7.4-alpine"


async def docker_answers() -> bool:
    """Tell whether containers can be used: the client library and a Docker engine that answers soon."""
    if importlib.util.find_spec("testcontainers") is None or (docker := shutil.which("docker")) is None:
        return False
    process = await asyncio.create_subprocess_exec(
        docker,
        "version",
        "--format",
        "{{.Server.Version}}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        return await asyncio.wait_for(process.wait(), ASK_TIMEOUT_S) == 0
    except TimeoutError:
        process.kill()
        await process.wait()
        return False


class Container:
    """A container that gives one address. The library's own reaper removes it if this process dies.

    Attributes:
        is_addressed: Whether its address is known.
    """

    def __init__(self, name: str, container: Any) -> None:  # noqa: ANN401  the library has no base type to name
        self._name = name
        self._container = container
        self.is_addressed = False

    async def start(self) -> None:
        """Pull the image if needed and start.

        Raises:
            UnavailableError: The engine refuses, or it takes longer than five minutes.
        """
        try:
            await asyncio.wait_for(asyncio.to_thread(self._container.start), START_TIMEOUT_S)
            self.is_addressed = True
        except Exception as error:  # whatever the engine's client raises: it is one kind to the caller
            await self.stop()
            raise UnavailableError(f"Docker does not start {self._name}: {error}") from None

    async def stop(self) -> None:
        """Remove the container."""
        await asyncio.wait_for(asyncio.to_thread(self._container.stop), STOP_TIMEOUT_S)


class RedpandaContainer(Container):
    """Redpanda in Docker."""

    def __init__(self) -> None:
        from testcontainers.kafka import RedpandaContainer as Redpanda  # noqa: PLC0415  optional: used where installed

        super().__init__("Redpanda", Redpanda(REDPANDA_IMAGE))

    @property
    def bootstrap(self) -> str:
        """The broker's ``host:port``."""
        return str(self._container.get_bootstrap_server())


class RedisContainer(Container):
    """Redis in Docker."""

    def __init__(self) -> None:
        from testcontainers.redis import RedisContainer as Redis  # noqa: PLC0415  optional: used where installed

        super().__init__("Redis", Redis(REDIS_IMAGE))

    def url(self, database: int = 0) -> str:
        """Return the URL of a database (0 to 15)."""
        host, port = self._container.get_container_host_ip(), self._container.get_exposed_port(REDIS_PORT)
        return f"redis://{host}:{port}/{database}"
