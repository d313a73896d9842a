"""Reads from Kafka what a query asks for: as a consumer of no group, for a short while."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams import kafka_link
from streams.errors import BadInputError
from streams.inspection.answer import Answer, answer
from streams.inspection.concern import Concern, Record
from streams.inspection.lane import Back, Lane, Onward, Span
from streams.inspection.query import NoTopicError, Query
from streams.records import partition_of
from streams.settings import Settings

OFFSETS_S: Final = 2.0
"""Longest wait for where a partition begins and ends: one without a leader must not hide the others."""
READ_S: Final = 2.0
"""Longest that is read for an answer."""
POLL_S: Final = 0.02
FETCH_MS: Final = 20
"""Longest wait for records that are not there."""
FETCH_RECORDS: Final = 20
"""Most records that are looked at before others have a turn."""
FAILURES: Final = (KafkaError, OSError, TimeoutError)


async def inspect(settings: Settings, query: Query) -> Answer:
    """Return what a query asks for.

    Args:
        settings: Where Kafka is.
        query: What is wanted.

    Raises:
        NoTopicError: The broker does not have the topic.
        BadInputError: There is no such partition or offset; the message tells which there are.
        UnavailableError: Kafka does not answer.
    """
    try:
        async with kafka_link.reader(settings, max_wait_ms=FETCH_MS) as consumer:
            return await _Inspection(settings, query, consumer).run()
    except FAILURES as error:
        raise kafka_link.unavailable(settings, _why(error)) from None


class _Inspection:
    """One query on a consumer of its own."""

    def __init__(self, settings: Settings, query: Query, consumer: AIOKafkaConsumer) -> None:
        self._settings = settings
        self._query = query
        self._consumer = consumer
        self._name = settings.topic(query.topic)
        self._concern = Concern(query.symbol)
        self._lanes: dict[int, Lane] = {}
        self._problems: dict[int, str] = {}
        self._notes: list[str] = []
        self._read = 0

    async def run(self) -> Answer:
        async with asyncio.timeout(self._settings.kafka_timeout_s):
            numbers = self._chosen(await self._numbers())
            await asyncio.gather(*map(self._open, numbers))
        if not self._lanes:
            raise kafka_link.unavailable(self._settings, next(iter(self._problems.values())))
        cut = None
        try:
            async with asyncio.timeout(READ_S):
                while spans := self._spans():
                    await self._read_spans(spans)
        except TimeoutError:
            cut = f"{READ_S:g} s"
        except KafkaError as error:
            # What was read before is told all the same.
            cut = f"an error ({_why(error)})"
        return answer(
            self._name,
            self._query,
            dict(sorted(self._lanes.items())),
            read=self._read,
            cut=cut,
            problems=self._problems,
            notes=self._notes,
        )

    async def _numbers(self) -> Sequence[int]:
        """Return the topic's partitions."""
        if self._name not in await self._consumer.topics():
            raise NoTopicError(f"{self._name} is not on the broker: streams topics create")
        # Metadata is kept of topics that are read.
        some = TopicPartition(self._name, 0)
        self._consumer.assign([some])
        self._consumer.pause(some)
        while not (numbers := self._consumer.partitions_for_topic(self._name)):  # noqa: ASYNC110  no event
            await asyncio.sleep(POLL_S)
        return sorted(numbers)

    def _chosen(self, numbers: Sequence[int]) -> Sequence[int]:
        """Return which of the partitions are asked for."""
        query = self._query
        wanted = [query.partition] if query.partition is not None else list(query.marks or ())
        for number in wanted:
            if number not in numbers:
                raise BadInputError(f"{self._name} has no partition {number}: {_range(numbers)}")
        is_known = query.topic.by_symbol and len(numbers) == self._settings.partitions(query.topic)
        if not wanted and query.symbol is not None and is_known:
            wanted = [partition_of(query.symbol, len(numbers))]
        wanted = wanted or list(numbers)
        if query.offset is not None and len(wanted) > 1:
            raise BadInputError(f"an offset is of one partition: {self._name} has {_range(numbers)}")
        return wanted

    async def _open(self, number: int) -> None:
        """Make a partition's lane, or note why there is none."""
        where = TopicPartition(self._name, number)
        try:
            async with asyncio.timeout(OFFSETS_S):
                first, end = await asyncio.gather(
                    self._consumer.beginning_offsets([where]), self._consumer.end_offsets([where])
                )
                held = Span(first[where], end[where])
                since = await self._since(where, held)
        except FAILURES as error:
            self._problems[number] = f"its offsets cannot be read: {_why(error)}"
            return
        way = Onward if self._query.is_onward else Back
        self._lanes[number] = way(held, self._start(number, held, since), self._query)

    async def _since(self, where: TopicPartition, held: Span) -> int:
        """Return the first offset of the time that is asked for; the end where none is as late."""
        if self._query.time_ms is None:
            return held.end
        found = (await self._consumer.offsets_for_times({where: self._query.time_ms}))[where]
        return held.end if found is None else min(found.offset, held.end)

    def _start(self, number: int, held: Span, since: int) -> int:
        offset, marks = self._query.offset, self._query.marks
        if offset is not None and not held.first <= offset <= held.end:
            raise BadInputError(f"partition {number} of {self._name} {_told(held)}, not {offset}")
        start = offset if offset is not None else since if marks is None else marks[number]
        if start < held.first and self._query.is_onward:
            self._notes.append(f"offsets {start} to {held.first - 1} of partition {number} are gone")
        if start > held.end:
            self._notes.append(f"partition {number} {_told(held)}, not {start}: was the topic made anew?")
        return min(max(start, held.first), held.end)

    def _spans(self) -> Mapping[TopicPartition, Span]:
        return {
            TopicPartition(self._name, number): span
            for number, lane in self._lanes.items()
            if (span := lane.next_span()) is not None
        }

    async def _read_spans(self, spans: Mapping[TopicPartition, Span]) -> None:
        consumer, left = self._consumer, dict(spans)
        consumer.assign(list(spans))
        for where, span in spans.items():
            consumer.seek(where, span.first)
        while left:
            batches = await consumer.getmany(*left, timeout_ms=FETCH_MS, max_records=FETCH_RECORDS)
            for where, batch in batches.items():
                if not self._take(self._lanes[where.partition], left[where].end, batch):
                    del left[where]
                    consumer.pause(where)
            # What is fetched already is given without waiting: others have a turn here.
            await asyncio.sleep(0)
            for where in list(left):
                if await consumer.position(where) >= left[where].end:
                    self._lanes[where.partition].close()
                    del left[where]
                    consumer.pause(where)

    def _take(self, lane: Lane, end: int, batch: Sequence[Any]) -> bool:
        """Give a lane its records before an offset; return whether it needs more."""
        for record in batch:
            if record.offset >= end:
                break
            self._read += 1
            found = self._concern.pick(Record(*(getattr(record, name) for name in Record._fields)))
            if not lane.take(found, record.offset):
                return False
        return True


def _range(numbers: Sequence[int]) -> str:
    return "partition 0 alone" if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


def _told(held: Span) -> str:
    if held.first == held.end:
        return f"is empty, its next offset is {held.end}"
    return f"holds offsets {held.first} to {held.end - 1}"


def _why(error: BaseException) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
