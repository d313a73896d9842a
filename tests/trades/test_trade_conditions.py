"""What sale conditions let a trade do."""

from __future__ import annotations

import pytest

from streams.conditions import Effect, rule_of


@pytest.mark.parametrize("conditions", [None, (), (0,), (14, 41), (8,), (30,)])
def test_a_regular_sale_sets_everything(conditions: tuple[int, ...] | None) -> None:
    assert rule_of(conditions) == (Effect.YES, True, True)


@pytest.mark.parametrize("condition", [2, 7, 12, 13, 20, 21, 29, 37, 52, 53])
def test_some_trades_count_for_the_volume_alone(condition: int) -> None:
    assert rule_of((condition,)) == (Effect.NO, False, True)


@pytest.mark.parametrize("condition", [5, 10, 22, 32, 33])
def test_late_trades_set_the_last_price_only_where_there_is_none(condition: int) -> None:
    assert rule_of((condition,)) == (Effect.IF_FIRST, True, True)


@pytest.mark.parametrize("condition", [15, 16])
def test_official_prices_are_no_trades(condition: int) -> None:
    assert rule_of((condition,)) == (Effect.NO, False, False)


def test_a_corrected_close_sets_the_price_without_volume() -> None:
    assert rule_of((38,)) == (Effect.YES, True, False)


def test_the_strictest_of_several_conditions_counts() -> None:
    assert rule_of((14, 10, 37)) == (Effect.NO, False, True)


def test_a_condition_that_is_not_in_the_table_changes_nothing() -> None:
    assert rule_of((9_999,)) == rule_of(None)


def test_in_extended_hours_a_form_t_is_a_regular_sale() -> None:
    assert rule_of((12,), extended_hours=True) == (Effect.YES, True, True)


def test_in_extended_hours_an_odd_lot_is_still_an_odd_lot() -> None:
    assert rule_of((12, 37), extended_hours=True) == (Effect.NO, False, True)
