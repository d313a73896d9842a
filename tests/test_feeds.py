"""Which keys the catalogue takes for which feed."""

import pytest

from streams import feeds


@pytest.mark.parametrize("name", ["low_float", "a", "52_week_highs", "x" * 64])
def test_a_screeners_board_is_a_feed(name: str) -> None:
    assert feeds.feed_of_key(f"scanners:{name}") is feeds.SCREENER


@pytest.mark.parametrize("name", ["", "Low", "a-b", "a:b", "a b", "é", "x" * 65, "a\n", "*"])
def test_no_other_key_is_read_as_a_screeners(name: str) -> None:
    assert feeds.feed_of_key(f"scanners:{name}") is None


def test_a_built_in_board_is_no_screener() -> None:
    assert feeds.feed_of_key("scanners:top_volume") is feeds.TOP_VOLUME
