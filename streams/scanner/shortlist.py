"""The first stage of the user-defined boards: the best of one partition by each screener."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from streams.scanner.leaderboard import Standing
from streams.scanner.row import Row
from streams.scanner.screener import Rule, Screener
from streams.scanner.symbol import SymbolState

_decode = msgspec.json.Decoder(Row).decode


class Shortlist(msgspec.Struct, gc=False, array_like=True):
    """The best of one partition by one screener.

    Attributes:
        name: The screener.
        version: Its definition's; only shortlists of one version are merged.
        size: Most rows of the whole board.
        best: (what it is ordered by, symbol), least first.
    """

    name: str
    version: str
    size: int
    best: list[tuple[float, str]]


class Shortlists:
    """Follows the rows of one partition, and which of them each screener takes.

    A row is looked at once for each screener when it has changed, at the time of the next partial; what no
    screener asks for is not kept.

    Attributes:
        changed: The rows that changed since they were last looked at, by symbol. Whoever makes rows adds
            them here while ``active``.
    """

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._keys: list[dict[str, float]] = []
        self.changed: dict[str, Row] = {}

    @property
    def active(self) -> bool:
        """Whether there is any screener."""
        return bool(self._rules)

    def define(self, screeners: Iterable[Screener], standings: Mapping[str, Standing]) -> None:
        """Put other screeners in the place of those there were; all rows are to be looked at again."""
        self._rules = [Rule(screener) for screener in screeners]
        self._keys = [{} for _ in self._rules]
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
        for symbol, row in changed.items():
            session = states[symbol].session
            for rule, keys in zip(self._rules, self._keys, strict=True):
                key = rule.key(row, session)
                if key is not None:
                    keys[symbol] = key
                else:
                    keys.pop(symbol, None)
        newest = max((standing.day_ms for standing in standings.values()), default=0)
        return [
            _shortlist(rule, keys, standings, newest)
            for rule, keys in zip(self._rules, self._keys, strict=True)
        ]


def _shortlist(
    rule: Rule, keys: Mapping[str, float], standings: Mapping[str, Standing], day_ms: int
) -> Shortlist:
    ranked = [(key, symbol) for symbol, key in keys.items() if standings[symbol].day_ms == day_ms]
    ranked.sort()
    size = rule.screener.size
    return Shortlist(rule.screener.name, rule.version, size, ranked[:size])
