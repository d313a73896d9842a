"""Faust's Kafka consumer, except that a rebalance loses no record and a busy topic waits for no quiet one.

Faust fetches in a thread of its own. A fetch that was under way when the partitions changed may take records
after Faust has set their positions anew: of all partitions, for it goes by a set that is empty by then. Faust
drops such records, seeks back only where an offset has been committed, and so never reads them: a table is
recovered without its rows, or source records are skipped. What comes too early, before the streams have been
resumed, is dropped likewise. So here a fetch puts back what nobody may have yet.

A worker that reads a busy topic beside quiet ones must not wait for the quiet ones: while a busy partition's
records wait to be taken, the broker and Faust are asked for the others alone, and would answer after 1.5 s
and 1 s; where all are busy, Faust would sleep for 1 s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, Final

from faust.transport.consumer import RecordMap
from faust.transport.drivers import aiokafka
from faust.types import TP
from mode.services import WaitArgT, WaitResults
from mode.utils.times import Seconds

PAUSE_S: Final = 0.02
"""How long a fetch waits that got nothing but what it had to put back."""
MAX_WAIT_S: Final = 0.05
"""How long the broker may hold a fetch that finds nothing."""
FULL_POLL_S: Final = 0.01
"""How soon it is looked again whether partitions whose records filled the streams' buffers can be read on."""


class ConsumerThread(aiokafka.AIOKafkaConsumerThread):
    """Where fetching happens. Its event loop owns the positions: nothing comes between a fetch and a seek."""

    def _create_worker_consumer(self, transport: aiokafka.Transport) -> Any:  # noqa: ANN401  untyped
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = int(MAX_WAIT_S * 1000)  # noqa: SLF001  no setting for it
        return consumer

    async def _fetch_records(
        self,
        consumer: Any,  # noqa: ANN401  aiokafka's class is untyped
        active_partitions: set[TP],
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> RecordMap:
        if self.consumer._buffered_partitions:  # noqa: SLF001  no public way
            timeout = FULL_POLL_S
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

    async def _wait_next_records(self, timeout: float) -> tuple[RecordMap | None, set[TP] | None]:
        # Faust would sleep for a second where every partition is full.
        while self.flow_active and self._buffered_partitions and not self._get_active_partitions():
            if self.should_stop:
                break
            await asyncio.sleep(FULL_POLL_S)
        return await super()._wait_next_records(timeout)

    async def wait_first(self, *coros: WaitArgT, timeout: Seconds | None = None) -> WaitResults:
        """Wait for the first of several, as Faust does for each record: its delivery, or an end of the flow.

        A delivery nearly always ends without waiting; Faust would make four tasks to find that out.
        """
        first, *others = coros
        if isinstance(first, Coroutine):
            try:
                awaited = first.send(None)
            except BaseException as end:
                for other in others:
                    if isinstance(other, Coroutine):
                        other.close()
                if isinstance(end, StopIteration):
                    return WaitResults([first], [end.value], self._stopped.is_set())
                raise
            first = _Begun(first, awaited)
        return await super().wait_first(first, *others, timeout=timeout)  # type: ignore[arg-type] # None is its default


class _Begun:
    """What is left of a coroutine that has run until it first waited."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], awaited: object) -> None:
        self._coroutine = coroutine
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, Any]:
        awaited = self._awaited
        try:
            while True:
                try:
                    sent = yield awaited
                except BaseException as error:  # noqa: BLE001  the coroutine's to handle
                    awaited = self._coroutine.throw(error)
                else:
                    awaited = self._coroutine.send(sent)
        except StopIteration as end:
            return end.value


class Transport(aiokafka.Transport):
    """Faust's transport with that consumer."""

    Consumer = Consumer
