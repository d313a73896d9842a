"""Who gets what of a feed's channels, once it has been found out: not for each message anew."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Final, Generic, TypeVar

from streams.wds import globs
from streams.wds.globs import MAX_CODE_POINT

T = TypeVar("T")

MOST: Final = 65_536
"""Most channels of a feed that are remembered."""


class Resolved(Generic[T]):
    """What was found out of each channel; a subscription has only those forgotten that it may be about.

    Else each client that comes would cost as much as all the globs of the others.
    """

    def __init__(self) -> None:
        self._found: dict[str, T] = {}
        self._channels: list[str] = []

    def get(self, channel: str) -> T | None:
        """Return what was found; None where it has to be found out."""
        return self._found.get(channel)

    def remember(self, channel: str, found: T) -> None:
        """Take note of what was found out."""
        if len(self._found) >= MOST:
            self._found.clear()
            self._channels.clear()
        if channel not in self._found:
            insort(self._channels, channel)
        self._found[channel] = found

    def forget(self, name: str) -> None:
        """Forget a channel, or those that a glob matches."""
        if not globs.is_glob(name):
            if self._found.pop(name, None) is not None:
                del self._channels[bisect_left(self._channels, name)]
            return
        glob = globs.compiled(name)
        start = bisect_left(self._channels, glob.prefix)
        end = bisect_left(self._channels, glob.prefix + chr(MAX_CODE_POINT), start)
        kept: list[str] = []
        for channel in self._channels[start:end]:
            if glob.matches(channel):
                del self._found[channel]
            else:
                kept.append(channel)
        self._channels[start:end] = kept
