"""How many files the process may have open."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

from streams.wds import open_files


@pytest.fixture
def hard() -> Iterator[int]:
    """The hard limit, under a soft one of 256."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        pytest.skip("this system has no limit")
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("hard")
def test_as_many_are_allowed_as_clients_need(caplog: pytest.LogCaptureFixture) -> None:
    open_files.allow(300)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 300 + open_files.OWN
    open_files.allow(200)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 300 + open_files.OWN
    assert caplog.text == ""


def test_where_the_system_does_not_allow_that_many_it_is_said(
    hard: int, caplog: pytest.LogCaptureFixture
) -> None:
    open_files.allow(hard)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard
    assert f"{hard - open_files.OWN} connections at most, not {hard}" in caplog.text
