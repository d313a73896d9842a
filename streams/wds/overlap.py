"""Which of several globs have a text in common with another: all of them found in one walk along it."""

from __future__ import annotations

from collections.abc import Sequence

from streams.wds.globs import Characters, Token


class Overlap:
    """Globs side by side.

    A bit for each place of each glob, and one for its end: set where some text leads to the walked place of
    the other glob and to this one. So a step along the other is a few operations on one number, however many
    globs there are; clients choose what is walked, and it must not take long.

    Args:
        globs: Their places.
    """

    def __init__(self, globs: Sequence[Sequence[Token]]) -> None:
        self._starts = self._stars = 0
        self._ends: list[int] = []
        self._takers: dict[Characters, int] = {}
        within: list[int] = []
        for tokens in globs:
            self._starts |= 1 << len(within)
            for number, token in enumerate(tokens):
                bit = 1 << len(within)
                if token is None:
                    self._stars |= bit
                else:
                    self._takers[token] = self._takers.get(token, 0) | bit
                within.append(number)
            self._ends.append(1 << len(within))
            within.append(len(tokens))
        self._spreads = _spreads(within)

    def met_by(self, glob: Sequence[Token]) -> list[bool]:
        """Return for each of the globs whether some text may match it and this one."""
        taking: dict[Characters, int] = {}
        reached = self._skip_stars(self._starts)
        for token in glob:
            if token is None:
                for shift, mask in self._spreads:
                    reached |= (reached << shift) & mask
                continue
            if token not in taking:
                taking[token] = sum(bits for other, bits in self._takers.items() if other.overlaps(token))
            reached = self._skip_stars((reached & self._stars) | (reached & taking[token]) << 1)
            if not reached:
                break
        return [bool(reached & end) for end in self._ends]

    def _skip_stars(self, reached: int) -> int:
        # There are never two in a row.
        return reached | (reached & self._stars) << 1


def _spreads(within: Sequence[int]) -> list[tuple[int, int]]:
    """Return how a bit fills all above it that belong to the same glob: shifts, and what each may reach.

    Args:
        within: For each bit its place in its glob.
    """
    spreads: list[tuple[int, int]] = []
    shift = 1
    while shift <= max(within, default=0):
        spreads.append((shift, sum(1 << bit for bit, place in enumerate(within) if place >= shift)))
        shift *= 2
    return spreads
