"""The sockets on which clients are awaited."""

from __future__ import annotations

import socket
from typing import Final

from streams.errors import StreamsError
from streams.settings import Settings

BACKLOG: Final = 2_048
"""Connections that wait to be accepted, as far as the system allows it."""


def listen(settings: Settings) -> socket.socket:
    """Return a socket that listens on the WDS's port.

    Raises:
        StreamsError: The port is taken or not allowed.
    """
    return listen_many(settings, 1)[0]


def listen_many(settings: Settings, count: int) -> list[socket.socket]:
    """Return sockets that listen on one port; the system spreads the connections over them.

    Raises:
        StreamsError: The port is taken or not allowed.
    """
    host, port = settings.wds_host, settings.wds_port
    sockets: list[socket.socket] = []
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # By itself the first would share the port with a service that runs already: tried without sharing.
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen()
            port = probe.getsockname()[1]
        for _ in range(count):
            sockets.append(_listen(family, host, port, is_shared=count > 1))
    except OSError as error:
        for opened in sockets:
            opened.close()
        hint = "" if isinstance(error, socket.gaierror) else " (WDS_PORT chooses another)"
        raise StreamsError(f"cannot listen on {host}:{port}: {error.strerror}{hint}") from None
    return sockets


def _listen(family: int, host: str, port: int, *, is_shared: bool) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening
