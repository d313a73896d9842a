"""What is answered to a query: records in the order of their times, what was cut, and where it goes on."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from streams.inspection.concern import Found
from streams.inspection.lane import Lane
from streams.inspection.query import Marks, Query, told_marks
from streams.inspection.told import Told, tell


class Partition(msgspec.Struct):
    """A partition that was asked for.

    Attributes:
        partition: Its number.
        begin: Its first offset that there is still; None where it is unknown.
        end: Its next offset.
        problem: Why it could not be read.
    """

    partition: int
    begin: int | None
    end: int | None
    problem: str | None = None


class Answer(msgspec.Struct, kw_only=True):
    """An answer.

    Attributes:
        topic: The topic's full name.
        symbol: Whose events these are; None for all.
        partitions: The partitions that were asked for.
        records: What was found, the oldest first: by time, within a partition by offset.
        read: How many records were looked at.
        stopped: Why there is not more, and where it goes on; None where there is no more.
        notes: What else to know.
        earlier: What to ask for as ``before`` to have what comes before; None where there is nothing.
        later: What to ask for as ``onward`` to have what comes after, at present or soon.
    """

    topic: str
    symbol: str | None
    partitions: list[Partition]
    records: list[Told]
    read: int
    stopped: str | None
    notes: list[str]
    earlier: str | None
    later: str


def answer(
    name: str,
    query: Query,
    lanes: Mapping[int, Lane],
    *,
    read: int = 0,
    cut: str | None = None,
    problems: Mapping[int, str] | None = None,
    notes: Iterable[str] = (),
) -> Answer:
    """Return the answer to a query.

    Args:
        name: The topic's full name.
        query: What was asked.
        lanes: What was found, by partition.
        read: How many records were looked at.
        cut: What ended the reading before there was enough; None where nothing did.
        problems: Why partitions could not be read.
        notes: What else to know.
    """
    problems = problems or {}
    taken = _take(query, lanes.values())
    counts = Counter(found.record.partition for found in taken)
    reached = {number: _reached(query, lane, counts[number]) for number, lane in lanes.items()}
    starts = {number: lane.start for number, lane in lanes.items()}
    earlier, later = (starts, reached) if query.is_onward else (reached, starts)
    partitions = [Partition(number, *lane.held, problems.get(number)) for number, lane in lanes.items()]
    unknown = [Partition(number, None, None, why) for number, why in problems.items() if number not in lanes]
    return Answer(
        topic=name,
        symbol=query.symbol,
        partitions=sorted(partitions + unknown, key=lambda each: each.partition),
        records=[tell(found) for found in taken],
        read=read,
        stopped=_stopped(query, lanes, reached, taken, cut=cut),
        notes=[*notes, *_emptiness(name, query, lanes, taken, read)],
        earlier=told_marks(earlier) if _is_before(lanes, earlier) else None,
        later=told_marks(later),
    )


def _take(query: Query, lanes: Iterable[Lane]) -> list[Found]:
    """Return the first of all that was found, or on the way back the last: no more than may be told."""
    if query.is_onward:
        ordered = heapq.merge(*(lane.found for lane in lanes), key=_order)
    else:
        ordered = heapq.merge(*(reversed(lane.found) for lane in lanes), key=_order, reverse=True)
    taken: list[Found] = []
    size = 0
    for found in ordered:
        size += found.size
        if taken and (len(taken) == query.most or size > query.most_bytes):
            break
        taken.append(found)
    return taken if query.is_onward else taken[::-1]


def _order(found: Found) -> tuple[int, int]:
    return found.record.timestamp, found.record.partition


def _reached(query: Query, lane: Lane, taken: int) -> int:
    """Return where a partition goes on: at the first record that was found and is not told, if any."""
    if taken == len(lane.found):
        return lane.position
    if query.is_onward:
        return lane.found[taken].record.offset
    return lane.found[-taken - 1].record.offset + 1


def _is_before(lanes: Mapping[int, Lane], marks: Marks) -> bool:
    return any(marks[number] > lane.held.first for number, lane in lanes.items())


def _stopped(
    query: Query, lanes: Mapping[int, Lane], reached: Marks, taken: Sequence[Found], *, cut: str | None
) -> str | None:
    if query.is_onward:
        is_more = any(reached[number] < lane.held.end for number, lane in lanes.items())
    else:
        is_more = _is_before(lanes, reached)
    if not is_more:
        return None
    count = "1 record" if len(taken) == 1 else f"{len(taken)} records"
    why = count if len(taken) >= query.most else cut or f"{query.most_bytes} bytes"
    way = "from" if query.is_onward else "before"
    where = f"offset {next(iter(reached.values()))}" if len(reached) == 1 else told_marks(reached)
    return f"stopped after {why}: go on {way} {where}"


def _emptiness(
    name: str, query: Query, lanes: Mapping[int, Lane], taken: Sequence[Found], read: int
) -> list[str]:
    if taken or not lanes:
        return []
    if all(lane.held.first == lane.held.end for lane in lanes.values()):
        return [f"{name} holds no record here"]
    if query.symbol is not None and read > 0:
        return [f"{query.symbol} is in none of the {read} records that were read"]
    if query.is_onward:
        return ["nothing as late as that has come yet"]
    return [] if read else ["there is nothing before"]
