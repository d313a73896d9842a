"""What the Faust apps have in common: settings, start-up, data directories, health."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import shutil
import socket
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import IO, Any, Final, cast

import faust
from aiokafka.errors import KafkaError
from faust.exceptions import AlreadyConfiguredWarning
from faust.types import TP, AgentT, EventT
from faust.types._env import DATADIR
from faust.types.auth import CredentialsT
from faust.web import Request, Response, View

from streams import kafka_link
from streams.backoff import Backoff
from streams.consumer import Transport
from streams.errors import UnavailableError
from streams.metrics import Exposition, catalogue, partitions
from streams.passage import Passage
from streams.progress import Progress, TopicPartition
from streams.settings import Settings
from streams.telemetry import Counters, Reporter, logging_config, quieten
from streams.topic_admin import cluster_id, create_topics
from streams.topics import CATALOGUE, MAX_MESSAGE_BYTES, Topic
from streams.tracing import Span, make_tracer
from streams.usage import usage
from streams.version import VERSION

logger = logging.getLogger(__name__)

START_PATIENCE_S: Final = 60.0
"""How long a starting worker waits for Kafka."""
FETCH_BYTES: Final = 1024 * 1024
"""Most that one fetch brings of a partition."""
BUFFERED_RECORDS: Final = 256
"""Records of a stream that wait in memory, up to 64 KiB each."""
NEVER: Final = 2**31
"""Acknowledgements after which whoever reads commits himself. A commit that Kafka does not answer lasts for a
minute and more, and meanwhile nothing would be read; the commits of each second are enough."""
POLLED_RECORDS: Final = 128
"""Most records that are taken from the fetching thread at once."""


def _credentials(settings: Settings) -> CredentialsT | None:
    """Return what Faust gives its clients of Kafka; None where nothing protects the connection."""
    options = kafka_link.options(settings)
    context = options["ssl_context"]
    if "sasl_mechanism" in options:
        return faust.SASLCredentials(
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            mechanism=options["sasl_mechanism"],
            ssl_context=context,
        )
    return None if context is None else faust.SSLCredentials(context)


class WorkerApp(faust.App):
    """A Faust app of the platform.

    It has the catalogue's topics made if there are none, a data directory and a web port of its own, also
    when several workers start on one machine, GET /health, and GET /live.

    Args:
        name: The pipeline, such as ``scanner``; with the topics' prefix it is the consumer group.
        settings: The platform's settings.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        self.settings = settings
        self.counters = Counters()
        self.redis: Callable[[], dict[str, bool]] | None = None
        """Tells of each Redis database whether it takes what is written; None for an app that writes none."""
        self._reporter = Reporter(logger)
        self._claim: IO[bytes] | None = None
        self.passage = Passage(name)
        self.traces = make_tracer(settings, name)
        self._started_at = time.time()
        self._reading = Progress(settings.worker_stall_s)
        super().__init__(
            f"{settings.kafka_topic_prefix}{name}",
            broker=[f"kafka://{host}" for host in settings.kafka_bootstrap.split(",")],
            broker_credentials=_credentials(settings),
            store="rocksdb://",
            datadir=_given_data_dir() or settings.data_dir / name,
            web_port=settings.worker_port,
            topic_partitions=settings.kafka_partitions,
            topic_replication_factor=settings.kafka_replication,
            topic_disable_leader=True,
            table_standby_replicas=0,
            stream_buffer_maxsize=BUFFERED_RECORDS,
            stream_wait_empty=True,
            broker_session_timeout=settings.worker_session_timeout_s,
            broker_heartbeat_interval=settings.worker_session_timeout_s / 5,
            broker_commit_interval=1.0,
            broker_commit_every=NEVER,
            broker_max_poll_records=POLLED_RECORDS,
            consumer_max_fetch_size=FETCH_BYTES,
            producer_compression_type="lz4",
            producer_max_request_size=MAX_MESSAGE_BYTES,
            autodiscover=False,
            logging_config=logging_config(settings.log_format),
        )
        self._watch(name)
        self.page("/health")(_health_view(self))
        self.page("/live")(_live_view(self))
        self.page("/metrics")(_metrics_view(Exposition(name, catalogue.WORKER, self.counters)))

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)

    def source(self, topic: Topic) -> faust.TopicT:
        """Return a topic of the catalogue as a source of raw records."""
        return self.topic(
            self.settings.topic(topic),
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
            partitions=self.settings.partitions(topic),
            # Topics are made from the catalogue, with its retention.
            allow_empty=True,
            internal=False,
        )

    async def on_first_start(self) -> None:
        """Claim a directory and a port, and wait for the topics."""
        quieten("aiokafka")
        self._choose_port()
        self._claim_data_dir(await self._reach_cluster())
        await super().on_first_start()

    async def crash(self, reason: BaseException) -> None:
        """End the worker; what is not acknowledged yet comes again to whoever follows it."""
        # Faust would first wait until all is acknowledged, half-applied batches among it.
        self._configure_late(stream_wait_empty=False)
        await super().crash(reason)

    async def _on_agent_error(self, agent: AgentT[Any], exc: BaseException) -> None:
        # Faust would start the agent again behind the record at which it failed: that would be lost.
        await super()._on_agent_error(agent, exc)
        await self.crash(exc)

    @property
    def is_behind(self) -> bool:
        """Whether the events that come now were received long ago."""
        return self.passage.is_behind

    @contextmanager
    def applying(
        self, topic: Topic, received_ms: int | None, traceparent: str | None = None
    ) -> Iterator[None]:
        """Measure, and where it is traced trace, how a batch is applied: that happens within the context.

        Args:
            topic: Where the batch lay.
            received_ms: When its first event was received, ms since 1970 UTC; None is unknown.
            traceparent: The trace that it belongs to, None where it is not traced.
        """
        self.passage.begin(received_ms)
        span = None if traceparent is None else self._trace(topic, traceparent)
        if span is None:
            yield
        else:
            with span.active():
                yield
            span.end()
        if received_ms is not None:
            self.counters.observe("latency", time.time() - received_ms / 1000, reason="applied")
        self.passage.end(received_ms, None if span is None else span.traceparent)

    def _trace(self, topic: Topic, traceparent: str) -> Span | None:
        known = {"messaging.destination.name": self.settings.topic(topic)}
        return self.traces.follow(traceparent, "apply", time.time_ns(), known)

    def note_events(
        self, topic: Topic, good: int, rejected: Sequence[bytes], newest_ms: float | None = None
    ) -> None:
        """Count what a batch of ``topic`` held: ``good`` events, and slices that are none.

        Args:
            topic: Where the batch lay.
            good: How many events it held.
            rejected: Slices of it that are no events.
            newest_ms: When the last of its events happened, ms since 1970 UTC; None where there is none.
        """
        if newest_ms is not None:
            self.counters.observe("event_delay", time.time() - newest_ms / 1000, reason=topic.suffix)
        if rejected:
            self.counters.add("events_rejected", len(rejected), reason="malformed")
            incident = f"events of {self.settings.topic(topic)} are malformed"
            self._reporter.warn(incident, repr(bytes(rejected[0][:200])), len(rejected))
        self.counters.add("events_processed", good)

    async def wait_for_stop(self) -> None:
        """Return once the worker is told to stop."""
        await self.wait_for_stopped(asyncio.Future[None]())

    def health(self) -> dict[str, Any]:
        """Return what this worker does: state, partitions, lag by partition, counters."""
        redis = {} if self.redis is None else self.redis()
        well = "ok" if all(redis.values()) else "redis_away"
        return {
            "status": well if self._is_ready() else "rebalancing",
            "app": self.conf.id,
            "version": VERSION,
            "uptime_s": round(time.time() - self._started_at, 1),
            "partitions": self._progress(),
            "redis": redis,
            "disk_free_ratio": self._disk_free(),
            "usage": usage(),
            **self.counters.report(),
        }

    async def stalled(self) -> list[TopicPartition]:
        """Return the partitions that have records and have not been read for ``worker_stall_s``.

        Ask every few seconds: positions are compared with those of last time. Nothing is stalled while the
        partitions are dealt out, or Kafka does not answer: to start the worker again would only delay it.
        """
        if not self._is_ready():
            self._reading.forget()
            return []
        progress = self._progress()
        suspects = self._reading.stalled(progress, time.monotonic())
        if not suspects:
            return []
        # What retention has deleted will never be read, and counts as lag until the next record comes.
        try:
            async with asyncio.timeout(self.settings.kafka_timeout_s):
                earliest = await self.consumer.earliest_offsets(*(TP(*suspect) for suspect in suspects))
        except (KafkaError, TimeoutError):
            return []
        ends = {(each["topic"], each["partition"]): each["end"] for each in progress}
        return [suspect for suspect in suspects if earliest[TP(*suspect)] < ends[suspect]]

    def _is_ready(self) -> bool:
        return bool(self.tables.actives_ready) and not self.rebalancing

    def _progress(self) -> list[dict[str, Any]]:
        assigned = self.consumer.assignment() if self._consumer is not None else set()
        return [self._progress_of(tp) for tp in sorted(assigned) if "changelog" not in tp.topic]

    def _progress_of(self, tp: TP) -> dict[str, Any]:
        end = self.consumer.highwater(tp)
        read = self.monitor.tp_read_offsets.get(tp)
        # Before the first record the consumer stands where the group has committed.
        start = self.consumer._read_offset.get(tp) or 0  # type: ignore[attr-defined]  # noqa: SLF001  no public way
        position = start if read is None else max(start, read + 1)
        return {
            "topic": tp.topic,
            "partition": tp.partition,
            "position": position,
            "committed": self.monitor.tp_committed_offsets.get(tp),
            "end": end,
            "lag": None if end is None else max(0, end - position),
        }

    def _watch(self, name: str) -> None:
        read_times = partitions.ReadTimes()
        self.sensors.add(read_times)
        partitions.watch(self.counters, self._progress, read_times)
        retention: dict[tuple[str, ...], float] = {
            (self.settings.topic(topic),): topic.retention_ms / 1000
            for topic in CATALOGUE
            if topic.retention_ms is not None
        }
        self.counters.watch("retention", lambda: retention)
        self.counters.watch("ready", self._is_ready)
        self.counters.watch("rebalances", lambda: self.rebalancing_count)
        self.counters.watch("generation", lambda: self.consumer_generation_id)
        self.counters.watch("disk_free", self._disk_free)

    def _disk_free(self) -> float | None:
        try:
            usage = shutil.disk_usage(self.conf.datadir)
        except OSError:
            return None
        return usage.free / usage.total

    def _claim_data_dir(self, cluster: str) -> None:
        # What RocksDB remembers of one cluster's changelogs is wrong for every other cluster.
        base = Path(self.conf.datadir) / cluster
        if _given_data_dir() is not None:
            if not self._claim_dir(base):
                raise UnavailableError(
                    f"data directory {base} is another worker's: give each its own with --datadir"
                )
            self._configure_late(datadir=base)
            return
        for number in count():
            candidate = base / str(number)
            if self._claim_dir(candidate):
                self._configure_late(datadir=candidate)
                return

    def _claim_dir(self, path: Path) -> bool:
        path.mkdir(parents=True, exist_ok=True)
        claim = (path / "lock").open("wb")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            claim.close()
            return False
        self._claim = claim
        return True

    def _choose_port(self) -> None:
        if self.conf.web_port != self.settings.worker_port:
            return
        for port in range(self.settings.worker_port, self.settings.worker_port + 100):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((self.conf.web_bind, port))
                except OSError:
                    continue
            self._configure_late(web_port=port)
            return

    def _configure_late(self, **values: Path | int | bool) -> None:
        with warnings.catch_warnings():
            # Faust fears that the old value was used; neither tables nor the web server have started.
            warnings.simplefilter("ignore", AlreadyConfiguredWarning)
            for name, value in values.items():
                setattr(self.conf, name, value)

    def _changelogs(self) -> dict[str, int]:
        # Faust makes them while it joins its group. Where the broker does not know one yet, the assignment
        # goes without it: its table would have no partition, and its source would be skipped for good.
        tables = self.tables.values()
        return {table.changelog_topic.get_topic_name(): table.partitions for table in tables}

    async def _reach_cluster(self) -> str:
        """Make the topics that are missing; return the cluster's id."""
        backoff, reporter = Backoff(), Reporter(logger)
        deadline = time.monotonic() + START_PATIENCE_S
        while True:
            try:
                await create_topics(self.settings, self._changelogs())
                return await cluster_id(self.settings)
            except UnavailableError as error:
                if time.monotonic() > deadline:
                    raise
                reporter.warn("waiting for Kafka", str(error))
                await asyncio.sleep(backoff.next_s())


