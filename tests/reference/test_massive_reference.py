"""The loader's fetching, with the vendor's own client, from the simulator's REST."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import date, time
from pathlib import Path
from typing import Any

import httpx
import pytest
from massive import RESTClient
from pydantic import SecretStr

from streams.errors import SettingsError, StreamsError, UnavailableError
from streams.reference import calls
from streams.reference.loader import Collected, collect
from streams.reference.massive import MassiveReference
from streams.reference.model import Reference
from streams.reference.past_curves import PastCurves
from streams.sessions import at
from streams.settings import Settings
from streams.sim.options import SimOptions
from streams.sim.simulator import Simulator
from streams.volume_curve import POINTS, make_curve, points_of

from .conftest import Noted

SYMBOLS = 1_500
PAGES = {"float": 1, "tickers": 2, "splits": 1, "grouped": 20, "marketstatus": 1}
START = "2026-11-20T07:00:00"


@asynccontextmanager
async def market(start: str = START, **options: object) -> AsyncIterator[Simulator]:
    given = {"symbols": SYMBOLS, "rate": 10, "start": start, "api_key": SecretStr("right"), **options}
    async with Simulator(SimOptions.model_validate(given)) as simulator:
        yield simulator


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with market() as simulator:
        yield simulator


@pytest.fixture
def noted() -> Noted:
    return Noted()


Load = Callable[..., Any]


async def no_curves(_: Collection[int]) -> PastCurves:
    return {}


@pytest.fixture
def load(tmp_path: Path, noted: Noted, monkeypatch: pytest.MonkeyPatch) -> Load:
    monkeypatch.setattr(calls, "FIRST_RETRY_S", 0.01)

    async def load(
        simulator: Simulator, key: str = "right", *, fresh: bool = False, calls_per_minute: int = 0
    ) -> Collected:
        settings = Settings(
            massive_rest_url=simulator.rest_url,
            massive_api_key=SecretStr(key),
            data_dir=tmp_path,
            reference_calls_per_minute=calls_per_minute,
        )
        return await collect(settings, noted, no_curves, fresh=fresh)

    return load


async def spoil(simulator: Simulator, kind: str, path: str, calls: int = 1) -> None:
    async with httpx.AsyncClient(base_url=simulator.rest_url) as client:
        answer = await client.post("/sim/rest/fault", json={"kind": kind, "path": path, "calls": calls})
    assert answer.status_code == 200


def answered(simulator: Simulator) -> dict[str, int]:
    """Return how many calls of each kind were answered."""
    counts = simulator.status()["rest"]["answered"]
    return {kind: sum(count for path, count in counts.items() if kind in path) for kind in PAGES}


def by_symbol(collected: Collected) -> dict[str, Reference]:
    return {reference.symbol: reference for reference in collected.references}


async def test_every_symbol_is_known_in_every_field(simulator: Simulator, load: Load) -> None:
    loaded = await load(simulator)
    assert (loaded.day.date, loaded.previous, loaded.has_previous) == (
        date(2026, 11, 20),
        date(2026, 11, 19),
        True,
    )
    assert len(by_symbol(loaded)) == SYMBOLS
    assert not [each for each in loaded.references if None in (each.prev_day_vwap, each.avg_volume)]
    assert not [each for each in loaded.references if None in (each.free_float, each.security_type)]
    assert {each.exchange for each in loaded.references} >= {"XNAS", "XNYS"}
    assert answered(simulator) == PAGES


async def test_what_splits_adjust_is_what_the_vendor_adjusts(simulator: Simulator, load: Load) -> None:
    known = by_symbol(await load(simulator))
    client = RESTClient("right", base=simulator.rest_url)
    splits = await asyncio.to_thread(
        lambda: list(client.list_stocks_splits(execution_date_gt="2026-10-23", limit=5_000))
    )
    assert {split.execution_date for split in splits} >= {"2026-11-20", "2026-11-19", "2026-10-26"}
    adjusted: dict[str, list[Any]] = {split.ticker: [] for split in splits}
    for day in map(
        date.fromordinal, range(date(2026, 11, 19).toordinal(), date(2026, 10, 22).toordinal(), -1)
    ):
        for bar in await asyncio.to_thread(client.get_grouped_daily_aggs, day, adjusted=True):
            if bar.ticker in adjusted:
                adjusted[bar.ticker].append(bar)
    for symbol, bars in adjusted.items():
        reference = known[symbol]
        assert len(bars) == 20
        assert reference.prev_day_close == pytest.approx(bars[0].close)
        assert reference.prev_day_vwap == pytest.approx(bars[0].vwap)
        assert reference.prev_day_volume == pytest.approx(bars[0].volume)
        assert reference.avg_volume == pytest.approx(sum(bar.volume for bar in bars) / 20)


async def test_usual_volumes_are_of_the_ten_sessions_before_in_shares_of_today(
    simulator: Simulator, tmp_path: Path
) -> None:
    client = RESTClient("right", base=simulator.rest_url)
    splits = await asyncio.to_thread(
        lambda: list(client.list_stocks_splits(execution_date_gte="2026-11-01", limit=5_000))
    )
    dates = Counter(split.ticker for split in splits)
    today = {
        split.ticker: split.split_to / split.split_from
        for split in splits
        if split.execution_date == "2026-11-20" and dates[split.ticker] == 1
    }
    assert today
    asked: list[int] = []

    async def curves(days_ms: Collection[int]) -> PastCurves:
        asked.extend(days_ms)
        whole = dict.fromkeys(days_ms, make_curve([(0, 1_000)]))
        return {"SPY": dict(list(whole.items())[1:]), **dict.fromkeys(today, whole)}

    settings = Settings(
        massive_rest_url=simulator.rest_url, massive_api_key=SecretStr("right"), data_dir=tmp_path
    )
    known = by_symbol(await collect(settings, Noted(), curves))
    assert sorted(asked) == [
        at(date(2026, 11, day), time(4)) for day in (6, 9, 10, 11, 12, 13, 16, 17, 18, 19)
    ]
    assert known["SPY"].volume_curve is None
    for symbol, shares in today.items():
        curve = known[symbol].volume_curve
        assert curve is not None
        assert points_of(curve) == pytest.approx([1_000 * shares] * POINTS)


async def test_a_second_load_of_the_day_asks_for_nothing_again(simulator: Simulator, load: Load) -> None:
    first = await load(simulator)
    assert (await load(simulator)).references == first.references
    assert answered(simulator) == {**PAGES, "marketstatus": 2}
    assert (await load(simulator, fresh=True)).references == first.references
    assert answered(simulator) == {**{kind: 2 * count for kind, count in PAGES.items()}, "marketstatus": 3}


async def test_a_load_that_was_cut_off_goes_on_where_it_was(
    simulator: Simulator, load: Load, noted: Noted
) -> None:
    loading = asyncio.create_task(load(simulator, calls_per_minute=12))
    async with asyncio.timeout(60):
        while sum(answered(simulator).values()) < 12:  # noqa: ASYNC110  the simulator has no event for it
            await asyncio.sleep(0.02)
    # All that were allowed are answered; the last of them are being kept.
    await asyncio.sleep(0.2)
    loading.cancel()
    await asyncio.gather(loading, return_exceptions=True)
    assert len(by_symbol(await load(simulator))) == SYMBOLS
    assert answered(simulator) == {**PAGES, "marketstatus": 2}
    assert noted.lines == []


async def test_a_damaged_page_is_fetched_again(
    simulator: Simulator, load: Load, noted: Noted, tmp_path: Path
) -> None:
    first = await load(simulator)
    (path,) = tmp_path.rglob("2026-11-18/0.json.gz")
    path.write_bytes(path.read_bytes()[:-100])
    assert (await load(simulator)).references == first.references
    assert answered(simulator)["grouped"] == PAGES["grouped"] + 1
    (line,) = noted.lines
    assert "2026-11-18" in line


async def test_the_next_day_asks_for_one_session(load: Load, tmp_path: Path) -> None:
    async with market("2026-11-19T07:00:00", rest_port=0) as simulator:
        await load(simulator)
        port = int(simulator.rest_url.rpartition(":")[2])
    async with market(rest_port=port) as simulator:
        assert (await load(simulator)).day.date == date(2026, 11, 20)
        assert answered(simulator) == {**PAGES, "grouped": 1}
    assert len(list(tmp_path.rglob("bars/*/*.gz"))) == 20


async def test_bars_asked_for_on_their_own_day_are_asked_for_again_on_the_next(
    simulator: Simulator, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def evening_before(_: MassiveReference) -> int:
        return at(date(2026, 11, 19), time(20, 30))

    with monkeypatch.context() as patch:
        patch.setattr(MassiveReference, "now_ms", evening_before)
        for _ in range(2):
            assert (await load(simulator)).day.date == date(2026, 11, 20)
        assert answered(simulator) == {**PAGES, "marketstatus": 0}
    assert (await load(simulator)).day.date == date(2026, 11, 20)
    twice = {kind: 2 * PAGES[kind] for kind in ("float", "tickers", "splits")}
    assert answered(simulator) == {**twice, "grouped": 21, "marketstatus": 1}


async def test_a_call_too_many_waits_as_long_as_it_is_told(
    simulator: Simulator, load: Load, noted: Noted
) -> None:
    await spoil(simulator, "limited", "grouped", 2)
    assert len(by_symbol(await load(simulator))) == SYMBOLS
    assert answered(simulator) == PAGES
    assert set(noted.lines) == {"the vendor takes no more calls; going on in 1 s"}


@pytest.mark.parametrize("kind", ["unavailable", "cut"])
async def test_an_answer_that_fails_for_once_is_asked_for_again(
    simulator: Simulator, load: Load, kind: str
) -> None:
    await spoil(simulator, kind, "", 3)
    assert len(by_symbol(await load(simulator))) == SYMBOLS
    assert answered(simulator) == PAGES


@pytest.mark.parametrize(("kind", "word"), [("unavailable", "503"), ("cut", "JSON")])
async def test_an_answer_that_keeps_failing_ends_the_load(
    simulator: Simulator, load: Load, kind: str, word: str
) -> None:
    await spoil(simulator, kind, "float", 1_000)
    with pytest.raises(UnavailableError, match=word):
        await load(simulator)


async def test_a_bad_entry_is_told_and_no_other_is_lost(
    simulator: Simulator, load: Load, noted: Noted
) -> None:
    await spoil(simulator, "bad_entry", "2026-11-19")
    await spoil(simulator, "bad_entry", "float")
    loaded = await load(simulator)
    assert len(by_symbol(loaded)) == SYMBOLS
    assert len([each for each in loaded.references if each.prev_day_close is None]) == 1
    assert len([each for each in loaded.references if each.free_float is None]) == 1
    assert sorted(line.partition(":")[0] for line in noted.lines) == [
        "1 of the bars of 2026-11-19 cannot be read and are left out",
        "1 of the free floats cannot be read and are left out",
    ]


async def test_floats_that_the_plan_does_not_hold_stay_unknown(
    simulator: Simulator, load: Load, noted: Noted
) -> None:
    await spoil(simulator, "not_entitled", "float")
    loaded = await load(simulator)
    assert {each.free_float for each in loaded.references} == {None}
    assert len(noted.lines) == 1
    assert "free floats" in noted.lines[0]


async def test_without_splits_nothing_is_loaded(simulator: Simulator, load: Load) -> None:
    await spoil(simulator, "not_entitled", "splits")
    with pytest.raises(StreamsError, match="plan"):
        await load(simulator)


async def test_a_wrong_key_is_told_without_it(simulator: Simulator, load: Load) -> None:
    with pytest.raises(SettingsError, match="MASSIVE_API_KEY") as refused:
        await load(simulator, "wrong-key")
    assert "wrong-key" not in str(refused.value)


async def test_a_vendor_that_is_not_there(unused_port: int) -> None:
    settings = Settings(massive_rest_url=f"http://127.0.0.1:{unused_port}", massive_api_key=SecretStr("k"))
    with pytest.raises(UnavailableError, match=r"\(NewConnectionError\): check MASSIVE_REST_URL"):
        await collect(settings, Noted(), no_curves)
