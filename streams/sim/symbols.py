"""The listings of the synthetic market: tickers, what they are, and how much they usually trade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

MAX_TICKER: Final = 8
"""Longest ticker that the synthetic market makes, in characters."""
DAY_SHARES: Final = 10_000_000_000
"""Shares that the whole US market trades on a usual day."""
SECTORS: Final = 11
"""GICS counts eleven sectors."""
ZIPF_EXPONENT: Final = 1.1
ZIPF_OFFSET: Final = 40.0
"""Activity of rank r is 1 / (r + offset) ** exponent: a few hundred names trade as much as all others."""
IN_PLAY_SHARE: Final = 0.02

_LARGE_CAPS: Final = tuple(
    "NVDA TSLA AAPL AMD PLTR AMZN F INTC MSFT GOOGL META BAC SOFI T AVGO CSCO WMT PFE MU UBER KO VZ C WFC "  # noqa: SIM905  a list of fifty lines hides what it is
    "ORCL NFLX JPM DIS GOOG XOM CRM QCOM JNJ PG V BA NKE CVX HD MA COST ADBE UNH LLY BRK.B BF.B GE IBM "
    "CAT GS".split()
)
_FUNDS: Final = tuple("SPY QQQ SQQQ TQQQ SOXL IWM XLF TLT HYG EEM SLV GLD DIA VTI VOO ARKK".split())  # noqa: SIM905  as above
_HIGH_PRICED: Final = {"BRK.A": 480_000.0, "NVR": 7_600.0, "BKNG": 3_900.0, "AZO": 3_000.0, "SEB": 3_300.0}
_LETTERS: Final = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
_LENGTHS: Final = (1, 2, 3, 4, 5)
_LENGTH_SHARES: Final = (0.002, 0.03, 0.34, 0.55, 0.078)
_SUFFIX_SHARE: Final = 0.03
_SUFFIXES: Final = (".A", ".B", ".U", ".WS")
_TYPE_OF_SUFFIX: Final = {".U": "UNIT", ".WS": "WARRANT"}
_TYPES: Final = ("CS", "ETF", "ADRC", "PFD")
_TYPE_SHARES: Final = (0.62, 0.29, 0.06, 0.03)
_EXCHANGES: Final = ("XNAS", "XNYS", "ARCX", "BATS", "XASE")
_STOCK_EXCHANGE_SHARES: Final = (0.57, 0.37, 0.0, 0.0, 0.06)
_FUND_EXCHANGE_SHARES: Final = (0.2, 0.0, 0.6, 0.2, 0.0)
_TAPES: Final = {"XNYS": 1, "XNAS": 3}
_OTHER_TAPE: Final = 2


@dataclass(frozen=True, slots=True)
class Listing:
    """One security of the synthetic market.

    Attributes:
        symbol: The ticker, with a dot before a share class (``BRK.B``).
        name: The issuer's name.
        security_type: The vendor's type code: CS, ETF, ADRC, PFD, WARRANT, UNIT.
        exchange: Market identifier code of the primary exchange, such as XNAS.
        tape: 1 for NYSE, 2 for the regional exchanges, 3 for Nasdaq.
        sector: 0 to 10.
        price: Dollars, before the first simulated day.
        avg_volume: Shares on a usual day.
        shares_outstanding: Shares.
        free_float: Shares.
        volatility: Standard deviation of a year's log return.
        in_play: Whether news drives it today: it gaps more, moves more and trades more.
    """

    symbol: str
    name: str
    security_type: str
    exchange: str
    tape: int
    sector: int
    price: float
    avg_volume: int
    shares_outstanding: int
    free_float: int
    volatility: float
    in_play: bool


def make_listings(count: int, seed: int) -> tuple[Listing, ...]:
    """Return ``count`` listings, most active first; the same for the same arguments."""
    rng = np.random.default_rng([seed, 1])
    tickers = _tickers(count, rng)
    ranks = np.arange(count)
    activity = (ranks + ZIPF_OFFSET) ** -ZIPF_EXPONENT * rng.lognormal(0.0, 0.5, count)
    volumes = np.maximum(500, activity / activity.sum() * DAY_SHARES)
    prices = np.clip(rng.lognormal(3.1, 1.15, count), 0.15, 2_500.0)
    floats = rng.beta(6.0, 1.5, count)
    turnover_days = rng.lognormal(4.8, 0.8, count)
    volatilities = np.clip(rng.lognormal(-0.9, 0.5, count), 0.08, 2.5)
    in_play = rng.random(count) < IN_PLAY_SHARE
    sectors = rng.integers(0, SECTORS, count)
    listings = []
    for rank, ticker in enumerate(tickers):
        security_type, exchange = _kind(ticker, rng)
        outstanding = int(volumes[rank] * turnover_days[rank])
        listings.append(
            Listing(
                symbol=ticker,
                name=f"{ticker.replace('.', ' Class ')} {'Fund' if security_type == 'ETF' else 'Inc.'}",
                security_type=security_type,
                exchange=exchange,
                tape=_TAPES.get(exchange, _OTHER_TAPE),
                sector=int(sectors[rank]),
                price=_HIGH_PRICED.get(ticker, round(float(prices[rank]), 2)),
                avg_volume=int(volumes[rank]),
                shares_outstanding=outstanding,
                free_float=int(outstanding * floats[rank]),
                volatility=float(volatilities[rank]),
                in_play=bool(in_play[rank]),
            )
        )
    return tuple(listings)


def _tickers(count: int, rng: np.random.Generator) -> list[str]:
    known = [name for pair in zip(_LARGE_CAPS, _FUNDS, strict=False) for name in pair]
    known += _LARGE_CAPS[len(_FUNDS) :]
    tickers = dict.fromkeys(known[:count])
    quiet = [name for name in _HIGH_PRICED if name not in tickers] if count > 10 * len(known) else []
    while len(tickers) < count - len(quiet):
        for ticker in _random_tickers(count, rng):
            if len(tickers) < count - len(quiet) and ticker not in _HIGH_PRICED:
                tickers.setdefault(ticker)
    return [*tickers, *quiet]


def _random_tickers(count: int, rng: np.random.Generator) -> list[str]:
    lengths = rng.choice(_LENGTHS, count, p=_LENGTH_SHARES)
    letters: npt.NDArray[np.str_] = _LETTERS[rng.integers(0, len(_LETTERS), (count, max(_LENGTHS)))]
    suffixed = rng.random(count) < _SUFFIX_SHARE
    suffixes = rng.integers(0, len(_SUFFIXES), count)
    return [
        "".join(row[:length]) + (_SUFFIXES[which] if has_suffix else "")
        for row, length, has_suffix, which in zip(letters, lengths, suffixed, suffixes, strict=True)
    ]


def _kind(ticker: str, rng: np.random.Generator) -> tuple[str, str]:
    drawn = str(rng.choice(_TYPES, p=_TYPE_SHARES))
    on_stock_exchange = str(rng.choice(_EXCHANGES, p=_STOCK_EXCHANGE_SHARES))
    on_fund_exchange = str(rng.choice(_EXCHANGES, p=_FUND_EXCHANGE_SHARES))
    if ticker in _FUNDS:
        return "ETF", on_fund_exchange
    if ticker in _LARGE_CAPS or ticker in _HIGH_PRICED:
        return "CS", on_stock_exchange
    _, dot, suffix = ticker.partition(".")
    if dot:
        return _TYPE_OF_SUFFIX.get("." + suffix, "CS"), on_stock_exchange
    return drawn, on_fund_exchange if drawn == "ETF" else on_stock_exchange
