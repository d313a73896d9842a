"""Counters, distributions, gauges and logs: what happened, how often, how long it took; said once."""

from __future__ import annotations

import json
import logging
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

REPEAT_S: Final = 60.0
"""Seconds after which a thing that keeps happening is logged again, with its count."""

MAX_KINDS: Final = 1_000
"""Most kinds of log records that are told apart."""


BUCKETS_S: Final = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
)
"""Upper bounds of the classes of durations, in seconds; what is longer counts beyond the last."""

Reading = float | Mapping[tuple[str, ...], float] | None
"""What a gauge reads: a number, numbers by label values, or None while there is nothing to read."""


class Distribution:
    """How long something took, in classes.

    Attributes:
        counts: How many fell into each class of BUCKETS_S, and last those beyond; not added up.
        total_s: Their sum, in seconds.
    """

    __slots__ = ("counts", "total_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS_S) + 1)
        self.total_s = 0.0

    def add(self, seconds: float) -> None:
        """Count one; where clocks differ it may be negative, and counts as nothing."""
        self.counts[bisect_left(BUCKETS_S, seconds)] += 1
        if seconds > 0:
            self.total_s += seconds


class Counters:
    """Counts and durations by name and reason, and gauges. Not for threads: one event loop owns an instance.

    What `streams.metrics` exposes is read from here when somebody asks, so that counting costs no more.
    """

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._distributions: dict[tuple[str, str], Distribution] = {}
        self._gauges: dict[str, list[Callable[[], Reading]]] = {}

    def observe(self, name: str, seconds: float, reason: str = "") -> None:
        """Count a duration into the distribution ``name``, under ``reason`` where it has several."""
        distribution = self._distributions.get((name, reason))
        if distribution is None:
            distribution = self._distributions[name, reason] = Distribution()
        distribution.add(seconds)

    def watch(self, name: str, read: Callable[[], Reading]) -> None:
        """Have ``read`` called whenever somebody wants to know the gauge ``name``; each gives some."""
        self._gauges.setdefault(name, []).append(read)

    def distributions(self, name: str) -> dict[str, Distribution]:
        """Return the distributions of ``name``, reason by reason."""
        return {reason: found for (key, reason), found in self._distributions.items() if key == name}

    def classes(self, name: str) -> dict[str, list[int]]:
        """Return how many durations fell into each class of BUCKETS_S and beyond, reason by reason."""
        return {reason: list(found.counts) for reason, found in self.distributions(name).items()}

    def readings(self, name: str) -> Iterator[tuple[tuple[str, ...], float]]:
        """Read the gauge ``name``: label values and the number."""
        for read in self._gauges.get(name, ()):
            reading = read()
            if isinstance(reading, Mapping):
                yield from reading.items()
            elif reading is not None:
                yield (), float(reading)

    def add(self, name: str, count: int = 1, reason: str = "") -> None:
        """Add ``count`` to the counter ``name``, under ``reason`` where it has several."""
        self._counts[name, reason] += count

    def get(self, name: str, reason: str = "") -> int:
        """Return one count; 0 where nothing was counted."""
        return self._counts[name, reason]

    def total(self, name: str) -> int:
        """Return the count of ``name`` over all reasons."""
        return sum(count for (key, _), count in self._counts.items() if key == name)

    def by_reason(self, name: str) -> dict[str, int]:
        """Return the counts of ``name``, reason by reason."""
        return {reason: count for (key, reason), count in self._counts.items() if key == name}

    def snapshot(self) -> dict[str, int | dict[str, int]]:
        """Return all counts: a number, or an object of reasons where the name has them."""
        result: dict[str, int | dict[str, int]] = {}
        for name in dict.fromkeys(name for name, _ in self._counts):
            reasons = self.by_reason(name)
            result[name] = reasons[""] if set(reasons) == {""} else reasons
        return result

    def gauges(self) -> dict[str, float | dict[str, float]]:
        """Return what all gauges read: a number, or an object of label values where it has one label.

        Those of several labels, such as by topic and partition, are left out: there may be thousands.
        """
        result: dict[str, float | dict[str, float]] = {}
        for name in self._gauges:
            read = dict(self.readings(name))
            if set(read) == {()}:
                result[name] = read[()]
            elif read and all(len(labels) == 1 for labels in read):
                result[name] = {label: number for (label,), number in read.items()}
        return result

    def report(self) -> dict[str, Any]:
        """Return what health tells of it: counters, gauges, durations in the classes of BUCKETS_S."""
        return {
            "counters": self.snapshot(),
            "gauges": self.gauges(),
            "latency": self.classes("latency"),
            "event_delay": self.classes("event_delay"),
        }


class Reporter:
    """Logs the first of a run of like incidents, then one line a minute with their count."""

    def __init__(self, logger: logging.Logger, repeat_s: float = REPEAT_S) -> None:
        self._logger = logger
        self._repeat_s = repeat_s
        self._last: dict[str, float] = {}
        self._since: Counter[str] = Counter()

    def warn(self, incident: str, detail: str = "", count: int = 1) -> None:
        """Report ``count`` incidents of the kind ``incident``; ``detail`` describes the newest."""
        self._since[incident] += count
        now = time.monotonic()
        last = self._last.get(incident)
        if last is not None and now - last < self._repeat_s:
            return
        self._last[incident] = now
        times = self._since.pop(incident)
        self._logger.warning(
            "%s%s%s", incident, f" ({times} times)" if times > 1 else "", f": {detail}" if detail else ""
        )


class RepeatFilter(logging.Filter):
    """Lets the first warning or error of a kind (a template) pass, then one a minute with their count.

    For libraries that log each failed try, dozens a second while a server is away.
    """

    def __init__(self, repeat_s: float = REPEAT_S) -> None:
        super().__init__()
        self._repeat_s = repeat_s
        self._last: dict[str, float] = {}
        self._since: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether ``record`` is to be logged."""
        if record.levelno < logging.WARNING:
            return True
        kind = str(record.msg)
        now = time.monotonic()
        last = self._last.get(kind)
        if last is not None and now - last < self._repeat_s:
            self._since[kind] += 1
            return False
        if len(self._last) >= MAX_KINDS:
            self._last.clear()
            self._since.clear()
        self._last[kind] = now
        if times := self._since.pop(kind, 0):
            record.msg = f"{kind} ({times + 1} times)"
        return True


def quieten(library: str) -> None:
    """Filter repeated warnings and errors of all loggers of a library that is imported already."""
    repeats = RepeatFilter()
    for name in logging.root.manager.loggerDict:
        if name == library or name.startswith(f"{library}."):
            logging.getLogger(name).addFilter(repeats)


current_trace: Final[ContextVar[str | None]] = ContextVar("current_trace", default=None)
"""Id of the trace that the work under way belongs to, for the logs."""

TEXT_FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class JsonFormatter(logging.Formatter):
    """Makes each log record one line of JSON: time (UTC), level, logger, message, trace_id, error."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (trace_id := current_trace.get()) is not None:
            fields["trace_id"] = trace_id
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False, default=str)


def configure_logging(level: str, form: str = "text") -> None:
    """Send logs of ``level`` and above to stderr, one line each.

    Args:
        level: DEBUG, INFO, WARNING or ERROR.
        form: ``text``, or ``json`` for objects.

    Raises:
        ValueError: ``level`` is no level of the logging module.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else logging.Formatter(TEXT_FORMAT))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def logging_config(form: str) -> dict[str, Any] | None:
    """Return what makes Faust's workers log in a form, for `logging.config.dictConfig`; None for text."""
    if form != "json":
        return None
    return {
        "merge": True,  # with what Faust has, for the level of its command line
        "formatters": {"json": {"()": f"{__name__}.{JsonFormatter.__name__}"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"]},
    }
