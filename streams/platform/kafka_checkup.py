"""Checks of a running installation's Kafka: its topics, and the groups that read them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from streams import kafka_link
from streams.errors import UnavailableError
from streams.local.doctor import Check, judge_topics
from streams.platform.components import OTHER_APPS, SCANNER
from streams.settings import Settings
from streams.topic_admin import check_topics

LATE_S: Final = 30.0
"""A group that has not committed a record so old is behind: flushes and commits take seconds."""
MEMBERS: Final = 5
"""Where a described group has its members, in the protocol's order of fields."""
RUNBOOKS: Final = "docs/runbooks/"
FAILURES: Final = (KafkaError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a group has come in one partition, by offsets.

    Attributes:
        begin: The first that there still is.
        late: The first record younger than LATE_S; ``end`` where there is none.
        end: The next that will be written.
        committed: The next that the group will read.
    """

    begin: int
    late: int
    end: int
    committed: int


async def examine_kafka(settings: Settings) -> list[Check]:
    """Check the topics, their leaders, and every app's group."""
    name = "KAFKA_BOOTSTRAP"
    try:
        mismatches = await check_topics(settings)
    except UnavailableError as error:
        return [Check(name, False, str(error), f"start the brokers, or set it; {RUNBOOKS}KafkaAway.md")]
    checks = [Check(name, True, f"{settings.kafka_bootstrap} answers")]
    checks.append(
        judge_topics("topics", mismatches) if mismatches else Check("topics", True, "are as in the catalogue")
    )
    try:
        async with asyncio.timeout(settings.kafka_timeout_s):
            return [*checks, *await _examine_groups(settings)]
    except FAILURES as error:
        return [
            *checks,
            Check("groups", False, f"cannot be read: {error!r}", "try again; see the brokers' logs"),
        ]


async def _examine_groups(settings: Settings) -> list[Check]:
    options = kafka_link.options(settings)
    admin = AIOKafkaAdminClient(**options)
    consumer = AIOKafkaConsumer(**options, enable_auto_commit=False)
    await asyncio.gather(admin.start(), consumer.start())
    try:
        checks = [await _leaders(admin, settings)]
        groups = {app: f"{settings.kafka_topic_prefix}{app}" for app in (SCANNER, *OTHER_APPS)}
        known = {name for name, *_ in await admin.list_consumer_groups()}
        for app, group in groups.items():
            # Of a group that never was not even the coordinator is known.
            checks.append(await _app(admin, consumer, app, group) if group in known else judge(app, 0, {}))
        return checks
    finally:
        await asyncio.gather(admin.close(), consumer.stop())


async def _app(admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer, app: str, group: str) -> Check:
    members = await _members(admin, group)
    offsets = await admin.list_consumer_group_offsets(group)
    committed = {tp: found.offset for tp, found in offsets.items() if found.offset >= 0}
    return judge(app, members, await _standings(consumer, committed))


async def _leaders(admin: AIOKafkaAdminClient, settings: Settings) -> Check:
    described = [
        entry
        for entry in await admin.describe_topics()
        if entry["topic"].startswith(settings.kafka_topic_prefix)
    ]
    parts = [(entry["topic"], part) for entry in described for part in entry["partitions"]]
    headless = [f"{topic}/{part['partition']}" for topic, part in parts if part["leader"] < 0]
    if headless:
        detail = f"without a leader: {', '.join(headless[:5])}{' …' if headless[5:] else ''}"
        return Check("partitions", False, detail, f"{RUNBOOKS}PartitionWithoutLeader.md")
    thin = sum(len(part["isr"]) < len(part["replicas"]) for _, part in parts)
    if thin:
        return Check("partitions", False, f"{thin} have replicas that lag", "see which broker is down")
    return Check("partitions", True, f"all {len(parts)} have a leader and their replicas")


async def _members(admin: AIOKafkaAdminClient, group: str) -> int:
    answers: list[Any] = await admin.describe_consumer_groups([group])
    return sum(len(found[MEMBERS]) for answer in answers for found in answer.groups)


async def _standings(
    consumer: AIOKafkaConsumer, committed: Mapping[TopicPartition, int]
) -> dict[str, Standing]:
    if not committed:
        return {}
    since_ms = int((time.time() - LATE_S) * 1000)
    partitions = list(committed)
    begins = await consumer.beginning_offsets(partitions)
    ends = await consumer.end_offsets(partitions)
    young = await consumer.offsets_for_times(dict.fromkeys(partitions, since_ms))
    return {
        f"{tp.topic}/{tp.partition}": Standing(
            begins[tp], ends[tp] if young.get(tp) is None else young[tp].offset, ends[tp], committed[tp]
        )
        for tp in partitions
    }


def judge(app: str, members: int, standings: Mapping[str, Standing]) -> Check:
    """Return how an app's group is: whether anybody works, keeps up, and has missed nothing.

    Args:
        app: The app.
        members: How many workers its group has.
        standings: How far it is, by partition.
    """
    name = f"app {app}"
    if not members:
        return Check(name, False, "no worker runs", f"start one; {RUNBOOKS}ComponentMissing.md")
    missed = {place: each.begin - each.committed for place, each in standings.items()}
    if lost := sum(max(0, records) for records in missed.values()):
        detail = f"{lost} records were deleted before they were read, most of {_first(missed)}"
        return Check(name, False, detail, f"more workers, longer retention; {RUNBOOKS}DataAboutToBeLost.md")
    late = {place: each.late - each.committed for place, each in standings.items()}
    if places := sum(records > 0 for records in late.values()):
        detail = f"more than {LATE_S:.0f} s behind in {places} partitions, most in {_first(late)}"
        return Check(name, False, detail, f"{RUNBOOKS}LagGrows.md")
    return Check(name, True, f"{members} {'worker' if members == 1 else 'workers'}, no lag")


def _first(records: Mapping[str, int]) -> str:
    return max(records, key=records.__getitem__)
