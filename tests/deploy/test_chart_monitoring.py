"""What the chart gives to Prometheus, Grafana and a collector of traces."""

from __future__ import annotations

import json

import promql_parser
import yaml

from tests.deploy.chart import needs_helm, pods, refusal, render
from tests.deploy.conftest import ROOT

pytestmark = needs_helm


def test_nothing_of_prometheus_is_installed_unless_it_is_asked_for() -> None:
    kinds = {kind for kind, _ in render("trial")}
    assert not kinds & {"ServiceMonitor", "PrometheusRule"}
    assert not [name for kind, name in render("trial") if "dashboard" in name]
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" not in render("trial")["ConfigMap", "md-settings"]["data"]


def test_every_component_that_answers_http_is_scraped_on_a_port_of_its_service() -> None:
    rendered = render("production")
    monitors = {name: each for (kind, name), each in rendered.items() if kind == "ServiceMonitor"}
    serving = {
        name.split(maxsplit=1)[1]
        for name, pod in pods(rendered).items()
        if pod["spec"]["containers"][0].get("ports") and name.split()[0] in {"StatefulSet", "Deployment"}
    }
    assert serving - {"md-redis", "md-redpanda"} == set(monitors)
    for name, monitor in monitors.items():
        service = rendered["Service", name]
        labels = monitor["spec"]["selector"]["matchLabels"]
        assert labels.items() <= service["metadata"].get("labels", {}).items()
        (endpoint,) = monitor["spec"]["endpoints"]
        assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
        assert endpoint["path"] == "/metrics"
        assert monitor["metadata"]["labels"]["release"] == "prometheus"


def test_rules_and_dashboards_are_those_of_the_repository() -> None:
    rendered = render("production")
    rules = yaml.safe_load((ROOT / "observability" / "alerts.yaml").read_text())
    assert rendered["PrometheusRule", "md"]["spec"] == rules
    for path in (ROOT / "observability" / "dashboards").glob("*.json"):
        config = rendered["ConfigMap", f"md-dashboard-{path.stem}"]
        assert json.loads(config["data"][path.name]) == json.loads(path.read_text())
        assert config["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_prometheus_may_reach_the_pods_and_nobody_else_by_that() -> None:
    policy = render("production")["NetworkPolicy", "md-monitoring"]["spec"]
    (rule,) = policy["ingress"]
    assert rule["from"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    ]
    scraped = {
        port["containerPort"]
        for name, pod in pods(render("production")).items()
        if name.startswith(("StatefulSet", "Deployment"))
        for port in pod["spec"]["containers"][0]["ports"]
    }
    assert {port["port"] for port in rule["ports"]} == scraped


def test_what_is_not_installed_is_not_reported_missing() -> None:
    rendered = render("production", "massive.enabled=false")
    rules = [rule for group in rendered["PrometheusRule", "md"]["spec"]["groups"] for rule in group["rules"]]
    (missing,) = [rule["expr"] for rule in rules if rule["alert"] == "ComponentMissing"]
    promql_parser.parse(missing)
    assert "massive-listener" not in missing
    assert 'absent(streams_worker_ready{component="scanner"})' in missing


def test_traces_go_to_the_collector_that_is_named() -> None:
    data = render("production")["ConfigMap", "md-settings"]["data"]
    assert data["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://collector.monitoring:4318"
    assert data["OTEL_TRACES_SAMPLER_ARG"] == "0.01"


def test_wrong_values_are_refused() -> None:
    assert "share" in refusal("trial", "tracing.share=2")
    assert "endpoint" in refusal("trial", "tracing.endpoint=collector:4318")
    assert "interval" in refusal("trial", "monitoring.interval=often")
