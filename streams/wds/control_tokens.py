"""What the control plane shows to the WDS: a token for one kind of action, over after half a minute.

It is signed with a key that is derived from the secret of clients' tokens (WDS_JWT_SECRET). So no token of a
client is one of these, whatever claims somebody has had signed for it, and none of these lets a client in.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from enum import StrEnum
from typing import Final, Self

import jwt
import msgspec
from pydantic import SecretStr

from streams.settings import Settings
from streams.wds.tokens import ALGORITHM, LEEWAY_S

LIFE_S: Final = 30
_PURPOSE: Final = b"streams: control of the WDS"


class Action(StrEnum):
    """What a token is for."""

    LIST = "list clients"
    DISCONNECT = "disconnect a client"


class _Claims(msgspec.Struct):
    exp: float
    iat: float
    sub: str
    action: str


class ControlTokens:
    """Signs such tokens and checks them.

    Args:
        secret: That of clients' tokens, which `Tokens` has found to be long enough.
    """

    def __init__(self, secret: SecretStr) -> None:
        self._key = hmac.new(secret.get_secret_value().encode(), _PURPOSE, hashlib.sha256).digest()

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Return those of an installation; None where it has no secret."""
        return None if settings.wds_jwt_secret is None else cls(settings.wds_jwt_secret)

    def sign(self, name: str, action: Action) -> str:
        """Return a token.

        Args:
            name: Who wants to do it.
            action: What.
        """
        now = int(time.time())
        claims = {"sub": name, "action": action.value, "iat": now, "exp": now + LIFE_S}
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def find(self, token: str, action: Action) -> str | None:
        """Return who shows a token for this action; None where it is not ours, for another, or over.

        Signatures are compared in constant time.
        """
        try:
            decoded = jwt.decode(
                token, self._key, algorithms=[ALGORITHM], leeway=LEEWAY_S, options={"require": ["exp", "iat"]}
            )
            claims = msgspec.convert(decoded, _Claims)
        except (jwt.InvalidTokenError, msgspec.ValidationError, UnicodeError, RecursionError):
            return None
        is_short = claims.exp - claims.iat <= LIFE_S
        return claims.sub if is_short and claims.action == action else None
