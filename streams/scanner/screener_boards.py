"""The second stage of the user-defined boards: the partitions' shortlists, merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import is_
from typing import Final

from streams.scanner.leaderboard import Standing, render
from streams.scanner.partial import Partial
from streams.scanner.shortlist import Shortlist

PATIENCE_S: Final = 30.0
"""How long partitions may rank by different definitions before the board is emptied, in seconds."""

EMPTY: Final = render(())

Part = tuple[Mapping[str, Standing], Shortlist]
"""A partition's standings by symbol, and its best by one screener."""


class ScreenerBoards:
    """Merges what the partitions send for each screener.

    It knows no definitions: those of a board are the partitions'. While they differ, as when workers read a
    new file one after the other, the board stays as it is, and after PATIENCE_S it is emptied. A board that
    no partition has any more is emptied, too, so that nobody takes old rows for new ones.

    Attributes:
        removed: The boards that were emptied so, added by `changes`; whoever forgets them takes them out.
    """

    def __init__(self) -> None:
        self._merged: Sequence[Partial] = ()
        # What clients have, by screener; None where that is not known.
        self._published: dict[str, bytes | None] = {}
        self._disputed: dict[str, float] = {}
        self.removed: set[str] = set()

    @property
    def disputed(self) -> list[str]:
        """The screeners whose boards were emptied because the partitions do not agree on them."""
        return sorted(name for name in self._disputed if self._published.get(name) == EMPTY)

    def expect(self, names: Iterable[str]) -> None:
        """Note boards that clients may have, whoever made them."""
        for name in names:
            self._published.setdefault(name, None)
        self._merged = ()

    def forget(self) -> None:
        """Publish every board again, as after a rebalance."""
        self._published = dict.fromkeys(self._published)
        self._merged = ()
        self._disputed.clear()
        self.removed.clear()

    def changes(self, partials: Sequence[Partial], now_s: float) -> dict[str, bytes]:
        """Return the boards that changed since the last call, as their clients get them, by screener.

        Args:
            partials: The newest of each partition; none while some are not known.
            now_s: The time by any steady clock, in seconds.
        """
        is_old = len(partials) == len(self._merged) and all(map(is_, partials, self._merged))
        if not partials or (is_old and not self._disputed):
            return {}
        self._merged = partials
        made = self._make(partials, now_s)
        changed = {name: board for name, board in made.items() if self._published.get(name) != board}
        self._published.update(changed)
        defined = {each.name for partial in partials for each in partial.shortlists}
        self.removed -= defined
        for name in made.keys() - defined:
            del self._published[name]
            self.removed.add(name)
        return changed

    def _make(self, partials: Sequence[Partial], now_s: float) -> dict[str, bytes]:
        """Return every board that is known now, those aside that are disputed since a short time."""
        found: dict[str, list[Part]] = {name: [] for name in self._published}
        for partial in partials:
            if partial.shortlists:
                standings = {standing.symbol: standing for standing in partial.standings}
                for shortlist in partial.shortlists:
                    found.setdefault(shortlist.name, []).append((standings, shortlist))
        boards: dict[str, bytes] = {}
        for name, parts in found.items():
            versions = {shortlist.version for _, shortlist in parts}
            if len(versions) > 1 or 0 < len(parts) < len(partials):
                if now_s - self._disputed.setdefault(name, now_s) >= PATIENCE_S:
                    boards[name] = EMPTY
                continue
            self._disputed.pop(name, None)
            boards[name] = render(_merge(parts)) if parts else EMPTY
        return boards


def _merge(parts: Sequence[Part]) -> list[Standing]:
    """Return the best of the shortlists of one version, best first; only the newest trading day counts."""
    newest = max(shortlist.day_ms for _, shortlist in parts)
    ranked = [
        (key, symbol, number)
        for number, (_, shortlist) in enumerate(parts)
        if shortlist.day_ms == newest
        for key, symbol in shortlist.best
    ]
    ranked.sort()
    size = parts[0][1].size
    return [parts[number][0][symbol] for _, symbol, number in ranked[:size]]
