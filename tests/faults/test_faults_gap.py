from collections import Counter

from streams.faults.arrival import Gap
from streams.faults.results import Identity

RESULTS = {
    identity: Counter([b"1"])
    for identity in (
        ("quote:ABC", ""),
        ("quote:ABCD", ""),
        ("scanners:top_volume", "ABC"),
        ("scanners:top_volume", "XYZ"),
        ("daily_range_hod_alert", "ABC 00ff"),
        ("daily_range_hod_alert", "XYZ 00ff"),
        ("news:feed:latest", "https://a.example"),
    )
}


def kept(*names: str) -> set[Identity]:
    return set(Gap(1, frozenset(names)).without(RESULTS))


def test_without_a_gap_all_is_compared() -> None:
    assert kept() == set(RESULTS)


def test_the_symbols_of_a_gap_are_left_out_everywhere() -> None:
    left = {identity for identity in RESULTS if "ABC" in str(identity) and "ABCD" not in str(identity)}
    assert kept("ABC") == set(RESULTS) - left


def test_the_articles_of_a_gap_are_left_out() -> None:
    assert set(RESULTS) - kept("https://a.example") == {("news:feed:latest", "https://a.example")}
