"""Short-lived signed tokens (JWT, HS256), for clients that must not hold a key: browsers above all.

Claims: ``exp`` and ``iat`` are required; ``sub`` names the client, ``feeds`` (globs) and
``max_subscriptions`` narrow what it may do; ``key`` is the id of the key that it stands for, without which it
is worth nothing.
"""

from __future__ import annotations

import time
from typing import Final

import jwt
import msgspec
from pydantic import SecretStr

from streams.errors import SettingsError
from streams.wds.grants import Grant

ALGORITHM: Final = "HS256"
MIN_SECRET_BYTES: Final = 32
"""As long as the signature, as RFC 7518 (3.2) has it."""
LEEWAY_S: Final = 5
"""By how much the clocks of whoever signs and of the WDS may differ."""


class _Claims(msgspec.Struct):
    exp: float
    iat: float
    sub: str = "token"
    feeds: tuple[str, ...] = ("*",)
    max_subscriptions: int | None = None
    key: str = ""


class Tokens:
    """Signs tokens and checks them.

    Args:
        secret: What they are signed with, 32 bytes at least.
        audience: What their ``aud`` must be; None for whatever.
        longest_s: Longest life that is accepted, in seconds.

    Raises:
        SettingsError: The secret is too short.
    """

    def __init__(self, secret: SecretStr, audience: str | None, longest_s: float) -> None:
        self._secret = secret.get_secret_value()
        self._audience = audience
        self._longest_s = longest_s
        if len(self._secret.encode()) < MIN_SECRET_BYTES:
            raise SettingsError(f"WDS_JWT_SECRET is too short: {MIN_SECRET_BYTES} bytes at least")

    def sign(
        self,
        name: str,
        feeds: tuple[str, ...],
        life_s: float,
        max_subscriptions: int | None = None,
        key_id: str = "",
    ) -> str:
        """Return a token.

        Args:
            name: Whose it is.
            feeds: Globs of the feeds that may be read with it; empty for all.
            life_s: How long it holds, in seconds.
            max_subscriptions: Most subscriptions of a client; None for no limit of its own.
            key_id: The key of the file that it stands for; empty for none.

        Raises:
            SettingsError: It would live longer than tokens may.
        """
        if life_s > self._longest_s:
            raise SettingsError(f"a token lives {self._longest_s:g} s at most (WDS_JWT_MAX_S)")
        now = time.time()
        claims: dict[str, object] = {"sub": name, "iat": int(now), "exp": int(now + life_s)}
        claims["feeds"] = list(feeds or ("*",))
        if self._audience is not None:
            claims["aud"] = self._audience
        if max_subscriptions is not None:
            claims["max_subscriptions"] = max_subscriptions
        if key_id:
            claims["key"] = key_id
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM)

    def find(self, token: str) -> Grant | None:
        """Return what a token says that it allows; None where it is not ours, over, or too long-lived."""
        try:
            decoded = jwt.decode(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                audience=self._audience,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat"], "verify_aud": self._audience is not None},
            )
            claims = msgspec.convert(decoded, _Claims)
        except (jwt.InvalidTokenError, msgspec.ValidationError, UnicodeError, RecursionError):
            return None
        if claims.exp - claims.iat > self._longest_s:
            return None
        return Grant(
            claims.sub,
            claims.key,
            feeds=claims.feeds,
            max_subscriptions=claims.max_subscriptions,
            expires_at=claims.exp + LEEWAY_S,
        )
