"""Who wants what by globs: found by how a channel begins, without a look at each glob."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Generic, TypeVar

from streams.wds.globs import Glob

T = TypeVar("T")


class GlobIndex(Generic[T]):
    """The globs of one feed, and who holds each. Compiled globs live as long as they are in it."""

    def __init__(self) -> None:
        self._by_prefix: dict[str, dict[Glob, set[T]]] = {}
        self._lengths: Counter[int] = Counter()

    def __bool__(self) -> bool:
        """Return whether anybody holds any."""
        return bool(self._by_prefix)

    def add(self, glob: Glob, holder: T) -> None:
        """Take note that somebody holds a glob."""
        globs = self._by_prefix.get(glob.prefix)
        if globs is None:
            globs = self._by_prefix[glob.prefix] = {}
            self._lengths[len(glob.prefix)] += 1
        globs.setdefault(glob, set()).add(holder)

    def discard(self, glob: Glob, holder: T) -> None:
        """Take note that somebody holds it no more."""
        globs = self._by_prefix.get(glob.prefix, {})
        holders = globs.get(glob, set())
        holders.discard(holder)
        if globs and not holders:
            globs.pop(glob, None)
        if not globs and self._by_prefix.pop(glob.prefix, None) is not None:
            self._lengths[len(glob.prefix)] -= 1
            if not self._lengths[len(glob.prefix)]:
                del self._lengths[len(glob.prefix)]

    def holders(self, channel: str) -> Iterator[T]:
        """Yield who holds globs that match a channel; one that holds several comes several times."""
        for length in self._lengths:
            for glob, holders in self._by_prefix.get(channel[:length], {}).items():
                if glob.matches(channel):
                    yield from holders
