import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
from massive import RESTClient
from massive.exceptions import BadResponse
from pydantic import SecretStr

from streams.sim.options import SimOptions
from streams.sim.simulator import Simulator

from .conftest import connected, eventually, post


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[Simulator]:
    options = SimOptions(symbols=2_500, rate=5_000, start="2026-11-20T09:31:00", api_key=SecretStr("right"))
    async with Simulator(options) as running:
        yield running


async def ask(simulator: Simulator, call: Callable[[RESTClient], Any], key: str = "right") -> Any:  # noqa: ANN401  the vendor's models
    # The vendor's client blocks, and the server runs in this loop.
    return await asyncio.to_thread(call, RESTClient(key, base=simulator.rest_url, retries=0))


async def test_the_snapshot_holds_every_listing_with_its_previous_day(simulator: Simulator) -> None:
    tickers = await ask(simulator, lambda rest: rest.get_snapshot_all("stocks"))
    assert len({ticker.ticker for ticker in tickers}) == 2_500
    assert all(0 < t.prev_day.low <= t.prev_day.close <= t.prev_day.high for t in tickers)


async def test_a_snapshot_of_some_tickers(simulator: Simulator) -> None:
    tickers = await ask(simulator, lambda rest: rest.get_snapshot_all("stocks", ["NVDA", "BRK.B"]))
    assert {ticker.ticker for ticker in tickers} == {"NVDA", "BRK.B"}


async def test_the_snapshots_day_is_that_of_the_stream(simulator: Simulator) -> None:
    async with connected(simulator, ["A.NVDA"], "right") as (client, _):
        await eventually(lambda: len(client.events) > 1)
        (ticker,) = await ask(simulator, lambda rest: rest.get_snapshot_all("stocks", ["NVDA"]))
        assert ticker.day.volume >= client.events[0]["av"]


async def test_grouped_daily_bars_of_the_last_session_are_the_previous_day(simulator: Simulator) -> None:
    bars = await ask(simulator, lambda rest: rest.get_grouped_daily_aggs("2026-11-19"))
    previous = await ask(simulator, lambda rest: rest.get_previous_close_agg("NVDA"))
    assert len(bars) == 2_500
    assert [bar.close for bar in bars if bar.ticker == "NVDA"] == [previous[0].close]


