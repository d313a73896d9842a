"""The limit of calls in any minute."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.call_limit import WINDOW_S, CallLimit


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@given(
    limit=st.integers(1, 5),
    pauses=st.lists(st.floats(0, 70), max_size=30),
    holds=st.dictionaries(st.integers(0, 29), st.floats(0, 100), max_size=3),
)
def test_no_minute_has_more_calls_and_no_call_waits_longer_than_needed(
    limit: int, pauses: list[float], holds: dict[int, float]
) -> None:
    clock, begun, held_until = Clock(), [0.0], 0.0
    calls = CallLimit(limit, clock)
    begun.clear()
    for number, pause in enumerate(pauses):
        clock.now += pause
        if number in holds:
            calls.hold(holds[number])
            held_until = max(held_until, clock.now + holds[number])
        earliest = max(clock.now, held_until, begun[-limit] + WINDOW_S if len(begun) >= limit else 0.0)
        while wait := calls.wait_s():
            clock.now += wait
        assert abs(clock.now - earliest) < 1e-6
        begun.append(clock.now)


def test_without_a_limit_only_a_hold_makes_calls_wait() -> None:
    clock = Clock()
    calls = CallLimit(None, clock)
    assert [calls.wait_s() for _ in range(100)] == [0.0] * 100
    calls.hold(7)
    calls.hold(3)
    assert calls.wait_s() == 7
