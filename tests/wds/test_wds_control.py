"""What the control plane may ask the WDS: who is connected, and one client sent away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from streams.settings import Settings
from streams.telemetry import Counters
from streams.wds.control_tokens import Action, ControlTokens
from streams.wds.feeder import Feeder
from streams.wds.grants import Grant
from streams.wds.outbox import Limits, Outbox
from streams.wds.roster import MOST_CLIENTS, Roster
from streams.wds.service import WidgetDataService
from streams.wds.snapshots import Snapshots
from streams.wds.tokens import Tokens
from streams.wds.turn import Turn
from streams.wds.visitors import Visitor, Visitors

KEY = "a key of the test"
SECRET = SecretStr("a secret of the test, 32 bytes long and more")
REASON = "disconnected by an operator"
TIMEOUT_S = 30.0


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"wds_jwt_secret": SECRET})


@pytest.fixture
async def plane(service: WidgetDataService) -> AsyncIterator[httpx.AsyncClient]:
    """Who asks over HTTP."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.port}", trust_env=False) as http:
        yield http


def shown(action: Action) -> dict[str, str]:
    return {"Authorization": f"Bearer {ControlTokens(SECRET).sign('olga', action)}"}


async def clients(plane: httpx.AsyncClient, find: str = "") -> dict[str, Any]:
    answer = await plane.get("/control/clients", params={"find": find}, headers=shown(Action.LIST))
    assert answer.status_code == 200
    return dict(answer.json())


async def sent_away(plane: httpx.AsyncClient, client_id: str) -> int:
    path = f"/control/clients/{client_id}/disconnect"
    return (await plane.post(path, headers=shown(Action.DISCONNECT))).status_code


async def test_clients_of_both_kinds_are_told_and_sent_away_with_a_reason(
    service: WidgetDataService, plane: httpx.AsyncClient, client: ClientConnection
) -> None:
    await client.send('{"action":"subscribe","feeds":["quote:A","scanners:*"]}')
    await client.send('{"action":"subscribe","feed":"quote:B","snapshot":true}')
    for _ in range(3):
        await client.recv()
    token = Tokens(SECRET, None, 60).sign("page of ann", (), 30)
    async with plane.stream("GET", f"/events?feed=quote:C&access_token={token}") as stream:
        lines = stream.aiter_lines()
        while not (await anext(lines)).startswith("data:"):
            pass
        told = await clients(plane)
        assert (told["total"], told["found"], told["worker"]) == (2, 2, None)
        by_socket, by_events = sorted(told["clients"], key=lambda each: each["name"])
        assert by_socket["name"] == "AUTH_API_KEY"
        assert by_socket["feeds"] == ["quote:A", "quote:B", "scanners:*"]
        assert (by_socket["subscriptions"], by_socket["way"]) == (3, "websocket")
        assert (by_socket["compressed"], by_events["compressed"]) == (True, False)
        assert (by_events["name"], by_events["way"]) == ("page of ann", "events")
        assert by_events["feeds"] == ["quote:C"]
        assert {each["address"] for each in told["clients"]} == {"127.0.0.1"}
        assert all(each["sent_bytes"] > 0 and each["stalled_s"] is None for each in told["clients"])
        assert KEY not in json.dumps(told)
        assert [each["id"] for each in (await clients(plane, "OF ann"))["clients"]] == [by_events["id"]]

        assert [await sent_away(plane, each["id"]) for each in (by_socket, by_events)] == [200, 200]
        async with asyncio.timeout(TIMEOUT_S):
            with pytest.raises(ConnectionClosed, match=REASON):
                while await client.recv():
                    pass
        assert client.close_code == 1008
        rest = [line async for line in lines]
    assert f'data: {{"code":1008,"reason":"{REASON}"}}' in rest
    assert await sent_away(plane, by_socket["id"]) == 404
    assert (await clients(plane))["total"] == 0
    assert service.counters.snapshot()["cut_off"] == {REASON: 2}


async def test_nobody_but_the_control_plane_may_list_or_disconnect(
    service: WidgetDataService, plane: httpx.AsyncClient, client: ClientConnection
) -> None:
    victim = (await clients(plane))["clients"][0]["id"]
    ordinary = Tokens(SECRET, None, 60).sign("page", (), 30)
    claims = jwt.decode(ordinary, SECRET.get_secret_value(), ["HS256"])
    claims |= {"sub": "page", "action": Action.DISCONNECT, "aud": "control"}
    forged = jwt.encode(claims, SECRET.get_secret_value(), "HS256")
    control = shown(Action.LIST)["Authorization"].removeprefix("Bearer ")
    for credential, status in ((None, 401), ("wrong", 401), (KEY, 403), (ordinary, 403), (forged, 403)):
        headers = {} if credential is None else {"Authorization": f"Bearer {credential}"}
        listed = await plane.get("/control/clients", headers=headers)
        done = await plane.post(f"/control/clients/{victim}/disconnect", headers=headers)
        assert (listed.status_code, done.status_code) == (status, status)
        assert list(listed.json()) == ["error"]
    done = await plane.post(f"/control/clients/{victim}/disconnect", headers=shown(Action.LIST))
    assert done.status_code == 401
    # Nor is what the control plane shows a way to feeds.
    assert (await plane.get("/feeds", headers=shown(Action.LIST))).status_code == 401
    async with connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None) as stranger:
        await stranger.send(json.dumps({"action": "auth", "token": control}))
        assert await stranger.recv() == '{"status":"invalid key"}'
    assert (await clients(plane, victim))["found"] == 1


async def test_without_a_secret_it_is_off(settings: Settings) -> None:
    async with (
        WidgetDataService(settings.model_copy(update={"wds_jwt_secret": None})) as service,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.port}", trust_env=False) as http,
    ):
        answer = await http.get("/control/clients", headers=shown(Action.LIST))
    assert (answer.status_code, "set WDS_JWT_SECRET" in answer.json()["error"]) == (404, True)


class Pipe(asyncio.Transport):
    """A connection that takes nothing."""

    deflates = False
    writable_now = True

    def write(self, data: object) -> None: ...

    def finish(self, code: int, reason: str) -> None: ...


async def test_the_slowest_come_first_and_no_more_than_fit() -> None:
    counters, settings = Counters(), Settings()
    visitors = Visitors(settings, counters)
    feeder = Feeder(settings, Snapshots(settings, counters), counters)
    turn, limits = Turn(counters), Limits(size=1_000, entries=3, slow_after_s=60)
    for number in range(MOST_CLIENTS + 20):
        pipe = Pipe()
        visitor = Visitor("10.0.0.1", Outbox(pipe, turn, limits, counters), pipe, "websocket")
        visitors.enter(visitor)
        visitors.authorize(visitor, Grant(f"client {number}"))
        if number in {40, 110}:
            visitor.outbox.paused()
            visitor.outbox.deliver("quote:A", b"x" * number, latest=True)
    told = await Roster(settings, visitors, feeder).report()
    assert (told.total, told.found, len(told.clients)) == (MOST_CLIENTS + 20, MOST_CLIENTS + 20, MOST_CLIENTS)
    slowest = {(each.name, each.waiting, each.waiting_bytes) for each in told.clients[:2]}
    assert slowest == {("client 40", 1, 40), ("client 110", 1, 110)}
    assert all(each.stalled_s is not None for each in told.clients[:2])
    for visitor in visitors.all():
        visitor.outbox.close()
