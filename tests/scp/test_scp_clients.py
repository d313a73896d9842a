"""Who is connected to the WDS, as operators see it, and one client sent away by them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from streams.wds.service import WidgetDataService

from .conftest import TIMEOUT_S, Install, Installation

CLIENTS = "/api/wds/clients"


@pytest.fixture
async def scp(install: Install, service: WidgetDataService) -> Installation:
    """A control plane that knows a WDS, by a name with addresses of both families, and one that is gone."""
    return await install(
        scp_components=[f"WDS=http://localhost:{service.port}", "WDS of the office=http://127.0.0.1:1"]
    )


@pytest.fixture
async def client(scp: Installation, service: WidgetDataService) -> AsyncIterator[ClientConnection]:
    """The page of somebody called viewer."""
    token = (await (await scp.browser("viewer")).get("/api/get_config")).json()["token"]
    async with connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None) as socket:
        await socket.send(f'{{"action":"auth","token":"{token}"}}')
        assert await socket.recv() == '{"status":"authorized"}'
        yield socket


async def test_operators_see_the_clients_of_every_wds_that_answers_and_which_does_not(
    scp: Installation, client: ClientConnection
) -> None:
    await client.send('{"action":"subscribe","feed":"quote:A"}')
    await client.recv()
    operator = await scp.browser("operator")
    told = (await operator.get(CLIENTS)).json()
    assert (told["problem"], told["total"], told["found"]) == (None, 1, 1)
    assert [(each["title"], each["clients"], each["problem"]) for each in told["processes"]] == [
        ("WDS", 1, None),
        ("WDS of the office", None, "it does not listen"),
    ]
    (one,) = told["clients"]
    assert (one["name"], one["address"], one["process"], one["feeds"]) == (
        "viewer",
        "127.0.0.1",
        "WDS",
        ["quote:A"],
    )
    assert (await operator.get(CLIENTS, params={"find": "nobody"})).json()["clients"] == []
    for name in ("viewer", "trader", None):
        assert (await (await scp.browser(name)).get(CLIENTS)).status_code == (403 if name else 401)


async def test_an_operator_disconnects_a_client_and_the_log_tells_of_it(
    scp: Installation, client: ClientConnection
) -> None:
    operator, trader = await scp.browser("operator"), await scp.browser("trader")
    client_id = (await operator.get(CLIENTS)).json()["clients"][0]["id"]
    path = f"{CLIENTS}/{client_id}/disconnect"
    assert (await trader.post(path)).status_code == 403
    assert (await operator.post(path, headers={"x-csrf-token": "forged"})).status_code == 403
    done = await operator.post(path)
    assert (done.status_code, "viewer from 127.0.0.1" in done.json()["disconnected"]) == (200, True)
    with pytest.raises(ConnectionClosed, match="disconnected by an operator"):
        await asyncio.wait_for(client.recv(), TIMEOUT_S)
    again = await operator.post(path)
    assert again.status_code == 404
    # It may be with the one that does not answer: that is not hidden.
    assert "127.0.0.1:1: it does not listen" in again.json()["error"]
    assert (await operator.post(f"{CLIENTS}/cheese/disconnect")).status_code == 404
    target = f"client {client_id}"
    assert [entry for entry in await scp.audited() if entry[1] == "disconnect"] == [
        ("trader", "disconnect", target, "refused"),
        ("operator", "disconnect", target, "refused"),
        ("operator", "disconnect", target, "ok"),
        ("operator", "disconnect", target, "refused"),
        ("operator", "disconnect", "client cheese", "refused"),
    ]


async def test_without_a_secret_the_console_is_told_so(install: Install) -> None:
    scp = await install(wds_jwt_secret=None, auth_enabled=False)
    operator = await scp.browser("operator")
    told = (await operator.get(CLIENTS)).json()
    assert (told["clients"], "set WDS_JWT_SECRET" in told["problem"]) == ([], True)
    assert (await operator.post(f"{CLIENTS}/0123abcd-1/disconnect")).status_code == 409
