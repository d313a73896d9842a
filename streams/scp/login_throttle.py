"""How often somebody may try a password: failures of an account, and of an address, make the next wait."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

FREE_OF_ACCOUNT: Final = 5
"""Failures in a row that an account has without a wait …"""
FREE_OF_ADDRESS: Final = 20
"""… and an address, behind which an office may be."""
FIRST_WAIT_S: Final = 2.0
LONGEST_WAIT_S: Final = 300.0
"""Waits double up to this: an account is never shut for good by somebody who guesses."""
FORGET_S: Final = 3_600.0
MAX_KEPT: Final = 20_000
"""Most accounts, and addresses, that are remembered; the oldest are forgotten first."""


@dataclass(slots=True)
class _Tries:
    failures: int = 0
    until: float = 0.0
    last: float = 0.0


class LoginThrottle:
    """Counts tries by account and by address. Not for threads.

    A try counts as a failure from its beginning until it is forgiven: many at once gain nothing.

    Args:
        now: A clock in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._tries: OrderedDict[Hashable, _Tries] = OrderedDict()

    def begin(self, account: str, address: str) -> float:
        """Begin a try: return 0 where it may be made, else the seconds to wait; it does not count then."""
        now = self._now()
        account_tries, address_tries = self._of("account", account), self._of("address", address)
        wait_s = max(account_tries.until, address_tries.until) - now
        if wait_s > 0:
            return wait_s
        _fail(account_tries, FREE_OF_ACCOUNT, now)
        _fail(address_tries, FREE_OF_ADDRESS, now)
        return 0.0

    def forgive(self, account: str, address: str) -> None:
        """Note that a try has succeeded: the account starts afresh, the address is as it was before."""
        self._tries.pop(("account", account), None)
        tries = self._of("address", address)
        tries.failures = max(0, tries.failures - 1)
        tries.until = 0.0

    def _of(self, kind: str, name: str) -> _Tries:
        key = (kind, name)
        tries = self._tries.get(key)
        if tries is None or self._now() - tries.last > FORGET_S:
            tries = self._tries[key] = _Tries(last=self._now())
        self._tries.move_to_end(key)
        while len(self._tries) > 2 * MAX_KEPT:
            self._tries.popitem(last=False)
        return tries


def _fail(tries: _Tries, free: int, now: float) -> None:
    tries.failures += 1
    tries.last = now
    if (over := tries.failures - free) >= 0:
        # 2 ** 16 seconds are longer than the longest wait.
        tries.until = now + min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(over, 16))
