"""The WebSocket's protocol as an AsyncAPI 3 document, made from the code that speaks it and the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from streams import feeds
from streams.wds import protocol
from streams.wds.enveloped import options
from streams.wds.enveloped.envelopes import Type
from streams.wds.interests import family_pattern

ASYNCAPI: Final = "3.0.0"
FEED: Final = "scanners:top_volume"
"""The feed of the examples."""
ROWS: Final = [{"rank": 1, "symbol": "AAPL", "close": 212.4}, {"rank": 2, "symbol": "MSFT", "close": 498.1}]

Json = dict[str, Any]

ABOUT: Final = """\
One WebSocket carries everything. A client says who it is, then subscribes to feeds and asks for values;
replies come in the order of the requests, updates whenever there are any.

**Bare subscriptions** bring what is published as it is: a text frame holds the feed's value, or a list's
new entry, and nothing else. **With any option** (snapshot, limit, fields, delta, interval_ms) frames come
in envelopes that name the feed, the kind of the frame and its number: after a snapshot with seq n come n+1,
n+2 and so on. Any other number in a value, item, items or delta frame is a loss: subscribe again, a
snapshot comes. A snapshot replaces what the client has, whatever its seq. Unknown types and keys are to be
ignored.

**Deltas** of boards are applied in this order: drop the rows of `removed`; merge each of `changed` into the
row of its symbol, or add it where there is none; where `order` is there, put the rows into that order.

