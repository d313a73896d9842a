"""Creates the catalogue's topics on a broker, and tells where a broker's topics differ from the catalogue."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAlreadyExistsError, for_code

from streams import kafka_link
from streams.errors import UnavailableError
from streams.settings import Settings
from streams.topics import CATALOGUE, MAX_MESSAGE_BYTES, Topic

CLOSE_TIMEOUT_S: Final = 2.0
MIN_IN_SYNC: Final = "min.insync.replicas"
TIMESTAMP_TYPE: Final = "message.timestamp.type"
SET_ON_THE_TOPIC: Final = 1
"""Where a setting comes from, in the protocol's numbers: neither the broker nor its defaults."""
POLL_S: Final = 0.05
_NONE: Final[Mapping[str, int]] = MappingProxyType({})

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing about a topic that differs from the catalogue: ``actual`` is "missing" for no topic."""

    topic: str
    setting: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.setting} is {self.actual}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class TopicState:
    """One topic as the broker holds it: how often it is divided and copied, and its configuration."""

    name: str
    partitions: int
    replication: int
    config: dict[str, str]


def config_of(topic: Topic, settings: Settings) -> dict[str, str]:
    """Return the broker's configuration of a topic, by Kafka's names; times are ms, sizes bytes."""
    return {
        "cleanup.policy": "compact" if topic.compact else "delete",
        "retention.ms": str(-1 if topic.retention_ms is None else topic.retention_ms),
        "segment.ms": str(topic.segment_ms),
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
        **_time(topic),
        **_in_sync(settings),
    }


def _time(topic: Topic) -> dict[str, str]:
    # A broker deletes by the records' times. Were these their writers', what comes from a machine whose clock
    # is an hour behind would be deleted at once. When an event was received stands in its record's headers.
    return {} if topic.retention_ms is None else {TIMESTAMP_TYPE: "LogAppendTime"}


def _in_sync(settings: Settings) -> dict[str, str]:
    # Everything is sent with acks=all. Kafka counts as "all" the replicas that keep up, be it one alone: what
    # is acknowledged outlives a broker only if two must have it. Redpanda, where a majority has it anyway,
    # takes the setting and ignores it.
    return {MIN_IN_SYNC: "2"} if settings.kafka_replication > 1 else {}


async def create_topics(settings: Settings, changelogs: Mapping[str, int] = _NONE) -> list[str]:
    """Create the topics that the broker lacks; return their names, in the order of the flow.

    What exists is left as it is, even where it differs: ``check_topics`` tells. On return every topic has
    its leaders, so it can be written to at once.

    Args:
        settings: Where Kafka is.
        changelogs: Topics of tables beside the catalogue's: how many partitions each has, by full name.

    Raises:
        UnavailableError: No broker answers in time, or it refuses a topic.
    """
    async with _admin(settings) as admin:
        existing = set(await admin.list_topics())
        wanted = [
            *(_new_topic(topic, settings) for topic in CATALOGUE),
            *(_new_changelog(name, partitions, settings) for name, partitions in changelogs.items()),
        ]
        missing = [topic for topic in wanted if topic.name not in existing]
        if not missing:
            return []
        created = _created((await admin.create_topics(missing)).topic_errors)
        await _until_led(admin, [topic.name for topic in missing])
        return created


async def update_topics(settings: Settings) -> list[Mismatch]:
    """Set the configuration of the topics that are there; return what differed before.

    Partitions and replicas stay as they are, and so do settings that the catalogue does not have.

    Raises:
        UnavailableError: No broker answers in time, or it refuses a setting.
    """
    wanted = {settings.topic(topic): config_of(topic, settings) for topic in CATALOGUE}
    differing = [found for found in await check_topics(settings) if found.setting in wanted[found.topic]]
    names = sorted({found.topic for found in differing})
    if names:
        async with _admin(settings) as admin:
            own = await _own_configs(admin, names)
            # The request replaces all settings of a topic.
            resources = [
                ConfigResource(ConfigResourceType.TOPIC, name, own[name] | wanted[name]) for name in names
            ]
            for response in await admin.alter_configs(resources):
                for code, reason, _, name in response.resources:
                    if code:
                        why = reason or for_code(code).__name__
                        raise UnavailableError(f"Kafka does not configure topic {name}: {why}")
            await _until_configured(admin, differing)
    return differing


async def cluster_id(settings: Settings) -> str:
    """Return the id that the cluster was given when it was made.

    Raises:
        UnavailableError: No broker answers in time.
    """
    async with _admin(settings) as admin:
        return str((await admin.describe_cluster())["cluster_id"])


async def list_topics(settings: Settings) -> list[TopicState]:
    """Return the catalogue's topics that the broker has, in the order of the flow.

    Raises:
        UnavailableError: No broker answers in time.
    """
    async with _admin(settings) as admin:
        existing = set(await admin.list_topics())
        names = [name for topic in CATALOGUE if (name := settings.topic(topic)) in existing]
        if not names:
            return []
        described = {entry["topic"]: entry["partitions"] for entry in await admin.describe_topics(names)}
        configs = await _configs(admin, names)
        return [
            TopicState(
                name,
                len(described[name]),
                min((len(partition["replicas"]) for partition in described[name]), default=0),
                configs.get(name, {}),
            )
            for name in names
        ]


async def check_topics(settings: Settings) -> list[Mismatch]:
    """Return where the broker's topics differ from the catalogue; nothing where all is well.

    Raises:
        UnavailableError: No broker answers in time.
    """
    states = {state.name: state for state in await list_topics(settings)}
    return [
        mismatch
        for topic in CATALOGUE
        for mismatch in _compare(topic, states.get(settings.topic(topic)), settings)
    ]


def _new_topic(topic: Topic, settings: Settings) -> NewTopic:
    return NewTopic(
        settings.topic(topic),
        settings.partitions(topic),
        settings.kafka_replication,
        topic_configs=config_of(topic, settings),
    )


def _new_changelog(name: str, partitions: int, settings: Settings) -> NewTopic:
    config = {
        "cleanup.policy": "compact",
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
        **_in_sync(settings),
    }
    return NewTopic(name, partitions, settings.kafka_replication, topic_configs=config)


def _created(answers: Sequence[Sequence[Any]]) -> list[str]:
    created = []
    for name, code, *rest in answers:
        if code == 0:
            created.append(str(name))
        elif code != TopicAlreadyExistsError.errno:  # another starter may have been quicker
            reason = next((part for part in rest if part), for_code(code).__name__)
            raise UnavailableError(f"Kafka does not create topic {name}: {reason}")
    return created


async def _until_led(admin: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    # The controller answers before the brokers know the topics; a producer that came sooner would fail.
    while True:
        described = await admin.describe_topics(list(names))
        leaders = [partition["leader"] for entry in described for partition in entry["partitions"]]
        if all(entry["partitions"] for entry in described) and min(leaders, default=-1) >= 0:
            return
        await asyncio.sleep(POLL_S)


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    responses = await admin.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    )
    return {
        resource[3]: {entry[0]: entry[1] for entry in resource[4]}
        for response in responses
        for resource in response.resources
    }


async def _until_configured(admin: AIOKafkaAdminClient, settings: Sequence[Mismatch]) -> None:
    # The controller answers before the brokers know.
    names = sorted({each.topic for each in settings})
    while True:
        configs = await _configs(admin, names)
        if all(configs[each.topic].get(each.setting) == each.expected for each in settings):
            return
        await asyncio.sleep(POLL_S)


async def _own_configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return what is set on topics themselves, by their names."""
    responses = await admin.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    )
    return {
        name: {
            key: value
            for key, value, read_only, source, *_ in entries
            if source == SET_ON_THE_TOPIC and not read_only
        }
        for response in responses
        for *_, name, entries in response.resources
    }


