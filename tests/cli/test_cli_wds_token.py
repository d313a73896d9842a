"""``streams wds keys`` and ``streams wds token`` as a user runs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from streams.cli import wds_token
from streams.errors import SettingsError, StreamsError
from streams.settings import Settings
from streams.wds.auth import Gate
from tests.cli.conftest import Command

SECRET = "a secret of the test, 32 bytes long and more"


def test_a_key_and_its_token_open_what_they_say(streams: Command, tmp_path: Path) -> None:
    path = str(tmp_path / "keys.json")
    made = streams("wds", "keys", "add", "office", "--feed", "quote:*", WDS_KEYS_FILE=path)
    arguments = ("wds", "token", "--key", "office", "--feeds", "quote:A,quote:B*", "--ttl", "10m")
    signed = streams(*arguments, WDS_KEYS_FILE=path, WDS_JWT_SECRET=SECRET)
    gate = Gate(Settings(wds_keys_file=Path(path), wds_jwt_secret=SecretStr(SECRET)))
    by_key, by_token = gate.admit(made.out.strip()), gate.admit("", signed.out.strip())
    assert by_key is not None
    assert by_key.feeds == ("quote:*",)
    assert by_token is not None
    assert (by_token.name, by_token.feeds, by_token.parent) == ("office", ("quote:A", "quote:B*"), by_key)
    assert SECRET not in signed.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"key": "nobody"}, "no key named nobody"),
        ({"key": "office", "feeds": ["quote:A,secret"]}, "no such feed: secret"),
        ({"key": "office", "feeds": ["scanners:*"]}, "does not allow scanners:*"),
        ({"key": "office", "ttl": "soon"}, "no span of time: soon"),
        ({"key": "office", "ttl": "0s"}, "no span of time: 0s"),
        ({"key": "office", "ttl": "2h"}, "WDS_JWT_MAX_S"),
    ],
)
def test_a_token_that_cannot_be_made_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: dict[str, Any], said: str
) -> None:
    path = tmp_path / "keys.json"
    path.write_text('{"keys":[{"name":"office","sha256":"%s","feeds":["quote:*"]}]}' % ("0" * 64))
    monkeypatch.setenv("WDS_KEYS_FILE", str(path))
    monkeypatch.setenv("WDS_JWT_SECRET", SECRET)
    with pytest.raises(StreamsError) as caught:
        wds_token.token(**{"ttl": "15m", **arguments})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_token_needs_a_secret() -> None:
    with pytest.raises(SettingsError, match="WDS_JWT_SECRET"):
        wds_token.token("office")
