import os
import re
import shlex
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
import yaml

from streams.cli.topic_export import export
from streams.platform.components import OTHER_APPS, SCANNER
from streams.scp.watched import watched
from streams.settings import Settings
from streams.topic_admin import config_of
from streams.topics import CATALOGUE, MAX_MESSAGE_BYTES
from tests.deploy.conftest import ROOT, Run

FOLDER = ROOT / "redpanda"
FAKE_RPK = '#!/bin/sh\necho "$@" >> "$CALLS"\n'
ENVIRONMENT_NAMES = {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize(("name", "format_"), [("topics.yaml", "yaml"), ("topics.sh", "rpk")])
def test_topic_files_are_what_the_command_writes(
    defaults: Settings, name: str, format_: Literal["yaml", "rpk"]
) -> None:
    assert (FOLDER / name).read_text() == export(defaults, format_)


@pytest.mark.parametrize("format_", ["yaml", "json"])
def test_export_holds_every_topic_with_its_configuration(format_: Literal["yaml", "json"]) -> None:
    settings = Settings(kafka_topic_prefix="x-", kafka_partitions=3, kafka_replication=2)
    assert yaml.safe_load(export(settings, format_))["topics"] == [
        {
            "name": f"x-{topic.suffix}",
            "partitions": 1 if topic.single_partition else 3,
            "replicas": 2,
            "config": config_of(topic, settings),
        }
        for topic in CATALOGUE
    ]


def test_strange_prefix_is_quoted_for_the_shell() -> None:
    lines = export(Settings(kafka_topic_prefix="a b;"), "rpk").splitlines()
    created = next(line for line in lines if line.startswith("rpk topic create"))
    assert shlex.split(created.rstrip("\\"))[3] == "a b;trades"


def test_broker_lets_the_shortest_segments_and_the_largest_batches_be() -> None:
    broker = yaml.safe_load((FOLDER / "broker.yaml").read_text())
    assert broker["log_segment_ms_min"] <= min(topic.segment_ms for topic in CATALOGUE)
    assert broker["kafka_batch_max_bytes"] >= MAX_MESSAGE_BYTES
    shortest_ms = min(topic.retention_ms for topic in CATALOGUE if topic.retention_ms is not None)
    assert broker["log_compaction_interval_ms"] * 10 <= shortest_ms


def test_bootstrap_sets_the_broker_and_every_topic(run: Run, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    rpk = tmp_path / "rpk"
    rpk.write_text(FAKE_RPK)
    rpk.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    ended = run("redpanda/bootstrap", env={"PATH": path, "CALLS": str(calls)})
    assert (ended.returncode, ended.stderr) == (0, "")
    done = calls.read_text().splitlines()
    for name, value in yaml.safe_load((FOLDER / "broker.yaml").read_text()).items():
        assert f"cluster config set {name} {str(value).lower() if isinstance(value, bool) else value}" in done
    for topic in CATALOGUE:
        for verb in ("create", "alter-config"):
            assert any(line.startswith(f"topic {verb} md.{topic.suffix} ") for line in done)


def test_bootstrap_without_rpk_says_what_to_do(run: Run, tmp_path: Path) -> None:
    for name in ("sh", "dirname"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    ended = run("/bin/sh", "redpanda/bootstrap", env={"PATH": str(tmp_path)})
    assert ended.returncode == 1
    assert "streams topics create" in ended.stderr


def test_compose_runs_every_component(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for app in (SCANNER, *OTHER_APPS):
        assert f"streams.{app}.app" in services[app]["command"]
    assert {"redpanda", "console", "redis", "topics", "reference", "wds", "scp"} <= services.keys()
    assert {"massive-listener", "finlight-listener", "simulator"} <= services.keys()


def test_compose_gives_only_settings_that_exist(compose: dict[str, Any]) -> None:
    own = [each for each in compose["services"].values() if "market-streams" in each["image"]]
    given = {name for service in own for name in service["environment"]}
    assert given - ENVIRONMENT_NAMES == set()


def test_simulator_environment_names_the_simulator_s_ports(compose: dict[str, Any]) -> None:
    lines = (FOLDER / "simulator.env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    ports = {word.split("=")[1] for word in compose["services"]["simulator"]["command"] if "-port=" in word}
    assert {given[name].rsplit(":", 1)[1] for name in given if "://" in given[name]} == ports
    assert given.keys() - ENVIRONMENT_NAMES == {"COMPOSE_PROFILES"}


def test_compose_holds_no_key(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            assert value is None or not name.endswith(("_KEY", "_SECRET"))


def test_the_control_plane_of_the_compose_file_knows_every_component(compose: dict[str, Any]) -> None:
    services = compose["services"]
    given = (
        services["scp"]["environment"]["SCP_COMPONENTS"].replace("${FINLIGHT_API_KEY:+", "").replace("}", "")
    )
    found = watched(Settings(scp_components=[each.strip() for each in given.split(",")]))
    hosts = {urlsplit(each.url).hostname for each in found}
    others = {"redpanda", "console", "redis", "topics", "reference", "simulator", "scp"}
    assert hosts == services.keys() - others


def test_containers_that_serve_are_asked_how_they_are_by_the_images_own_check(
    compose: dict[str, Any],
) -> None:
    (told,) = re.findall(r"HEALTHCHECK .*\n\s+CMD (\[.*\])", (ROOT / "Dockerfile").read_text())
    own = {
        name: each["healthcheck"]
        for name, each in compose["services"].items()
        if "market-streams" in each["image"]
    }
    serve_nothing = {"topics", "reference", "simulator"}
    assert {name for name, check in own.items() if check == {"disable": True}} == serve_nothing
    assert {tuple(own[name]["test"][1:]) for name in own.keys() - serve_nothing} == {
        tuple(yaml.safe_load(told))
    }


def test_compose_publishes_ports_on_this_machine_alone(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_rpk_profile_names_the_ports_that_compose_publishes(compose: dict[str, Any]) -> None:
    profile = yaml.safe_load((FOLDER / "profile.yaml").read_text())
    published = {port.split(":")[1] for port in compose["services"]["redpanda"]["ports"]}
    named = profile["kafka_api"]["brokers"] + profile["admin_api"]["addresses"]
    assert {address.split(":")[1] for address in named} == published


def test_images_are_pinned(compose: dict[str, Any]) -> None:
    images = [service["image"] for service in compose["services"].values()]
    dockerfile = (ROOT / "Dockerfile").read_text()
    images += re.findall(r"^ARG BASE=(\S+)", dockerfile, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)) == {"${BASE}"}
    for image in images:
        assert re.search(r":v?\d+\.\d+", image), image
