"""The sockets on which clients are awaited."""

from __future__ import annotations

import socket
from typing import Final

from streams.errors import StreamsError
from streams.settings import Settings

BACKLOG: Final = 2_048
"""Connections that wait to be accepted, as far as the system allows it."""


def listen(settings: Settings) -> list[socket.socket]:
    """Return sockets that listen: on the WDS's port, and on the process's own where it is one of several.

    Raises:
        StreamsError: A port is taken or not allowed.
    """
    host = settings.wds_host
    if settings.wds_worker is None:
        return [_listening(_opened(host, settings.wds_port))]
    return [
        _listening(_opened(host, settings.wds_port, is_shared=True)),
        _listening(_opened(host, settings.wds_own_port)),
    ]


def reserve(settings: Settings) -> socket.socket:
    """Return a socket that holds the WDS's port for processes that share it, and takes no client itself.

    The system spreads the connections over those that listen: a process that dies is left out at once.

    Raises:
        StreamsError: The port is taken or not allowed, or this system cannot share one.
    """
    if not hasattr(socket, "SO_REUSEPORT"):
        raise StreamsError("this system cannot share a port: run one process (WDS_WORKERS=1)")
    # By itself it would share the port with a service that runs already: tried without sharing.
    with _listening(_opened(settings.wds_host, settings.wds_port)) as probe:
        port = probe.getsockname()[1]
    return _opened(settings.wds_host, port, is_shared=True)


def _opened(host: str, port: int, *, is_shared: bool = False) -> socket.socket:
    opened: socket.socket | None = None
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, socket.SOCK_STREAM)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.bind(address)
    except OSError as error:
        if opened is not None:
            opened.close()
        raise _failure(host, port, error) from None
    return opened


def _listening(opened: socket.socket) -> socket.socket:
    try:
        opened.listen(BACKLOG)
    except OSError as error:
        host, port = opened.getsockname()[:2]
        opened.close()
        raise _failure(host, port, error) from None
    return opened


def _failure(host: str, port: int, error: OSError) -> StreamsError:
    hint = "" if isinstance(error, socket.gaierror) else " (WDS_PORT chooses another)"
    return StreamsError(f"cannot listen on {host}:{port}: {error.strerror}{hint}")
