import random

import pytest
from aiokafka.partitioner import DefaultPartitioner, murmur2

from streams.records import headers, join, partition_of, received_ms

KNOWN = [
    # Kafka's own table: clients/src/test/java/org/apache/kafka/common/utils/UtilsTest.java, testMurmur2.
    ("21", -973932308),
    ("foobar", -790332482),
    ("a-little-bit-long-string", -985981536),
    ("a-little-bit-longer-string", -1486304829),
    ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    ("abc", 479470107),
]


@pytest.mark.parametrize(("text", "signed"), KNOWN)
def test_the_hash_is_kafkas(text: str, signed: int) -> None:
    assert murmur2(text.encode()) == signed & 0xFFFFFFFF
    assert partition_of(text, 97) == (signed & 0x7FFFFFFF) % 97


def test_the_partition_is_that_of_the_default_partitioner() -> None:
    rng = random.Random(5)
    partitioner = DefaultPartitioner()
    for _ in range(500):
        symbol = "".join(rng.choices("ABCXYZ./-äß株", k=rng.randint(1, 12)))
        count = rng.randint(1, 64)
        expected = partitioner(symbol.encode(), list(range(count)), list(range(count)))
        assert partition_of(symbol, count) == expected


def test_a_record_is_a_json_array_of_its_events() -> None:
    assert join([b'{"a": 1}', b'{"b":2}']) == b'[{"a": 1},{"b":2}]'


def test_the_headers_say_when_and_from_where() -> None:
    made = headers(1_700_000_000_123_456_789, "massive")
    assert made == [("received_ns", b"1700000000123456789"), ("source", b"massive")]
    assert received_ms(made) == 1_700_000_000_123
    assert received_ms([("received_ns", b"x")]) is None
    assert received_ms(None) is None
