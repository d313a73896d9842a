"""Writes the Grafana dashboards, observability/dashboards/, from what differs from panel to panel.

python scripts/dashboards.py writes them, with --check it only tells whether they are as they should be.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent.parent / "observability" / "dashboards"
COLUMNS: Final = 24
HEIGHT: Final = 7
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True)
class Panel:
    """One panel: a title, a unit of Grafana's, and (query, legend) pairs.

    Attributes:
        title: What it shows.
        unit: Of its numbers, by Grafana's name.
        queries: PromQL, each with the names of its lines.
        width: Of the dashboard's 24 columns.
        kind: ``timeseries`` or ``stat``.
    """

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    width: int = 8
    kind: str = "timeseries"


def line(title: str, unit: str, *queries: tuple[str, str], width: int = 8) -> Panel:
    """Return a panel of lines over time."""
    return Panel(title, unit, queries, width)


def stat(title: str, unit: str, query: str, legend: str = "") -> Panel:
    """Return a panel of numbers as they are now."""
    return Panel(title, unit, ((query, legend),), 4, "stat")


def quantiles(metric: str, by: str, where: str = "") -> tuple[tuple[str, str], ...]:
    """Return the median and the 99th percentile of a histogram, by a label."""
    rate = f"sum by (le, {by}) (rate({metric}_bucket{where}[$__rate_interval]))"
    return tuple(
        (f"histogram_quantile({share}, {rate})", f"{{{{{by}}}}} {name}")
        for share, name in ((0.5, "p50"), (0.99, "p99"))
    )


def rate(metric: str, by: str) -> str:
    """Return how much a counter grows a second, by labels."""
    return f"sum by ({by}) (rate({metric}[$__rate_interval]))"


OVERVIEW: Final = (
    stat("Session", "none", "max by (session) (streams_market_session) == 1", "{{session}}"),
    stat("Data expected", "bool", "max(streams_data_expected)"),
    stat("Listeners connected", "none", "sum(streams_listener_connected)"),
    stat("Workers ready", "none", "sum by (component) (streams_worker_ready)", "{{component}}"),
    stat("Clients", "none", "sum(streams_wds_clients)"),
    stat(
        "Age of the last message",
        "s",
        "time() - max by (component) (streams_listener_last_message_timestamp_seconds)",
        "{{component}}",
    ),
    line("Events received", "eps", (rate("streams_listener_events_total", "type"), "{{type}}")),
    line("Events applied", "eps", (rate("streams_worker_events_total", "component"), "{{component}}")),
    line("Messages sent to clients", "pps", (rate("streams_wds_sent_total", "component"), "sent")),
    line("Time since receipt, by stage", "s", *quantiles("streams_latency_seconds", "stage"), width=12),
    line(
        "Time since the exchange, by topic", "s", *quantiles("streams_event_delay_seconds", "topic"), width=12
    ),
    line("Lag", "s", ("max by (component, topic) (streams_worker_lag_seconds)", "{{component}} {{topic}}")),
    line(
        "Lost",
        "cps",
        (rate("streams_listener_events_dropped_total", "component, reason"), "{{component}} {{reason}}"),
        (rate("streams_emitter_values_dropped_total", "component, reason"), "{{component}} {{reason}}"),
        (rate("streams_wds_dropped_total", "component, reason"), "{{component}} {{reason}}"),
    ),
    line(
        "Boards: time since the last write",
        "s",
        (
            'time() - max by (feed) (streams_emitter_feed_written_timestamp_seconds{feed=~"scanners:.*"})',
            "{{feed}}",
        ),
    ),
    line("Memory", "bytes", ("process_resident_memory_bytes", "{{job}} {{instance}}"), width=12),
    line(
        "CPU",
        "percentunit",
        ("rate(process_cpu_seconds_total[$__rate_interval])", "{{job}} {{instance}}"),
        width=12,
    ),
)
LISTENERS: Final = (
    stat("Connected", "bool", "streams_listener_connected", "{{component}}"),
    stat(
        "Connections in an hour", "none", "increase(streams_listener_connections_total[1h])", "{{component}}"
    ),
    stat(
        "Connections in a day", "none", "increase(streams_listener_connections_total[24h])", "{{component}}"
    ),
    stat("Kafka answers", "bool", "streams_listener_kafka_up", "{{component}}"),
    stat("Buffer taken", "percentunit", "streams_listener_buffer_fill_ratio", "{{component}}"),
    stat("Hand-over taken", "percentunit", "streams_listener_handover_fill_ratio", "{{component}}"),
    line("Events, by type", "eps", (rate("streams_listener_events_total", "type"), "{{type}}")),
    line("Articles", "cps", (rate("streams_listener_articles_total", "component"), "articles")),
    line(
        "Bytes from the vendor",
        "Bps",
        (rate("streams_listener_received_bytes_total", "component"), "{{component}}"),
    ),
    line(
        "From the exchange to receipt",
        "s",
        *quantiles("streams_event_delay_seconds", "topic", '{component="massive-listener"}'),
    ),
    line("From receipt to Kafka", "s", *quantiles("streams_latency_seconds", "component", '{stage="kafka"}')),
    line(
        "Records acknowledged",
        "cps",
        (rate("streams_listener_records_acknowledged_total", "component"), "{{component}}"),
    ),
    line(
        "Events a record",
        "none",
        (
            "sum(rate(streams_listener_events_acknowledged_total[$__rate_interval])) / "
            "sum(rate(streams_listener_records_acknowledged_total[$__rate_interval]))",
            "events",
        ),
    ),
    line(
        "Lost and failed",
        "cps",
        (rate("streams_listener_events_dropped_total", "reason"), "lost {{reason}}"),
        (rate("streams_listener_delivery_failures_total", "reason"), "again {{reason}}"),
    ),
    line(
        "Not usable",
        "cps",
        (rate("streams_listener_unusable_total", "component, reason"), "{{component}} {{reason}}"),
    ),
    line(
        "Disconnects, vendor's messages",
        "cps",
        (rate("streams_listener_disconnects_total", "reason"), "{{reason}}"),
        (rate("streams_listener_statuses_total", "status"), "{{status}}"),
        (rate("streams_listener_silences_total", "component"), "silent"),
    ),
    line("Waits for Kafka", "bytes", ("streams_listener_buffered_bytes", "{{component}}")),
    line("Oldest record that waits", "s", ("streams_listener_oldest_record_age_seconds", "{{component}}")),
)
WORKERS: Final = (
    line(
        "Lag in time, by partition",
        "s",
        ("streams_worker_lag_seconds", "{{component}} {{topic}}/{{partition}}"),
        width=12,
    ),
    line(
        "Lag in records, by partition",
        "short",
        ("streams_worker_lag_records", "{{component}} {{topic}}/{{partition}}"),
        width=12,
    ),
    line(
        "Offsets committed",
        "cps",
        ("sum by (component, topic) (deriv(streams_worker_committed[1m]))", "{{component}} {{topic}}"),
    ),
    line(
        "Share of retention that is lag",
        "percentunit",
        (
            "max by (component, topic) (streams_worker_lag_seconds) / on (topic) group_left () "
            "max by (topic) (streams_topic_retention_seconds)",
            "{{component}} {{topic}}",
        ),
    ),
    line(
        "Rebalances in ten minutes",
        "none",
        ("delta(streams_worker_rebalances[10m])", "{{component}} {{instance}}"),
    ),
    line("Events applied", "eps", (rate("streams_worker_events_total", "component"), "{{component}}")),
    line(
        "Events rejected",
        "eps",
        (rate("streams_worker_events_rejected_total", "component, reason"), "{{component}} {{reason}}"),
    ),
    line(
        "Events without effect, by the rules",
        "eps",
        (rate("streams_worker_events_ignored_total", "component, reason"), "{{component}} {{reason}}"),
    ),
    line(
        "From receipt to state", "s", *quantiles("streams_latency_seconds", "component", '{stage="applied"}')
    ),
    line(
        "From receipt to safe state",
        "s",
        *quantiles("streams_latency_seconds", "component", '{stage="flushed"}'),
    ),
    line("Flushes take", "s", *quantiles("streams_table_flush_seconds", "table")),
    line("Rows flushed", "cps", (rate("streams_table_rows_flushed_total", "component"), "{{component}}")),
    line(
        "Rows in memory",
        "short",
        ("sum by (component, table) (streams_table_rows)", "{{component}} {{table}}"),
    ),
    line(
        "Batches not safe yet",
        "short",
        ("sum by (component, table) (streams_table_pending_batches)", "{{component}} {{table}}"),
    ),
    line(
        "Flushes that failed",
        "cps",
        (rate("streams_table_flush_failures_total", "component, reason"), "{{component}} {{reason}}"),
    ),
    line("Reference data", "short", ("sum by (kind) (streams_reference_symbols)", "{{kind}}")),
    line("Disk free", "percentunit", ("streams_worker_disk_free_ratio", "{{component}} {{instance}}")),
    line(
        "Alerts", "cps", (rate("streams_alerts_sent_total", "component, status"), "{{component}} {{status}}")
    ),
)
DELIVERY: Final = (
    stat("Clients", "none", "sum(streams_wds_clients)"),
    stat("Subscriptions", "none", "sum(streams_wds_subscriptions)"),
    stat("Redis answers workers", "bool", "min by (database) (streams_emitter_redis_up)", "{{database}}"),
    stat("Redis answers the WDS", "bool", "min by (database) (streams_wds_redis_up)", "{{database}}"),
    stat("Clients cut off in an hour", "none", "sum(increase(streams_wds_clients_cut_off_total[1h]))"),
    stat(
        "Clock against Redis's",
        "s",
        "max by (database) (abs(streams_emitter_clock_offset_seconds))",
        "{{database}}",
    ),
    line("Values published", "cps", (rate("streams_emitter_published_total", "component"), "{{component}}")),
    line("Values conflated", "cps", (rate("streams_emitter_conflated_total", "component"), "{{component}}")),
    line("Writes to Redis take", "s", *quantiles("streams_emitter_write_seconds", "database")),
    line(
        "From receipt to Redis",
        "s",
        *quantiles("streams_latency_seconds", "component", '{stage="published"}'),
    ),
    line(
        "From receipt to the clients",
        "s",
        *quantiles("streams_latency_seconds", "component", '{stage="dispatched"}'),
    ),
    line(
        "Time since a feed was written",
        "s",
        ("time() - max by (feed) (streams_emitter_feed_written_timestamp_seconds)", "{{feed}}"),
    ),
    line(
        "Values that wait for Redis",
        "short",
        ("sum by (component, database) (streams_emitter_waiting_values)", "{{component}} {{database}}"),
    ),
    line(
        "Failures of Redis",
        "cps",
        (rate("streams_emitter_redis_failures_total", "component"), "{{component}}"),
        (rate("streams_wds_redis_failures_total", "component"), "{{component}}"),
    ),
    line(
        "Frames to clients",
        "pps",
        (rate("streams_wds_delivered_total", "component"), "handed on"),
        (rate("streams_wds_sent_total", "component"), "sent"),
        (rate("streams_wds_conflated_total", "component"), "conflated"),
    ),
    line(
        "Requests of clients",
        "reqps",
        (rate("streams_wds_requests_total", "component"), "requests"),
        (rate("streams_wds_snapshots_total", "component"), "values read"),
        (rate("streams_wds_throttled_total", "component"), "throttled"),
    ),
    line(
        "Clients come and are cut off",
        "cps",
        (rate("streams_wds_clients_accepted_total", "component"), "come"),
        (rate("streams_wds_clients_cut_off_total", "reason"), "cut off: {{reason}}"),
    ),
    line("Refused", "cps", (rate("streams_wds_refused_total", "reason"), "{{reason}}")),
)
DASHBOARDS: Final = {
    "overview": ("Market streams: overview", OVERVIEW),
    "listeners": ("Market streams: listeners", LISTENERS),
    "workers": ("Market streams: workers", WORKERS),
    "delivery": ("Market streams: Redis and clients", DELIVERY),
}


def render(name: str) -> str:
    """Return a dashboard as Grafana imports it."""
    title, panels = DASHBOARDS[name]
    dashboard = {
        "uid": f"market-streams-{name}",
        "title": title,
        "tags": ["market-streams"],
        "editable": True,
        "schemaVersion": 39,
        "refresh": "5s",
        "time": {"from": "now-30m", "to": "now"},
        "timezone": "America/New_York",
        "links": [
            {"type": "dashboards", "tags": ["market-streams"], "title": "Market streams", "asDropdown": True}
        ],
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Source"}]
        },
        "panels": _laid_out(panels),
    }
    return json.dumps(dashboard, indent=1) + "\n"


def _laid_out(panels: tuple[Panel, ...]) -> list[dict[str, Any]]:
    laid_out = []
    x = y = 0
    for number, panel in enumerate(panels, 1):
        if x + panel.width > COLUMNS:
            x, y = 0, y + HEIGHT
        laid_out.append(
            {
                "id": number,
                "type": panel.kind,
                "title": panel.title,
                "datasource": SOURCE,
                "gridPos": {"x": x, "y": y, "w": panel.width, "h": HEIGHT},
                "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
                "targets": [
                    {
                        "refId": chr(ord("A") + position),
                        "datasource": SOURCE,
                        "expr": query,
                        "legendFormat": legend,
                    }
                    for position, (query, legend) in enumerate(panel.queries)
                ],
            }
        )
        x += panel.width
    return laid_out


def main() -> None:
    """Write, or check and exit with 1."""
    texts = {FOLDER / f"{name}.json": render(name) for name in DASHBOARDS}
    stale = [path for path, text in texts.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        if stale:
            names = ", ".join(path.name for path in stale)
            sys.exit(f"not as they should be: {names}; write them: python scripts/dashboards.py")
        return
    for path in stale:
        path.write_text(texts[path])
        print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
