"""Sale conditions: what a trade does to the last price, the high and low, and the volume of its symbol.

The vendor numbers the conditions of all tapes in one table and says, for each, what it does to the
consolidated values (``GET /v3/reference/conditions``, ``update_rules.consolidated``). That restates the sale
condition matrices of the two plans. The table here was compared with these, condition by condition:

- the vendor's numbers and rules, in two listings of what the endpoint returns, made by its users;
- CTA (tapes A and B): the matrix of the CTS Pillar output specification (ctaplan.com); UTP (tape C): that of
  the UTP data feed specification (utpplan.com). Both as the documentations of dxFeed and Alpaca give them,
  the rule for the last price also as others have transcribed it of CTS 2.11b and UTP 4.1;
- UTP vendor alerts 2013-6 (odd lots, corrected close) and 2015-4 (contingent trades);
- the vendor's knowledge base, for a Form T in minute bars of extended hours.

They agree but for two: tables of 2020 let a Seller (29) set high and low, today's do not; Stock Option (35)
is the vendor's alone, for the plans made a Contingent Trade (52) of it in 2015. Where the plans say of the
last price "yes, if it is the only qualifying last" the vendor plainly says no; `Effect.IF_FIRST` keeps the
distinction.

Where a trade has several conditions the strictest counts for each value. A condition that is not in the table
(short sale restrictions, financial status, placeholders) says nothing about a trade and changes nothing.

Two rules are simpler here than in the plans: Sold Last (30) sets the last price whichever market reports it
(CTS asks for the listing market, or the one that set it before), and also after 16:00:10 ET (not so in UTP).
"""

from __future__ import annotations

import functools
from enum import IntEnum
from typing import Final, NamedTuple

FORM_T: Final = 12
"""A trade in extended hours."""


class Effect(IntEnum):
    """Whether a trade sets a value. The smaller one is the stricter."""

    NO = 0
    IF_FIRST = 1
    """Only where no other trade of the day has set it."""
    YES = 2


class Rule(NamedTuple):
    """What a condition, or a trade with its conditions, does.

    Attributes:
        last: Whether it sets the last price.
        high_low: Whether it can set the day's high and low.
        volume: Whether its shares count; a print that only tells a price has none.
    """

    last: Effect
    high_low: bool
    volume: bool


_PLAIN: Final = Rule(Effect.YES, high_low=True, volume=True)
_LATE: Final = Rule(Effect.IF_FIRST, high_low=True, volume=True)
_VOLUME_ONLY: Final = Rule(Effect.NO, high_low=False, volume=True)
_PRICE_MARK: Final = Rule(Effect.NO, high_low=False, volume=False)
_CORRECTED_CLOSE: Final = Rule(Effect.YES, high_low=True, volume=False)

RULES: Final[dict[int, Rule]] = {
    0: _PLAIN,  # Regular Sale
    1: _PLAIN,  # Acquisition
    2: _VOLUME_ONLY,  # Average Price Trade
    3: _PLAIN,  # Automatic Execution
    4: _PLAIN,  # Bunched Trade
    5: _LATE,  # Bunched Sold Trade
    6: _PLAIN,  # CAP Election
    7: _VOLUME_ONLY,  # Cash Sale
    8: _PLAIN,  # Closing Prints
    9: _PLAIN,  # Cross Trade
    10: _LATE,  # Derivatively Priced
    11: _PLAIN,  # Distribution
    FORM_T: _VOLUME_ONLY,  # Form T / Extended Hours
    13: _VOLUME_ONLY,  # Extended Hours (Sold Out Of Sequence)
    14: _PLAIN,  # Intermarket Sweep
    15: _PRICE_MARK,  # Market Center Official Close
    16: _PRICE_MARK,  # Market Center Official Open
    17: _PLAIN,  # Market Center Opening Trade
    18: _PLAIN,  # Market Center Reopening Trade
    19: _PLAIN,  # Market Center Closing Trade
    20: _VOLUME_ONLY,  # Next Day
    21: _VOLUME_ONLY,  # Price Variation Trade
    22: _LATE,  # Prior Reference Price
    23: _PLAIN,  # Rule 155 Trade (AMEX)
    24: _PLAIN,  # Rule 127 (NYSE Only)
    25: _PLAIN,  # Opening Prints
    27: _PLAIN,  # Stopped Stock (Regular Trade)
    28: _PLAIN,  # Re-Opening Prints
    29: _VOLUME_ONLY,  # Seller
    30: _PLAIN,  # Sold Last
    31: _PLAIN,  # Sold Last and Stopped Stock
    32: _LATE,  # Sold (Out Of Sequence)
    33: _LATE,  # Sold (Out of Sequence) and Stopped Stock
    34: _PLAIN,  # Split Trade
    35: _PLAIN,  # Stock Option
    36: _PLAIN,  # Yellow Flag Regular Trade
    37: _VOLUME_ONLY,  # Odd Lot Trade
    38: _CORRECTED_CLOSE,  # Corrected Consolidated Close (per listing market)
    41: _PLAIN,  # Trade Thru Exempt
    52: _VOLUME_ONLY,  # Contingent Trade
    53: _VOLUME_ONLY,  # Qualified Contingent Trade
    55: _PLAIN,  # Opening Reopening Trade Detail
}
"""By the vendor's number of the condition."""


@functools.lru_cache(maxsize=4_096)
def rule_of(conditions: tuple[int, ...] | None, *, extended_hours: bool = False) -> Rule:
    """Return what a trade with ``conditions`` does.

    Args:
        conditions: The vendor's numbers; none means a regular sale.
        extended_hours: Whether to judge by the rules of extended hours. The plans have no last price there:
            every trade is a Form T. Scanners follow one, so a Form T counts as a regular sale then.
    """
    rule = _PLAIN
    for condition in conditions or ():
        own = RULES.get(condition)
        if own is None or (extended_hours and condition == FORM_T):
            continue
        rule = Rule(min(rule.last, own.last), rule.high_low and own.high_low, rule.volume and own.volume)
    return rule
