"""Which US tickers an article is about.

The vendor's enhanced stream names companies with their listings. The raw one does not: there a press
release's own mention counts, such as "(NASDAQ: ABC)", "(NYSE American: ABC)" or "(Nasdaq: ABC, ABCW)".
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

US_EXCHANGES: Final = frozenset({"XNYS", "XASE", "XNAS"})
"""Market identifier codes (ISO 10383) of NYSE, NYSE American and Nasdaq."""
MAX_TEXT: Final = 65_536
"""How much of a text is looked at, in characters."""


class Listing(msgspec.Struct):
    """Where a company is listed: its ticker there and the exchange's market identifier code."""

    ticker: str | None = None
    exchangeCode: str | None = None  # noqa: N815  the vendor's name


class Company(msgspec.Struct):
    """A company that an article names."""

    ticker: str | None = None
    primaryListing: Listing | None = None  # noqa: N815  the vendor's name


BRACKET_REACH: Final = 400
"""How far before a mention the bracket around it is looked for, in characters."""

_EXCHANGE: Final = re.compile(
    r"\b(?:NASDAQ|NYSE|AMEX)(?:[A-Z]{1,4}\b)?(?:[\s®™/-]{1,3}[A-Z]{1,10}){0,3}[®™]?\s{0,3}:", re.IGNORECASE
)
"""An exchange up to its colon, with its tier or market behind it: "NasdaqGS:", "NYSE American:"."""
# It ends where neither a word nor another exchange's colon follows.
_TICKER: Final = re.compile(
    r"\s{0,5}\$?([A-Z]{1,5}(?:[.\-/][A-Z]{1,3})?)(?![A-Za-z0-9]|[.\-/][A-Za-z0-9])(?!\s{0,5}:)"
)
_SEPARATOR: Final = re.compile(r"\s{0,5}(?:,|;|/|&|and\b)")
# Outside of brackets a headline looks much like a mention: "Nasdaq: A look ahead", "NYSE: BIG LOSSES".
_BARE: Final = re.compile(r"\s{1,5}[A-Z]{2,5}(?![A-Za-z0-9.\-/]*\s+[A-Z]{2})")
_TAG: Final = re.compile(r"<[^<>]{0,2000}>")


def of_companies(companies: Iterable[Company]) -> tuple[str, ...]:
    """Return the tickers of companies whose primary listing is in the US, each once, in order."""
    found = (
        listing.ticker or company.ticker
        for company in companies
        if (listing := company.primaryListing) is not None and listing.exchangeCode in US_EXCHANGES
    )
    return _distinct(ticker for ticker in found if ticker)


def of_text(*texts: str | None) -> tuple[str, ...]:
    """Return the tickers that texts mention at NASDAQ, NYSE or AMEX, each once, in order.

    Markup is no text.
    """
    return _distinct(ticker for text in texts if text for ticker in _mentioned(_plain(text[:MAX_TEXT])))


def _mentioned(text: str) -> Iterator[str]:
    for exchange in _EXCHANGE.finditer(text):
        position = exchange.end()
        is_bracketed = _is_bracketed(text, exchange.start())
        if not is_bracketed and text[position : position + 1].isspace() and not _BARE.match(text, position):
            continue
        while (ticker := _TICKER.match(text, position)) is not None:
            yield ticker[1]
            separator = _SEPARATOR.match(text, ticker.end())
            if separator is None or not is_bracketed:
                break
            position = separator.end()


def _is_bracketed(text: str, position: int) -> bool:
    start = max(0, position - BRACKET_REACH)
    opened = max(text.rfind("(", start, position), text.rfind("[", start, position))
    closed = max(text.rfind(")", start, position), text.rfind("]", start, position))
    return opened > closed


def _plain(text: str) -> str:
    """Return a text without tags and character references; an address is none of its words."""
    return html.unescape(_TAG.sub("", text)) if "<" in text or "&" in text else text


def _distinct(tickers: Iterable[str]) -> tuple[str, ...]:
    # Share classes with a dot, as the market data has them: BRK.B, not BRK-B or BRK/B.
    return tuple(
        dict.fromkeys(ticker.strip().upper().replace("-", ".").replace("/", ".") for ticker in tickers)
    )
