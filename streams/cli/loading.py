"""Reference data for people: how a load goes on, and one symbol's data."""

from __future__ import annotations

from datetime import datetime
from types import TracebackType
from typing import Final, Self

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from streams.reference.lookup import Found
from streams.sessions import NEW_YORK, MarketCalendar
from streams.volume_curve import points_of

_OWN: Final = {"symbol", "day_ms"}
"""Fields that are always known."""
Known = float | str | tuple[float, ...] | None
_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400


class Screen:
    """Shows a load's progress on a terminal's stderr; elsewhere only what goes wrong, line by line."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description:12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, line: str) -> None:
        """Show a line."""
        self._console.print(f"streams: {line}", markup=False, highlight=False, soft_wrap=True)

    def step(self, what: str, done: int, total: int | None) -> None:
        """Show how much has been loaded."""
        task = self._tasks.get(what)
        if task is None:
            task = self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.update(task, completed=done, total=total)


def as_text(found: Found, now_ms: int) -> str:
    """Return a symbol's data as lines: prices in dollars, volumes in shares."""
    reference, written_ms = found
    known = {name: value for name, value in _fields(found).items() if value is not None}
    written = datetime.fromtimestamp(written_ms / 1000, NEW_YORK)
    head = (
        f"{reference.symbol} for {_day(found)}, loaded {_age((now_ms - written_ms) / 1000)} ago "
        f"({written:%Y-%m-%d %H:%M:%S} ET)"
    )
    lines = [head, *(f"  {name:16} {_value(value)}" for name, value in known.items())]
    unknown = [name for name in _fields(found) if name not in known]
    if unknown:
        lines.append(f"  unknown: {', '.join(unknown)}")
    if _is_stale(found, now_ms):
        lines.append("  of an earlier day: today's rows do not show it. Load anew: streams reference load")
    return "\n".join(lines)


def as_json(found: Found, now_ms: int) -> str:
    """Return a symbol's data as a JSON object: every field, null where unknown; ages in seconds."""
    reference, written_ms = found
    fields = _fields(found)
    value = {
        "symbol": reference.symbol,
        "day": _day(found),
        "day_ms": reference.day_ms,
        **fields,
        "unknown": [name for name, known in fields.items() if known is None],
        "loaded_ms": written_ms,
        "age_s": round((now_ms - written_ms) / 1000, 1),
        "stale": _is_stale(found, now_ms),
    }
    return msgspec.json.encode(value).decode()


def _fields(found: Found) -> dict[str, Known]:
    named = msgspec.structs.asdict(found.reference)
    return {
        name: points_of(value) if isinstance(value, bytes) else value
        for name, value in named.items()
        if name not in _OWN
    }


def _day(found: Found) -> str:
    return MarketCalendar().date_at(found.reference.day_ms).isoformat()


def _is_stale(found: Found, now_ms: int) -> bool:
    """Tell whether a session has begun since the day that the data is for."""
    calendar = MarketCalendar()
    today = calendar.day_at(now_ms)
    newest = today if today.is_session else calendar.day(calendar.previous_session(today.date))
    return found.reference.day_ms < newest.start_ms


def _value(value: Known) -> str:
    if isinstance(value, tuple):
        return f"{value[-1]:,.0f} shares by 20:00 ET, {len(value)} points"
    if isinstance(value, float | int):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return str(value)


def _age(seconds: float) -> str:
    if seconds < _MINUTE_S:
        return f"{max(0, seconds):.0f} s"
    if seconds < _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    if seconds < _DAY_S:
        return f"{seconds // _HOUR_S:.0f} h {seconds % _HOUR_S // _MINUTE_S:.0f} min"
    return f"{seconds / _DAY_S:.1f} days"
