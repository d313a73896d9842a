"""The versions of a table's rows: what older workers wrote is read by newer ones.

A row's struct carries its version as a tag (``tag_field="v", tag=2``), so every written row tells of which
version it is. A field that is added with a default needs no new version: rows without it are read with
the default, and older workers pass over it. For everything else the old struct stays, under a name of its own
and with its tag, beside the function that makes today's row of it. Rows are written back in their new
form whenever they change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_
from typing import Any, Final, Generic, TypeVar

import msgspec

R = TypeVar("R")
Upgrades = Mapping[type[Any], Callable[[Any], R]]
"""For each earlier struct of a row, how today's row is made of one."""


class RowDecoder(Generic[R]):
    """Reads a table's rows, of today's version and of earlier ones.

    Args:
        row_type: Today's struct.
        upgrades: Earlier ones; their tags differ from each other's and from today's.
    """

    def __init__(self, row_type: type[R], upgrades: Upgrades[R]) -> None:
        self._row_type: Final = row_type
        self._upgrades = upgrades
        known: Any = reduce(or_, upgrades, row_type)
        self._decode = msgspec.msgpack.Decoder(known).decode

    def decode(self, value: bytes) -> R:
        """Return today's row.

        Raises:
            msgspec.DecodeError: It is of no known version: a newer one, or none.
        """
        row = self._decode(value)
        return row if isinstance(row, self._row_type) else self._upgrades[type(row)](row)
