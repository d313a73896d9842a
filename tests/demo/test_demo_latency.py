from streams.demo.latency import LatencyMeter

MS = 1_000_000


def test_the_first_receipt_of_a_bar_is_matched_with_its_sending() -> None:
    meter = LatencyMeter()
    meter.received("A", 1_000, 30 * MS)
    meter.received("A", 1_000, 90 * MS)
    meter.sent([["A", 1_000, 10 * MS], ["B", 1_000, 10 * MS]])
    meter.received("A", 1_000, 500 * MS)
    meter.sent([["A", 1_000, 10 * MS]])
    assert (meter.count, meter.percentiles(50)) == (1, [20.0])


def test_percentiles_are_of_the_nearest_rank() -> None:
    meter = LatencyMeter()
    for number in range(1, 101):
        meter.received("A", number, number * MS)
    meter.sent([["A", number, 0] for number in range(1, 101)])
    assert meter.percentiles(50, 99, 100) == [50.0, 99.0, 100.0]


def test_without_a_match_there_is_no_percentile() -> None:
    assert LatencyMeter().percentiles(50, 99) == [None, None]
