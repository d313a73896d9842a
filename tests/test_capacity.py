from __future__ import annotations

from dataclasses import replace

import pytest

from streams.capacity import Demand, Prices, plan

DEMAND = Demand(200_000)


def test_more_of_anything_never_needs_less() -> None:
    before = plan(DEMAND)
    for more in (
        replace(DEMAND, events_per_s=400_000),
        replace(DEMAND, symbols=16_000),
        replace(DEMAND, clients=5_000),
        replace(DEMAND, replication=3),
    ):
        after = plan(more)
        assert after.cores >= before.cores
        assert after.memory_gb >= before.memory_gb
        assert after.dollars_a_month(Prices()) > before.dollars_a_month(Prices())


def test_a_feed_is_published_ten_times_a_second_at_most() -> None:
    assert plan(replace(DEMAND, events_per_s=1e9, symbols=10)).values_per_s <= 4 * 10 * 10


def test_a_record_gathers_for_its_linger_at_least() -> None:
    busiest = plan(replace(DEMAND, events_per_s=1e9))
    assert busiest.records_per_s <= 8 * (2 / DEMAND.linger_s + 5)


def test_replicas_cost_the_broker_alone() -> None:
    one, three = plan(DEMAND), plan(replace(DEMAND, replication=3))
    assert three.broker_in_mb_s == pytest.approx(3 * one.broker_in_mb_s)
    assert three.redis_commands_per_s == one.redis_commands_per_s
