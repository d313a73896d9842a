from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.news.article import LONG_BYTES, MAX_BYTES, read

NOW_MS = 1_780_000_000_000


def article(**fields: Any) -> bytes:  # noqa: ANN401  any JSON value
    return json.dumps({"link": "https://x/1", "title": "t", **fields}, ensure_ascii=False).encode()


def test_fields_come_as_they_were_and_tickers_besides() -> None:
    fields = {"title": "ä <b>🚀</b> (NYSE: ABC)", "confidence": 0.10, "novel": [1, {"x": None}]}
    value = json.loads(read(article(**fields), NOW_MS).value)
    assert value == {"link": "https://x/1", **fields, "tickers": ["ABC"]}


def test_companies_count_before_the_text() -> None:
    company = {"ticker": "ONE", "primaryListing": {"ticker": "ONE", "exchangeCode": "XNAS"}}
    title = "(NYSE: ABC)"
    assert read(article(title=title, companies=[company]), NOW_MS).tickers == ("ONE",)
    assert read(article(title=title, companies=[]), NOW_MS).tickers == ()
    assert read(article(title=title, companies=None), NOW_MS).tickers == ("ABC",)
    assert read(article(title=title), NOW_MS).tickers == ("ABC",)


@pytest.mark.parametrize("companies", [{}, "ONE", [7], [{"primaryListing": 7}]])
def test_companies_that_cannot_be_read_leave_the_text(companies: object) -> None:
    assert read(article(title="(NYSE: ABC)", companies=companies), NOW_MS).tickers == ("ABC",)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2026-01-02T03:04:05.678Z", 1_767_323_045_678),
        ("2026-01-02T03:04:05", 1_767_323_045_000),
        ("2026-01-01T22:04:05-05:00", 1_767_323_045_000),
        ("2999-01-01T00:00:00Z", NOW_MS),
        ("0001-01-01T00:00:00Z", 0),
        ("soon", NOW_MS),
        (7, NOW_MS),
        (None, NOW_MS),
    ],
)
def test_the_time_is_the_publishers_but_never_later_than_the_receipt(date: object, expected: int) -> None:
    assert read(article(publishDate=date), NOW_MS).published_ms == expected


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b'{"link":"x"}',
        b'{"title":"x"}',
        b'{"link":"","title":"x"}',
        b'{"link":" ","title":"x"}',
        b'{"link":"x","title":" "}',
        b'{"link":7,"title":"x"}',
        b'{"link":"x","title":null}',
        b'{"link":"x","title":"\xed\xa0\xbd"}',
        article(summary="x" * MAX_BYTES),
        b'{"link":"x","title":"t","a":' + b"[" * 5_000,
    ],
)
def test_what_is_no_article_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match="."):
        read(payload, NOW_MS)


def test_a_long_article_is_kept_without_its_full_text() -> None:
    assert "content" in json.loads(read(article(content="short"), NOW_MS).value)
    assert "content" not in json.loads(read(article(content="x" * LONG_BYTES), NOW_MS).value)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    try:
        read(payload, NOW_MS)
    except ValueError:
        return
