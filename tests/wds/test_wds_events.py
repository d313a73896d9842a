"""Server-sent events, read by an ordinary HTTP client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from streams.settings import Settings
from streams.wds import keys
from streams.wds.service import WidgetDataService
from streams.wds.tokens import Tokens

KEY = "a key of the test"
SECRET = SecretStr("a secret of the test, 32 bytes long and more")
TIMEOUT_S = 30.0

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]


@dataclass
class Event:
    """One event, as a browser's EventSource gives it."""

    data: Any
    id: int | None = None
    name: str = "message"


class Source:
    """Reads a stream's events; its first messages are the replies to the subscriptions."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def line(self) -> str:
        return await asyncio.wait_for(anext(self._lines), TIMEOUT_S)

    async def read(self) -> Event:
        event, data = Event(None), ""
        while True:
            field, _, value = (await self.line()).partition(": ")
            match field:
                case "id":
                    event.id = int(value)
                case "event":
                    event.name = value
                case "data":
                    data += value
                case "" if data:
                    event.data = json.loads(data)
                    return event

    async def frame(self) -> dict[str, Any]:
        """Return the next message that is no reply to a subscription."""
        while "status" in (event := await self.read()).data:
            pass
        frame: dict[str, Any] = event.data
        return frame


@asynccontextmanager
async def follow(
    service: WidgetDataService, query: str, headers: dict[str, str] | None = None
) -> AsyncIterator[Source]:
    url = f"http://127.0.0.1:{service.port}/events?{query}"
    headers = {"X-API-Key": KEY} if headers is None else headers
    async with asyncio.timeout(TIMEOUT_S):
        while not all(service._feeder.connected.values()):  # noqa: ASYNC110  Redis sets no event
            await asyncio.sleep(0.02)
    async with (
        httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_S) as http,
        http.stream("GET", url, headers=headers) as response,
    ):
        if response.status_code != 200:
            await response.aread()
        yield Source(response)


async def put(redis: Redis, key: str, value: str) -> None:
    await redis.set(key, value)
    await redis.publish(key, value)


async def test_values_come_first_and_then_changes(service: WidgetDataService, wdc: Redis) -> None:
    await wdc.set("quote:BRK.A", '{"close":1}')
    await wdc.lpush("news:ticker:A", '{"title":"a"}', '{"title":"b"}')
    async with follow(service, "feed=quote:BRK.A&feed=news:ticker:A&limit=1") as source:
        assert source.response.headers["content-type"].startswith("text/event-stream")
        frames = [await source.frame() for _ in range(2)]
        assert {frame["feed"]: (frame["type"], frame["data"]) for frame in frames} == {
            "quote:BRK.A": ("snapshot", {"close": 1}),
            "news:ticker:A": ("snapshot", [{"title": "b"}]),
        }
        await put(wdc, "quote:BRK.A", '{\n"close":\r\n2}')
        frame = await source.frame()
        assert (frame["feed"], frame["type"], frame["data"]) == ("quote:BRK.A", "value", {"close": 2})


async def test_a_client_that_comes_again_gets_a_fresh_snapshot_and_its_ids_go_on(
    service: WidgetDataService, wdc: Redis
) -> None:
    await put(wdc, "quote:A", "1")
    for last_id, expected in (("41", 42), ("4" * 99, 1), ("x", 1)):
        headers = {"X-API-Key": KEY, "Last-Event-ID": last_id}
        async with follow(service, "feed=quote:A", headers) as source:
            events = [await source.read() for _ in range(2)]
        assert [event.id for event in events] == [expected, expected + 1]
        assert (events[1].data["type"], events[1].data["data"]) == ("snapshot", 1)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("feed=secret", 404),
        (f"feed={'q' * 300}", 404),
        ("feed=quote:A&limit=0", 400),
        ("feed=quote:A&limit=x", 400),
        ("feed=quote:A&delta=true", 400),
        ("feed=quote:A&access_token=a%20key%20of%20the%20test", 401),
    ],
)
async def test_what_cannot_be_followed_is_an_error_and_no_stream(
    service: WidgetDataService, query: str, status: int
) -> None:
    async with follow(service, query) as source:
        assert source.response.status_code == status
        assert list(source.response.json()) == ["error"]


async def test_a_token_in_the_address_lets_a_browser_in_to_what_it_allows(
    settings: Settings, wdc: Redis
) -> None:
    token = Tokens(SECRET, None, 60).sign("page", ("quote:A*",), 30)
    bounded = settings.model_copy(
        update={"wds_jwt_secret": SECRET, "wds_allowed_origins": ["https://good.example"]}
    )
    async with WidgetDataService(bounded) as service:
        page, stranger = {"Origin": "https://good.example"}, {"Origin": "https://bad.example"}
        async with follow(service, f"feed=quote:*&access_token={token}", page) as source:
            await source.read()
            await put(wdc, "quote:XYZ", "1")
            await put(wdc, "quote:ABC", "2")
            while (frame := await source.frame())["type"] == "snapshots":
                pass
            assert (frame["feed"], frame["data"]) == ("quote:ABC", 2)
            assert source.response.headers["access-control-allow-origin"] == "https://good.example"
        async with follow(service, f"feed=scanners:*&access_token={token}", page) as source:
            assert source.response.status_code == 403
        async with follow(service, f"feed=quote:A&access_token={token}", stranger) as source:
            assert source.response.status_code == 403


async def test_a_stream_without_events_beats(settings: Settings) -> None:
    async with (
        WidgetDataService(settings.model_copy(update={"wds_ping_interval_s": 0.05})) as service,
        follow(service, "feed=quote:A") as source,
    ):
        beats = 0
        while beats < 3:
            beats += await source.line() == ": "


async def test_a_client_that_does_not_read_is_cut_off_and_costs_nobody_else(
    service: WidgetDataService, wdc: Redis, eventually: Eventually
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port, limit=1_000)
    writer.write(f"GET /events?feed=quote:A HTTP/1.1\r\nHost: test\r\nX-API-Key: {KEY}\r\n\r\n".encode())
    await reader.readuntil(b"retry")
    async with follow(service, "feed=quote:A") as source:
        await source.frame()
        number = 0
        async with asyncio.timeout(TIMEOUT_S):
            while not service.counters.get("cut_off", "takes no data"):
                number += 1
                await put(wdc, "quote:A", json.dumps([number, "x" * 300_000]))
                assert (await source.frame())["data"][0] == number
    writer.close()
    await eventually(lambda: len(service._app._visitors) == 0)


async def test_streams_count_as_clients_and_are_forgotten_when_they_end(
    settings: Settings, wdc: Redis, eventually: Eventually
) -> None:
    async with WidgetDataService(settings.model_copy(update={"wds_max_clients": 1})) as service:
        async with follow(service, "feed=quote:A") as source:
            await source.frame()
            async with follow(service, "feed=quote:A") as second:
                assert (second.response.status_code, second.response.headers["retry-after"]) == (429, "1")
        await eventually(lambda: service._feeder.subscriptions == 0)
        async with follow(service, "feed=quote:A") as source:
            await source.frame()


async def test_a_client_whose_key_is_removed_is_told_and_sent_away(
    settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "keys.json"
    key, entry = keys.make("office", (), None, None)
    keys.write(path, [entry])
    async with (
        WidgetDataService(settings.model_copy(update={"wds_keys_file": path})) as service,
        follow(service, "feed=quote:A", {"Authorization": f"Bearer {key}"}) as source,
    ):
        await source.frame()
        keys.write(path, [])
        event = await source.read()
        assert (event.name, event.data) == ("close", {"code": 1008, "reason": "key revoked"})
        with pytest.raises(StopAsyncIteration):
            await source.line()


async def test_a_service_that_stops_sends_its_streams_away(settings: Settings) -> None:
    service = WidgetDataService(settings)
    await service.start()
    async with follow(service, "feed=quote:A") as source:
        await source.frame()
        closing = asyncio.create_task(service.close())
        assert (await source.read()).data == {"code": 1012, "reason": "service restart"}
    await asyncio.wait_for(closing, TIMEOUT_S)


async def test_options_are_those_of_a_websocket(service: WidgetDataService, wdc: Redis) -> None:
    rows = [{"symbol": symbol, "close": 1, "volume": 5} for symbol in "ABC"]
    await put(wdc, "scanners:top_volume", json.dumps(rows))
    async with follow(service, "feed=scanners:*&delta=true&fields=close&limit=2") as source:
        first = await source.frame()
        assert first["data"] == [{"symbol": "A", "close": 1}, {"symbol": "B", "close": 1}]
        await put(wdc, "scanners:top_volume", json.dumps([{**rows[0], "close": 2}, *rows[1:]]))
        while (frame := await source.frame())["type"] == "snapshots":
            pass
        assert (frame["type"], frame["data"]) == ("delta", {"changed": [{"symbol": "A", "close": 2}]})
