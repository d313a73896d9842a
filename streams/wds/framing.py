"""Messages as frames, made once for all who get them: plain, or compressed so that the bytes suit everybody.

permessage-deflate (RFC 7692) without context takeover: no frame depends on those before it, so the bytes are
the same for every client that has agreed to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Self

from websockets.exceptions import NegotiationError
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.typing import ExtensionParameter

from streams.settings import Settings

WINDOW_BITS: Final = 15
"""zlib's window, as large as a client takes that asks for no smaller one."""


def text_frame(payload: bytes) -> bytes:
    """Return the unmasked, uncompressed text frame of a payload, which must be UTF-8."""
    return Frame(Opcode.TEXT, payload).serialize(mask=False)


class Framing:
    """How payloads become frames.

    Args:
        level: zlib's, 1 to 9; with 0 no client is offered compression.
        min_bytes: A payload below this goes as it is.
    """

    def __init__(self, level: int, min_bytes: int) -> None:
        self._min_bytes = min_bytes
        self._settings = {"level": level}

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the framing that the settings name."""
        return cls(settings.wds_compression_level, settings.wds_compression_min_bytes)

    def frame(self, payload: bytes, deflates: bool) -> bytes:
        """Return a payload's text frame, compressed for clients that have agreed to it."""
        if not deflates or len(payload) < self._min_bytes:
            return text_frame(payload)
        # One for each frame, for frames are also made beside the event loop.
        deflate = PerMessageDeflate(True, True, WINDOW_BITS, WINDOW_BITS, self._settings)
        return Frame(Opcode.TEXT, payload).serialize(mask=False, extensions=[deflate])


class SharedDeflate(ServerPerMessageDeflateFactory):
    """Agrees to permessage-deflate with clients that take the bytes that all take."""

    def __init__(self) -> None:
        super().__init__(server_no_context_takeover=True, client_no_context_takeover=True)

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        """Negotiate; a client that wants a smaller window gets its frames uncompressed.

        Raises:
            NegotiationError: It does, or its offer makes no sense.
        """
        answer, extension = super().process_request_params(params, accepted_extensions)
        if extension.local_max_window_bits < WINDOW_BITS:
            raise NegotiationError("one window suits all")
        return answer, extension
