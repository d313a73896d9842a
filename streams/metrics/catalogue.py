"""Every metric of the platform, by component. Rules, dashboards and docs name these and no others."""

from __future__ import annotations

from typing import Final

from streams.metrics.metric import Metric, counter, gauge, histogram

COMMON: Final = (
    gauge("build", "build_info", "1; the label tells the version.", "version"),
    gauge("data_expected", "data_expected", "1 while a session of the US equity market is open, else 0."),
    gauge(
        "market_session", "market_session", "1 for the session that it is now, 0 for the others.", "session"
    ),
    gauge("started", "start_time_seconds", "When the component started, seconds since 1970 UTC."),
    histogram(
        "latency",
        "latency_seconds",
        "Time since a batch's first event was received, when the batch has come to a stage: kafka "
        "(acknowledged), applied (in a worker's state), flushed (safe there), published (in Redis), "
        "dispatched (handed to the clients' connections).",
        "stage",
    ),
    histogram(
        "event_delay",
        "event_delay_seconds",
        "Time since an event happened at its exchange, by its own timestamp, when it is seen here.",
        "topic",
    ),
)
"""Of every component."""

LISTENER: Final = (
    *COMMON,
    gauge("connected", "listener_connected", "1 while the vendor has let the listener in, else 0."),
    gauge("wanted", "listener_wanted", "1 while the listener is meant to be connected, 0 when stopped."),
    gauge(
        "last_message",
        "listener_last_message_timestamp_seconds",
        "When the vendor's last message came, seconds since 1970 UTC.",
    ),
    gauge("kafka_up", "listener_kafka_up", "1 while Kafka answers the listener, else 0."),
    gauge("buffered_bytes", "listener_buffered_bytes", "Bytes that wait for Kafka."),
    gauge("buffered_records", "listener_buffered_records", "Records that wait for Kafka."),
    gauge(
        "buffer_fill", "listener_buffer_fill_ratio", "Share of the buffer for Kafka that is taken, 0 to 1."
    ),
    gauge(
        "oldest_record",
        "listener_oldest_record_age_seconds",
        "Age of the oldest record that waits for Kafka.",
    ),
    gauge(
        "handover_fill", "listener_handover_fill_ratio", "Share of the hand-over to splitting that is taken."
    ),
    counter("frames", "listener_frames", "Frames received."),
    counter("messages", "listener_messages", "Messages received from the news vendor."),
    counter("bytes_received", "listener_received_bytes", "Bytes received from the vendor."),
    counter("events", "listener_events", "Market data events received, by the vendor's type.", "type"),
    counter("articles", "listener_articles", "Articles received."),
    counter("unknown", "listener_unusable", "Items that are no event, kept in md.unknown.", "reason"),
    counter("empty_frames", "listener_empty_frames", "Frames without any item."),
    counter("statuses", "listener_statuses", "The vendor's messages about the connection.", "status"),
    counter(
        "silences", "listener_silences", "Connections closed because nothing came while data was expected."
    ),
    counter("connections", "listener_connections", "Connections that the vendor has let in."),
    counter("disconnects", "listener_disconnects", "Connections that ended or were never made.", "reason"),
    counter("records_queued", "listener_records_queued", "Records handed to the producer."),
    counter("records_acknowledged", "listener_records_acknowledged", "Records that Kafka has acknowledged."),
    counter(
        "events_acknowledged",
        "listener_events_acknowledged",
        "Events in records that Kafka has acknowledged.",
        "topic",
    ),
    counter(
        "bytes_acknowledged", "listener_acknowledged_bytes", "Bytes of records that Kafka has acknowledged."
    ),
    counter(
        "delivery_failures",
        "listener_delivery_failures",
        "Records whose delivery failed and is tried again.",
        "reason",
    ),
    counter(
        "dropped",
        "listener_events_dropped",
        "Events lost.",
        "reason",
        values=("buffer_full", "shutdown", "too_large"),
    ),
)

