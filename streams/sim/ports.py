"""Listening sockets, so that a port is known, or known to be taken, before anything starts."""

from __future__ import annotations

import socket

from streams.errors import UnavailableError


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at ``host`` and ``port``; port 0 takes a free one.

    Raises:
        UnavailableError: The port is taken, or the address is none of this machine's.
    """
    try:
        return socket.create_server((host, port), reuse_port=False, backlog=128)
    except OSError as error:
        raise UnavailableError(f"cannot listen on {host}:{port}: {error.strerror}") from None
