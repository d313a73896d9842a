"""The two stages of a board: partials of the partitions, merged into the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from streams.feeds import Feed
from streams.scanner.leaderboard import BOARDS, Standing, rank, render
from streams.scanner.shortlist import Shortlist


class Partial(msgspec.Struct, array_like=True):
    """The best standings of one partition.

    Attributes:
        partition: The partition.
        applied: The newest source offset that it includes.
        standings: Every symbol that stands on one of the partition's boards, once.
        shortlists: Its best by each screener.
    """

    partition: int
    applied: int
    standings: list[Standing]
    shortlists: Sequence[Shortlist] = ()


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Partial).decode


def make_partial(
    partition: int, applied: int, standings: Mapping[str, Standing], shortlists: Sequence[Shortlist] = ()
) -> Partial:
    """Return the partial of a partition's ``standings``, given by symbol.

    A symbol among the best 500 of the market is among the best 500 of its partition, so nothing that a board
    needs is left out.
    """
    candidates = list(standings.values())
    best = {standing.symbol: standing for board in BOARDS for standing in rank(candidates, board)}
    for shortlist in shortlists:
        best.update((symbol, standings[symbol]) for _, symbol in shortlist.best)
    return Partial(partition, applied, list(best.values()), shortlists)


class Merger:
    """Merges the newest partial of each partition into the boards.

    Args:
        partitions: How many partitions there are. No board is made before each has been heard of: one made
            of some would show other symbols.
    """

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._partials: dict[int, Partial] = {}
        self._published: dict[Feed, bytes] = {}
        self._changed = False

    def accept(self, partial: Partial) -> None:
        """Take a partial, unless a later one of its partition is known."""
        known = self._partials.get(partial.partition)
        if known is None or partial.applied >= known.applied:
            self._partials[partial.partition] = partial
            self._changed = True

    def newest(self) -> list[Partial]:
        """Return the newest partial of each partition; nothing before each has been heard of."""
        return list(self._partials.values()) if len(self._partials) >= self._partitions else []

    def boards(self) -> dict[Feed, bytes]:
        """Return the boards that changed since the last call, as their clients get them."""
        if not self._changed or len(self._partials) < self._partitions:
            return {}
        self._changed = False
        standings = [standing for partial in self._partials.values() for standing in partial.standings]
        changed: dict[Feed, bytes] = {}
        for board in BOARDS:
            rendered = render(rank(standings, board))
            if self._published.get(board.feed) != rendered:
                changed[board.feed] = self._published[board.feed] = rendered
        return changed

    def forget(self) -> None:
        """Start anew, as after a rebalance: every partition sends its partial again."""
        self._partials.clear()
        self._published.clear()
        self._changed = False
