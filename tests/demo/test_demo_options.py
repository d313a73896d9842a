from pathlib import Path

import pytest

from streams.demo.options import demo_options
from streams.errors import BadInputError
from streams.platform.components import OTHER_APPS


def test_all_apps_and_none_have_words_of_their_own() -> None:
    assert demo_options({"apps": "all"}).apps == OTHER_APPS
    assert demo_options({"apps": "none"}).apps == ()


def test_what_is_not_given_keeps_its_default() -> None:
    options = demo_options({"rate": 5.0, "symbols": None, "workers": 2, "seconds": None})
    assert (options.market.rate, options.market.symbols, options.workers) == (5.0, 8_000, 2)
    assert (options.wds_port, options.seconds) == (4202, None)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"workers": 0}, "--workers"),
        ({"wds_port": 70_000}, "--wds-port"),
        ({"seconds": 0}, "--seconds"),
        ({"start": "tomorrow"}, "--start"),
        ({"symbols": 0}, "--symbols"),
        ({"speed": 0}, "--input"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(given: dict, word: str) -> None:
    with pytest.raises(BadInputError, match=word):
        demo_options(given)


def test_screeners_are_checked_before_anything_starts(tmp_path: Path) -> None:
    path = tmp_path / "screeners.toml"
    path.write_text('[a]\nsort = "volume"\n')
    assert demo_options({"screeners": path}).screeners == path
    path.write_text("[a]\n")
    with pytest.raises(BadInputError, match=r"screeners.toml:1: a: no order"):
        demo_options({"screeners": path})


def test_a_recording_may_begin_with_a_broken_frame(tmp_path: Path) -> None:
    path = tmp_path / "recording.ndjson"
    path.write_bytes(b'[{"ev":\n[{"ev":"A","sym":"A"}]\n')
    assert demo_options({"input": path}).market.input == path
