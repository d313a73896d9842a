"""What the service says: replies to requests, and frames with envelopes."""

from __future__ import annotations

from typing import Final

import msgspec


class Message(msgspec.Struct):
    """A message; which of the fields there are depends on what it is.

    Attributes:
        feed: A frame's feed, or what a reply is about.
        type: A frame's; None for replies.
        seq: A frame's number.
        data: A frame's, or the value that was asked for.
        status: A reply's.
        reason: Why something was refused.
        error: Why there is no value.
    """

    feed: str = ""
    type: str | None = None
    seq: int = 0
    data: msgspec.Raw = msgspec.Raw(b"null")
    status: str | None = None
    reason: str | None = None
    error: str | None = None


_decoder: Final = msgspec.json.Decoder(Message)
_encode: Final = msgspec.json.Encoder().encode


def decode(message: bytes) -> Message:
    """Return a message.

    Raises:
        msgspec.DecodeError: It is none of the service.
    """
    return _decoder.decode(message)


def encode(request: dict[str, object]) -> str:
    """Return a request as the service takes it: text."""
    return _encode(request).decode()
