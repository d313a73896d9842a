"""How many bytes partitions take on the brokers' disks: a request that aiokafka has no call for.

DescribeLogDirs, version 1: https://kafka.apache.org/protocol#The_Messages_DescribeLogDirs
"""

from __future__ import annotations

from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Int64, Schema, String


class _Response(Response):  # type: ignore[misc]  # aiokafka has no annotations
    API_KEY = 35
    API_VERSION = 1
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "log_dirs",
            Array(
                ("error_code", Int16),
                ("log_dir", String("utf-8")),
                (
                    "topics",
                    Array(
                        ("name", String("utf-8")),
                        (
                            "partitions",
                            Array(
                                ("partition_index", Int32),
                                ("partition_size", Int64),
                                ("offset_lag", Int64),
                                ("is_future_key", Boolean),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    )


class _RequestV1(RequestStruct):  # type: ignore[misc]  # as above
    API_KEY = 35
    API_VERSION = 1
    RESPONSE_TYPE = _Response
    SCHEMA = Schema(("topics", Array(("topic", String("utf-8")), ("partitions", Array(Int32)))))


class _Request(Request[_RequestV1]):  # type: ignore[misc]  # as above
    API_KEY = 35

    def build(self, request_struct_class: type[_RequestV1]) -> _RequestV1:
        """Return a request for all topics."""
        return request_struct_class(None)


async def read(admin: AIOKafkaAdminClient, brokers: list[int]) -> dict[tuple[str, int], int]:
    """Return the bytes of each partition; of several replicas the largest counts.

    Args:
        admin: A client that has started.
        brokers: All brokers' ids.
    """
    sizes: dict[tuple[str, int], int] = {}
    for broker in brokers:
        answer: Any = await admin._send_request_to_node(broker, _Request())  # noqa: SLF001  no public way
        for _error, _folder, topics in answer.log_dirs:
            for name, partitions in topics:
                for number, size, _lag, is_future in partitions:
                    if not is_future:
                        sizes[name, number] = max(size, sizes.get((name, number), 0))
    return sizes
