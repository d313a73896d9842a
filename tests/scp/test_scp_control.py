from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from streams.listeners.massive import SOURCE
from streams.listeners.service import MassiveListener, serve_listener
from streams.local.process import accepts_connections, free_port
from streams.settings import Settings

from .conftest import Install, Installation, eventually

NAME = "massive-listener"
assert SOURCE  # the listener's own name differs: this is the one that people read


@pytest.fixture
async def listener_port() -> AsyncIterator[int]:
    """A real Massive listener that nobody has started yet; its vendor and Kafka are not there."""
    port, stop = free_port(), asyncio.Event()
    settings = Settings(
        massive_api_key=SecretStr("key"),
        massive_feed="ws://127.0.0.1:1",
        kafka_bootstrap="127.0.0.1:1",
        listener_port=port,
        listener_autostart=False,
    )
    running = asyncio.create_task(serve_listener(MassiveListener, settings, port, stop))
    while not await accepts_connections("127.0.0.1", port):
        assert not running.done()
        await asyncio.sleep(0.02)
    yield port
    stop.set()
    await running


@pytest.fixture
async def scp(install: Install, listener_port: int) -> Installation:
    listener = f"Massive listener=http://127.0.0.1:{listener_port}"
    return await install(scp_components=[listener, "WDS=http://127.0.0.1:1"])


async def state(port: int) -> str:
    async with httpx.AsyncClient() as client:
        return str((await client.get(f"http://127.0.0.1:{port}/health")).json()["state"])


async def test_components_tell_how_they_are(scp: Installation) -> None:
    viewer = await scp.browser("viewer")

    async def asked() -> bool:
        return (await viewer.get(f"/api/components/{NAME}")).json()["reachable"] is True

    await eventually(asked)
    listener, wds = (await viewer.get("/api/components")).json()["components"]
    assert (listener["name"], listener["state"], listener["controllable"]) == (NAME, "stopped", True)
    assert listener["healthy"] is False
    assert (wds["name"], wds["reachable"], wds["lag"]) == ("wds", False, None)
    assert wds["last_error"]["message"] == "it does not listen"
    points = (await viewer.get(f"/api/components/{NAME}/history")).json()["points"]
    assert points[0]["at_ms"] > 0


async def test_a_viewer_cannot_stop_a_listener_and_an_operator_can(
    scp: Installation, listener_port: int
) -> None:
    viewer, trader, operator = [await scp.browser(name) for name in ("viewer", "trader", "operator")]
    started = await operator.post(f"/api/components/{NAME}/start")
    assert started.json()["component"]["state"] != "stopped"
    for browser in (viewer, trader):
        assert (await browser.post(f"/api/components/{NAME}/stop")).status_code == 403
    nobody = await scp.browser()
    assert (await nobody.post(f"/api/components/{NAME}/stop")).status_code == 401
    assert await state(listener_port) != "stopped"
    assert (await operator.post(f"/api/components/{NAME}/stop")).status_code == 200
    assert await state(listener_port) == "stopped"
    assert [entry for entry in await scp.audited() if entry[1] != "log in"] == [
        ("operator", "start", NAME, "ok"),
        ("viewer", "stop", NAME, "refused"),
        ("trader", "stop", NAME, "refused"),
        ("", "stop", NAME, "refused"),
        ("operator", "stop", NAME, "ok"),
    ]


async def test_operators_change_feed_market_and_subscriptions(scp: Installation) -> None:
    operator = await scp.browser("operator")
    path = f"/api/components/{NAME}"
    done = await operator.post(f"{path}/subscriptions", json={"subscriptions": ["T.NVDA", "A.*"]})
    assert done.json()["component"]["health"]["subscriptions"] == ["T.NVDA", "A.*"]
    done = await operator.post(f"{path}/feed", json={"feed": "ws://127.0.0.1:2"})
    assert done.json()["component"]["health"]["feed"] == "ws://127.0.0.1:2"
    refused = await operator.post(f"{path}/market", json={"market": "cheese"})
    assert (refused.status_code, "refuses" in refused.json()["error"]) == (422, True)
    assert (await operator.post(f"{path}/subscriptions", json={"subscriptions": []})).status_code == 422
    results = [(action, result) for _, action, _, result in await scp.audited() if action != "log in"]
    assert results == [
        ("subscriptions", "ok"),
        ("feed", "ok"),
        ("market", "failed"),
        ("subscriptions", "refused"),
    ]


async def test_two_operators_at_once_are_obeyed_in_turn(scp: Installation, listener_port: int) -> None:
    operator, admin = await scp.browser("operator"), await scp.browser("admin")
    path = f"/api/components/{NAME}"
    asked = [
        (operator, "restart"),
        (admin, "stop"),
        (operator, "stop"),
        (admin, "restart"),
        (operator, "start"),
    ]
    answers = await asyncio.gather(*(browser.post(f"{path}/{action}") for browser, action in asked))
    assert {answer.status_code for answer in answers} == {200}
    # It does what it says: what is started can be started no more, what is stopped can.
    told = await state(listener_port)
    started = (await operator.post(f"{path}/start")).json()["result"]
    assert started["changed"] is (told == "stopped")
    assert started["state"] != "stopped"
    entries = [entry for entry in await scp.audited() if entry[1] != "log in"]
    assert {result for *_, result in entries} == {"ok"}
    assert len(entries) == len(asked) + 1


async def test_actions_on_what_is_not_there_or_cannot_be_controlled(scp: Installation) -> None:
    operator = await scp.browser("operator")
    assert (await operator.post("/api/components/cheese/stop")).status_code == 404
    assert (await operator.post(f"/api/components/{NAME}/format")).status_code == 404
    assert (await operator.post("/api/components/wds/stop")).status_code == 409
    refused = [(action, target) for _, action, target, result in await scp.audited() if result == "refused"]
    assert refused == [("stop", "cheese"), ("format", NAME), ("stop", "wds")]


async def test_long_answers_of_a_listener_are_read_whole(scp: Installation) -> None:
    operator = await scp.browser("operator")
    many = [f"T.S{number}" for number in range(6_000)]
    done = await operator.post(
        f"/api/components/{NAME}/subscriptions", json={"subscriptions": many}, headers={"connection": "close"}
    )
    assert done.json()["result"]["subscriptions"] == many


async def test_a_listener_that_hangs_is_given_up(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.scp.monitor.ACTION_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        scp = await install(scp_components=[f"Massive listener=http://127.0.0.1:{port}"])
        operator = await scp.browser("operator")
        answer = await operator.post(f"/api/components/{NAME}/restart")
    assert (answer.status_code, "has not answered" in answer.json()["error"]) == (503, True)
    assert ("operator", "restart", NAME, "failed") in await scp.audited()


async def test_a_listener_that_is_gone_is_told_and_logged(install: Install) -> None:
    scp = await install()
    operator = await scp.browser("operator")
    answer = await operator.post(f"/api/components/{NAME}/stop")
    assert answer.status_code == 503
    assert "does not answer" in answer.json()["error"]
    assert ("operator", "stop", NAME, "failed") in await scp.audited()
