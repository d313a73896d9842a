from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from streams.bars.minute import Hour
from streams.bars.traded import TradedHour
from streams.halts.status import SymbolHalts
from streams.news.archive import FiledArticle
from streams.reference.model import KnownReference
from streams.scanner.symbol import SymbolState
from streams.state.versions import RowDecoder
from streams.trades.block import Block

if TYPE_CHECKING:
    from tests.state.conftest import Counting, Load

encode = msgspec.msgpack.encode


class Name(msgspec.Struct, tag_field="v", tag=1):
    offset: int
    name: str


class Names(msgspec.Struct, tag_field="v", tag=2):
    offset: int
    names: list[str]
    note: str = ""


class Later(msgspec.Struct, tag_field="v", tag=3):
    offset: int


decoder = RowDecoder(Names, {Name: lambda old: Names(old.offset, [old.name])})


@pytest.mark.parametrize(
    ("row", "read"),
    [
        (Name(7, "a"), Names(7, ["a"])),
        (Names(7, ["a", "b"], "c"), Names(7, ["a", "b"], "c")),
        ({"v": 2, "offset": 7, "names": []}, Names(7, [])),
        ({"v": 2, "offset": 7, "names": [], "unknown": 1}, Names(7, [])),
    ],
)
def test_rows_of_each_known_version_are_read_as_todays(row: object, read: Names) -> None:
    assert decoder.decode(encode(row)) == read


@pytest.mark.parametrize("row", [Later(7), {"offset": 7}, {"v": 2, "offset": 7}, [2, 7]])
def test_rows_of_other_versions_are_refused(row: object) -> None:
    with pytest.raises(msgspec.DecodeError):
        decoder.decode(encode(row))


@pytest.mark.parametrize(
    "row", [Block, FiledArticle, Hour, KnownReference, SymbolHalts, SymbolState, TradedHour]
)
def test_every_table_writes_its_rows_version(row: type[msgspec.Struct]) -> None:
    assert row.__struct_config__.tag_field == "v"
    assert row.__struct_config__.tag == 1


@pytest.mark.timeout(300)
async def test_a_new_version_takes_over_under_load_and_an_old_one_says_why_it_cannot(
    counting: Counting, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await counting.workers.start("1")
    await load.send_for(2)
    monkeypatch.setenv("COUNT_LATER", "yes")
    await counting.workers.start("2")
    await load.send_for(2)
    await old.stop()
    await load.send_for(2)
    await counting.check(load)
    for worker in counting.workers.running():
        await worker.stop()
    monkeypatch.delenv("COUNT_LATER")
    again = counting.workers.make("1")
    await again.launch()
    assert await asyncio.wait_for(again.ended(), 60) != 0
    assert "run the version that wrote them" in again.log_path.read_text()
