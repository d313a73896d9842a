"""Counters and logs: what happened, how often, said once."""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import Final

REPEAT_S: Final = 60.0
"""Seconds after which a thing that keeps happening is logged again, with its count."""

MAX_KINDS: Final = 1_000
"""Most kinds of log records that are told apart."""


class Counters:
    """Counts by name and reason. Not for threads: one event loop owns an instance."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

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


def configure_logging(level: str) -> None:
    """Send logs of ``level`` and above to stderr, one line each.

    Raises:
        ValueError: ``level`` is no level of the logging module.
    """
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )
