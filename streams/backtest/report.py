"""What a backtest has come to: one JSON object, or a few lines."""

from __future__ import annotations

from typing import Final

import msgspec

EARLIER_DAY: Final = "earlier_day"
"""Why the scanner ignores bars of a day that is over for their symbol."""


class Report(msgspec.Struct, frozen=True):
    """The result of a backtest; the names are those of its JSON object.

    Attributes:
        frames: Frames that were read.
        events: Events in them, of any type that is known.
        by_type: The same by the vendor's types; rules apply to A and AM, to T where neither has a minute.
        rejected: What could not be used, by reason.
        ignored: Bars that changed nothing by the scanner's rules, by reason.
        references_rejected: Lines of the reference file that were no reference data.
        boards: Rows of boards.parquet; bars, alerts: likewise.
        seconds: How long it took, from the first frame to the last file.
        events_per_s: Events in a second.
        incomplete: Files that could not be read to their end.
    """

    frames: int
    events: int
    by_type: dict[str, int]
    rejected: dict[str, int]
    ignored: dict[str, int]
    references_rejected: int
    boards: int
    bars: int
    alerts: int
    seconds: float
    events_per_s: int
    incomplete: list[str]

    def json(self) -> str:
        """Return the JSON object on one line."""
        return msgspec.json.encode(self).decode()

    def lines(self) -> list[str]:
        """Return it for people."""
        lines = [
            f"{self.events:,} events of {self.frames:,} frames in {self.seconds:.1f} s, "
            f"{self.events_per_s:,} a second: {_counts(self.by_type)}",
            f"{self.boards:,} rows of boards, {self.alerts:,} alerts, {self.bars:,} minute bars",
            f"rejected: {_counts(self.rejected)}; ignored: {_counts(self.ignored)}",
        ]
        if EARLIER_DAY in self.ignored:
            lines.append("bars of an earlier day were ignored: give the files in the order of their days")
        return lines


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "nothing"
