"""aiokafka's idempotent producer, so that a batch it has taken is neither given up nor doubled."""

from __future__ import annotations

import asyncio
import math
from typing import Final

from aiokafka import AIOKafkaProducer

from streams import kafka_link
from streams.compression import COMPRESSION
from streams.settings import Settings

BATCH_BYTES: Final = 512 * 1024
"""A batch takes no further record beyond this size: half of Kafka's default ``max.message.bytes``."""
REQUEST_BYTES: Final = 16 * 1024 * 1024
RETRY_BACKOFF_MS: Final = 250
ABANDON_S: Final = 1.0
"""How long requests in flight may take to end when the client is given up."""


class IdempotentProducer(AIOKafkaProducer):  # type: ignore[misc]  # aiokafka's class is untyped
    """A producer whose batches never expire.

    aiokafka retries a batch with its sequence numbers until the broker has it, whatever happens to the
    connection. Only where a partition has no leader for the moment, as during a broker's restart, it gives up
    a batch older than the request timeout, and thereby leaves a gap in the sequence that fails all later
    batches. So here they do not age.

    Args:
        settings: Where Kafka is, and how long the answer to one request may take.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            **kafka_link.options(settings),
            client_id="streams-listener",
            enable_idempotence=True,
            acks="all",
            compression_type=COMPRESSION,
            max_batch_size=BATCH_BYTES,
            max_request_size=REQUEST_BYTES,
            retry_backoff_ms=RETRY_BACKOFF_MS,
        )
        self._message_accumulator._batch_ttl = math.inf  # noqa: SLF001  no public setting
        self._timeout_s = settings.kafka_timeout_s

    async def connect(self) -> None:
        """Connect to the cluster and get a producer id.

        Raises:
            KafkaError: The cluster does not answer.
            TimeoutError: It does not answer in time.
        """
        async with asyncio.timeout(self._timeout_s):
            await self.start()

    async def is_reachable(self) -> bool:
        """Tell whether a broker answers now."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self.client.fetch_all_metadata()
        except Exception:  # noqa: BLE001  the answer is no, whichever of aiokafka's many errors says so
            return False
        return True

    async def abandon(self) -> None:
        """Close the connections without waiting for batches: ``stop()`` would wait for Kafka for ever."""
        try:
            async with asyncio.timeout(ABANDON_S):
                await self._sender.close()
        except Exception:  # noqa: BLE001, S110  it has failed before, which is why it is abandoned
            pass
        await self.client.close()
        # What stop() would set: without it the destructor complains of a producer left open.
        self._closed = True
