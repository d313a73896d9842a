"""The chart, rendered by helm."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from typing import Any

import pytest
import yaml

from tests.deploy.conftest import ROOT, TIMEOUT_S

CHART = ROOT / "helm" / "market-streams"
VALUE_SETS = ("trial", "production", "minimal")
KUBERNETES = "1.30.0"

HELM = shutil.which("helm")

needs_helm = pytest.mark.skipif(HELM is None, reason="no helm on PATH")

Rendered = dict[tuple[str, str], dict[str, Any]]


def helm(command: str, values: str, *sets: str, is_upgrade: bool = False) -> subprocess.CompletedProcess[str]:
    """Run ``helm template`` or ``helm lint`` with a set of values and single ones beside it."""
    arguments = ["--values", str(CHART / "ci" / f"{values}-values.yaml")]
    for each in sets:
        arguments += ["--set", each]
    if command == "template":
        arguments += ["--kube-version", KUBERNETES, *(["--is-upgrade"] if is_upgrade else [])]
    release = ["md"] if command == "template" else []
    return subprocess.run(
        [HELM or "helm", command, *release, str(CHART), *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


@cache
def render(values: str, *sets: str, is_upgrade: bool = False) -> Rendered:
    """Return the objects by kind and name."""
    done = helm("template", values, *sets, is_upgrade=is_upgrade)
    assert done.returncode == 0, done.stderr
    objects = [each for each in yaml.safe_load_all(done.stdout) if each]
    rendered = {(each["kind"], each["metadata"]["name"]): each for each in objects}
    assert len(rendered) == len(objects)
    return rendered


def refusal(values: str, *sets: str) -> str:
    """Return why helm does not render the chart with these values."""
    done = helm("template", values, *sets)
    assert done.returncode != 0, "it was rendered"
    return done.stderr


def pods(rendered: Rendered) -> dict[str, dict[str, Any]]:
    """Return the specification of the pods of each workload, by kind and name."""
    found = {}
    for (kind, name), each in rendered.items():
        spec = each["spec"]["jobTemplate"]["spec"] if kind == "CronJob" else each.get("spec", {})
        if "template" in spec:
            found[f"{kind} {name}"] = spec["template"]
    return found


def environment(container: dict[str, Any]) -> dict[str, Any]:
    """Return the variables that a container gets by name, each with its source or value."""
    return {each["name"]: each.get("valueFrom", each.get("value")) for each in container.get("env") or ()}
