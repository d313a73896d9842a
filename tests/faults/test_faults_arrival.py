import json

from streams.faults.arrival import Missing, Record, missing
from streams.topics import AGGREGATES, NEWS, TRADES

A, B, C = ('{"ev":"T","sym":"%s"}' % symbol for symbol in "ABC")  # noqa: UP031  braces


def frame(*events: str) -> bytes:
    return f"[{','.join(events)}]".encode()


def article(link: str, title: str = "t") -> bytes:
    return json.dumps({"link": link, "title": title}).encode()


def test_what_has_arrived_in_other_batches_is_not_missing() -> None:
    records = [Record(TRADES, frame(C)), Record(AGGREGATES, frame(A, B))]
    assert missing([frame(A, B, C)], [], records) == Missing(0, 0)


def test_an_event_that_was_sent_twice_is_missing_where_it_is_there_once() -> None:
    assert missing([frame(A, B), frame(A)], [], [Record(TRADES, frame(A, B))]) == Missing(1, 0)


def test_what_arrived_twice_makes_up_for_nothing_else() -> None:
    assert missing([frame(A, B)], [], [Record(TRADES, frame(A, A))]) == Missing(1, 0)


def test_versions_of_an_article_are_one() -> None:
    sent = [article("a"), article("a", "corrected"), article("b")]
    assert missing([], sent, [Record(NEWS, article("a"))]) == Missing(0, 1)
