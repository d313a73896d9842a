"""Who gets in and to what: tokens, keys that change, wildcards that would reach further, TLS."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from streams import feeds
from streams.settings import Settings
from streams.telemetry import Counters
from streams.wds import keys
from streams.wds.auth import Gate
from streams.wds.framing import Framing, text_frame
from streams.wds.grants import Grant
from streams.wds.hub import Hub
from streams.wds.interests import interests
from streams.wds.service import WidgetDataService
from streams.wds.tokens import Tokens

KEY = "a key of the test"
SECRET = SecretStr("a secret of the test, 32 bytes long and more")
TIMEOUT_S = 30.0


async def ask(socket: ClientConnection, **request: object) -> dict:
    await socket.send(json.dumps(request))
    return json.loads(await asyncio.wait_for(socket.recv(), TIMEOUT_S))


async def status(service: WidgetDataService, path: str, secret: str) -> int:
    async with httpx.AsyncClient(trust_env=False) as http:
        url, headers = f"http://127.0.0.1:{service.port}{path}", {"Authorization": f"Bearer {secret}"}
        return (await http.get(url, headers=headers)).status_code


async def test_a_token_goes_no_further_than_its_key_and_ends_with_it(
    settings: Settings, wdc: Redis, tmp_path: Path
) -> None:
    path = tmp_path / "keys.json"
    _, entry = keys.make("office", ("quote:A*",), None, 2)
    keys.write(path, [entry])
    token = Tokens(SECRET, None, 60).sign("page", ("quote:*", "scanners:*"), 30, None, entry.key_id)
    known = settings.model_copy(update={"wds_keys_file": path, "wds_jwt_secret": SECRET})
    await wdc.mset({"quote:ABC": "1", "quote:XYZ": "2", "scanners:top_volume": "[]"})
    async with (
        WidgetDataService(known) as service,
        connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None) as socket,
    ):
        assert await ask(socket, action="auth", token=token) == {"status": "authorized"}
        assert (await ask(socket, action="get", cache="quote:ABC"))["data"] == 1
        assert (await ask(socket, action="get", cache="quote:XYZ"))["error"] == "not allowed"
        asked = ("scanners:*", "quote:A*", "quote:AB*", "quote:ABC")
        answers = [(await ask(socket, action="subscribe", feed=feed))["status"] for feed in asked]
        assert answers == ["not allowed", "subscribed", "subscribed", "too many subscriptions"]
        assert await status(service, "/quotes/ABC", token) == 200
        assert await status(service, "/quotes/XYZ", token) == 403
        keys.write(path, [])
        with pytest.raises(ConnectionClosed, match="key revoked"):
            await asyncio.wait_for(socket.recv(), TIMEOUT_S)
        assert await status(service, "/quotes/ABC", token) == 401


async def test_a_client_whose_token_is_over_is_sent_away(settings: Settings) -> None:
    known = settings.model_copy(update={"wds_jwt_secret": SECRET})
    async with (
        WidgetDataService(known) as service,
        connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None) as socket,
    ):
        # Within the leeway for clocks that differ, of 5 s.
        token = Tokens(SECRET, None, 60).sign("page", (), -4)
        assert await ask(socket, action="auth", token=token) == {"status": "authorized"}
        with pytest.raises(ConnectionClosed, match="token expired"):
            await asyncio.wait_for(socket.recv(), TIMEOUT_S)


async def test_keys_are_changed_without_a_restart(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    old, old_entry = keys.make("office", (), None, None)
    new, new_entry = keys.make("office 2", (), None, None)
    keys.write(path, [old_entry])
    async with WidgetDataService(settings.model_copy(update={"wds_keys_file": path})) as service:
        seen = [(await status(service, "/feeds", old), await status(service, "/feeds", new))]
        for entries in ([old_entry, new_entry], [new_entry]):
            keys.write(path, entries)
            seen.append((await status(service, "/feeds", old), await status(service, "/feeds", new)))
    assert seen == [(200, 401), (200, 200), (401, 200)]


async def test_wildcards_of_a_client_do_not_reach_beyond_its_key(
    settings: Settings, wdc: Redis, tmp_path: Path
) -> None:
    key, entry = keys.make("office", ("quote:A?C", "news:ticker:[B-C]*"), None, None)
    keys.write(tmp_path / "keys.json", [entry])
    known = settings.model_copy(update={"wds_keys_file": tmp_path / "keys.json"})
    names = (
        "quote:ABC",
        "quote:ABCD",
        "quote:A*",
        "news:ticker:BX",
        "news:ticker:AX",
        "scanners:top_volume",
        "x",
    )
    async with (
        WidgetDataService(known) as service,
        connect(f"ws://127.0.0.1:{service.port}/ws", proxy=None) as socket,
    ):
        assert await ask(socket, action="auth", api_key=key) == {"status": "authorized"}
        for options in ({}, {"snapshot": False}):
            for glob in ("*", "[a-z]*:*", "\\quote:*", "quote:A*"):
                assert (await ask(socket, action="subscribe", feed=glob, **options))["status"] == "subscribed"
                for name in (*names, "quote:AXC"):
                    await wdc.publish(name, json.dumps(name))
                received: set[str] = set()
                while "AXC" not in str(received):
                    message = json.loads(await asyncio.wait_for(socket.recv(), TIMEOUT_S))
                    received.add(message["data"] if options else message)
                assert received <= {"quote:ABC", "news:ticker:BX", "quote:AXC"}
                await ask(socket, action="unsubscribe", feed=glob)


class Listener:
    """A client of the hub that notes which channels come."""

    def __init__(self, grant: Grant) -> None:
        self.grant = grant
        self.deflates = False
        self.channels: set[str] = set()

    def deliver(self, key: str, frame: bytes, latest: bool) -> None:
        assert frame == text_frame(b"1")
        self.channels.add(key)


CHANNELS = (
    "quote:A", "quote:AB", "quote:*", "quote:[", "scanners:top_volume", "scanners:x", "tta:A:widget",
    "secret", "news:ticker:A", "stocks:luld:A", "quotes:A", "quote:", "",
)  # fmt: skip
globs = st.one_of(
    st.sampled_from(
        [*CHANNELS, "*", "quote:*", "scanners:*", "[^s]*", "?uote:A", "*A", "\\*", "quote:[A-B]*"]
    ),
    st.text("quoteAB*?[]^-\\:scan", max_size=8),
)


@given(grant=st.lists(globs, min_size=1, max_size=3), wanted=st.lists(globs, max_size=4))
def test_only_what_the_key_allows_and_the_catalogue_has_comes_whatever_is_subscribed(
    grant: list[str], wanted: list[str]
) -> None:
    client = Listener(Grant("office", feeds=tuple(grant)))
    hub = Hub(Counters(), Framing(0, 0))
    for name in wanted:
        if interests(name):
            hub.subscribe(client, name)
    for channel in CHANNELS:
        hub.dispatch(channel, b"1")
    assert all(feeds.feed_of_key(channel) for channel in client.channels)
    assert all(client.grant.may_read(channel) for channel in client.channels)
    assert client.channels <= {channel for name in wanted for channel in CHANNELS if _means(name, channel)}


def _means(name: str, channel: str) -> bool:
    return name == channel or Grant("", feeds=(name,)).may_read(channel)


def test_a_service_without_keys_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate = Gate(Settings(auth_enabled=False))
    assert gate.admit("") is not None
    assert "AUTH_ENABLED is false: anyone" in caplog.text


async def test_it_serves_over_tls(settings: Settings, wdc: Redis, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    made = (
        openssl,
        "req",
        "-x509",
        *curve,
        "-days",
        "2",
        *subject,
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    )
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.create_default_context(cafile=str(certificate))
    secured = settings.model_copy(update={"wds_ssl_certfile": certificate, "wds_ssl_keyfile": key})
    await wdc.set("quote:A", "1")
    async with WidgetDataService(secured) as service:
        address = f"127.0.0.1:{service.port}"
        async with connect(f"wss://{address}/ws", ssl=context, proxy=None) as socket:
            assert await ask(socket, action="auth", api_key=KEY) == {"status": "authorized"}
            assert (await ask(socket, action="get", cache="quote:A"))["data"] == 1
        async with httpx.AsyncClient(verify=context, trust_env=False, headers={"X-API-Key": KEY}) as http:
            assert (await http.get(f"https://{address}/quotes/A")).json() == 1
            async with http.stream("GET", f"https://{address}/events?feed=quote:A") as response:
                started = time.monotonic()
                async for line in response.aiter_lines():
                    if '"type":"snapshot"' in line or time.monotonic() - started > TIMEOUT_S:
                        break
                assert line.endswith('"data":1}')
