"""Faust's Kafka consumer, except that no record is lost between two threads in a rebalance.

Faust fetches in a thread of its own. A fetch that was under way when the partitions changed may take records
after Faust has set their positions anew: of all partitions, for it goes by a set that is empty by then. Faust
drops such records, seeks back only where an offset has been committed, and so never reads them: a table is
recovered without its rows, or source records are skipped. What comes too early, before the streams have been
resumed, is dropped likewise. So here a fetch puts back what nobody may have yet.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from faust.transport.consumer import RecordMap
from faust.transport.drivers import aiokafka
from faust.types import TP

PAUSE_S: Final = 0.02
"""How long a fetch waits that got nothing but what it had to put back."""


class ConsumerThread(aiokafka.AIOKafkaConsumerThread):
    """Where fetching happens. Its event loop owns the positions: nothing comes between a fetch and a seek."""

    async def _fetch_records(
        self,
        consumer: Any,  # noqa: ANN401  aiokafka's class is untyped
        active_partitions: set[TP],
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> RecordMap:
        records = await super()._fetch_records(consumer, active_partitions, timeout, max_records)
        wanted = {tp: found for tp, found in records.items() if self._is_wanted(tp, active_partitions)}
        for tp in records.keys() - wanted.keys():
            if tp in consumer.assignment():
                consumer.seek(tp, records[tp][0].offset)
        if records and not wanted:
            await asyncio.sleep(PAUSE_S)
        return wanted

    def _is_wanted(self, tp: TP, active: set[TP]) -> bool:
        owner = self.consumer
        if not owner.flow_active:
            return False
        if tp not in active and tp not in owner._buffered_partitions:  # noqa: SLF001  no public way
            return False
        # Until the end of a rebalance tables are recovered, and nothing else is read.
        return not self.app.rebalancing or tp.topic in self.app.tables.changelog_topics


class Consumer(aiokafka.Consumer):
    """Faust's consumer, fetching in a `ConsumerThread`."""

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)


class Transport(aiokafka.Transport):
    """Faust's transport with that consumer."""

    Consumer = Consumer
