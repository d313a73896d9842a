"""RFC 6455 and 7692 by the letter, over a bare socket: what no well-behaved client would ever send."""

from __future__ import annotations

import asyncio
import contextlib
import json
import zlib
from collections.abc import AsyncIterator

import pytest
from websockets.frames import Close, Frame, Opcode

from streams.local.redis import RedisServer
from streams.settings import Settings
from streams.wds.service import WidgetDataService

TIMEOUT_S = 30.0
HEAD = (
    "GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"
REQUEST = b'{"action":"get","cache":"quote:\xc3\x84"}'
REPLY = {"cache": "quote:Ä", "data": None}


class Peer:
    """A client that sends what it is told to, right or wrong."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def shake(self, extra: str = "") -> str:
        """Ask for the WebSocket; return the answer's head."""
        self._writer.write((HEAD + (f"{extra}\r\n" if extra else "") + "\r\n").encode())
        return (await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), TIMEOUT_S)).decode()

    def send(self, opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0) -> None:
        """Send one frame, masked."""
        size = len(payload)
        assert size < 65_536
        length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2)
        mask = b"\x12\x34\x56\x78"
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        self.send_raw(bytes([fin << 7 | reserved | opcode]) + length + mask + masked)

    def send_raw(self, data: bytes) -> None:
        self._writer.write(data)

    async def receive(self) -> Frame:
        """Return the next frame as it is on the wire."""
        async with asyncio.timeout(TIMEOUT_S):
            first, second = await self._reader.readexactly(2)
            assert not second & 0x80, "a server must not mask"
            size = second & 0x7F
            if size >= 126:
                size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8))
            payload = await self._reader.readexactly(size)
        return Frame(Opcode(first & 15), payload, bool(first & 128), bool(first & 64))

    async def close_code(self) -> int:
        """Return the code of the close frame that comes next; the connection must end after it."""
        frame = await self.receive()
        assert frame.opcode is Opcode.CLOSE
        code = Close.parse(frame.data).code
        self.send(Opcode.CLOSE, code.to_bytes(2))
        with contextlib.suppress(OSError):  # It may have closed already.
            self._writer.write_eof()
        assert await asyncio.wait_for(self._reader.read(), TIMEOUT_S) == b""
        return code

    async def ask(self) -> object:
        """Return the reply that comes next."""
        return json.loads(bytes((await self.receive()).data))


@pytest.fixture(scope="module")
async def own_redis() -> AsyncIterator[RedisServer]:
    async with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
async def service(own_redis: RedisServer) -> AsyncIterator[WidgetDataService]:
    settings = Settings(
        mdc_redis_url=own_redis.url(0),
        wdc_redis_url=own_redis.url(1),
        wds_host="127.0.0.1",
        wds_port=0,
        auth_enabled=False,
        wds_compression_min_bytes=0,
    )
    async with WidgetDataService(settings) as service:
        yield service


