"""Passwords: hashed with argon2id, checked off the event loop and only a few at a time.

A hash takes 64 MiB and tens of milliseconds of a core (RFC 9106, the second recommended option), so a flood
of logins must neither fill the memory nor stand before everything else.
"""

from __future__ import annotations

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from streams.errors import BadInputError, UnavailableError

MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 1_024
PARALLEL: Final = 2
MAX_WAITING: Final = 32
"""Checks that may wait for their turn; further ones are told to come again."""

_hasher: Final = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)


def check_new(password: str) -> None:
    """Tell whether a password may be taken.

    Raises:
        BadInputError: It is too short, or absurdly long.
    """
    if len(password) < MIN_LENGTH:
        raise BadInputError(f"the password is too short: {MIN_LENGTH} characters at least")
    if len(password) > MAX_LENGTH:
        raise BadInputError(f"the password is too long: {MAX_LENGTH} characters at most")


class Passwords:
    """Makes hashes and compares passwords with them."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(PARALLEL)
        self._waiting = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Return the hash of a new password.

        Raises:
            BadInputError: It may not be taken.
            UnavailableError: Too many wait.
        """
        check_new(password)
        return await self._in_turn(password, None) or ""

    async def is_right(self, password: str, hashed: str | None) -> bool:
        """Tell whether a password is the one of a hash; it takes as long where there is no such account.

        Args:
            password: What was given.
            hashed: The account's hash; None for no account, which no password opens.

        Raises:
            UnavailableError: Too many wait.
        """
        if len(password) > MAX_LENGTH:
            return False
        if hashed is None and self._nobodys is None:
            self._nobodys = await self._in_turn("nobody's password", None)
        matched = await self._in_turn(password, hashed or self._nobodys)
        return matched is not None and hashed is not None

    async def _in_turn(self, password: str, hashed: str | None) -> str | None:
        """Return the hash of a password, or that given where it matches and None where it does not."""
        if self._waiting >= MAX_WAITING:
            raise UnavailableError("too many logins at once: try again in a moment")
        self._waiting += 1
        try:
            async with self._turn:
                if hashed is None:
                    return await asyncio.to_thread(_hasher.hash, password)
                return hashed if await asyncio.to_thread(_matches, hashed, password) else None
        finally:
            self._waiting -= 1


def _matches(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
