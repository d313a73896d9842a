"""A record as people are told of it: its value as JSON where it is that, else as text, and why."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec

from streams import records
from streams.inspection.concern import UNREADABLE, Found

MOST_BYTES: Final = 1024 * 1024
"""Most bytes of a value that are told, and of all values in an answer."""
LONGEST_NUMBER: Final = 20
"""Digits of a time in a header, ns."""

Format = Literal["json", "messagepack", "text", "base64", "none"]


class Told(msgspec.Struct, kw_only=True):
    """One record.

    Attributes:
        partition: Its partition.
        offset: Its offset.
        time_ms: Kafka's timestamp, ms since 1970 UTC: when the broker took it; in compacted topics, when its
            writer wrote it. None where it has none.
        key: Its key, as text; None where it has none.
        size: Bytes of its value.
        headers: Its headers, as text.
        received_ms: When the first of its events was received, ms since 1970 UTC, by its headers.
        format: What the value is: ``messagepack`` is told as JSON, ``none`` marks a deleted key.
        events: How many events its JSON array holds; None where it is none.
        concerned: How many of them are of the symbol that was asked for, which then are all of ``value``;
            None for all.
        value: JSON, unchanged; a string for ``text`` and ``base64``.
        why: Why it is not told as JSON, or not as a whole; None where it is.
    """

    partition: int
    offset: int
    time_ms: int | None
    key: str | None
    size: int
    headers: dict[str, str]
    received_ms: int | None
    format: Format
    events: int | None
    concerned: int | None
    value: Any
    why: str | None


class _Content(NamedTuple):
    format: Format
    value: Any
    events: int | None = None
    why: str | None = None


def tell(found: Found) -> Told:
    """Return what is told of a record. Nothing that it holds makes this fail."""
    record, events = found
    content = _content(record.value)
    return Told(
        partition=record.partition,
        offset=record.offset,
        time_ms=record.timestamp if record.timestamp >= 0 else None,
        key=None if record.key is None else _text(record.key),
        size=len(record.value or b""),
        headers=_headers(record.headers),
        received_ms=records.received_ms([each for each in record.headers if _is_short(each[1])]),
        format=content.format,
        events=content.events,
        concerned=None if events is None else len(events),
        value=content.value if events is None else msgspec.Raw(records.join(events)),
        why=content.why,
    )


def _content(value: bytes | None) -> _Content:
    if value is None:
        return _Content("none", None, why="no value: its key is deleted")
    if len(value) > MOST_BYTES:
        return _plain(value, f"{len(value)} bytes: only the first {MOST_BYTES} are told")
    try:
        decoded = msgspec.json.decode(value)
    except UNREADABLE as error:
        return _packed(value) or _plain(value, f"no JSON: {error}")
    return _Content("json", msgspec.Raw(value), len(decoded) if isinstance(decoded, list) else None)


def _packed(value: bytes) -> _Content | None:
    """Return what MessagePack holds; None where it is none, or a bare scalar, as any short text is."""
    try:
        decoded = msgspec.msgpack.decode(value)
        if not isinstance(decoded, list | dict):
            return None
        return _Content("messagepack", msgspec.Raw(msgspec.json.encode(decoded)))
    except (*UNREADABLE, TypeError):
        return None


def _plain(value: bytes, why: str) -> _Content:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = ""
    if all(character.isprintable() or character.isspace() for character in text) and text:
        return _Content("text", text[:MOST_BYTES], why=why)
    return _Content("base64", base64.b64encode(value[:MOST_BYTES]).decode(), why=why)


def _headers(headers: Sequence[tuple[str, bytes | None]]) -> dict[str, str]:
    told: dict[str, str] = {}
    for name, value in headers:
        text = _text(value or b"")
        told[name] = f"{told[name]}, {text}" if name in told else text
    return told


def _is_short(value: bytes | None) -> bool:
    return value is not None and len(value) <= LONGEST_NUMBER


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")
