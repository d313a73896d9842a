"""What the system knows of a connection: read when somebody asks, so that sending costs no more."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import Final

_ACKNOWLEDGED: Final = struct.Struct("=Q")
_OFFSET: Final = 120
"""Of tcpi_bytes_acked in Linux's struct tcp_info, which only ever grows at its end (linux/tcp.h)."""


def acknowledged_bytes(transport: asyncio.BaseTransport) -> int | None:
    """Return how many bytes the other side has acknowledged; None where the system does not tell.

    TLS and the handshake are among them. Behind a proxy the other side is the proxy.
    """
    connection = transport.get_extra_info("socket")
    if connection is None or sys.platform != "linux":
        return None
    try:
        told: bytes = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _OFFSET + _ACKNOWLEDGED.size)
    except OSError:
        return None
    if len(told) < _OFFSET + _ACKNOWLEDGED.size:
        return None
    acknowledged: int = _ACKNOWLEDGED.unpack_from(told, _OFFSET)[0]
    return acknowledged
