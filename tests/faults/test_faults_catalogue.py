import pytest

from streams.errors import BadInputError
from streams.faults.catalogue import CATALOGUE, chosen


def test_every_name_is_there_once() -> None:
    names = [fault.name for fault in CATALOGUE]
    assert len(names) == len(set(names))


def test_the_short_form_has_few() -> None:
    assert 0 < len(chosen((), short=True)) <= 3


def test_named_faults_come_in_the_order_of_the_catalogue() -> None:
    assert [fault.name for fault in chosen(("kill-listener", "flush-redis"), short=False)] == [
        "flush-redis",
        "kill-listener",
    ]


def test_an_unknown_name_is_one_clear_line() -> None:
    with pytest.raises(BadInputError, match="no fault is named 'kill-everything': --list names them"):
        chosen(("kill-everything",), short=False)
