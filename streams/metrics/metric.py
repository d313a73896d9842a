"""What a metric is: its name, its kind, and where its figures come from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PREFIX: Final = "streams_"


class Kind(StrEnum):
    """How a metric's numbers behave."""

    COUNTER = "counter"
    """Only grows; its exposed name ends in ``_total``."""
    GAUGE = "gauge"
    """A number as it is now."""
    HISTOGRAM = "histogram"
    """Durations in classes; exposed as ``_bucket``, ``_sum`` and ``_count``."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a component. Every sample has the label ``component`` besides.

    Attributes:
        source: Its name in `Counters`.
        name: Its name without PREFIX, and without ``_total``; it ends in its unit where it has one.
        kind: Counter, gauge or histogram.
        help: What it says, in one sentence.
        labels: Names of its labels. Their values are few and known: never a symbol, client or address.
        values: Values of its one label that are exposed as 0 before they first occur, so that the first
            occurrence counts as an increase.
    """

    source: str
    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """Its name as exposed, without the endings of its kind."""
        return PREFIX + self.name

    @property
    def exposed(self) -> tuple[str, ...]:
        """The names of its samples, as queries use them."""
        match self.kind:
            case Kind.COUNTER:
                return (f"{self.family}_total",)
            case Kind.GAUGE:
                return (self.family,)
        return tuple(f"{self.family}_{ending}" for ending in ("bucket", "sum", "count"))


def counter(source: str, name: str, text: str, *labels: str, values: tuple[str, ...] = ()) -> Metric:
    """Declare a counter."""
    return Metric(source, name, Kind.COUNTER, text, labels, values)


def gauge(source: str, name: str, text: str, *labels: str) -> Metric:
    """Declare a gauge."""
    return Metric(source, name, Kind.GAUGE, text, labels)


def histogram(source: str, name: str, text: str, *labels: str) -> Metric:
    """Declare a histogram."""
    return Metric(source, name, Kind.HISTOGRAM, text, labels)
