"""Every figure that a component counts has a metric, and every metric says something of a component."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import streams
from streams.metrics import catalogue
from streams.metrics.metric import Kind, Metric

PACKAGE = Path(streams.__file__).parent
SECTION_OF = {
    "listeners": "listeners",
    "wds": "wds",
    "scp": "scp",
    **dict.fromkeys(
        ["state", "emit", "scanner", "trades", "quotes", "news", "bars", "halts", "worker.py"], "workers"
    ),
}
METHODS = {"add": Kind.COUNTER, "observe": Kind.HISTOGRAM, "watch": Kind.GAUGE}
UNITS = ("_seconds", "_bytes", "_ratio")


def counted() -> Iterator[tuple[str, Kind, str, str]]:
    """Yield what is counted: the section, the kind, the name, and where."""
    for part, section in SECTION_OF.items():
        path = PACKAGE / part
        for source in [path] if path.is_file() else sorted(path.rglob("*.py")):
            for node in ast.walk(ast.parse(source.read_text())):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                    continue
                kind, name = METHODS.get(node.func.attr), node.args[0]
                if kind is None or not isinstance(name, ast.Constant) or not isinstance(name.value, str):
                    continue
                if "counters" in ast.unparse(node.func.value):
                    yield section, kind, name.value, f"{source.relative_to(PACKAGE)}:{node.lineno}"


def test_whatever_is_counted_is_exposed() -> None:
    known = {
        (section, metric.kind, metric.source)
        for section, metrics in catalogue.SECTIONS.items()
        for metric in metrics
    }
    found = list(counted())
    missing = [
        f"{where}: {name}" for section, kind, name, where in found if (section, kind, name) not in known
    ]
    assert len(found) > 80
    assert not missing, f"declare these in streams/metrics/catalogue.py: {missing}"


@pytest.mark.parametrize("section", catalogue.SECTIONS)
def test_a_section_names_each_metric_and_source_once(section: str) -> None:
    metrics = catalogue.SECTIONS[section]
    assert len({metric.name for metric in metrics}) == len(metrics)
    assert len({(metric.kind, metric.source) for metric in metrics}) == len(metrics)


@pytest.mark.parametrize("metric", dict.fromkeys(catalogue.names().values()), ids=lambda metric: metric.name)
def test_names_and_labels_follow_the_conventions_of_prometheus(metric: Metric) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", metric.name)
    assert not metric.name.endswith("_total")
    assert metric.help.endswith(".")
    if metric.kind is Kind.HISTOGRAM:
        assert metric.name.endswith("_seconds")
    if re.search(r"(^|_)(age|time|delay|latency|size|share)(_|$)", metric.name):
        assert metric.name.endswith(UNITS)
    assert not set(metric.labels) & {"symbol", "client", "key", "address", "url", "component"}
    assert metric.kind is Kind.GAUGE or len(metric.labels) <= 1
