"""What the vendor says of a company, as clients get it: pure functions from its JSON to ours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

SYMBOL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-+=/^]{0,15}")

Fields = dict[str, Any]

_OVERVIEW: Final = (
    "name", "description", "homepage_url", "list_date", "market_cap", "primary_exchange", "sic_description",
    "total_employees", "share_class_shares_outstanding", "weighted_shares_outstanding", "type", "cik",
)  # fmt: skip
_SHORT_INTEREST: Final = ("short_interest", "days_to_cover", "avg_daily_volume", "settlement_date")
_SHORT_VOLUME: Final = (
    "short_volume", "total_volume", "short_volume_ratio", "date", "nyse_short_volume",
    "nasdaq_carteret_short_volume",
)  # fmt: skip
_IMAGES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)
_HEAD: Final = 512
_SHORT: Final = 2


def symbol_of(given: str) -> str | None:
    """Return a symbol as the vendor spells it, None for what is none.

    Those in small letters are raised, but for a capital that a keyboard may have begun with (Nvda): preferred
    shares have a small letter among capitals (BACpB, Fp).
    """
    symbol = given.strip()
    if not SYMBOL.fullmatch(symbol):
        return None
    is_typed_small = symbol.islower() or len(symbol) > _SHORT and symbol[1:].islower()
    return symbol.upper() if is_typed_small else symbol


def overview(content: bytes) -> Fields:
    """Return who a company is; empty where the vendor does not know.

    Raises:
        msgspec.DecodeError: It is not the vendor's JSON.
    """
    found = _results(content)
    if not isinstance(found, Mapping) or not found.get("name"):
        return {}
    branding = found.get("branding")
    logo = branding.get("logo_url") or branding.get("icon_url") if isinstance(branding, Mapping) else None
    return {**_chosen(found, _OVERVIEW), "logo_url": logo if isinstance(logo, str) else None}


def short_interest(content: bytes) -> Fields:
    """Return a symbol's newest short interest; empty where there is none.

    Raises:
        msgspec.DecodeError: It is not the vendor's JSON.
    """
    return _first(content, _SHORT_INTEREST)


def short_volume(content: bytes) -> Fields:
    """Return a symbol's newest short volume; empty where there is none.

    Raises:
        msgspec.DecodeError: It is not the vendor's JSON.
    """
    return _first(content, _SHORT_VOLUME)


def archived_articles(content: bytes) -> list[Fields]:
    """Return the vendor's archived articles, as those of the news feed look.

    Raises:
        msgspec.DecodeError: It is not the vendor's JSON.
    """
    found = _results(content)
    entries = [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []
    return [
        {
            "title": entry["title"],
            "summary": entry.get("description"),
            "url": entry["article_url"],
            "source": _name(entry.get("publisher")),
            "published_at": entry.get("published_utc"),
            "sentiment": _sentiment(entry.get("insights")),
            "confidence": None,
        }
        for entry in entries
        if entry.get("title") and entry.get("article_url")
    ]


def live_articles(values: Sequence[bytes]) -> list[Fields]:
    """Return the news feed's entries for a ticker; those that cannot be read are left out."""
    articles = []
    for value in values:
        try:
            entry = msgspec.json.decode(value, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        kept = _chosen(entry, ("title", "summary", "source", "sentiment", "confidence"))
        articles.append({**kept, "url": entry.get("link"), "published_at": entry.get("publishDate")})
    return articles


def image_type(content: bytes) -> str | None:
    """Return the media type of an image by what it begins with; None for what is none."""
    for beginning, kind in _IMAGES:
        if content.startswith(beginning):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return "image/svg+xml" if b"<svg" in content[:_HEAD].lower() else None


def _results(content: bytes) -> Any:  # noqa: ANN401  whatever the vendor sent
    return msgspec.json.decode(content, type=dict[str, Any]).get("results")


def _first(content: bytes, names: Sequence[str]) -> Fields:
    found = _results(content)
    is_one = isinstance(found, list) and found and isinstance(found[0], Mapping)
    return _chosen(found[0], names) if is_one else {}


def _chosen(found: Mapping[str, Any], names: Sequence[str]) -> Fields:
    return {name: found.get(name) for name in names}


def _name(publisher: object) -> str | None:
    return publisher.get("name") if isinstance(publisher, Mapping) else None


def _sentiment(insights: object) -> str | None:
    first = insights[0] if isinstance(insights, list) and insights else None
    return first.get("sentiment") if isinstance(first, Mapping) else None
