"""How records are compressed: zstd at level 1.

aiokafka has no setting for a level and takes 3 (zstd) or 9 (lz4, ten times slower). On market data level 1
takes two thirds of the time of level 3 and makes nothing larger, and a listener spends a quarter of its time
on compression.
"""

from __future__ import annotations

from typing import Final

from aiokafka.codec import zstd_encode

LEVEL: Final = 1


def _at_level_1(codec: str) -> str:
    # The level is a parameter of aiokafka's encoder that its callers leave at the default.
    zstd_encode.__defaults__ = (LEVEL,)
    return codec


COMPRESSION: Final = _at_level_1("zstd")
"""The codec's name for producers; whoever uses it gets the level as well."""
