"""How a client is."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """How a client is."""

    CONNECTING = "connecting"
    """It has not been connected yet."""
    CONNECTED = "connected"
    """Updates come as they are published."""
    STALE = "stale"
    """It is connected, and the service has no updates for some of its subscriptions."""
    DISCONNECTED = "disconnected"
    """The connection is lost; it tries to connect anew."""
    CLOSED = "closed"
    """It has been closed, or refused for good."""
