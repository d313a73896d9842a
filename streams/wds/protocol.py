"""The messages between a client and the WDS: text in, typed requests out; replies as bytes."""

from __future__ import annotations

from typing import Final

import msgspec

MAX_NAME: Final = 256
"""Most characters of a feed's name."""


class Auth(msgspec.Struct, frozen=True, tag_field="action", tag="auth"):
    """``{"action":"auth","api_key":K}``, or with ``"token":T`` in the key's place."""

    api_key: str = ""
    token: str | None = None


class Subscribe(msgspec.Struct, frozen=True, tag_field="action", tag="subscribe"):
    """``{"action":"subscribe","feed":F}``; F may hold wildcards."""

    feed: str


class Unsubscribe(msgspec.Struct, frozen=True, tag_field="action", tag="unsubscribe"):
    """``{"action":"unsubscribe","feed":F}``, with the F of the subscription."""

    feed: str


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
        return _decoder.decode(message)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def subscribed(feed: str) -> bytes:
    """Return the reply to a subscription that stands."""
    return _encode({"status": "subscribed", "feed": feed})


def unsubscribed(feed: str) -> bytes:
    """Return the reply to the end of a subscription."""
    return _encode({"status": "unsubscribed", "feed": feed})


def invalid_feed(feed: str) -> bytes:
    """Return the reply to a subscription of what the catalogue has not."""
    return _encode({"status": "invalid feed", "feed": feed[:MAX_NAME]})


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
