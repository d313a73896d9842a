from pathlib import Path

from pydantic import SecretStr

from streams.local.redis import RedisServer
from streams.redis_link import make_client


async def test_redis_with_a_folder_keeps_its_data_over_a_kill(tmp_path: Path) -> None:
    async with RedisServer(tmp_path) as redis:
        client = make_client(SecretStr(redis.url(3)), 10, 1)
        await client.set("key", "value")
        await client.config_set("appendfsync", "always")
        await client.set("key", "newest")
        await client.aclose()
        await redis.kill()
        await redis.restart()
        client = make_client(SecretStr(redis.url(3)), 10, 1)
        assert await client.get("key") == b"newest"
        await client.aclose()


async def test_redis_without_a_folder_starts_empty_again() -> None:
    async with RedisServer() as redis:
        client = make_client(SecretStr(redis.url()), 10, 1)
        await client.set("key", "value")
        await client.aclose()
        await redis.restart()
        client = make_client(SecretStr(redis.url()), 10, 1)
        assert await client.get("key") is None
        await client.aclose()
