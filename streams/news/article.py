"""An article as clients get it, made of what the vendor sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec

from streams.news import tickers

MAX_BYTES: Final = 512 * 1024
"""Longest article that is kept, in bytes."""
LONG_BYTES: Final = 16 * 1024
"""An article longer than that is kept without its full text, if it has one."""
MAX_TICKERS: Final = 500
"""Most tickers that an article is filed under."""
MAX_TICKER: Final = 16
"""Longest ticker, in characters."""

Text = Annotated[str, msgspec.Meta(pattern=r"\S")]


class Article(msgspec.Struct, array_like=True, frozen=True):
    """One version of an article.

    Attributes:
        link: Its address, by which versions belong together.
        published_ms: When it was published, ms since 1970 UTC, and never later than it was received.
        tickers: The US tickers that it is about.
        value: The JSON object that clients get: the vendor's fields as they came, and ``tickers``.
    """

    link: str
    published_ms: int
    tickers: tuple[str, ...]
    value: bytes


class _Vendor(msgspec.Struct):
    """What of the vendor's article is looked at. Only link and title must be right."""

    link: Annotated[str, msgspec.Meta(max_length=8_192, pattern=r"\S")]
    title: Text
    summary: Any = None
    publishDate: Any = None  # noqa: N815  the vendor's name
    companies: msgspec.Raw = msgspec.Raw(b"null")


_vendor: Final = msgspec.json.Decoder(_Vendor).decode
_companies: Final = msgspec.json.Decoder(list[tickers.Company] | None).decode
_fields: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode: Final = msgspec.json.Encoder().encode


def read(payload: bytes, received_ms: int) -> Article:
    """Return the article of a record of md.news.

    Args:
        payload: The vendor's JSON object.
        received_ms: When it was received, ms since 1970 UTC.

    Raises:
        ValueError: It is no article: no object, too long, or without link or title.
    """
    if len(payload) > MAX_BYTES:
        raise ValueError(f"longer than {MAX_BYTES} bytes")
    try:
        article = _vendor(payload)
        fields = _fields(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    found = _tickers(article)
    if len(payload) > LONG_BYTES:
        fields.pop("content", None)
    fields["tickers"] = msgspec.Raw(_encode(found))
    published_ms = min(_time_ms(article.publishDate, received_ms), received_ms)
    return Article(article.link.strip(), published_ms, found, _encode(fields))


def _tickers(article: _Vendor) -> tuple[str, ...]:
    try:
        companies = _companies(article.companies)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Companies that cannot be read: the text may still tell.
        companies = None
    if companies is not None:
        found = tickers.of_companies(companies)
    else:
        summary = article.summary if isinstance(article.summary, str) else None
        found = tickers.of_text(article.title, summary)
    return tuple(ticker for ticker in found if len(ticker) <= MAX_TICKER)[:MAX_TICKERS]


def _time_ms(date: object, otherwise: int) -> int:
    """Return the time of an ISO 8601 date, UTC where it has no zone, ms since 1970."""
    if not isinstance(date, str):
        return otherwise
    try:
        moment = datetime.fromisoformat(date)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0, int(moment.timestamp() * 1000))
    except (ValueError, OverflowError):
        return otherwise
