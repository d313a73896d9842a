"""The archive: the newest articles, each link once, as the lists that clients read.

An article stands where its first version was published; a later version takes that place, and so does one
that comes a second time. What the lists hold depends on the articles alone, not on the order in which links
arrive: they are ordered by time, then link, and the oldest go when there are too many.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from streams.news.article import Article

MAX_ARTICLES: Final = 20_000
"""Most articles that are kept: twice what the longest list shows, for tickers that have little news."""

Place = tuple[int, str]
"""Where an article stands: minus its time (ms), and its link. The smallest is the newest."""


class Origin(NamedTuple):
    """Where a version lay on md.news, and when it was received (ms since 1970 UTC)."""

    partition: int
    offset: int
    received_ms: int

    def precedes(self, other: Origin) -> bool:
        """Tell whether this is the other one, or comes before it, as what is delivered again does.

        A topic that was made anew counts from 0 again, and a clock may be set back; not both say so then.
        """
        return (
            self.partition == other.partition
            and self.offset <= other.offset
            and self.received_ms <= other.received_ms
        )


class FiledArticle(msgspec.Struct, gc=False, tag_field="v", tag=1):
    """A row: one kept article in its newest version.

    Attributes:
        offset: The row's stamp.
        article: The version; its time is that of the first one.
        origin: Where the version lay on md.news.
    """

    offset: int
    article: Article
    origin: Origin


class ArticleList:
    """Articles in order, newest first, by place."""

    def __init__(self) -> None:
        self._places: list[Place] = []
        self._values: list[bytes] = []

    def __len__(self) -> int:
        return len(self._places)

    def put(self, place: Place, value: bytes) -> None:
        """Put an article in its place, instead of the version that stands there."""
        index = bisect_left(self._places, place)
        if index < len(self._places) and self._places[index] == place:
            self._values[index] = value
        else:
            self._places.insert(index, place)
            self._values.insert(index, value)

    def remove(self, place: Place) -> None:
        """Remove the article that stands there."""
        index = bisect_left(self._places, place)
        del self._places[index], self._values[index]

    def newest(self, count: int) -> list[bytes]:
        """Return the newest ``count`` articles."""
        return self._values[:count]

    @property
    def first(self) -> Place:
        """The newest article's place."""
        return self._places[0]

    @property
    def last(self) -> Place:
        """The oldest article's place."""
        return self._places[-1]


class Archive:
    """The articles of the one partition, over the rows of its write-behind table.

    Rows have numbers for keys, used again and again: a table cannot forget a key.

    Args:
        rows: The rows as recovered; changed here.
        bound: Most articles that are kept.
    """

    def __init__(self, rows: dict[str, FiledArticle], bound: int = MAX_ARTICLES) -> None:
        self.latest = ArticleList()
        self.by_ticker: dict[str, ArticleList] = {}
        self._rows = rows
        self._bound = bound
        self._key_of: dict[str, str] = {}
        self._changed: set[str | None] = set()
        for key, row in list(rows.items()):
            known = self._key_of.get(row.article.link)
            # A crash between two writes may leave a link in a row that was used again meanwhile.
            if known is None or rows[known].offset < row.offset:
                self._key_of[row.article.link] = key
        used = set(self._key_of.values())
        self._free = [key for key in map(str, range(bound)) if key not in used]
        for key in used:
            self._list(rows[key].article)

    def __len__(self) -> int:
        return len(self._key_of)

    def file(self, article: Article, origin: Origin, offset: int) -> bool:
        """Take a version of an article.

        Args:
            article: The version.
            origin: Where it lay on md.news.
            offset: The stamp of the row that holds it.

        Returns:
            Whether anything changed: not where this or a later version is known, or the article is older than
            all that are kept.
        """
        key = self._key_of.get(article.link)
        if key is None:
            return self._add(article, origin, offset)
        row = self._rows[key]
        if origin.precedes(row.origin):
            return False
        before = row.article
        article = msgspec.structs.replace(article, published_ms=before.published_ms)
        self._rows[key] = FiledArticle(offset, article, origin)
        for ticker in before.tickers:
            if ticker not in article.tickers:
                self._unlist(ticker, before)
        self._list(article)
        return article.value != before.value

    def take_changed(self) -> set[str | None]:
        """Return whose lists changed since the last call: tickers, and None for the list of all."""
        changed, self._changed = self._changed, set()
        return changed

    def newest(self, ticker: str | None, count: int) -> list[bytes]:
        """Return the newest articles about a ticker, of all where it is None, newest first."""
        if ticker is None:
            return self.latest.newest(count)
        found = self.by_ticker.get(ticker)
        return [] if found is None else found.newest(count)

    def tickers(self, within_ms: int) -> Iterator[str]:
        """Yield the tickers whose newest article is at most ``within_ms`` older than the newest of all."""
        if self.latest:
            oldest = self.latest.first[0] + within_ms
            yield from (ticker for ticker, found in self.by_ticker.items() if found.first[0] <= oldest)

    def newest_times(self) -> dict[str, int]:
        """Return when each ticker's newest article was published, ms since 1970 UTC."""
        return {ticker: -found.first[0] for ticker, found in self.by_ticker.items()}

    def _add(self, article: Article, origin: Origin, offset: int) -> bool:
        if not self._free:
            if _place(article) > self.latest.last:
                return False
            self._evict()
        key = self._free.pop()
        self._key_of[article.link] = key
        self._rows[key] = FiledArticle(offset, article, origin)
        self._list(article)
        return True

    def _evict(self) -> None:
        key = self._key_of.pop(self.latest.last[1])
        article = self._rows[key].article
        for ticker in article.tickers:
            self._unlist(ticker, article)
        self.latest.remove(_place(article))
        self._free.append(key)

    def _list(self, article: Article) -> None:
        place = _place(article)
        self.latest.put(place, article.value)
        self._changed.add(None)
        for ticker in article.tickers:
            self.by_ticker.setdefault(ticker, ArticleList()).put(place, article.value)
            self._changed.add(ticker)

    def _unlist(self, ticker: str, article: Article) -> None:
        found = self.by_ticker[ticker]
        found.remove(_place(article))
        if not found:
            del self.by_ticker[ticker]
        self._changed.add(ticker)


def _place(article: Article) -> Place:
    return -article.published_ms, article.link