async def test_days_follow_one_another(simulator: Simulator) -> None:
    first = await ask(simulator, lambda rest: rest.get_grouped_daily_aggs("2026-11-18"))
    second = await ask(simulator, lambda rest: rest.get_grouped_daily_aggs("2026-11-19"))
    changes = [abs(b.close / a.close - 1) for a, b in zip(first, second, strict=True)]
    assert 0 < sorted(changes)[len(changes) // 2] < 0.1


@pytest.mark.parametrize("day", ["2026-11-15", "2026-11-20", "1990-01-02"])
async def test_days_without_a_past_session_have_no_bars(simulator: Simulator, day: str) -> None:
    assert await ask(simulator, lambda rest: rest.get_grouped_daily_aggs(day)) == []


async def test_floats_come_in_pages(simulator: Simulator) -> None:
    rows = await ask(simulator, lambda rest: list(rest.list_stocks_floats(limit=1_000)))
    assert len({row.ticker for row in rows}) == len(rows) == 2_500
    assert all(row.free_float > 0 and 0 < row.free_float_percent <= 100 for row in rows)


async def test_tickers_come_in_pages(simulator: Simulator) -> None:
    rows = await ask(simulator, lambda rest: list(rest.list_tickers(market="stocks", limit=1_000)))
    symbols = [row.ticker for row in rows]
    assert symbols == sorted(set(symbols))
    assert len(symbols) == 2_500
    assert {row.primary_exchange for row in rows} >= {"XNAS", "XNYS"}


async def test_later_pages_keep_the_filter(simulator: Simulator) -> None:
    rows = await ask(simulator, lambda rest: list(rest.list_tickers(type="ETF", ticker_gte="M", limit=10)))
    assert len(rows) > 10
    assert {row.type for row in rows} == {"ETF"}
    assert min(row.ticker for row in rows) >= "M"


async def test_the_market_status_is_that_of_the_simulated_clock(simulator: Simulator) -> None:
    status = await ask(simulator, lambda rest: rest.get_market_status())
    assert (status.market, status.exchanges.nasdaq) == ("open", "open")
    assert status.server_time.startswith("2026-11-20T09:31:0")


async def test_a_wrong_key_is_refused(simulator: Simulator) -> None:
    with pytest.raises(BadResponse) as refused:
        await ask(simulator, lambda rest: rest.get_snapshot_all("stocks"), "wrong")
    assert json.loads(str(refused.value))["error"] == "Unknown API Key"


async def test_a_bar_before_a_split_is_in_the_shares_of_then_or_of_now(simulator: Simulator) -> None:
    splits = await ask(simulator, lambda rest: list(rest.list_stocks_splits(execution_date="2026-11-20")))
    assert splits
    then = await ask(simulator, lambda rest: rest.get_grouped_daily_aggs("2026-11-19", adjusted=False))
    now = await ask(simulator, lambda rest: rest.get_grouped_daily_aggs("2026-11-19", adjusted=True))
    before, after = ({bar.ticker: bar for bar in bars} for bars in (then, now))
    split = {split.ticker for split in splits}
    assert {symbol for symbol in after if before[symbol].close != after[symbol].close} == split
    for each in splits:
        shares = each.split_to / each.split_from
        old, new = before[each.ticker], after[each.ticker]
        assert old.close == pytest.approx(new.close * shares)
        assert old.volume == pytest.approx(new.volume / shares)


async def test_splits_of_some_days_come_in_pages(simulator: Simulator) -> None:
    def found(rest: RESTClient, limit: int) -> list[tuple[str, str]]:
        splits = rest.list_stocks_splits(
            execution_date_gte="2026-11-09", execution_date_lt="2026-11-19", limit=limit
        )
        return [(split.execution_date, split.ticker) for split in splits]

    pages = await ask(simulator, lambda rest: found(rest, 3))
    assert len(pages) > 3
    assert pages == await ask(simulator, lambda rest: found(rest, 5_000))
    assert {day for day, _ in pages} == {
        "2026-11-09",
        *(f"2026-11-{day}" for day in range(10, 19) if day not in (14, 15)),
    }
    old = await ask(
        simulator,
        lambda rest: list(
            rest.list_splits(execution_date_gte="2026-11-09", execution_date_lt="2026-11-19", limit=3)
        ),
    )
    assert [(split.execution_date, split.ticker) for split in old] == pages


async def test_calls_beyond_the_limit_are_told_when_to_come_again() -> None:
    async with Simulator(SimOptions(symbols=10, rate=10, rest_calls_per_minute=2)) as simulator:
        for _ in range(2):
            await ask(simulator, lambda rest: rest.get_market_status())
        async with httpx.AsyncClient(base_url=simulator.rest_url) as client:
            answer = await client.get("/v1/marketstatus/now?apiKey=x")
        assert (answer.status_code, answer.json()["status"]) == (429, "ERROR")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert simulator.status()["rest"] == {"answered": {"/v1/marketstatus/now": 2}, "refused": 1}


async def test_faults_of_the_rest_on_demand(simulator: Simulator) -> None:
    path = "/v1/marketstatus/now"
    for kind in ("unavailable", "limited", "cut"):
        await post(simulator, "/sim/rest/fault", {"kind": kind, "path": path})
    async with httpx.AsyncClient(base_url=simulator.rest_url) as client:
        answers = [await client.get(path, params={"apiKey": "right"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 429, 200, 200]
    assert answers[3].text.startswith(answers[2].text[:20])
    assert len(answers[2].content) < len(answers[3].content)
