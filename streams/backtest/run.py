"""Runs a backtest: files of frames in, Parquet files out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from streams.backtest.frames import FrameReader
from streams.backtest.market import Market
from streams.backtest.outputs import ALERTS, BARS, BOARDS, outputs
from streams.backtest.references import ReferenceBook, read_references
from streams.backtest.report import Report
from streams.errors import BadInputError
from streams.recorded import RecordedFile
from streams.scanner.screener_file import read_screeners
from streams.telemetry import Counters

logger = logging.getLogger(__name__)


class Recordings:
    """Files of recorded frames, read one after the other as one stream.

    Args:
        paths: The files, in the order of their time.
        progress: Called with how many bytes of all files have been read.

    Attributes:
        incomplete: Those that could not be read to their end, each with the reason.

    Raises:
        BadInputError: A file is missing or cannot be opened.
    """

    def __init__(self, paths: Sequence[Path], progress: Callable[[int], None]) -> None:
        self.incomplete: list[str] = []
        self._progress = progress
        self._files = [RecordedFile(path) for path in paths]

    def batches(self) -> Iterator[list[bytes]]:
        """Yield the frames, some at a time.

        A file that breaks off, as one does whose recorder was killed, counts up to there.

        Raises:
            BadInputError: A file cannot be opened, or nothing of it can be read.
        """
        past = 0
        for file in self._files:
            with file.open() as lines:
                read = 0
                try:
                    while batch := lines.read():
                        read += len(batch)
                        yield batch
                        self._progress(past + lines.position)
                except BadInputError as error:
                    if not read:
                        raise
                    logger.warning("%s; what stands before it counts", error)
                    self.incomplete.append(str(error))
                past += lines.position


def run(  # noqa: PLR0913  one parameter an option
    paths: Sequence[Path],
    folder: Path,
    *,
    now_ms: int,
    reference: Path | None = None,
    screeners: Path | None = None,
    force: bool = False,
    progress: Callable[[int], None] = lambda _bytes: None,
) -> Report:
    """Run the platform's rules over recorded frames and write what comes of them.

    The state of each symbol carries over from file to file.

    Args:
        paths: Files of frames, one JSON array a line, plain or gzip, in the order of their time.
        folder: Where boards.parquet, alerts.parquet and bars.parquet are written.
        now_ms: The present, ms since 1970 UTC: no bar from after it is believed.
        reference: A file of reference data, one JSON object a line, as md.reference has it.
        screeners: A file of user-defined boards, which are written beside the others.
        force: Whether files that are there are replaced.
        progress: Called with how many bytes of the files have been read.

    Raises:
        BadInputError: A file cannot be used or written, or no event is in any.
    """
    counters = Counters()
    recordings = Recordings(paths, progress)
    references = ReferenceBook() if reference is None else read_references(reference)
    defined = () if screeners is None else read_screeners(screeners)
    started = time.monotonic()
    with outputs(folder, force=force) as out:
        market = Market(references, now_ms, counters, out.add_alert, out.add_day)
        frames = _apply(recordings, FrameReader(counters), market)
        if not counters.total("events"):
            raise BadInputError(
                f"no events in {', '.join(map(str, paths))}: frames are JSON arrays of events, one a line"
            )
        market.end()
        for key, board in market.boards(defined).items():
            out.add_board(key, board)
    seconds = time.monotonic() - started
    events = counters.total("events")
    return Report(
        frames,
        events,
        counters.by_reason("events"),
        counters.by_reason("events_rejected"),
        counters.by_reason("events_ignored"),
        references.rejected,
        out.rows(BOARDS),
        out.rows(BARS),
        out.rows(ALERTS),
        round(seconds, 3),
        round(events / max(seconds, 0.001)),
        recordings.incomplete,
    )


def _apply(recordings: Recordings, reader: FrameReader, market: Market) -> int:
    """Apply all frames; return how many there were."""
    number = 0
    for batch in recordings.batches():
        for frame in batch:
            if events := reader.read(frame):
                market.apply(events, number)
            number += 1
    return number
