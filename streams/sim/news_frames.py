"""What of the newswire a client gets: its filter, and articles as messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import msgspec

from streams.sim.articles import ENHANCED_ONLY
from streams.sim.frames import Selection
from streams.sim.subscriptions import Subscriptions

ARTICLE: Final = "article"


class FilterRequest(msgspec.Struct):
    """What a client asks for: its first message."""

    clientNonce: str = ""  # noqa: N815  the vendor's name
    query: str | None = None
    tickers: list[str] | None = None
    sources: list[str] | None = None
    excludeSources: list[str] | None = None  # noqa: N815
    language: str | None = None
    extended: bool | None = False
    includeEntities: bool | None = False  # noqa: N815
    includeUpdates: bool = False  # noqa: N815


class NewsFilter(Subscriptions):
    """What one client gets: the articles that its request asks for, from the stream of its path."""

    def __init__(self, request: FilterRequest, *, is_raw: bool) -> None:
        super().__init__()
        self._request = request
        self._is_raw = is_raw

    def __bool__(self) -> bool:
        """Say that articles are wanted: a client has no other way to be here."""
        return True

    def select(self, fields: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the article as the client gets it; None where it does not."""
        request = self._request
        source = fields.get("source")
        if (
            (fields.get("isUpdate") and not request.includeUpdates)
            or (request.sources and source not in request.sources)
            or (request.excludeSources and source in request.excludeSources)
            or (request.language and fields.get("language") != request.language)
            or not self._answers_query(fields)
            or (request.tickers and not self._is_raw and not self._names_ticker(fields))
        ):
            return None
        hidden = set(ENHANCED_ONLY) if self._is_raw else set()
        if not request.includeEntities:
            hidden |= {"companies", "countries"}
        if not request.extended:
            hidden.add("content")
        return {name: value for name, value in fields.items() if name not in hidden}

    def _answers_query(self, fields: Mapping[str, Any]) -> bool:
        text = f"{fields.get('title')} {fields.get('summary')}".lower()
        return all(word in text for word in (self._request.query or "").lower().split())

    def _names_ticker(self, fields: Mapping[str, Any]) -> bool:
        wanted = self._request.tickers or ()
        return any(company.get("ticker") in wanted for company in fields.get("companies") or ())


@dataclass(frozen=True, slots=True)
class NewsFrame:
    """One article as a message: a Frame."""

    due_ms: int
    fields: Mapping[str, Any] = field(repr=False)
    counts: Mapping[str, int] = field(default_factory=lambda: {ARTICLE: 1})
    is_text: bool = True

    @property
    def payload(self) -> bytes:
        """The whole article's message."""
        return _message(self.fields)

    def select(self, subscriptions: Subscriptions) -> Selection | None:
        """Return the message as the client gets it; None where it does not."""
        chosen = cast("NewsFilter", subscriptions).select(self.fields)
        return None if chosen is None else (_message(chosen), self.counts)

    def bars(self) -> Sequence[tuple[str, int]]:
        """Return nothing: articles are no bars."""
        return ()


def _message(fields: Mapping[str, Any]) -> bytes:
    return json.dumps({"action": "sendArticle", "data": fields}, ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
