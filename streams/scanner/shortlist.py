"""The first stage of the user-defined boards: the best of one partition by each screener."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from streams.scanner.columns import Columns
from streams.scanner.leaderboard import Standing
from streams.scanner.row import Row
from streams.scanner.screener import Screener
from streams.scanner.screener_rule import Rule
from streams.scanner.symbol import SymbolState

_decode = msgspec.json.Decoder(Row).decode


class Shortlist(msgspec.Struct, gc=False, array_like=True):
    """The best of one partition by one screener.

    Attributes:
        name: The screener.
        version: Its definition's; only shortlists of one version are merged.
        size: Most rows of the whole board.
        day_ms: The partition's newest trading day, ms since 1970 UTC: that of them all.
        best: (what it is ordered by, symbol), least first.
    """

    name: str
    version: str
    size: int
    day_ms: int
    best: list[tuple[float, str]]


class Shortlists:
    """Follows the rows of one partition, and which of them each screener takes.

    The values of a row that any screener asks for are looked up once when it has changed, at the time of the
    next partial.

    Attributes:
        changed: The rows that changed since they were last looked at, by symbol. Whoever makes rows adds
            them here while ``active``.
    """

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._rows = Columns(())
        self.changed: dict[str, Row] = {}

    @property
    def active(self) -> bool:
        """Whether there is any screener."""
        return bool(self._rules)

    def define(self, screeners: Iterable[Screener], standings: Mapping[str, Standing]) -> None:
        """Put other screeners in the place of those there were; all rows are to be looked at again."""
        self._rules = [Rule(screener) for screener in screeners]
        self._rows = Columns({field for rule in self._rules for field in rule.fields})
        self.changed.clear()
        if self._rules:
            self.changed.update((symbol, _decode(standing.row)) for symbol, standing in standings.items())

    def make(
        self, standings: Mapping[str, Standing], states: Mapping[str, SymbolState]
    ) -> Sequence[Shortlist]:
        """Look at the rows that changed and return the best by each screener.

        Args:
            standings: All of the partition, by symbol; only the newest trading day among them counts.
            states: Likewise the states that the rows were made of.
        """
        if not self._rules:
            return ()
        changed, self.changed = self.changed, {}
        rows = self._rows
        rows.put([(row, states[symbol].session, standings[symbol].day_ms) for symbol, row in changed.items()])
        newest = int(rows.days.max(initial=0))
        return [
            Shortlist(rule.screener.name, rule.version, rule.screener.size, newest, rule.best(rows, newest))
            for rule in self._rules
        ]