def _compare(topic: Topic, state: TopicState | None, settings: Settings) -> list[Mismatch]:
    name = settings.topic(topic)
    if state is None:
        return [Mismatch(name, "topic", "present", "missing")]
    # Redpanda does not list the setting that it ignores.
    ignored = {MIN_IN_SYNC} - state.config.keys()
    pairs = [
        ("partitions", str(settings.partitions(topic)), str(state.partitions)),
        ("replication", str(settings.kafka_replication), str(state.replication)),
        *(
            (key, value, state.config.get(key, "unknown"))
            for key, value in config_of(topic, settings).items()
            if key not in ignored
        ),
    ]
    return [Mismatch(name, key, expected, actual) for key, expected, actual in pairs if expected != actual]


def _why(error: Exception, timeout_s: float) -> str:
    match error:
        case TimeoutError():
            return f"no answer in {timeout_s:g} s"
        case KafkaConnectionError():
            return "no connection"
        case _:
            return str(error)


@contextlib.asynccontextmanager
async def _admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    timeout_s = settings.kafka_timeout_s
    admin = AIOKafkaAdminClient(**kafka_link.options(settings))
    try:
        async with asyncio.timeout(timeout_s):
            await admin.start()
            yield admin
    except (KafkaError, OSError, TimeoutError) as error:
        raise kafka_link.unavailable(settings, _why(error, timeout_s)) from None
    finally:
        try:
            await asyncio.wait_for(admin.close(), CLOSE_TIMEOUT_S)
        except (KafkaError, OSError, TimeoutError):
            logger.debug("the connection to Kafka did not close in time")
