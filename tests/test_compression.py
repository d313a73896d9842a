"""The compression of records."""

from __future__ import annotations

import cramjam
from aiokafka.producer.message_accumulator import BatchBuilder

from streams.compression import COMPRESSION, LEVEL

ZSTD = 4
"""Kafka's number of the codec."""


def test_a_batch_is_compressed_at_the_chosen_level() -> None:
    value = b"".join(b'{"ev":"Q","sym":"S%d","bp":%d}' % (number, number * 7) for number in range(5_000))
    builder = BatchBuilder(1 << 20, ZSTD)
    assert builder.append(timestamp=0, key=None, value=value) is not None
    builder.close()
    batch = bytes(builder._build())
    records = bytes(cramjam.zstd.decompress(batch[61:]))
    assert COMPRESSION == "zstd"
    assert value in records
    assert batch[61:] == bytes(cramjam.zstd.compress(records, level=LEVEL))
