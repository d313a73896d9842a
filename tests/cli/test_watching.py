"""What a terminal shows of feeds."""

import json

import pytest

from streams.cli.watching import Tables

ROW = {"rank": 1, "symbol": "ABC", "close": 1.5, "accumulated_volume": 10.0}


def test_a_board_that_is_emptied_shows_no_old_rows(capsys: pytest.CaptureFixture[str]) -> None:
    for boards in ([[ROW]], [[ROW], []]):
        tables = Tables(20)
        tables.open()
        for board in boards:
            tables.put("scanners:movers", json.dumps(board).encode())
        tables.close()
        shown = capsys.readouterr().out
        assert "scanners:movers" in shown
        assert ("ABC" in shown) is (boards[-1] != [])
