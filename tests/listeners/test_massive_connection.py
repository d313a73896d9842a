from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from websockets.asyncio.server import ServerConnection

from streams.errors import BadInputError
from streams.listeners.massive import MassiveConnection, Target
from streams.listeners.split import Status
from streams.listeners.supervisor import State, Supervisor
from streams.settings import Settings
from streams.telemetry import Counters

if TYPE_CHECKING:
    from tests.listeners.conftest import Until, Vendor


class Rig:
    """A supervised connection whose frames are collected."""

    def __init__(
        self,
        settings: Settings,
        is_data_expected: Callable[[], bool] = lambda: False,
        is_market_open: Callable[[], bool] = lambda: True,
    ) -> None:
        self.frames: list[bytes] = []
        self.counters = Counters()
        self.connection = MassiveConnection(settings, self.take, is_data_expected, self.counters)
        self.supervisor = Supervisor(self.connection.connect, settings, is_market_open, self.counters)

    async def take(self, frame: bytes) -> None:
        self.frames.append(frame)

    @property
    def state(self) -> State:
        return self.supervisor.status().state

    async def __aenter__(self) -> Rig:
        await self.supervisor.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.supervisor.stop()


async def test_frames_come_as_the_vendor_sent_them(vendor: Vendor, settings: Settings, until: Until) -> None:
    frames = ['[{"ev":"T","sym":"Ä"}]', "not json", "[]", "x" * 5_000_000]

    async def script(connection: ServerConnection) -> None:
        for frame in frames:
            await connection.send(frame)
        await vendor.stay(connection)

    vendor.script = script
    async with Rig(settings) as rig:
        await until(lambda: len(rig.frames) >= 4)
        assert rig.frames[:4] == [frame.encode() for frame in frames]
        assert rig.state is State.CONNECTED


async def test_it_subscribes_what_the_settings_name(vendor: Vendor, settings: Settings, until: Until) -> None:
    async with Rig(settings):
        await until(lambda: set(vendor.subscriptions) == {"T.*", "Q.*"})


async def test_subscriptions_change_on_the_running_connection(
    vendor: Vendor, settings: Settings, until: Until
) -> None:
    async with Rig(settings) as rig:
        await until(lambda: len(vendor.subscriptions) == 2)
        rig.connection.subscribe(("T.*", "A.*", "AM.*"))
        await until(lambda: set(vendor.subscriptions) == {"T.*", "A.*", "AM.*"})
        assert vendor.connections == 1


@pytest.mark.parametrize("how", ["drop", "clean close", "error close"])
async def test_it_connects_again_after_each_end_of_a_connection(
    vendor: Vendor, settings: Settings, until: Until, how: str
) -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(f"[{vendor.connections}]")
        if how == "drop":
            # So that what was sent is not thrown away with the connection.
            await connection.ping()
            connection.transport.abort()
        else:
            await connection.close(1000 if how == "clean close" else 1008)

    vendor.script = script
    async with Rig(settings) as rig:
        await until(lambda: vendor.connections >= 8)
        assert rig.supervisor.status().reconnects >= 6
        assert rig.supervisor.status().last_error


async def test_only_one_connection_is_open_at_a_time(
    vendor: Vendor, settings: Settings, until: Until
) -> None:
    most = 0

    async def script(connection: ServerConnection) -> None:
        nonlocal most
        most = max(most, vendor.open)
        await vendor.stay(connection)

    vendor.script = script
    async with Rig(settings) as rig:
        for number in range(1, 6):
            await until(lambda number=number: vendor.connections >= number and rig.state is State.CONNECTED)
            # Two operators at the same time.
            await asyncio.gather(rig.supervisor.restart(), rig.supervisor.stop(), rig.supervisor.start())
    assert most == 1


async def test_it_stops_while_frames_pour_in(vendor: Vendor, settings: Settings, until: Until) -> None:
    async def script(connection: ServerConnection) -> None:
        while True:
            await connection.send('[{"ev":"T","sym":"A"}]')

    vendor.script = script
    rig = Rig(settings)
    await rig.supervisor.start()
    await until(lambda: len(rig.frames) > 1_000)
    async with asyncio.timeout(10):
        assert await rig.supervisor.stop()
    await until(lambda: vendor.open == 0)
    assert rig.state is State.STOPPED


