"""How a symbol's volume grows over a trading day: shares since 04:00 ET, every five minutes until 20:00 ET.

A curve is packed: 768 bytes, for every symbol has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from struct import Struct
from typing import Final

import msgspec

STEP_MS: Final = 5 * 60_000
POINTS: Final = 192
"""From 04:05 to 20:00 ET."""
_CURVE: Final = Struct(f"<{POINTS}f")
_TWO: Final = Struct("<2f")
_ONE: Final = Struct("<f")
CURVE_BYTES: Final = _CURVE.size


class SessionCurve(msgspec.Struct, array_like=True):
    """A record of md.volume-curves: a symbol's volume over one day.

    Attributes:
        symbol: The symbol.
        day_ms: Start of the day (04:00 ET), ms since 1970 UTC.
        curve: The packed curve.
    """

    symbol: str
    day_ms: int
    curve: bytes


encode: Final = msgspec.msgpack.Encoder().encode
decode: Final = msgspec.msgpack.Decoder(SessionCurve).decode


def make_curve(bars: Iterable[tuple[int, float]]) -> bytes:
    """Return the curve of a day.

    Args:
        bars: When each bar began, ms since 04:00 ET, and its shares; bars beyond 20:00 ET count for the end.
    """
    traded = [0.0] * POINTS
    for since_ms, shares in bars:
        traded[min(since_ms // STEP_MS, POINTS - 1)] += shares
    return _CURVE.pack(*accumulate(traded))


def mean_curve(curves: Sequence[tuple[bytes, float]]) -> bytes:
    """Return the mean of curves, each with how many shares of today one of its shares is."""
    days = [[volume * shares for volume in _CURVE.unpack(curve)] for curve, shares in curves]
    return _CURVE.pack(*(sum(volumes) / len(days) for volumes in zip(*days, strict=True)))


def volume_at(curve: bytes, since_ms: int) -> float:
    """Return the shares up to a time of the day, ms since 04:00 ET; between two points in proportion."""
    step, rest_ms = divmod(since_ms, STEP_MS)
    if step >= POINTS:
        (last,) = _ONE.unpack_from(curve, CURVE_BYTES - _ONE.size)
        return float(last)
    if step == 0:
        (after,) = _ONE.unpack_from(curve)
        return float(after) * rest_ms / STEP_MS
    before, after = _TWO.unpack_from(curve, (step - 1) * _ONE.size)
    return float(before + (after - before) * rest_ms / STEP_MS)


def points_of(curve: bytes) -> tuple[float, ...]:
    """Return the shares at each point."""
    return _CURVE.unpack(curve)
