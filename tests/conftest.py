"""What every test shares: an environment of its own, and the real servers where a test asks for them."""

import os
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from streams.local.stack import LocalStack
from streams.settings import Settings

KEPT = {"cache_dir", "maven_url"}
"""Settings that say where downloads come from; all others must not reach a test from its environment."""

for name in {*Settings.model_fields, "polygon_api_key"} - KEPT:
    os.environ.pop(name.upper(), None)


TOGETHER = {
    "whole installations": (
        "tests/integration/test_capacity.py",
        "tests/integration/test_demo.py",
        "tests/integration/test_faults_run.py",
        "tests/integration/test_up.py",
        "tests/web/test_page_",
    ),
    "an installation of two workers": ("tests/integration/test_faults.py",),
    "a protected broker": ("tests/integration/test_protected_kafka.py",),
}
"""Tests that one process runs, one after the other: they share servers that are started once, or two of them
at a time are more than two cores carry."""


class TogetherScheduling(LoadScopeScheduling):
    """Gives each process the next test, and all that belong together to one."""

    def _split_scope(self, nodeid: str) -> str:
        return next((name for name, places in TOGETHER.items() if nodeid.startswith(places)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Return who hands out the tests where several processes run them."""
    return TogetherScheduling(config, log)


@pytest_asyncio.fixture(scope="session")
async def stack() -> AsyncIterator[LocalStack]:
    """Kafka and Redis, started once for all tests; never servers that the developer uses otherwise."""
    async with LocalStack(Settings(), docker=False) as started:
        yield started


@pytest.fixture(scope="session")
def kafka_bootstrap(stack: LocalStack) -> str:
    """Return the real broker's host:port. Topics are shared by all tests: take a prefix of your own."""
    return stack.bootstrap


@pytest.fixture(scope="session")
def redis_url(stack: LocalStack) -> str:
    """Return the real Redis's URL, database 0; take another of 1 to 15 by replacing the last part."""
    return stack.mdc_redis_url


@pytest.fixture
def unused_port() -> Iterator[int]:
    """Return a port that refuses connections for as long as the test runs."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]
