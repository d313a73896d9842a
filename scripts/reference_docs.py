"""Writes docs/reference/ from the code: settings, topics, feeds, commands and the protocol.

python scripts/reference_docs.py writes the pages, with --check it only tells whether they are as they should
be.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from typer.core import TyperGroup, TyperOption

from streams import feeds, topics
from streams.cli.main import app
from streams.metrics import catalogue as metrics
from streams.metrics.metric import Kind
from streams.settings import Settings
from streams.wds import asyncapi

FOLDER: Final = Path(__file__).parent.parent / "docs" / "reference"
NOTE: Final = "<!-- Written by scripts/reference_docs.py from the code: change it there. -->\n"
GROUP: Final = re.compile(r"    # ([A-Z]\w[\w ]+)$")
FIELD: Final = re.compile(r"    (\w+): ")


def settings_page() -> str:
    """Return the page of all settings, grouped as in the class."""
    lines = [
        NOTE,
        "# Settings\n",
        "Every setting is an environment variable. Times are in the unit that its name ends in, sizes bytes.",
    ]
    for line in inspect.getsource(Settings).splitlines():
        if (group := GROUP.match(line)) is not None:
            lines += ["", f"## {group[1]}", "", "| variable | default | |", "|---|---|---|"]
        elif (field := FIELD.match(line)) is not None and field[1] in Settings.model_fields:
            info = Settings.model_fields[field[1]]
            lines.append(f"| `{field[1].upper()}` | {_default(info)} | {_cell(info.description or '')} |")
    return "\n".join(lines) + "\n"


def topics_page() -> str:
    """Return the page of all topics."""
    lines = [
        NOTE,
        "# Topics\n",
        "Names are without `KAFKA_TOPIC_PREFIX` (`md.`). `redpanda/topics.yaml` has their configuration.",
        "",
        "| topic | a record is | events | partitions | kept |",
        "|---|---|---|---|---|",
    ]
    for topic in topics.CATALOGUE:
        kept = "newest of each key" if topic.retention_ms is None else _duration(topic.retention_ms // 1000)
        events = " ".join(f"`{event}`" for event in sorted(topic.events))
        partitions = "1" if topic.single_partition else "`KAFKA_PARTITIONS`"
        lines.append(f"| `{topic.suffix}` | {topic.about} | {events} | {partitions} | {kept} |")
    return "\n".join(lines) + "\n"


def feeds_page() -> str:
    """Return the page of all feeds."""
    lines = [
        NOTE,
        "# Feeds\n",
        "A feed's name is its Redis key and the channel of its changes. `{}` stands for a symbol, or for the",
        "name of a screener.",
        "",
        "| feed | | kind | entries | kept after the last write | database |",
        "|---|---|---|---|---|---|",
    ]
    for feed in feeds.CATALOGUE:
        bound = f"≤ {feed.bound:,}" if feed.kind is feeds.Kind.LIST else ""
        lines.append(
            f"| `{feed.pattern}` | {_cell(feed.about)} | {feed.kind} | {bound} | {_duration(feed.ttl)} "
            f"| {feed.database} |"
        )
    return "\n".join(lines) + "\n"


def metrics_page() -> str:
    """Return the page of all metrics."""
    lines = [
        NOTE,
        "# Metrics\n",
        "Every component answers `GET /metrics` on the port that it has: listeners, workers, WDS. Every",
        "sample has the label `component`; `process_*` tell memory, CPU and open files. Histograms are of",
        "seconds. `observability/` holds alert rules and dashboards; each alert has a runbook, such as",
        "[MarketDataSilent](../runbooks/MarketDataSilent.md).",
    ]
    titles = {"every component": metrics.COMMON, **metrics.SECTIONS}
    shown: set[str] = set()
    for title, section in titles.items():
        lines += ["", f"## Of {title}", "", "| metric | labels | |", "|---|---|---|"]
        for metric in section:
            if metric.name in shown:
                continue
            shown.add(metric.name)
            name = metric.family if metric.kind is Kind.HISTOGRAM else metric.exposed[0]
            labels = " ".join(f"`{label}`" for label in metric.labels)
            lines.append(f"| `{name}` | {labels} | {_cell(metric.help)} |")
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Return the page of all commands with their options."""
    lines = [
        NOTE,
        "# Commands\n",
        "Each has `--help`. Exit codes: 1 an error, 2 wrong usage, 130 Ctrl-C.",
        "",
    ]
    for name, command in _commands("streams", typer.main.get_command(app)):
        lines += [f"## `{name}`", "", _cell(command.help or ""), ""]
        context = typer.Context(command, info_name=name)
        lines += [f"    {' '.join([name, *command.collect_usage_pieces(context)])}", ""]
        rows = [_option(option) for option in command.params if isinstance(option, TyperOption)]
        rows = [row for row in rows if "--help" not in row]
        if rows:
            lines += ["| option | |", "|---|---|", *rows, ""]
        if command.epilog:
            lines += [_cell(command.epilog), ""]
    return "\n".join(lines)


