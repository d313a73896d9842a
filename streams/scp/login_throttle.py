"""How often somebody may try a password: failures make the next one wait.

They count for the account at one address, for the account from wherever, and for the address, so that nobody
can guess on; and none of them for a browser that the account has logged in with before, so that nobody who
guesses can keep its owner out.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final

FREE_OF_PAIR: Final = 5
"""Failures in a row that an account has from one address, or in one known browser, without a wait …"""
FREE_OF_ACCOUNT: Final = 50
"""… an account from wherever …"""
FREE_OF_ADDRESS: Final = 20
"""… and an address, behind which an office may be."""
FIRST_WAIT_S: Final = 2.0
LONGEST_WAIT_S: Final = 300.0
"""Waits double up to this: an account is never shut for good by somebody who guesses."""
FORGET_S: Final = 3_600.0
MAX_KEPT: Final = 50_000
"""Most accounts, addresses and pairs of them that are remembered; the oldest are forgotten first."""


@dataclass(slots=True)
class _Tries:
    failures: int = 0
    until: float = 0.0
    last: float = 0.0


class LoginThrottle:
    """Counts tries. Not for threads.

    A try counts as a failure from its beginning until it is forgiven: many at once gain nothing.

    Args:
        now: A clock in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._tries: OrderedDict[Hashable, _Tries] = OrderedDict()

    def begin(self, account: str, network: str, device: str | None = None) -> float:
        """Begin a try: return 0 where it may be made, else the seconds to wait; it does not count then.

        Args:
            account: Its name.
            network: Where the try comes from.
            device: The browser, where the account has logged in with it before.
        """
        now = self._now()
        counted = [(self._of(key), free) for key, free in _keys(account, network, device)]
        wait_s = max(tries.until for tries, _ in counted) - now
        if wait_s > 0:
            return wait_s
        for tries, free in counted:
            _fail(tries, free, now)
        return 0.0

    def forgive(self, account: str, network: str, device: str | None = None) -> None:
        """Note that a try has succeeded: who made it starts afresh, the others are as they were before."""
        for key, free in _keys(account, network, device):
            if free == FREE_OF_PAIR:
                self._tries.pop(key, None)
            else:
                tries = self._of(key)
                tries.failures = max(0, tries.failures - 1)
                tries.until = 0.0

    def _of(self, key: Hashable) -> _Tries:
        tries = self._tries.get(key)
        if tries is None or self._now() - tries.last > FORGET_S:
            tries = self._tries[key] = _Tries(last=self._now())
        self._tries.move_to_end(key)
        while len(self._tries) > MAX_KEPT:
            self._tries.popitem(last=False)
        return tries


def _keys(account: str, network: str, device: str | None) -> Sequence[tuple[Hashable, int]]:
    """Return what a try counts for, and how many failures that has free."""
    if device is not None:
        return ((("device", account, device), FREE_OF_PAIR),)
    return (
        (("pair", account, network), FREE_OF_PAIR),
        (("account", account), FREE_OF_ACCOUNT),
        (("address", network), FREE_OF_ADDRESS),
    )


def _fail(tries: _Tries, free: int, now: float) -> None:
    tries.failures += 1
    tries.last = now
    if (over := tries.failures - free) >= 0:
        # 2 ** 16 seconds are longer than the longest wait.
        tries.until = now + min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(over, 16))
