"""Curves of volume against sums over the bars."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from streams.volume_curve import CURVE_BYTES, STEP_MS, make_curve, mean_curve, points_of, volume_at

MINUTE_MS = 60_000
bars = st.lists(st.tuples(st.integers(0, 959).map(lambda minute: minute * MINUTE_MS), st.integers(0, 10_000)))


@given(told=bars)
def test_at_each_point_the_volume_is_that_of_all_bars_before_it(told: list[tuple[int, float]]) -> None:
    curve = make_curve(told)
    assert len(curve) == CURVE_BYTES
    for number, point in enumerate(points_of(curve), 1):
        assert point == sum(shares for since_ms, shares in told if since_ms < number * STEP_MS)
        assert volume_at(curve, number * STEP_MS) == point
    assert volume_at(curve, 0) == 0


@given(told=bars, minute=st.integers(0, 1_200))
def test_between_two_points_it_grows_evenly(told: list[tuple[int, float]], minute: int) -> None:
    curve, since_ms = make_curve(told), minute * MINUTE_MS
    here = volume_at(curve, since_ms)
    before = volume_at(curve, since_ms // STEP_MS * STEP_MS)
    after = volume_at(curve, (since_ms // STEP_MS + 1) * STEP_MS)
    assert before <= here <= after
    assert math.isclose(here, before + (after - before) * (minute % 5) / 5)


def test_what_trades_after_the_last_point_counts_for_it() -> None:
    curve = make_curve([(0, 100), (16 * 3_600_000 + 5, 50)])
    assert volume_at(curve, 15 * 3_600_000) == 100
    assert volume_at(curve, 16 * 3_600_000) == 150
    assert volume_at(curve, 20 * 3_600_000) == 150


@given(days=st.lists(st.tuples(bars, st.sampled_from([0.5, 1.0, 4.0])), min_size=1, max_size=4))
def test_a_mean_is_that_of_each_point_in_shares_of_today(
    days: list[tuple[list[tuple[int, float]], float]],
) -> None:
    mean = points_of(mean_curve([(make_curve(told), shares) for told, shares in days]))
    for number, point in enumerate(mean):
        volumes = [points_of(make_curve(told))[number] * shares for told, shares in days]
        assert math.isclose(point, sum(volumes) / len(days), rel_tol=1e-6)
