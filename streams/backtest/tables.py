"""Tables as Parquet files, written a part at a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Final, get_args

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from streams.errors import BadInputError

PART_ROWS: Final = 20_000
"""Rows of a part: what is kept in memory until it is written."""
COMPRESSION: Final = "zstd"

Columns = dict[str, type]
Row = Mapping[str, Any]

_TYPES: Final = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}


def columns_of(struct: type[msgspec.Struct]) -> Columns:
    """Return the columns for a struct's fields: their names as encoded, and their types."""
    return {field.encode_name: _column_type(field.type) for field in msgspec.structs.fields(struct)}


def _column_type(annotation: Any) -> type:  # noqa: ANN401  an annotation is of no type
    """Return the type of a field, of those that a union names the widest: bool, int, float or str."""
    named = set(get_args(annotation) if isinstance(annotation, UnionType) else (annotation,))
    return next(each for each in (str, float, int, bool) if each in named)


class TableFile:
    """A Parquet file being written. Leaving the context completes it.

    Args:
        path: Where it is written; what stands there is replaced.
        columns: Its columns, in order.

    Attributes:
        rows: How many rows it was given.

    Raises:
        BadInputError: It cannot be written.
    """

    def __init__(self, path: Path, columns: Columns) -> None:
        self.rows = 0
        self._path = path
        self._schema = pa.schema([(name, _TYPES[kind]) for name, kind in columns.items()])
        self._waiting: list[Row] = []
        try:
            self._writer = pq.ParquetWriter(path, self._schema, compression=COMPRESSION)
        except OSError as error:
            raise self._cannot_write(error) from None

    def __enter__(self) -> TableFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._write()
        finally:
            try:
                self._writer.close()
            except OSError as error:
                if kind is None:
                    raise self._cannot_write(error) from None

    def add(self, row: Row) -> None:
        """Take a row: its values by column; those that it lacks are null."""
        self._waiting.append(row)
        self.rows += 1
        if len(self._waiting) >= PART_ROWS:
            self._write()

    def _write(self) -> None:
        rows, self._waiting = self._waiting, []
        if not rows:
            return
        try:
            self._writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=self._schema))
        except OSError as error:
            raise self._cannot_write(error) from None

    def _cannot_write(self, error: OSError) -> BadInputError:
        return BadInputError(f"cannot write {self._path.name}: {error.strerror or error}")
