"""The commands that make and change accounts, as an operator types them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli.main import app
from streams.errors import BadInputError

from .conftest import Install

PASSWORD = "a password of mine"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    # Commands turn the libraries' logs off, for their whole process.
    monkeypatch.setattr("logging.disable", lambda _: None)


def run(*arguments: str, stdin: str = "") -> str:
    done = CliRunner().invoke(app, ["scp", *arguments], input=stdin)
    if done.exception is not None:
        raise done.exception
    return done.output


def test_accounts_are_made_listed_changed_and_closed() -> None:
    run("create-admin", "Alice", stdin=f"{PASSWORD}\n")
    run("create-account", "bob", "--role", "operator", stdin=f"{PASSWORD}\n")
    run("set-role", "bob", "viewer")
    run("disable", "bob")
    told = json.loads(run("accounts", "--json"))
    assert [(each["username"], each["role"], each["active"]) for each in told] == [
        ("alice", "admin", True),
        ("bob", "viewer", False),
    ]
    assert "disabled" in run("accounts").splitlines()[1]
    run("enable", "bob")
    assert all(each["active"] for each in json.loads(run("accounts", "--json")))


@pytest.mark.parametrize(
    ("arguments", "stdin", "reason"),
    [
        (("create-admin", "root"), "short", "too short"),
        (("create-admin", "root"), "", "too short"),
        (("create-admin", "a b"), PASSWORD, "cannot be a name"),
        (("create-admin", "alice"), PASSWORD, "alice already"),
        (("set-password", "nobody"), PASSWORD, "no account named 'nobody'"),
        (("disable", "alice"), "", "last admin"),
        (("set-role", "alice", "viewer"), "", "last admin"),
    ],
)
def test_what_cannot_be_done_is_told(arguments: tuple[str, ...], stdin: str, reason: str) -> None:
    run("create-admin", "alice", stdin=PASSWORD)
    with pytest.raises(BadInputError, match=reason):
        run(*arguments, stdin=stdin)


async def test_a_password_may_come_from_the_environment(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    scp = await install()
    monkeypatch.setenv("SCP_NEW_PASSWORD", PASSWORD)
    await asyncio.to_thread(run, "create-admin", "root")
    browser = await scp.browser()
    assert (await browser.log_in("root", PASSWORD)).json()["role"] == "admin"
    log = (await browser.get("/api/audit")).json()["items"]
    assert {entry["user"].partition(":")[0] for entry in log if entry["target"] == "root"} == {
        "(command line",
        "root",
    }
    assert PASSWORD not in str(log)
