"""The vendor's stock events, typed, under the vendor's short field names.

The shapes are those of Massive's stocks WebSocket. Times are ms since 1970 UTC, LULD's ns. Prices are
dollars, sizes and volumes shares. A field that a message lacks is None; fields not named here are ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec

E = TypeVar("E")

Symbol = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Price = Annotated[float, msgspec.Meta(ge=0)]
Shares = Annotated[int, msgspec.Meta(ge=0, le=2**53)] | Annotated[float, msgspec.Meta(ge=0)]
"""No more than clients can count exactly, and than a state can be stored with."""
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
"""A time no later than the year 9999, where calendars end."""
Nanoseconds = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Aggregate(msgspec.Struct, gc=False, kw_only=True, tag_field="ev", tag="A"):
    """A bar of one second.

    v: shares in the bar; av: shares today; op: today's official opening price; vw: vwap of the bar;
    o, c, h, l: prices of the bar; a: vwap of the day; z: average trade size; s, e: start and end (ms).
    """

    sym: Symbol
    av: Shares
    c: Price
    s: Milliseconds
    e: Milliseconds
    v: Shares | None = None
    op: Price | None = None
    vw: Price | None = None
    o: Price | None = None
    h: Price | None = None
    l: Price | None = None  # noqa: E741  the vendor's name
    a: Price | None = None
    z: Shares | None = None


class MinuteAggregate(Aggregate, gc=False, kw_only=True, tag_field="ev", tag="AM"):
    """A bar of one minute."""


class Trade(msgspec.Struct, gc=False, kw_only=True, tag_field="ev", tag="T"):
    """A trade.

    x: exchange; i: trade id; z: tape; p: price; s: size; c: conditions; t: time (ms); q: sequence number;
    trfi, trft: trade reporting facility and its time (ms).
    """

    sym: Symbol
    p: Price
    s: Shares
    t: Milliseconds
    x: int | None = None
    i: str | None = None
    z: int | None = None
    c: tuple[int, ...] | None = None
    q: int | None = None
    trfi: int | None = None
    trft: Milliseconds | None = None


class Quote(msgspec.Struct, gc=False, kw_only=True, tag_field="ev", tag="Q"):
    """The national best bid and offer.

    bx, ax: exchanges; bp, ap: prices; bs, as: sizes; c: condition; i: indicators; t: time (ms); q: sequence
    number; z: tape.
    """

    sym: Symbol
    t: Milliseconds
    bp: Price | None = None
    bs: Shares | None = None
    ap: Price | None = None
    as_: Shares | None = msgspec.field(default=None, name="as")
    bx: int | None = None
    ax: int | None = None
    c: int | None = None
    i: tuple[int, ...] | None = None
    q: int | None = None
    z: int | None = None


class Luld(msgspec.Struct, gc=False, kw_only=True, tag_field="ev", tag="LULD"):
    """Limit-up limit-down bands.

    sym: the symbol, ``T`` on the wire; h, l: upper and lower band; i: indicators (17 halt, 18 resume);
    z: tape; t: time (ns); q: sequence number.
    """

    sym: Symbol = msgspec.field(name="T")
    t: Nanoseconds
    h: Price | None = None
    l: Price | None = None  # noqa: E741  the vendor's name
    i: tuple[int, ...] | None = None
    z: int | None = None
    q: int | None = None


class Imbalance(msgspec.Struct, gc=False, kw_only=True, tag_field="ev", tag="NOI"):
    """Net order imbalance of an auction.

    sym: the symbol, ``T`` on the wire; t: time (ms); at: auction time (hhmm); a: auction type; x: exchange;
    o: imbalance and p: paired quantity (shares); b: book clearing price; i: symbol sequence.
    """

    sym: Symbol = msgspec.field(name="T")
    t: Milliseconds
    at: int | None = None
    a: str | None = None
    i: int | None = None
    x: int | None = None
    o: int | None = None
    p: int | None = None
    b: Price | None = None


class FairMarketValue(msgspec.Struct, gc=False, kw_only=True, tag_field="ev", tag="FMV"):
    """The vendor's fair market value. fmv: dollars; t: time (ns)."""

    sym: Symbol
    fmv: Price
    t: Nanoseconds


StockEvent = Aggregate | MinuteAggregate | Trade | Quote | Luld | Imbalance | FairMarketValue
"""Every event type of the vendor's stocks WebSocket."""

_raw_items: Final = msgspec.json.Decoder(list[msgspec.Raw])
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What text that is no event raises: too deep a nesting is a recursion."""


class BatchDecoder(Generic[E]):
    """Decodes JSON arrays of events; a bad event costs itself alone.

    Args:
        kind: What to expect: a tagged struct or a union of several.
    """

    def __init__(self, kind: Any) -> None:  # noqa: ANN401  a union of types has no type
        self._batch = msgspec.json.Decoder(list[kind]).decode
        self._item = msgspec.json.Decoder(kind).decode

    def decode(self, payload: bytes) -> tuple[list[E], Sequence[bytes]]:
        """Return the events of ``payload`` in order, and the slices that are none, verbatim."""
        try:
            return self._batch(payload), ()
        except _UNREADABLE:
            return self._decode_each(payload)

    def _decode_each(self, payload: bytes) -> tuple[list[E], Sequence[bytes]]:
        try:
            items = _raw_items.decode(payload)
        except _UNREADABLE:
            return [], (payload,)
        events: list[E] = []
        rejected: list[bytes] = []
        for item in items:
            try:
                events.append(self._item(item))
            except _UNREADABLE:
                rejected.append(bytes(item))
        return events, rejected
