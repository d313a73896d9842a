from streams.listeners.rates import Rates


def test_a_rate_is_the_growth_over_the_window() -> None:
    rates = Rates(window_s=10)
    rates.sample(0, {"T": 0})
    rates.sample(5, {"T": 100, "Q": 50})
    assert rates.per_second() == {"T": 20.0, "Q": 10.0}


def test_what_lies_before_the_window_does_not_count() -> None:
    rates = Rates(window_s=10)
    for second in range(100):
        rates.sample(second, {"T": 1_000 if second < 80 else 1_000 + 10 * (second - 80)})
    assert rates.per_second() == {"T": 10.0}


def test_one_sample_gives_no_rate() -> None:
    rates = Rates()
    assert rates.per_second() == {}
    rates.sample(1, {"T": 5})
    assert rates.per_second() == {}
