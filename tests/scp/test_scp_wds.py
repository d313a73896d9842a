from __future__ import annotations

import pytest
from pydantic import SecretStr
from websockets.asyncio.client import connect

from streams.settings import Settings
from streams.wds.service import WidgetDataService

from .conftest import SECRET, Install


@pytest.mark.parametrize("shown_as", ["token", "api_key"])
async def test_the_token_that_the_page_gets_opens_the_wds(
    install: Install, redis_url: str, shown_as: str
) -> None:
    server = redis_url.rpartition("/")[0]
    settings = Settings(
        mdc_redis_url=SecretStr(f"{server}/12"),
        wdc_redis_url=SecretStr(f"{server}/13"),
        wds_host="127.0.0.1",
        wds_port=0,
        wds_jwt_secret=SecretStr(SECRET),
    )
    async with WidgetDataService(settings) as service:
        scp = await install(wds_port=service.port)
        config = (await (await scp.browser("viewer")).get("/api/get_config")).json()
        async with connect(config["wds_url"], proxy=None) as socket:
            await socket.send(f'{{"action":"auth","{shown_as}":"{config[shown_as]}"}}')
            assert await socket.recv() == '{"status":"authorized"}'
