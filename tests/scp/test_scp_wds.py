"""The token that the control plane gives opens a real WDS."""

from __future__ import annotations

import pytest
from websockets.asyncio.client import connect

from streams.wds.service import WidgetDataService

from .conftest import Install


@pytest.mark.parametrize("shown_as", ["token", "api_key"])
async def test_the_token_that_the_page_gets_opens_the_wds(
    install: Install, service: WidgetDataService, shown_as: str
) -> None:
    scp = await install(wds_port=service.port)
    config = (await (await scp.browser("viewer")).get("/api/get_config")).json()
    async with connect(config["wds_url"], proxy=None) as socket:
        await socket.send(f'{{"action":"auth","{shown_as}":"{config[shown_as]}"}}')
        assert await socket.recv() == '{"status":"authorized"}'