@pytest.fixture
async def stranger(service: WidgetDataService) -> AsyncIterator[Peer]:
    """A peer before its handshake."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    yield Peer(reader, writer)
    writer.close()


@pytest.fixture
async def peer(stranger: Peer) -> Peer:
    """A peer whose WebSocket is open."""
    head = await stranger.shake()
    assert head.startswith("HTTP/1.1 101 ")
    # The RFC's own example, section 1.3.
    assert "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
    return stranger


async def test_a_message_in_fragments_is_one(peer: Peer) -> None:
    peer.send(Opcode.TEXT, REQUEST[:32], fin=False)  # Within a character.
    peer.send(Opcode.CONT, b"", fin=False)
    peer.send(Opcode.CONT, REQUEST[32:])
    assert await peer.ask() == REPLY


async def test_a_frame_byte_by_byte_is_a_frame(peer: Peer) -> None:
    mask_free = bytes([0x81, 0x80 | len(REQUEST), 0, 0, 0, 0]) + REQUEST
    for byte in mask_free:
        peer.send_raw(bytes([byte]))
        await asyncio.sleep(0)
    assert await peer.ask() == REPLY


async def test_control_frames_may_come_between_fragments(peer: Peer) -> None:
    peer.send(Opcode.TEXT, REQUEST[:5], fin=False)
    peer.send(Opcode.PING, b"between")
    peer.send(Opcode.CONT, REQUEST[5:])
    assert await peer.receive() == Frame(Opcode.PONG, b"between")
    assert await peer.ask() == REPLY


@pytest.mark.parametrize("payload", [b"", b"x", bytes(range(125))])
async def test_a_ping_is_answered_with_its_payload(peer: Peer, payload: bytes) -> None:
    peer.send(Opcode.PING, payload)
    assert await peer.receive() == Frame(Opcode.PONG, payload)


async def test_a_pong_that_nobody_asked_for_is_ignored(peer: Peer) -> None:
    peer.send(Opcode.PONG, b"unasked")
    peer.send(Opcode.TEXT, REQUEST)
    assert await peer.ask() == REPLY


@pytest.mark.parametrize(
    ("opcode", "payload", "fin", "reserved"),
    [
        pytest.param(Opcode.PING, b"x" * 126, True, 0, id="a ping of 126 bytes"),
        pytest.param(Opcode.PING, b"", False, 0, id="a ping in fragments"),
        pytest.param(Opcode.CLOSE, b"\x03", True, 0, id="a close code of one byte"),
        pytest.param(Opcode.TEXT, REQUEST, True, 0x40, id="RSV1 without an extension"),
        pytest.param(Opcode.TEXT, REQUEST, True, 0x20, id="RSV2"),
        pytest.param(Opcode.PING, b"", True, 0x10, id="RSV3 of a ping"),
        pytest.param(3, b"", True, 0, id="a reserved data opcode"),
        pytest.param(7, b"x", True, 0, id="another"),
        pytest.param(11, b"", True, 0, id="a reserved control opcode"),
        pytest.param(15, b"x", True, 0, id="the last"),
        pytest.param(Opcode.CONT, b"x", True, 0, id="a continuation of nothing"),
    ],
)
async def test_a_frame_against_the_rules_ends_with_1002(
    peer: Peer, opcode: int, payload: bytes, fin: bool, reserved: int
) -> None:
    peer.send(opcode, payload, fin=fin, reserved=reserved)
    assert await peer.close_code() == 1002


async def test_a_message_within_a_message_ends_with_1002(peer: Peer) -> None:
    peer.send(Opcode.TEXT, b"{", fin=False)
    peer.send(Opcode.TEXT, b"}")
    assert await peer.close_code() == 1002


async def test_a_frame_without_a_mask_ends_with_1002(peer: Peer) -> None:
    peer.send_raw(Frame(Opcode.TEXT, REQUEST).serialize(mask=False))
    assert await peer.close_code() == 1002


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535])
async def test_a_close_code_that_none_may_send_ends_with_1002(peer: Peer, code: int) -> None:
    peer.send(Opcode.CLOSE, code.to_bytes(2))
    assert await peer.close_code() == 1002


@pytest.mark.parametrize("code", [1000, 1001, 1007, 1011, 3000, 3999, 4000, 4999])
async def test_a_close_is_answered_with_its_code(peer: Peer, code: int) -> None:
    peer.send(Opcode.CLOSE, code.to_bytes(2) + b"bye")
    assert await peer.close_code() == code


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"\xc0\xaf", id="overlong"),
        pytest.param(b"\xed\xa0\x80", id="half of a surrogate pair"),
        pytest.param(b"\xf4\x90\x80\x80", id="beyond Unicode"),
        pytest.param(b"\xce\xba\xe1", id="cut off"),
        pytest.param(b"\xff", id="no UTF-8 at all"),
    ],
)
async def test_text_that_is_no_utf8_ends_with_1007(peer: Peer, text: bytes) -> None:
    peer.send(Opcode.TEXT, text[:1], fin=False)
    peer.send(Opcode.CONT, text[1:])
    assert await peer.close_code() == 1007


async def test_a_reason_that_is_no_utf8_ends_the_connection(peer: Peer) -> None:
    peer.send(Opcode.CLOSE, b"\x03\xe8\xff")
    assert await peer.close_code() in {1002, 1007}


async def test_nothing_after_a_close_is_answered(peer: Peer) -> None:
    peer.send(Opcode.CLOSE, b"\x03\xe8")
    peer.send(Opcode.PING, b"late")
    assert await peer.close_code() == 1000


@pytest.mark.parametrize(
    "offer",
    [
        "",
        "; client_max_window_bits",
        "; server_no_context_takeover",
        "; server_max_window_bits=15",
        ", x-unknown",
    ],
)
async def test_compression_is_agreed_so_that_the_bytes_suit_everybody(stranger: Peer, offer: str) -> None:
    head = await stranger.shake(DEFLATE + offer)
    assert "permessage-deflate" in head
    assert "server_no_context_takeover" in head
    packed = _deflate(REQUEST)
    for _ in range(2):
        stranger.send(Opcode.TEXT, packed, reserved=0x40)
        reply = await stranger.receive()
        data = bytes(reply.data)
        assert json.loads(_inflate(data) if reply.rsv1 else data) == REPLY


@pytest.mark.parametrize(
    "offer",
    [
        pytest.param("; server_max_window_bits=10", id="a window smaller than all share"),
        pytest.param("; server_max_window_bits=7", id="no window that there is"),
        pytest.param("; client_max_window_bits=16", id="nor this"),
        pytest.param("; unheard_of", id="a parameter that is unknown"),
        pytest.param("; server_no_context_takeover; server_no_context_takeover", id="one twice"),
    ],
)
async def test_an_offer_that_does_not_suit_leaves_the_messages_plain(stranger: Peer, offer: str) -> None:
    assert "permessage-deflate" not in await stranger.shake(DEFLATE + offer)
    stranger.send(Opcode.TEXT, REQUEST)
    assert await stranger.ask() == REPLY


async def test_what_cannot_be_inflated_ends_the_connection(stranger: Peer) -> None:
    await stranger.shake(DEFLATE)
    stranger.send(Opcode.TEXT, b"\xff\xff\xff\xff", reserved=0x40)
    assert await stranger.close_code() in {1002, 1007}


async def test_a_small_message_that_inflates_to_a_huge_one_ends_with_1009(stranger: Peer) -> None:
    await stranger.shake(DEFLATE)
    stranger.send(Opcode.TEXT, _deflate(b" " * 20_000_000), reserved=0x40)
    assert await stranger.close_code() == 1009


@pytest.mark.parametrize(
    ("given", "wrong", "status"),
    [
        ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", "400"),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Key: short", "400"),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", "400"),
        ("GET /ws", "POST /ws", "405"),
    ],
)
async def test_a_handshake_against_the_rules_is_refused(
    service: WidgetDataService, given: str, wrong: str, status: str
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write((HEAD.replace(given, wrong) + "\r\n").encode())
    line = await asyncio.wait_for(reader.readline(), TIMEOUT_S)
    writer.close()
    assert line.split()[1] == status.encode()


def _deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\0\0\xff\xff")


def _inflate(data: bytes) -> bytes:
    return zlib.decompressobj(-15).decompress(data + b"\0\0\xff\xff")
