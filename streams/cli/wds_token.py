"""``streams wds token``: a short-lived token, for a page that must not hold a key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from streams.settings import Settings
    from streams.wds.grants import Grant

UNITS_S: Final = {"": 1, "s": 1, "m": 60, "h": 3_600}
SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)([smh]?)")
EPILOG: Final = (
    "Example: WDS_JWT_SECRET=… streams wds token --key office --feeds 'scanners:*,quote:*' --ttl 15m"
)


def token(
    key: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The key that it stands for: it goes no further. Without WDS_KEYS_FILE: any name.",
        ),
    ],
    feeds: Annotated[
        list[str] | None,
        typer.Option("--feeds", "--feed", help="What it may read: names or globs, by comma; else all."),
    ] = None,
    ttl: Annotated[str, typer.Option(help="How long it holds: 90s, 15m, 1h.")] = "15m",
    max_subscriptions: Annotated[int | None, typer.Option(min=1, help="Most of a client.")] = None,
) -> None:
    """Make a token: stdout has it alone."""
    from datetime import UTC, datetime, timedelta

    from streams import settings
    from streams.errors import SettingsError
    from streams.wds.tokens import Tokens

    loaded = settings.load()
    if loaded.wds_jwt_secret is None:
        raise SettingsError("set WDS_JWT_SECRET to what the WDS checks tokens with (openssl rand -hex 32)")
    tokens = Tokens(loaded.wds_jwt_secret, loaded.wds_jwt_audience, loaded.wds_jwt_max_s)
    life_s = seconds(ttl)
    grant = _grant(loaded, key)
    globs = _checked(feeds or [], grant)
    signed = tokens.sign(key, globs or grant.feeds, life_s, max_subscriptions, grant.key_id)
    until = datetime.now(UTC) + timedelta(seconds=life_s)
    typer.echo(
        f"a token of {key} for {' '.join(globs or grant.feeds)}, until {until:%Y-%m-%d %H:%M:%S} UTC:",
        err=True,
    )
    typer.echo(signed)


def seconds(span: str) -> float:
    """Return the seconds of a span such as ``90s``, ``15m`` or ``1h``.

    Raises:
        BadInputError: It is none.
    """
    from streams.errors import BadInputError

    found = SPAN.fullmatch(span)
    if found is None or not float(found[1]):
        raise BadInputError(f"no span of time: {span} (such as 90s, 15m, 1h)")
    return float(found[1]) * UNITS_S[found[2]]


def _grant(loaded: Settings, name: str) -> Grant:
    from streams.errors import BadInputError
    from streams.wds import keys
    from streams.wds.grants import Grant

    if loaded.wds_keys_file is None:
        return Grant(name)
    entries = [entry for entry in keys.read(loaded.wds_keys_file) if entry.name == name]
    if not entries:
        raise BadInputError(f"there is no key named {name}: streams wds keys list")
    return entries[0].grant()


def _checked(given: list[str], grant: Grant) -> tuple[str, ...]:
    from streams.errors import BadInputError
    from streams.wds.interests import feeds_of

    names = [name for each in given for name in each.split(",") if name]
    for name in names:
        if not feeds_of(name):
            raise BadInputError(f"no such feed: {name}")
        if not grant.may_subscribe(name):
            raise BadInputError(f"the key {grant.name} does not allow {name}")
    return tuple(names)
