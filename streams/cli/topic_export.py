"""The catalogue's topics as text for other tools: rpk's commands, YAML, JSON."""

from __future__ import annotations

import json
import shlex
from typing import Final, Literal

from streams.settings import Settings
from streams.topic_admin import config_of
from streams.topics import CATALOGUE

Format = Literal["rpk", "yaml", "json"]

NOTE: Final = (
    "# Written by: streams topics export --format {format}. Change streams/topics.py, then write it anew."
)


def export(settings: Settings, format: Format) -> str:  # noqa: A002  the option's name
    """Return every topic of the catalogue, in the order of the flow.

    Args:
        settings: The installation's prefix, partitions and replication.
        format: ``rpk`` for shell lines that create what is missing and set the configuration of what is
            there, ``yaml`` or ``json`` for {topics: [{name, partitions, replicas, config}]}.
    """
    match format:
        case "rpk":
            return _rpk(settings)
        case "yaml":
            return _yaml(settings)
        case "json":
            return json.dumps({"topics": _entries(settings)}, indent=2) + "\n"


def _entries(settings: Settings) -> list[dict[str, object]]:
    return [
        {
            "name": settings.topic(topic),
            "partitions": settings.partitions(topic),
            "replicas": settings.kafka_replication,
            "config": config_of(topic, settings),
        }
        for topic in CATALOGUE
    ]


def _rpk(settings: Settings) -> str:
    lines = ["#!/bin/sh", NOTE.format(format="rpk"), "set -eu"]
    for topic in CATALOGUE:
        name = shlex.quote(settings.topic(topic))
        config = [shlex.quote(f"{key}={value}") for key, value in config_of(topic, settings).items()]
        created = " ".join(f"-c {pair}" for pair in config)
        altered = " ".join(f"--set {pair}" for pair in config)
        lines += [
            f"rpk topic create {name} --if-not-exists \\",
            f"    -p {settings.partitions(topic)} -r {settings.kafka_replication} {created}",
            f"rpk topic alter-config {name} {altered}",
        ]
    return "\n".join(lines) + "\n"


def _yaml(settings: Settings) -> str:
    # JSON's strings are YAML's as well.
    lines = [NOTE.format(format="yaml"), "topics:"]
    for topic in CATALOGUE:
        lines += [
            f"  - name: {json.dumps(settings.topic(topic))}",
            f"    partitions: {settings.partitions(topic)}",
            f"    replicas: {settings.kafka_replication}",
            "    config:",
            *(f"      {key}: {json.dumps(value)}" for key, value in config_of(topic, settings).items()),
        ]
    return "\n".join(lines) + "\n"
