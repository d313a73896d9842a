"""Batches decoded to typed events beside the bytes of each, for values that are passed on unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

E = TypeVar("E")

_split: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What text that is no event raises: too deep a nesting is a recursion."""


class Slices(NamedTuple, Generic[E]):
    """The events of a batch.

    Attributes:
        events: Those that can be read, in order.
        raws: The bytes of each of them: views that keep the whole batch alive, so copy what is kept.
        rejected: The slices that are no events, verbatim.
    """

    events: list[E]
    raws: list[msgspec.Raw]
    rejected: Sequence[bytes]


class SliceDecoder(Generic[E]):
    """Decodes JSON arrays of events; a bad event costs itself alone.

    Args:
        kind: What to expect: a tagged struct or a union of several. It may name fewer fields than there are:
            decoding costs what it names.
    """

    def __init__(self, kind: Any) -> None:  # noqa: ANN401  a union of types has no type
        self._batch = msgspec.json.Decoder(list[kind]).decode
        self._item = msgspec.json.Decoder(kind).decode

    def decode(self, payload: bytes) -> Slices[E]:
        """Return the events of ``payload`` with their bytes."""
        try:
            return Slices(self._batch(payload), _split(payload), ())
        except _UNREADABLE:
            return self._decode_each(payload)

    def _decode_each(self, payload: bytes) -> Slices[E]:
        try:
            items = _split(payload)
        except _UNREADABLE:
            return Slices([], [], (payload,))
        good = Slices[E]([], [], rejected := [])
        for item in items:
            try:
                event = self._item(item)
            except _UNREADABLE:
                rejected.append(bytes(item))
            else:
                good.events.append(event)
                good.raws.append(item)
        return good
