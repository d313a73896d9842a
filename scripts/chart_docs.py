"""Writes what the chart's files say twice: the README's table of values, the schema's names of settings.

python scripts/chart_docs.py writes them, with --check it only tells whether they are as they should be.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import yaml

from streams.settings import Settings

ROOT: Final = Path(__file__).resolve().parent.parent
CHART: Final = ROOT / "helm" / "market-streams"
OBSERVED: Final = (
    ROOT / "observability" / "alerts.yaml", *sorted((ROOT / "observability" / "dashboards").glob("*.json"))
)  # fmt: skip
"""Alert rules and dashboards: helm reads no file outside of the chart."""
BEGIN: Final = "<!-- values: written by scripts/chart_docs.py -->\n"
END: Final = "<!-- end of values -->\n"
OF_THE_CHART: Final = frozenset({
    "kafka_bootstrap", "kafka_topic_prefix", "kafka_partitions", "kafka_replication", "data_dir",
    "listener_host", "listener_port", "finlight_listener_port", "worker_port", "wds_host", "wds_port",
    "auth_enabled", "wds_allowed_origins", "screeners_file", "massive_api_key_file", "wds_keys_file",
    "wds_ssl_certfile", "wds_ssl_keyfile", "reference_load_at", "cache_dir", "maven_url",
    "scp_host", "scp_port", "scp_public_url", "scp_wds_public_url", "scp_components", "scp_ssl_certfile",
    "scp_ssl_keyfile",
    "otel_exporter_otlp_endpoint", "otel_traces_sampler_arg",
})  # fmt: skip
"""Settings that the chart sets itself, that need files in the pod, or that only other commands read."""


def setting_names() -> list[str]:
    """Return the environment names that the value ``settings`` may hold: no secrets, none set twice."""
    return sorted(
        name.upper()
        for name, field in Settings.model_fields.items()
        if name not in OF_THE_CHART and "SecretStr" not in str(field.annotation)
    )


def table(values: str) -> str:
    """Return the table of all values that have a description, a comment that begins with ``# --``."""
    defaults = yaml.safe_load(values)
    rows = ["| value | default | |", "|---|---|---|"]
    path: list[tuple[int, str]] = []
    description = ""
    for line in values.splitlines():
        text = line.strip()
        indent = len(line) - len(line.lstrip())
        if text.startswith("# -- "):
            description = text.removeprefix("# -- ")
        elif text and not text.startswith(("#", "-")):
            path = [*(step for step in path if step[0] < indent), (indent, text.partition(":")[0])]
            if description:
                names = [name for _, name in path]
                rows.append(f"| `{'.'.join(names)}` | `{json.dumps(_at(defaults, names))}` | {description} |")
            description = ""
    return "\n".join(rows) + "\n"


def _at(values: Any, names: list[str]) -> Any:  # noqa: ANN401  YAML of any shape
    for name in names:
        values = values[name]
    return values


def wanted() -> dict[Path, str]:
    """Return what the files should hold."""
    readme, schema = CHART / "README.md", CHART / "values.schema.json"
    before, _, rest = readme.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    rules = json.loads(schema.read_text())
    rules["properties"]["settings"]["propertyNames"]["enum"] = setting_names()
    return {
        readme: before + BEGIN + table((CHART / "values.yaml").read_text()) + END + after,
        schema: json.dumps(rules, indent=2) + "\n",
        CHART / "broker.yaml": (ROOT / "redpanda" / "broker.yaml").read_text(),
        **{CHART / path.relative_to(ROOT): path.read_text() for path in OBSERVED},
    }


def main() -> None:
    """Write, or check and exit with 1."""
    stale = [path for path, text in wanted().items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        if stale:
            names = ", ".join(path.name for path in stale)
            sys.exit(f"not as they should be: {names}; write them: python scripts/chart_docs.py")
        return
    texts = wanted()
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path])
        print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
