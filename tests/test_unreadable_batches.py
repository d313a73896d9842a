import pytest

from streams.events import Aggregate, BatchDecoder, Trade
from streams.faults.poison import POISONS
from streams.slices import SliceDecoder


@pytest.mark.parametrize("payload", POISONS, ids=range(len(POISONS)))
def test_no_batch_is_so_bad_that_its_reader_ends(payload: bytes) -> None:
    assert BatchDecoder[Aggregate](Aggregate).decode(payload)[0] == []
    assert SliceDecoder[Trade](Trade).decode(payload).events == []


def test_nesting_without_end_is_one_rejected_slice() -> None:
    payload = b"[" * 100_000
    assert BatchDecoder[Aggregate](Aggregate).decode(payload) == ([], (payload,))
    assert SliceDecoder[Trade](Trade).decode(payload).rejected == (payload,)
