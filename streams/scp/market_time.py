"""What time it is in the market: now, or where a replay is. Pure rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

REPLAY_AFTER_S: Final = 1_200.0
"""Events that come so long after they happened are replayed: no delayed feed is as late."""
AHEAD_S: Final = 60.0
"""So are those that come so long before it."""
MOST_S: Final = 1_000_000_000.0
"""Events that lie farther away, 31 years, tell no time: theirs is wrong."""
RUNNING_S: Final = 60.0
"""A replay of which nothing has come for so long is over."""


def replayed_ms(healths: Iterable[Mapping[str, Any] | None], now_ms: int) -> int | None:
    """Return how far a replay is, ms since 1970 UTC; None where none plays.

    Args:
        healths: What the components say of themselves; listeners of a market tell how late events come.
        now_ms: The time, ms since 1970 UTC.
    """
    for health in healths:
        match health:
            case {
                "market": str(),
                "last_frame_age_s": int() | float() as age_s,
                "event_delay_s": int() | float() as delay_s,
            } if age_s < RUNNING_S and not -AHEAD_S <= delay_s <= REPLAY_AFTER_S and abs(delay_s) <= MOST_S:
                return now_ms - round((age_s + delay_s) * 1_000)
    return None
