"""Keys of a file, tokens, and what they allow."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from pydantic import SecretStr

from streams.errors import SettingsError
from streams.wds import keys
from streams.wds.grants import Grant
from streams.wds.keys import Keyring
from streams.wds.tokens import Tokens

LONG_SECRET = "a secret of the test" * 4
SECRET = SecretStr("a secret of the test, 32 bytes long and more")


def test_a_key_is_found_and_its_file_does_not_hold_it(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    key, entry = keys.make("office", ("quote:*",), 2, 3)
    keys.write(path, [entry])
    assert Keyring(path).find(key) == entry.grant()
    assert Keyring(path).find("wrong") is None
    assert key not in path.read_text()


def test_a_key_added_or_removed_counts_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    ring = Keyring(path)
    key, entry = keys.make("office", (), None, None)
    keys.write(path, [entry])
    assert ring.find(key) == entry.grant()
    keys.write(path, [])
    assert ring.find(key) is None
    assert not ring.stands(entry.grant())


def test_a_broken_file_leaves_the_keys_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    key, entry = keys.make("office", (), None, None)
    keys.write(path, [entry])
    ring = Keyring(path)
    path.write_text("no JSON {")
    assert ring.find(key) == entry.grant()
    with pytest.raises(SettingsError, match="no file of keys"):
        Keyring(path)


def test_a_token_allows_what_it_says() -> None:
    tokens = Tokens(SECRET, None, 60)
    grant = tokens.find(tokens.sign("page", ("quote:*",), 30))
    assert grant is not None
    assert (grant.name, grant.feeds) == ("page", ("quote:*",))


def test_a_token_that_is_over_or_lives_too_long_or_is_not_ours_is_none() -> None:
    long = Tokens(SECRET, None, 1_000)
    assert Tokens(SECRET, None, 60).find(long.sign("page", (), 900)) is None
    assert long.find(long.sign("page", (), -900)) is None
    assert Tokens(SecretStr("x" * 32), None, 1_000).find(long.sign("page", (), 30)) is None
    assert long.find("no token") is None


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("quote:A", True),
        ("quote:*", True),
        ("*", True),
        ("scanners:*", False),
        ("scanners:top_volume", False),
    ],
)
def test_a_grant_is_bounded_by_its_feeds(name: str, allowed: bool) -> None:
    assert Grant("office", feeds=("quote:*",)).may_subscribe(name) is allowed


@pytest.mark.parametrize(
    ("changed", "algorithm", "secret"),
    [
        ({}, "none", ""),
        ({}, "HS512", LONG_SECRET),
        ({"exp": None}, "HS256", LONG_SECRET),
        ({"iat": None}, "HS256", LONG_SECRET),
        ({"feeds": "quote:*"}, "HS256", LONG_SECRET),
        ({"feeds": [1]}, "HS256", LONG_SECRET),
        ({"aud": "another"}, "HS256", LONG_SECRET),
    ],
)
def test_a_token_made_otherwise_is_none(changed: dict[str, Any], algorithm: str, secret: str) -> None:
    now = int(time.time())
    claims = {"sub": "page", "iat": now, "exp": now + 30, "feeds": ["*"], "aud": "us"}
    tokens = Tokens(SecretStr(LONG_SECRET), "us", 60)
    good = jwt.encode(claims, LONG_SECRET, algorithm="HS256")
    assert tokens.find(good) is not None
    merged = {name: value for name, value in {**claims, **changed}.items() if value is not None}
    assert tokens.find(jwt.encode(merged, secret, algorithm=algorithm)) is None
