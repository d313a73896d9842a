"""What the page costs where everything on it changes."""

from __future__ import annotations

import pytest

from benchmarks import dashboard

from .installation import CHROMIUM


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
async def test_three_boards_of_500_rows_twice_a_second_leave_the_page_at_rest_and_its_memory_flat() -> None:
    figures = await dashboard.run(seconds=6, hz=2)
    print(figures)
    # 250 ms a second are what one update a second may cost; here they come twice as often.
    assert figures["script_and_paint_ms_per_s"] <= 2 * 250
    assert 60 < figures["rows_in_document"] < 300
    # Rows that stayed would take 9 MB; what the engine itself keeps varies by less than one.
    assert figures["heap_end_mb"] < figures["heap_begin_mb"] + 4