def unacknowledged(stream: faust.StreamT[Any]) -> AsyncIterator[EventT[Any]]:
    """Return a stream's events, each to be acknowledged by whoever takes it."""
    return cast(AsyncIterator[EventT[Any]], cast(faust.Stream[Any], stream).noack().events())


def _given_data_dir() -> Path | None:
    """Return what --datadir or FAUST_DATADIR says, None where neither is given."""
    return None if "{" in DATADIR else Path(DATADIR)


def _health_view(app: WorkerApp) -> Callable[[View, Request], Any]:
    async def health(view: View, request: Request) -> Response:
        report = app.health()
        # Without Redis a worker goes on: to start it again would help nobody.
        return view.json(report, status=503 if report["status"] == "rebalancing" else 200)

    return health


def _metrics_view(exposition: Exposition) -> Callable[[View, Request], Any]:
    async def metrics(view: View, request: Request) -> Response:
        content, content_type = exposition.render(request.headers.get("accept", ""))
        return view.bytes(content, headers={"Content-Type": content_type})

    return metrics


def _live_view(app: WorkerApp) -> Callable[[View, Request], Any]:
    async def live(view: View, request: Request) -> Response:
        stalled = [f"{topic}/{partition}" for topic, partition in await app.stalled()]
        if stalled:
            logger.error("not read for %g s: %s", app.settings.worker_stall_s, ", ".join(stalled))
        return view.json({"alive": not stalled, "stalled": stalled}, status=503 if stalled else 200)

    return live
