"""The rules that need no server."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as property_settings
from hypothesis import strategies as st

from streams.errors import SettingsError
from streams.scp import company, condition
from streams.scp import passwords as passwords_module
from streams.scp.addresses import network_of
from streams.scp.condition import Sample
from streams.scp.devices import Devices
from streams.scp.login_throttle import (
    FREE_OF_ACCOUNT,
    FREE_OF_ADDRESS,
    FREE_OF_PAIR,
    LONGEST_WAIT_S,
    LoginThrottle,
)
from streams.scp.passwords import Passwords
from streams.scp.roles import Role
from streams.scp.topic_report import Moment, TopicFacts, TopicReport, skew
from streams.scp.watched import watched
from streams.settings import Settings
from streams.wds.visitors import DISCONNECTED


class Clock:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


@pytest.mark.parametrize(
    ("free", "account", "network", "device"),
    [
        (FREE_OF_PAIR, "alice", "there", None),
        (FREE_OF_PAIR, "alice", "network {}", "known"),
        (FREE_OF_ACCOUNT, "alice", "network {}", None),
        (FREE_OF_ADDRESS, "account {}", "there", None),
    ],
)
def test_waits_double_up_to_the_longest(free: int, account: str, network: str, device: str | None) -> None:
    clock = Clock()
    throttle = LoginThrottle(clock)
    waits = []
    for number in range(free + 20):
        tried = (account.format(number), network.format(number), device)
        if wait_s := throttle.begin(*tried):
            waits.append((number, wait_s))
            clock.s += wait_s
            assert throttle.begin(*tried) == 0
    assert waits[:4] == [(free, 2), (free + 1, 4), (free + 2, 8), (free + 3, 16)]
    assert max(wait for _, wait in waits) == waits[-1][1] == LONGEST_WAIT_S


def test_who_guesses_keeps_the_owner_out_of_no_browser_that_is_known() -> None:
    throttle = LoginThrottle(Clock())
    for number in range(1_000):
        throttle.begin("alice", f"network {number}")
        throttle.begin("alice", "home")
    assert throttle.begin("alice", "home", "known") == 0


def test_one_who_guesses_delays_nobody_elsewhere() -> None:
    throttle = LoginThrottle(Clock())
    for _ in range(1_000):
        throttle.begin("alice", "there")
    assert throttle.begin("alice", "home") == 0


def test_tries_at_the_same_time_count_from_their_beginning() -> None:
    throttle = LoginThrottle(Clock())
    assert [throttle.begin("alice", "there") for _ in range(100)].count(0.0) == FREE_OF_PAIR


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
    ],
)
def test_a_customers_addresses_count_as_one(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_browser_is_known_as_one_accounts() -> None:
    devices = Devices("secret")
    name = devices.name("alice")
    assert devices.recognise(name, "alice")
    for forged in (name, f"{name}0", name.rpartition(".")[0], "", "Ä", Devices("other").name("bob")):
        assert not devices.recognise(forged, "bob")


def test_a_success_lets_the_account_start_afresh() -> None:
    throttle = LoginThrottle(Clock())
    for _ in range(3 * FREE_OF_ACCOUNT):
        assert throttle.begin("alice", "home") == 0
        throttle.forgive("alice", "home")
    for _ in range(3 * FREE_OF_PAIR):
        assert throttle.begin("alice", "home", "known") == 0
        throttle.forgive("alice", "home", "known")


def test_the_throttle_forgets_the_oldest_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.scp.login_throttle.MAX_KEPT", 10)
    throttle = LoginThrottle(Clock())
    for number in range(1_000):
        throttle.begin(f"account {number}", f"address {number}")
    assert len(throttle._tries) <= 10


async def test_a_password_opens_its_own_hash_alone() -> None:
    passwords = Passwords()
    hashed = await passwords.hash("a long enough password")
    assert hashed.startswith("$argon2id$")
    assert await passwords.is_right("a long enough password", hashed)
    assert not await passwords.is_right("another password", hashed)
    assert not await passwords.is_right("nobody's password", None)
    assert not await passwords.is_right("x", "no hash at all")


def test_hashes_take_as_much_as_the_standard_recommends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    # RFC 9106, section 4: the second recommended option.
    assert passwords_module._hasher.hash("x").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_roles_are_ordered() -> None:
    assert [role.title for role in sorted(Role)] == ["viewer", "trader", "operator", "admin"]


def sample(at_ms: int, **counters: int) -> Sample:
    return Sample(at_ms, {}, None, dict(counters))


def test_rates_are_a_second_and_start_over_with_the_process() -> None:
    assert condition.rates(sample(0, events=100), sample(2_000, events=300)) == {"events": 100.0}
    assert condition.rates(sample(0, events=100), sample(1_000, events=30)) == {"events": 30.0}
    assert condition.rates(None, sample(1_000, events=30)) == {}
    assert condition.rates(sample(5, events=1), sample(5, events=2)) == {}


@pytest.mark.parametrize(
    ("before", "now", "percent"),
    [
        ({"usage": {"cpu_s": 1.0}}, {"usage": {"cpu_s": 2.5}}, 75.0),
        ({"usage": {"cpu_s": 9.0}}, {"usage": {"cpu_s": 0.5}}, None),
        ({}, {"usage": {"cpu_s": 0.5}}, None),
        ({"usage": 3}, {"usage": {"cpu_s": "1"}}, None),
    ],
)
def test_cpu_is_what_was_spent_between_two_answers(
    before: dict[str, object], now: dict[str, object], percent: float | None
) -> None:
    assert condition.cpu_percent(Sample(0, before), Sample(2_000, now)) == percent
    assert condition.cpu_percent(None, Sample(2_000, now)) is None


def test_a_client_that_an_operator_sent_away_is_no_loss() -> None:
    counters = {f"cut_off.{DISCONNECTED}": 2, "cut_off.takes no data": 1}
    assert condition.drops(counters) == {"cut_off.takes no data": 1}


def test_what_is_not_known_is_none_and_not_zero() -> None:
    assert condition.lag({}) is None
    assert condition.lag({"partitions": [{"lag": None}]}) is None
    assert condition.lag({"partitions": [{"lag": 3}, {"lag": None}, {"lag": 4}]}) == 7


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@property_settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(st.sampled_from(["state", "status", "partitions", "kafka", "last_error"]), json_values)
)
def test_whatever_a_component_says_can_be_described(health: dict[str, object]) -> None:
    condition.lag(health)
    condition.last_error(health)
    condition.state(Sample(0, health))
    condition.flattened(health)


@property_settings(deadline=None, max_examples=50)
@given(json_values)
def test_whatever_the_vendor_sends_is_read_or_refused(results: object) -> None:
    content = msgspec.json.encode({"results": results})
    company.overview(content)
    company.short_interest(content)
    company.short_volume(content)
    company.archived_articles(content)


@pytest.mark.parametrize(
    ("given_symbol", "symbol"),
    [
        ("nvda", "NVDA"),
        ("Nvda", "NVDA"),
        ("Brk.b", "BRK.B"),
        ("BACpB", "BACpB"),
        ("Fp", "Fp"),
        ("BRK.B", "BRK.B"),
        (" A ", "A"),
        ("", None),
        ("A B", None),
        ("ÄB", None),
        ("A" * 17, None),
    ],  # fmt: skip
)
def test_symbols_are_spelled_as_the_vendor_does(given_symbol: str, symbol: str | None) -> None:
    assert company.symbol_of(given_symbol) == symbol


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF0000WEBP", "image/webp"),
        (b'<?xml version="1.0"?><SVG>', "image/svg+xml"),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_images_are_known_by_what_they_begin_with(head: bytes, kind: str | None) -> None:
    assert company.image_type(head) == kind


def test_skew_is_the_largest_over_the_mean() -> None:
    assert skew([1, 1, 1, 1]) == 1
    assert skew([4, 0, 0, 0]) == 4
    assert skew([None, None]) is None
    assert skew([0, 0]) is None


def test_one_topic_that_cannot_be_read_hides_no_other() -> None:
    report = TopicReport()
    report.learn([TopicFacts("md.a", 1, 1, {}), TopicFacts("md.b", 1, 1, {})])
    report.take(Moment(0.0, {("md.b", 0): 0}, {("md.b", 0): 7}, problems={"md.a": "no leader"}))
    broken, fine = report.describe()
    assert (broken["records"], broken["problem"]) == (None, "no leader")
    assert (fine["records"], fine["problem"]) == (7, None)


def test_components_are_named_by_the_setting() -> None:
    settings = Settings(scp_components=["scanner worker 1=http://h:1", "Massive listener=http://h:2/"])
    worker, listener = watched(settings)
    assert (worker.name, worker.kind, worker.is_controllable) == ("scanner-worker-1", "worker", False)
    assert (listener.url, listener.is_controllable) == ("http://h:2", True)


@pytest.mark.parametrize("given_names", [["a"], ["=http://h:1"], ["a=ftp://h"], ["a=http://h", "A=http://i"]])
def test_components_that_cannot_be_understood(given_names: list[str]) -> None:
    with pytest.raises(SettingsError, match="SCP_COMPONENTS"):
        watched(Settings(scp_components=given_names))