EMITTER: Final = (
    gauge("redis_up", "emitter_redis_up", "1 while Redis takes what is written, else 0.", "database"),
    gauge("emitter_waiting", "emitter_waiting_values", "Values that wait for Redis.", "database"),
    gauge(
        "feed_written",
        "emitter_feed_written_timestamp_seconds",
        "When a feed, or one of its family, was last written, seconds since 1970 UTC.",
        "feed",
    ),
    gauge(
        "clock_offset",
        "emitter_clock_offset_seconds",
        "How far the clock of Redis's machine is ahead of this one's.",
        "database",
    ),
    histogram("redis_write", "emitter_write_seconds", "Time that writing all that waited took.", "database"),
    counter("published", "emitter_published", "Values written to Redis and published."),
    counter("conflated", "emitter_conflated", "Values replaced by newer ones before they were written."),
    counter("redis_failures", "emitter_redis_failures", "Writes or connections that failed."),
    counter(
        "dropped",
        "emitter_values_dropped",
        "Values lost.",
        "reason",
        values=("emit_keys_full", "emit_entries_full", "emit_bad_key", "emit_closed"),
    ),
)
"""Of what writes to Redis."""

TABLE: Final = (
    gauge("table_rows", "table_rows", "Rows in memory.", "table"),
    gauge("table_pending", "table_pending_batches", "Batches whose rows are not safe yet.", "table"),
    histogram("flush", "table_flush_seconds", "Time that making a table's changed rows safe took.", "table"),
    counter("flushes", "table_flushes", "Flushes of a partition."),
    counter("rows_flushed", "table_rows_flushed", "Rows made safe."),
    counter(
        "flush_failures",
        "table_flush_failures",
        "Flushes that failed and are tried again.",
        "reason",
        values=("before_write", "changelog", "rocksdb"),
    ),
    counter(
        "partitions_rewritten",
        "table_partitions_rewritten",
        "Partitions written anew after another's writes.",
    ),
)
"""Of write-behind tables."""

WORKER: Final = (
    *COMMON,
    *TABLE,
    *EMITTER,
    gauge("ready", "worker_ready", "1 while the worker has its partitions and tables, else 0."),
    gauge("lag_records", "worker_lag_records", "Records not read yet.", "topic", "partition"),
    gauge(
        "lag_seconds",
        "worker_lag_seconds",
        "Age of the last record read where more wait to be read, else 0.",
        "topic",
        "partition",
    ),
    gauge("position", "worker_position", "Offset of the record that is read next.", "topic", "partition"),
    gauge("committed", "worker_committed", "Offset that the group has committed.", "topic", "partition"),
    gauge(
        "log_end", "worker_log_end", "Offset at which the next record will be written.", "topic", "partition"
    ),
    gauge(
        "retention", "topic_retention_seconds", "How long records of a topic that is read are kept.", "topic"
    ),
    gauge("rebalances", "worker_rebalances", "How often the partitions were dealt out since the start."),
    gauge("generation", "worker_generation", "Generation of the consumer group."),
    gauge("disk_free", "worker_disk_free_ratio", "Share of the data directory's disk that is free."),
    gauge(
        "references",
        "reference_symbols",
        "Symbols with reference data: known (of any day), current (for the trading day), complete (that, "
        "with previous close and average volume).",
        "kind",
    ),
    counter("events_processed", "worker_events", "Events applied."),
    counter(
        "events_rejected",
        "worker_events_rejected",
        "Slices of batches that are no events.",
        "reason",
        values=("malformed",),
    ),
    counter("events_ignored", "worker_events_ignored", "Events that change nothing, by the rules.", "reason"),
    counter(
        "batches_skipped",
        "worker_batches_skipped",
        "Batches held already, or of partitions given away.",
        "reason",
    ),
    counter("partials_sent", "worker_partials_sent", "Partitions' partial results sent."),
    counter("partials_rejected", "worker_partials_rejected", "Partial results that cannot be read."),
    counter("boards_published", "scanner_boards_published", "Boards published."),
    counter(
        "screener_boards_published", "scanner_screener_boards_published", "User-defined boards published."
    ),
    counter("screener_files", "scanner_screener_files", "Files of definitions, read or refused.", "result"),
    counter(
        "user_screeners",
        "scanner_user_screeners",
        "Records of users' screeners that were read; refused, or single ones of them.",
        "result",
    ),
    gauge("screeners", "scanner_screeners", "User-defined boards, by where they are defined.", "source"),
    counter("alerts_sent", "alerts_sent", "Alerts sent to Kafka; halts by status.", "status"),
    counter("alerts_listed", "alerts_listed", "Alerts put into the lists."),
    counter("alerts_rejected", "alerts_rejected", "Alerts that cannot be read."),
    counter("references_rejected", "reference_rejected", "Records of reference data that cannot be read."),
    counter(
        "widgets_published", "trades_widgets_published", "Values of top trades of all symbols published."
    ),
    counter(
        "quotes_restored", "quotes_restored", "Quotes read back from Redis after partitions were taken over."
    ),
    counter("articles_read", "news_articles_read", "Articles read."),
    counter("articles_filed", "news_articles_filed", "Articles filed, changed or as before.", "result"),
    counter("articles_rejected", "news_articles_rejected", "Records that are no articles."),
    counter("filings_rejected", "news_filings_rejected", "Records of the second stage that cannot be read."),
    counter("volume_curves", "bars_volume_curves", "Volume curves of days that ended.", "result"),
)

