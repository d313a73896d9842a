from collections import Counter

from streams import feeds
from streams.faults.expiry import Expiry
from streams.faults.results import Identity, Results

BAR: Identity = (feeds.AGGREGATE.key("ABC"), "")
ROW: Identity = (feeds.QUOTE.key("ABC"), "")
TTL = feeds.AGGREGATE.ttl


def results(value: bytes) -> Results:
    return {BAR: Counter([value]), ROW: Counter([value])}


def expiry(*pieces: tuple[bytes, float]) -> Expiry:
    made = Expiry()
    for value, at in pieces:
        made.note(results(value), at)
    return made


def test_what_is_gone_in_its_time_is_expected() -> None:
    assert BAR in expiry((b"1", 0)).without_expired(results(b"1"), {}, TTL)


def test_what_is_gone_after_its_time_is_not() -> None:
    assert set(expiry((b"1", 0)).without_expired(results(b"1"), {}, TTL + 1)) == {ROW}


def test_the_time_begins_with_a_new_value() -> None:
    assert BAR in expiry((b"1", 0), (b"2", 10)).without_expired(results(b"2"), {}, TTL + 1)
    assert BAR not in expiry((b"1", 0), (b"1", 10)).without_expired(results(b"1"), {}, TTL + 1)


def test_what_is_there_is_expected_however_old() -> None:
    assert BAR in expiry((b"1", 0)).without_expired(results(b"1"), results(b"0"), TTL + 1)
