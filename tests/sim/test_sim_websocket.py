import asyncio
from collections.abc import Callable

import pytest
from massive.exceptions import AuthError
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from streams.errors import UnavailableError
from streams.sim.options import SimOptions
from streams.sim.simulator import Simulator

from .conftest import ALL, connected, eventually, post

Options = Callable[..., SimOptions]


async def test_the_vendors_client_gets_all_it_subscribed(options: Options) -> None:
    async with Simulator(options()) as simulator, connected(simulator) as (client, _):
        await eventually(lambda: {"T", "Q", "A", "LULD"} <= {event["ev"] for event in client.events})


async def test_only_subscribed_channels_are_delivered(options: Options) -> None:
    async with Simulator(options()) as simulator, connected(simulator, ["T.NVDA", "A.*"]) as (client, _):
        await eventually(lambda: {"T", "A"} <= {event["ev"] for event in client.events})
        assert {event["ev"] for event in client.events} == {"T", "A"}
        assert {event["sym"] for event in client.events if event["ev"] == "T"} == {"NVDA"}
        assert simulator.status()["by_type"].keys() == {"T", "A"}


async def test_minute_bars_come_when_subscribed(options: Options) -> None:
    async with Simulator(options(speed=60)) as simulator, connected(simulator, ["AM.*"]) as (client, _):
        await eventually(lambda: bool(client.events))
        assert {event["ev"] for event in client.events} == {"AM"}


async def test_each_channel_is_confirmed(options: Options) -> None:
    async with Simulator(options()) as simulator, connected(simulator, ["T.*", "Q.AAPL"]) as (client, _):
        await eventually(lambda: client.statuses == ["success", "success"])


async def test_unsubscribed_channels_fall_silent(options: Options) -> None:
    async with Simulator(options()) as simulator, connect(f"{simulator.ws_url}/stocks", proxy=None) as raw:
        await raw.recv()
        await raw.send('{"action":"auth","params":"key"}')
        await raw.recv()
        await raw.send('{"action":"subscribe","params":"T.*"}')
        assert "subscribed to: T.*" in str(await raw.recv())
        await raw.send('{"action":"unsubscribe","params":"T.*"}')
        async with asyncio.timeout(30):
            while "unsubscribed to: T.*" not in str(await raw.recv()):
                pass
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                while True:
                    await raw.recv()


async def test_a_wrong_key_is_refused(options: Options) -> None:
    async with (
        Simulator(options(api_key=SecretStr("right"))) as simulator,
        connected(simulator, key="wrong") as (_, task),
    ):
        with pytest.raises(AuthError, match="authentication failed"):
            await task


async def test_auth_failure_on_demand(options: Options) -> None:
    async with Simulator(options()) as simulator:
        await post(simulator, "/sim/fault", {"kind": "auth_failure"})
        async with connected(simulator) as (_, task):
            with pytest.raises(AuthError):
                await task
        await post(simulator, "/sim/fault", {"kind": "auth_failure", "on": False})
        async with connected(simulator) as (client, _):
            await eventually(lambda: bool(client.events))


async def test_a_second_connection_of_a_key_is_one_too_many(
    options: Options, caplog: pytest.LogCaptureFixture
) -> None:
    async with Simulator(options()) as simulator, connected(simulator) as (client, _):
        await eventually(lambda: bool(client.events))
        async with connected(simulator) as (_, second):
            with pytest.raises(ConnectionClosedError):
                await second
        assert simulator.status()["sessions"]["max_connections"] == 1
        async with connected(simulator, key="another") as (other, _):
            await eventually(lambda: bool(other.events))


async def test_connections_are_refused_on_demand(options: Options) -> None:
    async with Simulator(options()) as simulator:
        await post(simulator, "/sim/fault", {"kind": "refuse"})
        with pytest.raises(InvalidStatus):
            await connect(f"{simulator.ws_url}/stocks", proxy=None)


async def test_a_drop_ends_the_connection_without_a_close_frame(options: Options) -> None:
    async with Simulator(options()) as simulator, connected(simulator) as (client, task):
        await eventually(lambda: bool(client.events))
        assert (await post(simulator, "/sim/fault", {"kind": "drop"}))["connections_ended"] == 1
        with pytest.raises(ConnectionClosedError) as ended:
            await task
        assert ended.value.rcvd is None