**The end** of a connection tells why: 1002, 1007 and 1009 for what was wrong with a frame; 1008 for a key or
token that does not, or no longer, hold, and with `disconnected by an operator` for a client that an operator
sent away: it may come again, and is let in as before; 1011 for a ping that was not answered; 1012 for a
service that stops: come again; 1013 for a client that is too slow, or one too many: come again, later."""

_DATA: Final[Json] = {"description": "any JSON value: what the feed holds"}
_ROW: Final[Json] = {"type": "object", "required": ["symbol"], "properties": {"symbol": {"type": "string"}}}
_SYMBOLS: Final[Json] = {"type": "array", "items": {"type": "string"}}
_OPTIONS: Final[Json] = {
    "snapshot": {"type": "boolean", "description": "the value first, then updates: none lost, none twice"},
    "limit": {
        "type": "integer", "minimum": 1, "maximum": options.MAX_LIMIT,
        "description": "first rows of a value that is an array, newest entries of a list's snapshot",
    },
    "fields": {
        "type": "array", "minItems": 1, "maxItems": options.MAX_FIELDS,
        "items": {"type": "string", "minLength": 1, "maxLength": options.MAX_FIELD_NAME},
        "description": "only these fields of rows, entries and objects; with delta the symbol as well",
    },
    "delta": {
        "type": "boolean",
        "description": "changed rows only, after a snapshot; for boards, such as scanners:* as well",
    },
    "interval_ms": {
        "type": "integer", "minimum": options.MIN_INTERVAL_MS, "maximum": options.MAX_INTERVAL_MS,
        "description": "at most one frame of a feed in so many ms: the newest value; entries are gathered",
    },
}  # fmt: skip
_NAME: Final[Json] = {
    "type": "string", "maxLength": protocol.MAX_NAME,
    "description": "a feed of the catalogue (x-feeds); subscriptions take wildcards: * ? [a-z] [^a]",
}  # fmt: skip


def document(host: str = "localhost:4202", scheme: str = "ws") -> Json:
    """Return the document.

    Args:
        host: Where the service is, with its port.
        scheme: ``ws`` or ``wss``.
    """
    requests, replies, frames = _requests(), _replies(), _frames()
    messages = {**{name: message for name, (message, _) in requests.items()}, **replies, **frames}
    operations: Json = {
        name: {
            "action": "receive",
            "channel": {"$ref": "#/channels/socket"},
            "messages": _refs([name]),
            "reply": {"channel": {"$ref": "#/channels/socket"}, "messages": _refs(answers)},
        }
        for name, (_, answers) in requests.items()
    }
    operations["update"] = {
        "action": "send",
        "summary": "Frames of the subscriptions.",
        "channel": {"$ref": "#/channels/socket"},
        "messages": _refs(list(frames)),
    }
    return {
        "asyncapi": ASYNCAPI,
        "info": {"title": "Widget data service", "version": "1", "description": ABOUT},
        "defaultContentType": "application/json",
        "servers": {
            "this": {
                "host": host,
                "protocol": scheme,
                "security": [
                    {"type": "apiKey", "in": "user", "description": "the first message: a key or a token"}
                ],
            }
        },
        "channels": {
            "socket": {
                "address": "/ws",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": operations,
        "components": {"messages": messages},
        "x-feeds": [_feed(feed) for feed in feeds.CATALOGUE],
    }


def _feed(feed: feeds.Feed) -> Json:
    return {
        "name": feed.pattern.replace("{}", "{symbol}" if feed.names is None else "{name}"),
        "glob": family_pattern(feed) or feed.pattern,
        "kind": feed.kind,
        "ttl_s": feed.ttl,
        "bound": feed.bound,
        "deltas": feed.is_board,
        "description": feed.about,
    }


def _requests() -> dict[str, tuple[Json, list[str]]]:
    """Return each request, and which messages may answer it."""
    named: Json = {"feed": _NAME, "feeds": {"type": "array", "minItems": 1, "items": _NAME}}
    either = [{"required": ["feed"]}, {"required": ["feeds"]}]
    subscribe = _action(protocol.Subscribe, {**named, **_OPTIONS}, anyOf=either)
    subscribe_examples: list[Json] = [
        {"feed": "quote:*"},
        {"feed": "quote:AAPL", "snapshot": True},
        {"feed": FEED, "delta": True, "fields": ["rank", "close"], "limit": 50, "interval_ms": 1_000},
        {"feeds": ["news:feed:latest", "daily_range_hod_alert"], "snapshot": True, "limit": 20},
    ]
    return {
        "auth": (
            _message(
                "Say who you are: the first message, where keys are needed.",
                _action(protocol.Auth, {"api_key": {"type": "string"}, "token": {"type": "string"}}),
                [{"action": "auth", "api_key": "a key"}, {"action": "auth", "token": "a token"}],
            ),
            ["authorized", "invalidKey", "tooManyClients"],
        ),
        "subscribe": (
            _message(
                "Subscribe to feeds, anew where a subscription has the same name. One reply for each.",
                subscribe,
                [{"action": "subscribe", **example} for example in subscribe_examples],
            ),
            [
                "subscribed",
                "invalidFeed",
                "invalidOptions",
                "notAllowed",
                "tooManySubscriptions",
                "unauthorized",
            ],
        ),
        "unsubscribe": (
            _message(
                "End subscriptions, by the names that were subscribed. One reply for each.",
                _action(protocol.Unsubscribe, named, anyOf=either),
                [{"action": "unsubscribe", "feed": "quote:*"}],
            ),
            ["unsubscribed"],
        ),
        "get": (
            _message(
                "Ask for a feed's value now.",
                _action(
                    protocol.Get, {"cache": _NAME, "limit": {"type": ["integer", "null"]}}, required=["cache"]
                ),
                [{"action": "get", "cache": "news:feed:latest", "limit": 10}],
            ),
            ["value_now", "invalidAction"],
        ),
    }


def _replies() -> dict[str, Json]:
    feed = "quote:AAPL"
    statuses = {
        "authorized": protocol.AUTHORIZED,
        "unauthorized": protocol.UNAUTHORIZED,
        "invalidKey": protocol.INVALID_KEY,
        "tooManyClients": protocol.TOO_MANY_CLIENTS,
        "invalidAction": protocol.INVALID_ACTION,
        "subscribed": protocol.subscribed(feed),
        "unsubscribed": protocol.unsubscribed(feed),
        "invalidFeed": protocol.invalid_feed("nowhere"),
        "invalidOptions": protocol.invalid_options(feed, "snapshot must be true or false"),
        "notAllowed": protocol.not_allowed(feed),
        "tooManySubscriptions": protocol.too_many_subscriptions(feed),
    }
    value = _object({"cache": _NAME, "data": _DATA, "error": {"type": "string"}}, ["cache", "data"])
    examples = [protocol.snapshot(feed, b'{"symbol":"AAPL"}'), protocol.unavailable(feed)]
    return {
        **{name: _status(reply) for name, reply in statuses.items()},
        "value_now": _message(
            "A feed's value: null where there is none, an array, newest first, for lists; or why not.",
            value,
            [msgspec.json.decode(example) for example in examples],
        ),
    }


def _frames() -> dict[str, Json]:
    delta = {
        "type": "object",
        "properties": {
            "removed": _SYMBOLS, "changed": {"type": "array", "items": _ROW}, "order": _SYMBOLS,
        },
    }  # fmt: skip
    dropped = _object({"dropped": {"type": "integer"}, "reason": {"type": "string"}}, ["dropped", "reason"])
    reason = _object({"reason": {"type": "string"}}, ["reason"])
    sent = _object({"sent": {"type": "integer"}, "more": {"type": "boolean"}}, ["sent", "more"])
    change = {"changed": [{"symbol": "AAPL", "close": 212.5}]}
    news, article = "news:feed:latest", {"title": "A title", "link": "https://example.com/a"}
    return {
        "payload": _message("A bare subscription's: what was published, as it is.", _DATA, [ROWS[0]]),
        "snapshot": _enveloped(
            Type.SNAPSHOT, "The whole value now, in place of all before.", _DATA, FEED, ROWS
        ),
        "value": _enveloped(Type.VALUE, "A feed's new value.", _DATA, "quote:AAPL", ROWS[0]),
        "item": _enveloped(Type.ITEM, "A list's new entry.", _DATA, news, article),
        "items": _enveloped(
            Type.ITEMS, "New entries of a list, newest first.", {"type": "array"}, news, [article]
        ),
        "delta": _enveloped(Type.DELTA, "What has changed of a board.", delta, FEED, change),
        "lag": _noticed(
            Type.LAG,
            "Frames that this client did not get.",
            dropped,
            FEED,
            {"dropped": 3, "reason": "slow reader"},
        ),
        "stale": _noticed(
            Type.STALE,
            "A subscription has no updates until a resync.",
            reason,
            FEED,
            {"reason": "redis away"},
        ),
        "resync": _noticed(
            Type.RESYNC, "Updates again; snapshots follow.", reason, FEED, {"reason": "redis back"}
        ),
        "snapshots": _noticed(
            Type.SNAPSHOTS,
            "A wildcard's snapshots are all sent.",
            sent,
            "quote:*",
            {"sent": 2, "more": False},
        ),
    }


def _enveloped(type_: Type, summary: str, data: Json, feed: str, example: object) -> Json:
    shape = {"feed": _NAME, "type": {"const": type_.value}, "seq": {"type": "integer"}, "data": data}
    payload = {"feed": feed, "type": type_.value, "seq": 7, "data": example}
    return _message(summary, _object(shape, list(shape)), [payload])


def _noticed(type_: Type, summary: str, data: Json, feed: str, example: Json) -> Json:
    shape = {"feed": _NAME, "type": {"const": type_.value}, "data": data}
    return _message(
        summary, _object(shape, list(shape)), [{"feed": feed, "type": type_.value, "data": example}]
    )


def _status(reply: bytes) -> Json:
    example = msgspec.json.decode(reply)
    shape = {name: {"type": "string"} for name in example} | {"status": {"const": example["status"]}}
    return _message(f"Reply: {example['status']}.", _object(shape, list(shape)), [example])


def _action(
    request: type[msgspec.Struct], properties: Json, required: Sequence[str] = (), **more: object
) -> Json:
    action = {"const": request.__struct_config__.tag}
    return _object({"action": action, **properties}, ["action", *required]) | more


def _object(properties: Mapping[str, Json], required: Sequence[str]) -> Json:
    return {"type": "object", "required": list(required), "properties": dict(properties)}


def _message(summary: str, payload: Json, examples: Sequence[object]) -> Json:
    return {
        "summary": summary,
        "payload": payload,
        "examples": [{"payload": example} for example in examples],
    }


def _refs(names: Sequence[str]) -> list[Json]:
    return [{"$ref": f"#/channels/socket/messages/{name}"} for name in names]
