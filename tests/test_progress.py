from typing import Any

from streams.progress import Progress


def reading(position: int, lag: int | None, partition: int = 0) -> dict[str, Any]:
    return {"topic": "md.trades", "partition": partition, "position": position, "lag": lag}


def test_partition_that_lags_and_stands_still_is_stalled_when_patience_ends() -> None:
    progress = Progress(10)
    assert progress.stalled([reading(5, 3)], 100) == []
    assert progress.stalled([reading(5, 7)], 109) == []
    assert progress.stalled([reading(5, 9)], 110) == [("md.trades", 0)]


def test_partition_that_is_read_on_is_not_stalled_however_far_behind() -> None:
    progress = Progress(10)
    assert [progress.stalled([reading(5 + now, 1_000)], now) for now in range(0, 60, 5)] == [[]] * 12


def test_quiet_partition_is_not_stalled_and_its_quiet_time_does_not_count() -> None:
    progress = Progress(10)
    progress.stalled([reading(5, 0)], 100)
    assert progress.stalled([reading(5, 1)], 500) == []
    assert progress.stalled([reading(5, 1)], 505) == []


def test_unknown_lag_is_no_stall() -> None:
    progress = Progress(10)
    progress.stalled([reading(5, None)], 100)
    assert progress.stalled([reading(5, None)], 500) == []


def test_one_stalled_partition_among_others_is_named() -> None:
    progress = Progress(10)
    progress.stalled([reading(5, 3, 0), reading(5, 3, 1)], 100)
    assert progress.stalled([reading(6, 3, 0), reading(5, 3, 1)], 111) == [("md.trades", 1)]


def test_partition_that_went_and_came_back_starts_anew() -> None:
    progress = Progress(10)
    progress.stalled([reading(5, 3)], 100)
    progress.stalled([], 105)
    assert progress.stalled([reading(5, 3)], 111) == []


def test_forgotten_positions_start_anew() -> None:
    progress = Progress(10)
    progress.stalled([reading(5, 3)], 100)
    progress.forget()
    assert progress.stalled([reading(5, 3)], 111) == []
