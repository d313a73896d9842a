"""Backoff."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from streams.backoff import Backoff


def test_waits_grow_to_a_bound_and_vary() -> None:
    backoff = Backoff(first_s=1, longest_s=8)
    waits = [backoff.next_s() for _ in range(50)]
    for wait, bound in zip(waits, [1, 2, 4, 8], strict=False):
        assert bound / 2 <= wait <= bound
    assert all(4 <= wait <= 8 for wait in waits[4:])
    assert len(set(waits[4:])) > 1


def test_after_a_success_the_first_wait_comes_again() -> None:
    backoff = Backoff(first_s=1, longest_s=8)
    for _ in range(5):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() <= 1


async def test_a_cancellation_that_was_lost_takes_effect_at_the_next_wait() -> None:
    begun = asyncio.Event()

    async def try_for_ever() -> None:
        while True:
            begun.set()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            await Backoff(longest_s=0.01).pause()

    trying = asyncio.create_task(try_for_ever())
    await begun.wait()
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(30):
            await trying
