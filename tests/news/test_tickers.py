from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.news.tickers import Company, of_companies, of_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme Corp. (NASDAQ: ACME) rises", "ACME"),
        ("Acme (Nasdaq:ACME)", "ACME"),
        ("Acme (nasdaq: ACME)", "ACME"),
        ("Acme (NYSE: A)", "A"),
        ("Acme (NYSE American: ACM)", "ACM"),
        ("Acme (NYSE Arca: ACM)", "ACM"),
        ("Acme (NASDAQ GS: ACME)", "ACME"),
        ("Acme (NasdaqCM: ACME)", "ACME"),
        ("Acme (NYSE MKT: ACM), Bolt (AMEX: BLT)", "ACM BLT"),
        ("Acme [NASDAQ: ACME]", "ACME"),
        ("Acme (“Acme”) (NASDAQ: ACME, ACMEW)", "ACME ACMEW"),
        ("Acme (NYSE: ACM and ACMP)", "ACM ACMP"),
        ("Acme (NASDAQ: ACME; TSX: ACM)", "ACME"),
        ("Acme (TSX: ACM, NASDAQ: ACME)", "ACME"),
        ("Acme (TSX: ACM; NYSE: ACME.B)", "ACME.B"),
        ("Berkshire (NYSE: BRK-B, BRK/A)", "BRK.B BRK.A"),
        ("Acme (the “Company”; NASDAQ: ACME) said", "ACME"),
        ("Acme (NASDAQ: $ACME)", "ACME"),
        ("Acme (NASDAQ®: ACME)", "ACME"),
        ("Acme (NASDAQ:\nACME)", "ACME"),
        ("Acme, NASDAQ:ACME, rose", "ACME"),
        ("Acme, NASDAQ: ACME, rose", "ACME"),
        ("twice (NYSE: ACM) and (NYSE: ACM)", "ACM"),
        ('<b>Acme</b> (NASDAQ:&nbsp;<a href="/q?s=NYSE:XX">ACME</a>)', "ACME"),
        ("Acme &#40;NASDAQ: ACME&#41;", "ACME"),
        ("🚀 (NASDAQ: ACME) 🌕", "ACME"),
        ("Acme (TSX: ACM)", ""),
        ("Acme (OTC: ACME)", ""),
        ("Acme (NASDAQ: acme)", ""),
        ("Acme (NASDAQ)", ""),
        ("Nasdaq: A look ahead", ""),
        ("NYSE: BIG LOSSES AGAIN", ""),
        ("(Nasdaq: Stocks fall)", ""),
        ("(NASDAQ: TOOLONG)", ""),
        ("", ""),
    ],
)
def test_mentions_in_text(text: str, expected: str) -> None:
    assert " ".join(of_text(text)) == expected


def test_title_and_summary_both_count_and_either_may_be_missing() -> None:
    assert of_text("One (NYSE: ONE)", "Two (NASDAQ: TWO), One (NYSE: ONE)") == ("ONE", "TWO")
    assert of_text("One (NYSE: ONE)", None) == ("ONE",)


def test_two_hundred_tickers() -> None:
    tickers = [f"{a}{b}{c}" for a in "ABCDEFGH" for b in "ABCDE" for c in "ABCDE"]
    assert of_text(", ".join(f"(NASDAQ: {ticker})" for ticker in tickers)) == tuple(tickers)
    assert of_text(f"(NYSE: {', '.join(tickers)})") == tuple(tickers)


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    of_text(text)


@given(
    st.lists(st.from_regex(r"[A-Z]{1,5}", fullmatch=True), unique=True, min_size=1, max_size=20),
    st.sampled_from(["NASDAQ", "NYSE", "AMEX", "Nasdaq", "NYSE American"]),
    st.text(alphabet="abc ,.;🚀é", max_size=20),
)
def test_each_mention_is_found_whatever_stands_around(tickers: list[str], exchange: str, around: str) -> None:
    text = around.join(f"({exchange}: {ticker})" for ticker in tickers)
    assert of_text(f"{around}{text}{around}") == tuple(tickers)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["(", "(NASDAQ ", "(NYSE: A, ", "<", "NASDAQ:", "[NYSE - ", "(nyse nyse ", "&"]
)
def test_long_odd_texts_take_no_time(piece: str) -> None:
    of_text(piece * 5_000)


def _companies(*companies: dict[str, Any]) -> list[Company]:
    return msgspec.convert(list(companies), list[Company])


def test_companies_count_by_their_primary_listing_in_the_us() -> None:
    found = of_companies(
        _companies(
            {
                "ticker": "ONE",
                "primaryListing": {"ticker": "ONE", "exchangeCode": "XNAS", "exchangeCountry": "US"},
            },
            {"ticker": "TWO", "primaryListing": {"ticker": "TWO", "exchangeCode": "XNYS"}},
            {"ticker": "SIX", "primaryListing": {"ticker": "BRK-B", "exchangeCode": "XASE"}},
            {"ticker": "TSX", "primaryListing": {"ticker": "TSX", "exchangeCode": "XTSE"}},
            {"ticker": "ETF", "primaryListing": {"ticker": "ETF", "exchangeCode": "ARCX"}},
            {"ticker": "NON", "primaryListing": None},
            {"ticker": "LOW", "primaryListing": {"exchangeCode": "XNAS"}},
            {"name": "no listing"},
            {"ticker": "ONE", "primaryListing": {"ticker": "ONE", "exchangeCode": "XNAS"}},
        )
    )
    assert found == ("ONE", "TWO", "BRK.B", "LOW")
