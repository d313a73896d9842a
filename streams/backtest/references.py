"""Reference data from a file, by symbol and trading day."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import msgspec

from streams.errors import BadInputError
from streams.reference.model import Reference
from streams.telemetry import Reporter

logger = logging.getLogger(__name__)

_decode: Final = msgspec.json.Decoder(Reference).decode


class ReferenceBook:
    """What is known of symbols on trading days.

    Attributes:
        rejected: How many lines of the file were no reference data.
    """

    def __init__(self) -> None:
        self.rejected = 0
        self._known: dict[tuple[str, int], Reference] = {}

    def add(self, reference: Reference) -> None:
        """Take what is known of a symbol on a day; of two for one day the later counts."""
        self._known[reference.symbol, reference.day_ms] = reference

    def on(self, symbol: str, day_ms: int) -> Reference | None:
        """Return a symbol's data for the day that starts at ``day_ms``, None where there is none."""
        return self._known.get((symbol, day_ms))


def read_references(path: Path) -> ReferenceBook:
    """Return the book of a file of records as md.reference has them, one JSON object a line.

    Lines that are none are reported and counted.

    Raises:
        BadInputError: The file cannot be read, or no line of it is reference data.
    """
    book, reporter, good = ReferenceBook(), Reporter(logger), 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    book.add(_decode(line))
                    good += 1
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    book.rejected += 1
                    reporter.warn(f"lines of {path} are no reference data", f"line {number}: {error}")
    except OSError as error:
        raise BadInputError(f"cannot read {path}: {error.strerror}") from None
    if not good:
        raise BadInputError(
            f"no reference data in {path}: it should hold values as in md.reference, one JSON object a line, "
            'such as {"symbol":"AAPL","day_ms":1499673600000,"prev_day_close":144.18}'
        )
    return book
