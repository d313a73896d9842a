"""The messages between a client and the WDS: text in, typed requests out; replies as bytes."""

from __future__ import annotations

from typing import Any, Final

import msgspec

MAX_NAME: Final = 256
"""Most characters of a feed's name."""
OPTIONS: Final = ("snapshot", "limit", "fields", "delta", "interval_ms")
"""What makes a subscription one with envelopes."""


class Auth(msgspec.Struct, frozen=True, tag_field="action", tag="auth"):
    """``{"action":"auth","api_key":K}``, or with ``"token":T`` in the key's place."""

    api_key: str = ""
    token: str | None = None


class _Named(msgspec.Struct, frozen=True):
    """A request about a feed, or about several: ``"feed":F`` or ``"feeds":[F,…]``."""

    feed: str | None = None
    feeds: list[str] | None = None

    @property
    def names(self) -> list[str]:
        """The feeds' names."""
        return ([] if self.feed is None else [self.feed]) + (self.feeds or [])


class Subscribe(_Named, frozen=True, tag_field="action", tag="subscribe"):
    """``{"action":"subscribe","feed":F}``; F may hold wildcards. With any option frames have envelopes."""

    snapshot: Any = msgspec.UNSET
    limit: Any = msgspec.UNSET
    fields: Any = msgspec.UNSET
    delta: Any = msgspec.UNSET
    interval_ms: Any = msgspec.UNSET

    @property
    def options(self) -> dict[str, Any]:
        """The options that are given, by name, whatever they hold."""
        given = {name: getattr(self, name) for name in OPTIONS}
        return {name: value for name, value in given.items() if value is not msgspec.UNSET}


class Unsubscribe(_Named, frozen=True, tag_field="action", tag="unsubscribe"):
    """``{"action":"unsubscribe","feed":F}``, with the F of the subscription."""


class Get(msgspec.Struct, frozen=True, tag_field="action", tag="get"):
    """``{"action":"get","cache":K[,"limit":N]}``; without a limit above 0 all entries of a list are meant."""

    cache: str
    limit: int | None = None


Request = Auth | Subscribe | Unsubscribe | Get

AUTHORIZED: Final = b'{"status":"authorized"}'
UNAUTHORIZED: Final = b'{"status":"unauthorized"}'
INVALID_KEY: Final = b'{"status":"invalid key"}'
TOO_MANY_CLIENTS: Final = b'{"status":"too many clients"}'
INVALID_ACTION: Final = b'{"status":"invalid action"}'
NULL: Final = b"null"

_decoder: Final[msgspec.json.Decoder[Request]] = msgspec.json.Decoder(Request)
_encode: Final = msgspec.json.Encoder().encode


def parse(message: str | bytes) -> Request | None:
    """Return the request that a client's message holds; None where it holds none."""
    try:
        request = _decoder.decode(message)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return None if isinstance(request, _Named) and not request.names else request


def subscribed(feed: str) -> bytes:
    """Return the reply to a subscription that stands."""
    return _encode({"status": "subscribed", "feed": feed})


def unsubscribed(feed: str) -> bytes:
    """Return the reply to the end of a subscription."""
    return _encode({"status": "unsubscribed", "feed": feed})


def invalid_feed(feed: str) -> bytes:
    """Return the reply to a subscription of what the catalogue has not."""
    return _encode({"status": "invalid feed", "feed": feed[:MAX_NAME]})


def invalid_options(feed: str, reason: str) -> bytes:
    """Return the reply to a subscription whose options cannot be used."""
    return _encode({"status": "invalid options", "feed": feed[:MAX_NAME], "reason": reason})


def too_many_subscriptions(feed: str) -> bytes:
    """Return the reply to one subscription too many."""
    return _encode({"status": "too many subscriptions", "feed": feed})


def snapshot(cache: str, data: bytes) -> bytes:
    """Return the reply to a ``get``: ``data`` is JSON and goes in as it is."""
    return b'{"cache":%b,"data":%b}' % (_encode(cache), data)


def not_allowed(feed: str) -> bytes:
    """Return the reply to a subscription of what the client's key does not allow."""
    return _encode({"status": "not allowed", "feed": feed})


def not_allowed_snapshot(cache: str) -> bytes:
    """Return the reply to a ``get`` of what the client's key does not allow."""
    return b'{"cache":%b,"data":null,"error":"not allowed"}' % _encode(cache)


def unavailable(cache: str) -> bytes:
    """Return the reply to a ``get`` that Redis did not answer."""
    return b'{"cache":%b,"data":null,"error":"unavailable"}' % _encode(cache)
