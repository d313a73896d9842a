import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from massive import RESTClient
from massive.exceptions import BadResponse
from pydantic import SecretStr

from streams.sim.options import SimOptions
from streams.sim.simulator import Simulator

from .conftest import connected, eventually


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
