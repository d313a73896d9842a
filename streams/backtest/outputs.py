"""What a backtest writes: three Parquet files, all of them or none."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from streams.backtest.tables import Columns, TableFile, columns_of
from streams.bars.day import Day
from streams.bars.minute import Bar
from streams.errors import BadInputError
from streams.scanner.alert import Alert
from streams.scanner.row import Row

BOARDS: Final = "boards.parquet"
ALERTS: Final = "alerts.parquet"
BARS: Final = "bars.parquet"
TABLES: Final[dict[str, Columns]] = {
    BOARDS: {"board": str, "rank": int, **columns_of(Row)},
    ALERTS: {**columns_of(Alert), **columns_of(Row)},
    BARS: {"symbol": str, **columns_of(Bar)},
}
"""The files, with their columns."""
_alert: Final = msgspec.json.Decoder(dict).decode
_rows: Final = msgspec.json.Decoder(list[dict[str, object]]).decode


class Outputs:
    """The files of a backtest, being written.

    Args:
        tables: The files by name.
    """

    def __init__(self, tables: dict[str, TableFile]) -> None:
        self._tables = tables

    def rows(self, name: str) -> int:
        """Return how many rows a file was given."""
        return self._tables[name].rows

    def add_alert(self, alert: bytes) -> None:
        """Take an alert, as md.alerts has it."""
        self._tables[ALERTS].add(_alert(alert))

    def add_day(self, symbol: str, day: Day) -> None:
        """Take the minute bars of a symbol and day."""
        bars = self._tables[BARS]
        for bar in day.bars():
            bars.add({"symbol": symbol, **msgspec.structs.asdict(bar)})

    def add_board(self, key: str, board: bytes) -> None:
        """Take a board, as Redis has it at ``key``. Its name is the last part of that, as ``top_volume``."""
        boards = self._tables[BOARDS]
        name = key.rpartition(":")[2]
        for row in _rows(board):
            boards.add({"board": name, **row})


@contextlib.contextmanager
def outputs(folder: Path, *, force: bool = False) -> Iterator[Outputs]:
    """Write the files of a backtest: they stand in their folder once the context is left without an error.

    Args:
        folder: The folder; made where it is missing.
        force: Whether files that are there are replaced.

    Raises:
        BadInputError: A file is there, or cannot be written.
    """
    there = [name for name in TABLES if (folder / name).exists()]
    if there and not force:
        raise BadInputError(f"{folder / there[0]} exists: choose another folder, or --force")
    with _work_folder(folder) as made:
        with contextlib.ExitStack() as stack:
            yield Outputs(
                {
                    name: stack.enter_context(TableFile(made / name, columns))
                    for name, columns in TABLES.items()
                }
            )
        for name in TABLES:
            (made / name).replace(folder / name)


@contextlib.contextmanager
def _work_folder(folder: Path) -> Iterator[Path]:
    """Give a folder within ``folder`` for files that are not complete, and delete it at the end."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = TemporaryDirectory(prefix=".backtest-", dir=folder)
    except OSError as error:
        raise BadInputError(f"cannot write to {folder}: {error.strerror}") from None
    with made as name:
        yield Path(name)
