"""A component's figures as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from streams.metrics import market
from streams.metrics.metric import Kind, Metric
from streams.telemetry import BUCKETS_S, Counters, Distribution

COMPONENT = "component"


class Exposition(Collector):
    """Renders a component's metrics; nothing is computed before somebody asks.

    Args:
        component: Its name, such as ``scanner``: the label ``component`` of every sample.
        metrics: What it exposes: a section of `streams.metrics.catalogue`.
        counters: Where the figures are.
    """

    def __init__(self, component: str, metrics: Sequence[Metric], counters: Counters) -> None:
        self._component = component
        self._metrics = metrics
        self._counters = counters
        market.watch(counters)
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """Return the exposition and its content type.

        Args:
            accept: The request's header of that name: it may ask for OpenMetrics.
        """
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def collect(self) -> Iterator[Family]:
        """Yield the families; called by the registry for each request."""
        for metric in self._metrics:
            match metric.kind:
                case Kind.COUNTER:
                    yield self._counter(metric)
                case Kind.GAUGE:
                    yield self._gauge(metric)
                case Kind.HISTOGRAM:
                    yield self._histogram(metric)

    def _counter(self, metric: Metric) -> Family:
        family = CounterMetricFamily(metric.family, metric.help, labels=[COMPONENT, *metric.labels])
        counts = self._counters.by_reason(metric.source)
        if not metric.labels:
            family.add_metric([self._component], sum(counts.values()))
            return family
        for reason, count in {**dict.fromkeys(metric.values, 0), **counts}.items():
            family.add_metric([self._component, reason], count)
        return family

    def _gauge(self, metric: Metric) -> Family:
        family = GaugeMetricFamily(metric.family, metric.help, labels=[COMPONENT, *metric.labels])
        for values, number in self._counters.readings(metric.source):
            family.add_metric([self._component, *values], number)
        return family

    def _histogram(self, metric: Metric) -> Family:
        family = HistogramMetricFamily(metric.family, metric.help, labels=[COMPONENT, *metric.labels])
        for reason, distribution in self._counters.distributions(metric.source).items():
            labels = [self._component, *([reason] if metric.labels else [])]
            family.add_metric(labels, _buckets(distribution), distribution.total_s)
        return family


def _buckets(distribution: Distribution) -> list[tuple[str, float]]:
    """Return the distribution as Prometheus counts: each class with all below it."""
    bounds = [*(repr(bound) for bound in BUCKETS_S), "+Inf"]
    return list(zip(bounds, accumulate(distribution.counts), strict=True))
