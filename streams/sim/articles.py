"""The synthetic newswire: a seeded stream of articles about the synthetic market's listings.

The shapes are those of Finlight's WebSocket (``finlight_client.models``): the enhanced form has the companies
that an article names, the raw one has not. Titles name tickers as press releases do, "(NASDAQ: ABC)".
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from streams.sim.symbols import Listing

MANY_TICKERS: Final = 200
REMEMBERED: Final = 200
"""How many articles may still be published again or corrected."""
ENHANCED_ONLY: Final = frozenset({"companies", "sentiment", "confidence", "content", "countries"})
"""Fields that the raw stream lacks."""

_LABELS: Final = {"XNAS": ("NASDAQ", "Nasdaq"), "XNYS": ("NYSE",), "XASE": ("NYSE American", "AMEX")}
_SOURCES: Final = ("www.prnewswire.example", "www.businesswire.example", "www.globenewswire.example")
_HEADLINES: Final = (
    "{} reports record quarterly revenue",
    "{} announces $50 million share repurchase",
    "{} receives FDA clearance for lead candidate",
    "{} prices public offering of common stock",
    "{} signs definitive agreement to be acquired",
    "{} cuts full-year guidance",
)
_GENERAL: Final = (
    "Fed officials see room to hold rates steady",
    "Oil slips as inventories build",
    "Futures drift ahead of payrolls",
)
_MARKUP: Final = (
    "<b>{}</b> &amp; partners expand; analysts &quot;impressed&quot; <script>alert(1)</script>",
    '<a href="https://example.com/?a=1&amp;b=2">{}</a> &lt;update&gt; &nbsp;volume &gt; average',
)
_EMOJI: Final = ("🚀 {} to the moon 🌕", "👨‍👩‍👧 {} – família, 日本語, naïve café ✅", "📉 {} 🇺🇸")


@dataclass(frozen=True, slots=True)
class SimArticle:
    """One article as it is sent.

    Attributes:
        due_ms: When it is sent, in event time, ms since 1970 UTC.
        fields: The article in its enhanced form.
    """

    due_ms: int
    fields: dict[str, Any]


class ArticleWriter:
    """Writes articles; the same for the same arguments.

    Args:
        listings: What the articles are about, most active first.
        seed: What all randomness comes from.
        start_ms: When the first may be sent, ms since 1970 UTC.
        per_minute: Articles a minute of event time, above 0.
    """

    def __init__(self, listings: Sequence[Listing], *, seed: int, start_ms: int, per_minute: float) -> None:
        self._random = random.Random(f"articles {seed}")  # noqa: S311  a simulation, no secret
        self._named = [listing for listing in listings if listing.exchange in _LABELS] or list(listings)
        self._clock_ms = float(start_ms)
        self._mean_ms = 60_000 / per_minute
        self._count = 0
        self._sent: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)

    def __iter__(self) -> Iterator[SimArticle]:
        """Yield articles in the order in which they are due, without end."""
        kinds: tuple[Callable[[], dict[str, Any]], ...] = (
            self._one_company, self._some_companies, self._no_ticker, self._again, self._corrected,
            self._marked_up, self._with_emoji, self._foreign, self._many_tickers,
        )  # fmt: skip
        weights = (45, 15, 10, 7, 8, 5, 5, 4, 1)
        while True:
            self._clock_ms += self._random.expovariate(1 / self._mean_ms)
            fields = self._random.choices(kinds, weights)[0]()
            self._sent.append(fields)
            yield SimArticle(int(self._clock_ms), fields)

    def _one_company(self) -> dict[str, Any]:
        return self._about(self._choose(1), self._random.choice(_HEADLINES))

    def _some_companies(self) -> dict[str, Any]:
        return self._about(self._choose(self._random.randint(2, 5)), self._random.choice(_HEADLINES))

    def _many_tickers(self) -> dict[str, Any]:
        return self._about(self._choose(MANY_TICKERS), "Stocks on the move: {}")

    def _marked_up(self) -> dict[str, Any]:
        return self._about(self._choose(1), self._random.choice(_MARKUP))

    def _with_emoji(self) -> dict[str, Any]:
        return self._about(self._choose(1), self._random.choice(_EMOJI))

    def _no_ticker(self) -> dict[str, Any]:
        return self._make(self._random.choice(_GENERAL), "No company is named.", [])

    def _foreign(self) -> dict[str, Any]:
        listing = self._choose(1)[0]
        company = _company(listing)
        company["primaryListing"] = {
            "ticker": listing.symbol, "exchangeCode": "XTSE", "exchangeCountry": "CA"
        }  # fmt: skip
        title = f"{listing.name} (TSX: {listing.symbol}) opens mine"
        return self._make(title, "Not listed in the United States.", [company])

    def _again(self) -> dict[str, Any]:
        return dict(self._random.choice(self._sent)) if self._sent else self._no_ticker()

    def _corrected(self) -> dict[str, Any]:
        if not self._sent:
            return self._no_ticker()
        before = self._random.choice(self._sent)
        title = before["title"] if before.get("isUpdate") else f"CORRECTED: {before['title']}"
        return {**before, "title": title, "revisedDate": _iso(self._clock_ms), "isUpdate": True}

    def _choose(self, count: int) -> list[Listing]:
        # The active ones make the news.
        found = {
            int(len(self._named) * self._random.random() ** 2): None for _ in range(count)
        }  # fmt: skip
        return [self._named[position] for position in found]

    def _about(self, listings: list[Listing], headline: str) -> dict[str, Any]:
        mentions = [
            f"({self._random.choice(_LABELS.get(listing.exchange, ('OTC',)))}: {listing.symbol})"
            for listing in listings
        ]
        first = f"{listings[0].name} {mentions[0]}"
        summary = f"Companies: {', '.join(mentions[1:])}." if mentions[1:] else "Details follow."
        return self._make(headline.format(first), summary, [_company(listing) for listing in listings])

    def _make(self, title: str, summary: str, companies: list[dict[str, Any]]) -> dict[str, Any]:
        self._count += 1
        source = self._random.choice(_SOURCES)
        # Sources differ in how late they are: articles do not come in the order of their dates.
        published_ms = self._clock_ms - self._random.expovariate(1 / 20_000)
        return {
            "link": f"https://{source}/{self._random.getrandbits(40):x}/{self._count}",
            "title": title,
            "publishDate": _iso(published_ms),
            "createdAt": _iso(self._clock_ms),
            "source": source,
            "language": "en",
            "summary": summary,
            "images": [],
            "sentiment": self._random.choice(("positive", "neutral", "negative")),
            "confidence": round(self._random.random(), 3),
            "companies": companies,
            "countries": ["US"],
            "categories": ["markets"],
        }


def _company(listing: Listing) -> dict[str, Any]:
    primary = {"ticker": listing.symbol, "exchangeCode": listing.exchange, "exchangeCountry": "US"}
    return {
        "companyId": sum(ord(letter) << 5 * place for place, letter in enumerate(listing.symbol)),
        "name": listing.name,
        "ticker": listing.symbol,
        "confidence": 0.98,
        "country": "US",
        "exchange": listing.exchange,
        "primaryListing": primary,
        "otherListings": [],
    }


def _iso(time_ms: float) -> str:
    return (
        datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
