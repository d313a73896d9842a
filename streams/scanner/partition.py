"""The scanner's view of one partition: states joined with reference data, as clients and boards need them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from streams.reference.model import KnownReference
from streams.scanner.daily_range import with_range
from streams.scanner.leaderboard import Standing
from streams.scanner.partial import Partial, make_partial
from streams.scanner.row import make_row
from streams.scanner.screener import Screener
from streams.scanner.shortlist import Shortlists
from streams.scanner.symbol import SymbolState

_encode = msgspec.json.Encoder().encode

NOTHING = -1


class PartitionScanner:
    """Follows the states of one partition and says what of them is new.

    Args:
        number: The partition.
        states: Its symbols' states, changed elsewhere.
        reference: Returns a symbol's reference data, None where there is none.
        screeners: The user-defined boards.
    """

    def __init__(
        self,
        number: int,
        states: Mapping[str, SymbolState],
        reference: Callable[[str], KnownReference | None],
        screeners: Iterable[Screener] = (),
    ) -> None:
        self.number = number
        self._states = states
        self._reference = reference
        self._standings: dict[str, Standing] = {}
        self._shortlists = Shortlists()
        self._shortlists.define(screeners, self._standings)
        self._referenced: set[str] = set()
        self._seen = NOTHING
        self._unpublished: dict[str, bytes] = {}
        self._unpublished_ranges: dict[str, bytes] = {}
        self._moved = True

    def refer(self, symbol: str) -> None:
        """Note that a symbol's reference data changed."""
        self._referenced.add(symbol)

    def define(self, screeners: Iterable[Screener]) -> None:
        """Put other screeners in the place of those there were."""
        self._shortlists.define(screeners, self._standings)
        self._moved = True

    def refresh(self) -> None:
        """Make the rows of all states that changed since the last call, each once."""
        seen = newest = self._seen
        referenced = self._referenced
        shortlists = self._shortlists
        is_screened = shortlists.active
        for symbol, state in self._states.items():
            if state.offset > seen or symbol in referenced:
                known = self._reference(symbol)
                row = make_row(symbol, state, known.on(state.day_ms) if known else None)
                encoded = _encode(row)
                self._standings[symbol] = Standing(
                    symbol,
                    state.day_ms,
                    state.since_ms,
                    row.accumulated_volume,
                    row.pct_change,
                    row.pct_change_since_open,
                    encoded,
                )
                if is_screened:
                    shortlists.changed[symbol] = row
                self._unpublished[symbol] = encoded
                self._unpublished_ranges[symbol] = with_range(encoded, state.bounds)
                newest = max(newest, state.offset)
        self._seen = newest
        self._referenced.clear()
        self._moved = self._moved or bool(self._unpublished)

    def quotes(self) -> dict[str, bytes]:
        """Return the rows, as JSON by symbol, that changed since the last call."""
        self.refresh()
        changed, self._unpublished = self._unpublished, {}
        return changed

    def ranges(self) -> dict[str, bytes]:
        """Return the rows of the newest `refresh` that changed since the last call, with their days' bounds.

        It makes none itself: after `quotes` of the same flush few would be new, at the cost of all.
        """
        changed, self._unpublished_ranges = self._unpublished_ranges, {}
        return changed

    def resend(self) -> None:
        """Have the partial returned again: the last one has not arrived."""
        self._moved = True

    def republish_quotes(self) -> None:
        """Have every row returned again by the next `quotes`."""
        self._unpublished = {symbol: standing.row for symbol, standing in self._standings.items()}

    def republish_ranges(self) -> None:
        """Have every row returned again by the next `ranges`."""
        self._unpublished_ranges = {
            symbol: with_range(standing.row, self._states[symbol].bounds)
            for symbol, standing in self._standings.items()
        }

    def partial(self) -> Partial | None:
        """Return the partition's best standings, None where none changed since the last call."""
        self.refresh()
        if not self._moved:
            return None
        self._moved = False
        shortlists = self._shortlists.make(self._standings, self._states)
        return make_partial(self.number, self._seen, self._standings, shortlists)