async def test_a_wrong_key_is_a_state_of_its_own_and_never_shown(
    vendor: Vendor, settings: Settings, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings.model_copy(update={"massive_api_key": SecretStr("a-wrong-key-to-hide")})
    caplog.set_level(logging.DEBUG)
    async with Rig(settings) as rig:
        await until(lambda: rig.state is State.AUTH_FAILED)
        assert "does not accept the key" in str(rig.supervisor.status().last_error)
        await until(lambda: vendor.connections >= 2)
    streams_logs = [record.getMessage() for record in caplog.records if record.name.startswith("streams")]
    assert "a-wrong-key-to-hide" not in f"{rig.supervisor.status()} {streams_logs}"


async def test_a_missing_key_is_said(settings: Settings, until: Until) -> None:
    async with Rig(settings.model_copy(update={"massive_api_key": None})) as rig:
        await until(lambda: rig.state is State.AUTH_FAILED)
        assert "MASSIVE_API_KEY" in str(rig.supervisor.status().last_error)


async def test_what_the_vendor_complains_of_is_the_last_error(
    vendor: Vendor, settings: Settings, until: Until
) -> None:
    async def script(connection: ServerConnection) -> None:
        complaint = {"ev": "status", "status": "max_connections", "message": "too many"}
        await connection.recv()
        await connection.send(json.dumps([complaint]))
        await connection.close(1008)

    vendor.script = script
    rig = Rig(settings)

    async def take(frame: bytes) -> None:
        for item in json.loads(frame):
            rig.connection.on_status(Status(item["status"], item["message"]))

    rig.take = take  # type: ignore[method-assign]
    rig.connection = MassiveConnection(settings, take, lambda: False, rig.counters)
    rig.supervisor = Supervisor(rig.connection.connect, settings, lambda: True, rig.counters)
    async with rig:
        await until(lambda: "max_connections: too many" in str(rig.supervisor.status().last_error))
        assert rig.counters.get("statuses", "max_connections") >= 1


async def test_a_refused_connection_is_tried_again_by_the_supervisor(
    settings: Settings, until: Until, unused_port: int
) -> None:
    settings = settings.model_copy(update={"massive_feed": f"ws://127.0.0.1:{unused_port}"})
    async with Rig(settings) as rig:
        await until(lambda: rig.counters.total("disconnects") >= 3)
        assert "cannot connect" in str(rig.supervisor.status().last_error)


async def test_a_silent_feed_is_connected_anew_while_data_is_expected(
    vendor: Vendor, settings: Settings, until: Until
) -> None:
    settings = settings.model_copy(update={"listener_silence_s": 0.2})

    async def script(connection: ServerConnection) -> None:
        await connection.wait_closed()

    vendor.script = script
    async with Rig(settings, is_data_expected=lambda: True) as rig:
        await until(lambda: rig.counters.get("silences") >= 2)
        assert vendor.connections >= 2


async def test_a_silent_feed_is_left_alone_while_no_data_is_expected(
    vendor: Vendor, settings: Settings, until: Until
) -> None:
    settings = settings.model_copy(update={"listener_silence_s": 0.05})
    async with Rig(settings, is_data_expected=lambda: False) as rig:
        await until(lambda: rig.state is State.CONNECTED)
        await asyncio.sleep(0.5)
        assert vendor.connections == 1


async def test_a_vendor_that_does_not_answer_the_key_is_given_up(
    vendor: Vendor, settings: Settings, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.listeners.massive.ENTER_TIMEOUT_S", 0.1)
    vendor.answers_auth = False
    async with Rig(settings) as rig:
        await until(lambda: "does not answer the key" in str(rig.supervisor.status().last_error))


async def test_a_closed_market_is_waited_out_calmly_and_said_at_info(
    settings: Settings, until: Until, unused_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="streams.listeners.supervisor")
    settings = settings.model_copy(update={"massive_feed": f"ws://127.0.0.1:{unused_port}"})
    async with Rig(settings, is_market_open=lambda: False) as rig:
        await until(lambda: rig.counters.total("disconnects") >= 2)
    assert {record.levelno for record in caplog.records} == {logging.INFO}
    assert "the market is closed" in caplog.text


async def test_two_connections_do_not_share_a_supervisor(
    vendor: Vendor, settings: Settings, until: Until
) -> None:
    async with AsyncExitStack() as stack:
        rig = await stack.enter_async_context(Rig(settings))
        await until(lambda: rig.state is State.CONNECTED)
        assert not await rig.supervisor.start()
        assert await rig.supervisor.stop()
        assert not await rig.supervisor.stop()


@pytest.mark.parametrize(
    ("feed", "market", "subscriptions"),
    [
        ("bad host", "stocks", ("T.*",)),
        ("http://x", "stocks", ("T.*",)),
        ("socket.massive.com/path?apikey=1", "stocks", ("T.*",)),
        ("socket.massive.com", "stamps", ("T.*",)),
        ("socket.massive.com", "stocks", ()),
        ("socket.massive.com", "stocks", ("T",)),
        ("socket.massive.com", "stocks", ("T.A,Q.A",)),
    ],
)
def test_a_target_that_cannot_be_used_is_refused(
    feed: str, market: str, subscriptions: tuple[str, ...]
) -> None:
    with pytest.raises(BadInputError):
        Target(feed, market, subscriptions)


def test_a_feed_without_scheme_is_secure() -> None:
    assert Target("socket.massive.com", "stocks", ("T.*",)).is_secure
    assert not Target("ws://127.0.0.1:80", "stocks", ("T.*",)).is_secure
    assert Target("wss://h:1", "stocks", ("T.*",)).host == "h:1"
