"""A container's health check: well while what listens is well."""

from __future__ import annotations

import asyncio

from aiohttp import web

from streams.platform.healthcheck import ill, urls
from streams.settings import Settings


async def answers(status: int, unused_port: int) -> list[str]:
    """Return what is wrong where one component answers with a status, and the others do not run."""

    async def health(_request: web.Request) -> web.Response:
        return web.json_response({}, status=status)

    app = web.Application()
    app.router.add_get("/health", health)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        settings = Settings(
            listener_port=unused_port,
            worker_port=runner.addresses[0][1],
            wds_port=unused_port,
            finlight_listener_port=unused_port,
            scp_port=unused_port,
        )
        return await asyncio.to_thread(ill, urls(settings))
    finally:
        await runner.cleanup()


async def test_a_container_is_well_while_its_component_is(unused_port: int) -> None:
    assert await answers(200, unused_port) == []


async def test_a_component_that_objects_makes_its_container_ill(unused_port: int) -> None:
    (told,) = await answers(503, unused_port)
    assert told.endswith("/health: 503")


def test_a_container_in_which_nothing_listens_is_ill(unused_port: int) -> None:
    assert ill([f"http://127.0.0.1:{unused_port}/health"]) == ["nothing listens on the ports of the settings"]


def test_what_serves_over_tls_is_asked_over_tls() -> None:
    settings = Settings.model_validate({"wds_ssl_certfile": "/tls.crt", "wds_port": 4202})
    assert "https://127.0.0.1:4202/health" in urls(settings)