WDS: Final = (
    *COMMON,
    gauge("clients", "wds_clients", "Clients connected."),
    gauge("subscriptions", "wds_subscriptions", "Subscriptions of all clients."),
    gauge("redis_up", "wds_redis_up", "1 while Redis answers, else 0.", "database"),
    counter(
        "marks_rejected", "wds_marks_rejected", "What workers say of their progress that cannot be read."
    ),
    gauge(
        "message_age",
        "wds_last_message_age_seconds",
        "Age of the last value that came of a feed that somebody wants.",
        "feed",
    ),
    counter("received", "wds_received", "Published values received."),
    counter("delivered", "wds_delivered", "Frames handed to clients' outboxes."),
    counter("sent", "wds_sent", "Frames written to clients' connections."),
    counter("conflated", "wds_conflated", "Frames replaced by newer ones before a slow client took them."),
    counter("requests", "wds_requests", "Requests of clients."),
    counter("snapshots", "wds_snapshots", "Values read for clients."),
    counter("throttled", "wds_throttled", "Requests that had to wait because a client sent too many."),
    counter("accepted", "wds_clients_accepted", "Clients let in."),
    counter("refused", "wds_refused", "Connections, clients or requests refused.", "reason"),
    counter("drained", "wds_clients_drained", "Clients sent away because the service stops."),
    counter("cut_off", "wds_clients_cut_off", "Clients cut off.", "reason", values=("takes no data",)),
    counter("redis_failures", "wds_redis_failures", "Reads or connections that failed."),
    counter(
        "dropped",
        "wds_dropped",
        "Published values or snapshots that could not be passed on.",
        "reason",
        values=("snapshot_failed", "value_not_json", "payload_not_utf8", "no_catalogue_feed"),
    ),
)

SCP: Final = (
    *COMMON,
    counter("logins", "scp_logins", "Logins that succeeded."),
    counter(
        "refused",
        "scp_refused",
        "Requests refused, by the status, and logins.",
        "reason",
        values=("login failed", "login too often"),
    ),
    counter("unavailable", "scp_unavailable", "Requests that a server which is away kept from being done."),
    counter("screener_files", "scp_screener_files", "Files of definitions, read or refused.", "result"),
    gauge("screeners", "scp_screeners", "Users' screeners that the workers are told of."),
    counter(
        "screeners_published", "scp_screeners_published", "Records of all users' screeners sent to Kafka."
    ),
    gauge(
        "screeners_left_out",
        "scp_screeners_left_out",
        "Users' screeners that the workers are not told of: invalid, or too_many.",
        "reason",
    ),
    counter("crashed", "scp_errors", "Requests that ended by an error of the program."),
    counter("company_data", "scp_company_data", "Company data given, by where it came from.", "source"),
    counter("vendor_calls", "scp_vendor_calls", "Calls of the vendor's REST."),
    counter("vendor_failed", "scp_vendor_failures", "Calls of the vendor's REST that failed.", "reason"),
    counter("dropped", "scp_dropped", "Values that could not be kept.", "reason", values=("company_cache",)),
)

SECTIONS: Final[dict[str, tuple[Metric, ...]]] = {
    "listeners": LISTENER,
    "workers": WORKER,
    "wds": WDS,
    "scp": SCP,
}
"""The metrics of each kind of component, by the package that counts them."""


def names() -> dict[str, Metric]:
    """Return every metric by the names of its samples."""
    return {name: metric for section in SECTIONS.values() for metric in section for name in metric.exposed}