async def test_an_abort_ends_the_connection(options: Options) -> None:
    async with Simulator(options()) as simulator, connected(simulator) as (client, task):
        await eventually(lambda: bool(client.events))
        await post(simulator, "/sim/fault", {"kind": "abort"})
        with pytest.raises(ConnectionClosedError):
            await task


async def test_a_clean_close_returns_silently_in_the_vendors_client(options: Options) -> None:
    async with Simulator(options()) as simulator, connected(simulator) as (client, task):
        await eventually(lambda: bool(client.events))
        await post(simulator, "/sim/fault", {"kind": "close"})
        await task


async def test_drops_come_again_and_again(options: Options) -> None:
    async with Simulator(options()) as simulator:
        await post(simulator, "/sim/fault", {"kind": "drop_every", "every": 0.2, "seconds": 60})
        for _ in range(3):
            async with connected(simulator) as (_, task):
                with pytest.raises(ConnectionClosedError):
                    await task


async def test_a_stall_delays_and_loses_nothing(options: Options) -> None:
    async with Simulator(options()) as simulator, connected(simulator) as (client, _):
        await eventually(lambda: bool(client.events))
        await post(simulator, "/sim/fault", {"kind": "stall", "seconds": 0.5})
        held = simulator.status()["frames_sent"]
        await eventually(lambda: simulator.status()["frames_sent"] > held + 20)
        numbers = [event["q"] for event in client.events if "q" in event]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def test_a_client_that_does_not_read_is_cut_off(options: Options) -> None:
    slow = options(rate=100_000, speed=20, outbox_bytes=100_000)
    async with (
        Simulator(slow) as simulator,
        connect(f"{simulator.ws_url}/stocks", proxy=None, max_queue=1, close_timeout=0.1) as raw,
    ):
        await raw.recv()
        await raw.send('{"action":"auth","params":"key"}')
        await raw.recv()
        await raw.send('{"action":"subscribe","params":"T.*,Q.*"}')
        await eventually(lambda: simulator.status()["sessions"].get("slow_consumer") == 1)


async def test_garbage_is_answered_and_the_connection_stays(options: Options) -> None:
    async with Simulator(options()) as simulator, connect(f"{simulator.ws_url}/stocks", proxy=None) as raw:
        await raw.recv()
        for message in ("{", '{"action":"subscribe","params":"T.*"}', b"\xff"):
            await raw.send(message)
            assert '"status":"error"' in str(await raw.recv())
        await raw.send('{"action":"auth","params":"key"}')
        assert "auth_success" in str(await raw.recv())


@pytest.mark.parametrize("payload", [b'[{"ev":"T","sym":', b"[]", b'[{"x":"' + b"y" * 5_000_000 + b'"}]'])
async def test_injected_messages_arrive_verbatim(options: Options, payload: bytes) -> None:
    async with Simulator(options(rate=0)) as simulator, connected(simulator) as (client, _):
        await eventually(lambda: len(client.frames) == 1)
        assert (await post(simulator, "/sim/inject", payload))["clients"] == 1
        await eventually(lambda: client.frames[-1] == payload.decode())


async def test_the_rate_changes_while_it_runs(options: Options) -> None:
    async with Simulator(options(rate=0)) as simulator, connected(simulator, ["Q.*"]) as (client, _):
        await eventually(lambda: client.statuses == ["success"])
        await post(simulator, "/sim/rate", {"rate": 5_000})
        await eventually(lambda: bool(client.events))


async def test_sent_bars_are_remembered(options: Options) -> None:
    async with Simulator(options(speed=5)) as simulator, connected(simulator, ALL) as (client, _):
        await eventually(
            lambda: any(event["ev"] == "A" and event["sym"] == "NVDA" for event in client.events)
        )
        bars = [event for event in client.events if event["ev"] == "A" and event["sym"] == "NVDA"]
        sent = simulator.sent_bars(["NVDA"])
        assert [end for _, end, _ in sent][: len(bars)] == [bar["e"] for bar in bars]


async def test_a_taken_port_is_one_clear_error(options: Options) -> None:
    async with Simulator(options()) as simulator:
        port = int(simulator.ws_url.rpartition(":")[2])
        with pytest.raises(UnavailableError, match=f"cannot listen on 127.0.0.1:{port}"):
            async with Simulator(options(ws_port=port)):
                pass
