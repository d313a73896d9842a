"""Browsers that an account has logged in with before: who guesses its password elsewhere does not delay them.

As the OWASP's "device cookies": a signed name that is of no use but to be recognised by.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

LONGEST: Final = 128


class Devices:
    """Names browsers and recognises them.

    Args:
        secret: This installation's.
    """

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"devices", hashlib.sha256)

    def name(self, account: str) -> str:
        """Return a new name for a browser that ``account`` has logged in with."""
        nonce = secrets.token_urlsafe(16)
        return f"{nonce}.{self._proof(account, nonce)}"

    def recognise(self, name: str, account: str) -> bool:
        """Tell whether a browser of this name has been used by ``account``."""
        nonce, _, proof = name[:LONGEST].rpartition(".")
        return hmac.compare_digest(proof.encode(), self._proof(account, nonce).encode())

    def _proof(self, account: str, nonce: str) -> str:
        return hmac.new(self._key, f"{nonce} {account}".encode(), hashlib.sha256).hexdigest()
