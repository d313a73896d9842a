"""Alert rules and dashboards name metrics that exist, parse as PromQL, and each alert has its runbook."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from streams.metrics import catalogue
from streams.platform.components import OTHER_APPS, SCANNER
from streams.platform.service import WORKER_PORT_STEP
from streams.settings import Settings
from tests.deploy.conftest import ROOT

FOLDER = ROOT / "observability"
GROUPS: list[dict[str, Any]] = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
BY_NAME: dict[str, dict[str, Any]] = {rule["alert"]: rule for group in GROUPS for rule in group["rules"]}
METRICS = catalogue.names()
RUNBOOKS = ROOT / "docs" / "runbooks"
PROMTOOL = shutil.which("promtool")
OTHERS = {
    "redpanda_cluster_unavailable_partitions",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
}
"""Metrics that are not the platform's own."""
NAME = re.compile(r"\b(?:streams|redpanda|process|kube|kafka)_[a-z0-9_]+")
SELECTED = re.compile(r"\b(streams_[a-z0-9_]+)\{([^}]*)\}")
LABEL = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)")
UNIVERSAL = {"component", "instance", "job", "le"}


def queries() -> Iterator[tuple[str, str]]:
    for name, rule in BY_NAME.items():
        yield name, rule["expr"]
    for path in sorted((FOLDER / "dashboards").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for number, target in enumerate(panel["targets"]):
                yield f"{path.stem}-{panel['id']}.{number}", target["expr"].replace("$__rate_interval", "1m")


QUERIES = dict(queries())


@pytest.mark.parametrize("where", QUERIES)
def test_a_query_is_promql_over_metrics_that_exist(where: str) -> None:
    query = QUERIES[where]
    promql_parser.parse(query)
    named = set(NAME.findall(query))
    assert named
    assert named <= set(METRICS) | OTHERS
    for metric, selectors in SELECTED.findall(query):
        assert set(LABEL.findall(selectors)) <= {*METRICS[metric].labels, *UNIVERSAL}


@pytest.mark.parametrize("name", BY_NAME)
def test_an_alert_has_a_level_a_summary_and_a_runbook(name: str) -> None:
    rule = BY_NAME[name]
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook"] == f"docs/runbooks/{name}.md"
    page = (RUNBOOKS / f"{name}.md").read_text()
    assert page.startswith(f"# {name}\n")
    assert "\n## Look\n" in page
    assert "\n## Do\n" in page


def test_every_runbook_is_an_alerts_and_names_metrics_and_pages_that_exist() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == set(BY_NAME)
    families = {name for metric in set(METRICS.values()) for name in (*metric.exposed, metric.family)}
    for path in RUNBOOKS.glob("*.md"):
        text = path.read_text()
        assert set(NAME.findall(text)) <= families | OTHERS, path.name
        for link in re.findall(r"\]\(([^)#]+)", text):
            assert (RUNBOOKS / link).exists(), f"{path.name}: {link}"


@pytest.mark.parametrize("name", ["MarketDataSilent", "NoTrades", "ListenerDisconnected", "EndToEndSlow"])
def test_alerts_on_data_are_quiet_while_none_is_expected(name: str) -> None:
    assert re.search("streams_market_session|streams_data_expected", BY_NAME[name]["expr"])


SHOWN: list[dict[str, Any]] = yaml.safe_load((FOLDER / "alerts_test.yaml").read_text())["tests"]


def test_every_alert_is_shown_to_fire() -> None:
    samples = [
        f"{each['expr']} {sample['labels']}"
        for shown in SHOWN
        for each in shown["promql_expr_test"]
        for sample in each["exp_samples"]
    ]
    fired = {name for text in samples for name in BY_NAME if re.search(rf'alertname="{name}"', text)}
    assert fired == set(BY_NAME)


def test_what_is_shown_of_alerts_is_of_metrics_and_labels_that_exist() -> None:
    for shown in SHOWN:
        for series in shown["input_series"]:
            name, _, labels = series["series"].partition("{")
            assert name in METRICS.keys() | OTHERS
            known = {*METRICS[name].labels, *UNIVERSAL} if name in METRICS else UNIVERSAL
            assert set(LABEL.findall(labels)) <= known


@pytest.mark.skipif(PROMTOOL is None, reason="no promtool on PATH (Debian's package prometheus)")
def test_alerts_fire_when_they_should_and_are_quiet_else() -> None:
    done = subprocess.run(
        [PROMTOOL or "promtool", "test", "rules", str(FOLDER / "alerts_test.yaml")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_values_of_labels_that_rules_name_are_values_that_the_code_has() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "streams").rglob("*.py"))
    named = {
        value
        for rule in BY_NAME.values()
        for label in ("reason", "kind", "stage", "session", "component")
        for values in re.findall(rf'{label}=~?"([^"]+)"', rule["expr"])
        for value in values.split("|")
    }
    assert len(named) > 10
    missing = {value for value in named if value.removesuffix("-listener") not in code}
    assert not missing


def test_prometheus_scrapes_the_ports_of_the_settings() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())
    assert [FOLDER / name for name in config["rule_files"]] == [FOLDER / "alerts.yaml"]
    ((scraped,),) = [job["static_configs"] for job in config["scrape_configs"]]
    ports = {int(target.rpartition(":")[2]) for target in scraped["targets"]}
    settings = Settings()
    own = {settings.listener_port, settings.finlight_listener_port, settings.wds_port, settings.scp_port}
    apps = len((SCANNER, *OTHER_APPS))
    assert ports == own | {settings.worker_port + number * WORKER_PORT_STEP for number in range(apps)}


def test_dashboards_are_as_they_are_written() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/dashboards.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", sorted((FOLDER / "dashboards").glob("*.json")), ids=lambda path: path.stem)
def test_panels_of_a_dashboard_do_not_overlap(path: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(path.read_text())["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken
        taken |= cells
