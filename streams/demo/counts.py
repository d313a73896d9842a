"""What became of the events: one account from the simulator to the boards.

Every event that the simulator has sent is in exactly one of three places: processed, which means
acknowledged by Kafka in its topic or, for aggregates, whose topic the scanner reads, applied by a scanner
worker; dropped, by reason; or in flight between them. So

    events_in == events_processed + dropped events + in_flight

at every moment, and in_flight is 0 once all is drained. After a worker was started again what it reads a
second time counts a second time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from streams.platform.components import LISTENER, OTHER_APPS, SIMULATOR, WDS, WORKER
from streams.topics import AGGREGATES

_Counts = Counter[tuple[str, str]]
_OF_EVENTS: Final = "events_acknowledged"


class Ledger:
    """The counters of all processes, kept over their restarts."""

    def __init__(self) -> None:
        self._before: defaultdict[str, _Counts] = defaultdict(Counter)
        self._last: dict[str, _Counts] = {}

    def update(self, component: str, counters: Mapping[str, Any]) -> None:
        """Take a process's counters: numbers, or objects of numbers by reason."""
        now: _Counts = Counter()
        for name, value in counters.items():
            for reason, count in (value if isinstance(value, dict) else {"": value}).items():
                now[name, reason] = int(count)
        last = self._last.get(component, Counter())
        if any(now[key] < count for key, count in last.items()):
            # It counts from 0 again: it was started anew.
            self._before[component] += last
        self._last[component] = now

    def by_reason(self, component: str, name: str) -> Counter[str]:
        """Return the counts of ``name`` by reason, over all components whose names begin so."""
        result: Counter[str] = Counter()
        for counts_of in (self._before, self._last):
            for each, counts in counts_of.items():
                if each.startswith(component):
                    result.update({reason: count for (key, reason), count in counts.items() if key == name})
        return result

    def total(self, component: str, name: str) -> int:
        """Return the count of ``name`` over all reasons and components whose names begin so."""
        return self.by_reason(component, name).total()


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the events.

    Attributes:
        events_in: What the simulator sent to the listener.
        events_received: What the listener has read of it.
        events_processed: See the module.
        aggregates: Of these, the aggregates that the scanner applied.
        dropped: What was lost, by component and reason; of the listener and the scanner these are events,
            of the emitter and the WDS updates of a feed.
        ignored: Aggregates that changed nothing by the scanner's rules, by reason; they are processed.
        events_dropped: How many events are among ``dropped``.
    """

    events_in: int
    events_received: int
    events_processed: int
    aggregates: int
    dropped: dict[str, int]
    ignored: dict[str, int]
    events_dropped: int

    @property
    def in_flight(self) -> int:
        """Events that are neither processed nor dropped."""
        return self.events_in - self.events_processed - self.events_dropped


def account(ledger: Ledger) -> Account:
    """Return what became of the events, as the ledger has it."""
    acknowledged = ledger.by_reason(LISTENER, _OF_EVENTS)
    aggregates = ledger.total(WORKER, "events_processed")
    lost_events = {
        **_named("listener", ledger.by_reason(LISTENER, "dropped")),
        **_named("scanner", ledger.by_reason(WORKER, "events_rejected")),
    }
    emitters = (WORKER, *OTHER_APPS)
    lost_updates = {
        **_named("emitter", sum((ledger.by_reason(each, "dropped") for each in emitters), Counter())),
        **_named("wds", ledger.by_reason(WDS, "dropped") + ledger.by_reason(WDS, "cut_off")),
    }
    return Account(
        events_in=ledger.total(SIMULATOR, "events_sent"),
        events_received=ledger.total(LISTENER, "events") + ledger.total(LISTENER, "unknown"),
        events_processed=acknowledged.total() - acknowledged[AGGREGATES.suffix] + aggregates,
        aggregates=aggregates,
        dropped={**lost_events, **lost_updates},
        ignored=dict(ledger.by_reason(WORKER, "events_ignored")),
        events_dropped=sum(lost_events.values()),
    )


def _named(component: str, counts: Counter[str]) -> dict[str, int]:
    return {f"{component}.{reason or 'unnamed'}": count for reason, count in counts.items() if count}