def protocol_page() -> str:
    """Return the page of the WebSocket's protocol, as its AsyncAPI document has it."""
    told = asyncapi.document()
    messages, operations = told["components"]["messages"], told["operations"]
    lines = [NOTE, "# The WebSocket's protocol\n", told["info"]["description"], ""]
    lines += [
        "The same with schemas, for generators of code: `streams wds asyncapi`, or `/asyncapi` of a running",
        "WDS. `streams.client` speaks it: [Snapshots, changes, the client](../how-to/follow-feeds.md).",
        "[Feeds](feeds.md) lists what can be subscribed.",
    ]
    for name, operation in operations.items():
        if operation["action"] == "receive":
            answers = [messages[each] for each in _named(operation["reply"]["messages"])]
            lines += [
                "",
                f"## Request: {name}",
                "",
                messages[name]["summary"],
                "",
                *_examples(messages[name]),
            ]
            lines += ["", "| field | | |", "|---|---|---|", *_fields(messages[name]["payload"])]
            lines += ["", "Replies:", "", *_examples(*answers)]
    lines += ["", "## Frames"]
    for each in _named(operations["update"]["messages"]):
        lines += ["", messages[each]["summary"], "", *_examples(messages[each])]
    return "\n".join(lines) + "\n"


def _named(references: list[dict[str, str]]) -> list[str]:
    return [each["$ref"].rpartition("/")[2] for each in references]


def _examples(*messages: Any) -> list[str]:  # noqa: ANN401  JSON of any shape
    payloads = [json.dumps(each["payload"]) for message in messages for each in message["examples"]]
    return ["```json", *payloads, "```"]


def _fields(schema: Any) -> Iterator[str]:  # noqa: ANN401  JSON of any shape
    for name, field in schema["properties"].items():
        kind = field.get("type", "")
        told = (
            f"`{json.dumps(field['const'])}`"
            if "const" in field
            else _cell(field.get("description", "").replace(" (x-feeds)", ""))
        )
        yield f"| `{name}` | {' or '.join([kind] if isinstance(kind, str) else kind)} | {told} |"


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  typer names no type
    if isinstance(command, TyperGroup):
        for each, found in command.commands.items():
            yield from _commands(f"{name} {each}", found)
    else:
        yield name, command


def _option(option: TyperOption) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    return f"| {names} | {_cell(option.help or '')} |"


def _default(info: FieldInfo) -> str:
    value: Any = info.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value == []:
        return ""
    if isinstance(value, list):
        value = ",".join(map(str, value))
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _duration(seconds: int) -> str:
    for unit, length in (("d", feeds.DAY), ("h", feeds.HOUR), ("min", feeds.MINUTE)):
        if seconds % length == 0:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def wanted() -> dict[Path, str]:
    """Return what the pages should hold."""
    return {
        FOLDER / "settings.md": settings_page(),
        FOLDER / "topics.md": topics_page(),
        FOLDER / "feeds.md": feeds_page(),
        FOLDER / "metrics.md": metrics_page(),
        FOLDER / "commands.md": commands_page(),
        FOLDER / "protocol.md": protocol_page(),
    }


def main() -> None:
    """Write, or check and exit with 1."""
    texts = wanted()
    stale = [path for path, text in texts.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        if stale:
            names = ", ".join(path.name for path in stale)
            sys.exit(f"not as they should be: {names}; write them: python scripts/reference_docs.py")
        return
    for path in stale:
        path.write_text(texts[path])
        print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
