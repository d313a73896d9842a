import io

import pytest
from rich.console import Console

from streams import feeds
from streams.demo.counts import Ledger, account
from streams.demo.readings import Rates, Reading
from streams.demo.screen import LineView, LiveView, percent, price, volume
from streams.demo.spectator import BoardRow
from streams.demo.status import Status


@pytest.mark.parametrize(
    ("shares", "text"),
    [(945, "945"), (12_345, "12.3K"), (1_050_000, "1.05M"), (2.1e9, "2.10B"), (123_456, "123K"), (0, "0")],
)
def test_volume_has_three_digits(shares: float, text: str) -> None:
    assert volume(shares) == text


def test_prices_below_a_dollar_have_four_decimals() -> None:
    assert (price(0.51234), price(12.3)) == ("0.5123", "12.30")


def test_a_change_has_its_sign_and_a_dash_where_it_is_unknown() -> None:
    assert [str(percent(value)) for value in (12.3, -0.5, 1_234.5, None)] == [
        "+12.30%",
        "-0.50%",
        "+1,234%",
        "–",
    ]


@pytest.fixture
def status() -> Status:
    ledger = Ledger()
    ledger.update("Massive listener", {"dropped": {"buffer_full": 3}})
    reading = Reading(0.0, 1_499_697_155_788, account(ledger), 5, 0, finished=False, error=None)
    row = BoardRow(1, "ABC", 1.5, 1_000.0, 12.3)
    return Status(7, reading, Rates(100.0), 20.0, 90.0, 4, {feeds.TOP_GAPPERS: [row]}, {"WDS": 1})


def test_the_line_says_how_it_stands(status: Status) -> None:
    output = io.StringIO()
    view = LineView(Console(file=output, width=80))
    view.show(status)
    view.show(status)
    assert output.getvalue().count("\n") == 1
    for word in (
        "2017-07-10 10:32:35 ET",
        "in 100/s",
        "lag 5",
        "p50 20 p99 90 ms",
        "buffer_full 3",
        "WDS ×1",
    ):
        assert word in output.getvalue()


@pytest.mark.parametrize("width", [80, 160])
def test_the_screen_shows_boards_and_addresses(status: Status, width: int) -> None:
    output = io.StringIO()
    view = LiveView(Console(file=output, width=width, height=60, force_terminal=True))
    view.begin([("WebSocket", "ws://localhost:4202/ws")])
    view.show(status)
    view.end()
    for word in ("ABC", "+12.30%", "ws://localhost:4202/ws", "buffer_full 3"):
        assert word in output.getvalue()
