"""Checks of an installation that runs: servers, topics, groups, components, keys; each says what to do."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any, Final

from streams.errors import SettingsError, UnavailableError
from streams.local.doctor import Check
from streams.platform.kafka_checkup import examine_kafka
from streams.platform.probe import Probe
from streams.platform.redis_checkup import examine_redis
from streams.scp import condition
from streams.scp.vendor import NotEntitledError, Vendor
from streams.scp.watched import Kind, Watched, watched
from streams.sessions import Session
from streams.settings import Settings
from streams.telemetry import Counters
from streams.version import VERSION

SILENT_S: Final = 60.0
"""A listener that has heard nothing for so long while a session is open has a problem."""
SHORTEST_SECRET: Final = 32
"""Bytes that a secret which signs tokens needs (RFC 7518, 3.2)."""
DISK_FREE: Final = 0.1
"""A worker whose disk has less than this share free has a problem: RocksDB stops when it is full."""
RUNBOOKS: Final = "docs/runbooks/"


async def examine_installation(settings: Settings) -> list[Check]:
    """Check everything, at the same time where it can be; no check raises, each ends within seconds.

    Raises:
        SettingsError: SCP_COMPONENTS cannot be understood.
    """
    components = watched(settings)
    async with Probe(settings.kafka_timeout_s) as probe:
        found = await asyncio.gather(
            examine_kafka(settings),
            examine_redis(settings),
            *(_component(probe, each) for each in components),
            vendor_key(settings),
        )
    return [*(check for part in found for check in part), _client_keys(settings)]


async def _component(probe: Probe, component: Watched) -> list[Check]:
    health = await probe.health(f"{component.url}/health")
    if not health:
        remedy = f"start it, or name where it is in SCP_COMPONENTS; {RUNBOOKS}ComponentMissing.md"
        return [Check(component.title, False, f"no answer at {component.url}/health", remedy)]
    return [judge(component, health)]


def judge(component: Watched, health: dict[str, Any]) -> Check:
    """Return how a component is, by what it says of itself."""
    name, version = component.title, health.get("version")
    if not condition.is_healthy(health):
        error = condition.last_error(health)
        why = "; ".join(map(str, health.get("problems", ()))) or (error[0] if error is not None else "")
        detail = f"{health.get('state') or health.get('status')}{f': {why}' if why else ''}"
        return Check(name, False, detail, f"{component.url}/health and its log tell more")
    age_s = health.get("last_frame_age_s")
    is_awaited = component.kind is Kind.LISTENER and health.get("session") not in {None, str(Session.CLOSED)}
    if is_awaited and isinstance(age_s, int | float) and age_s > SILENT_S:
        return Check(name, False, f"nothing came for {age_s:.0f} s", f"{RUNBOOKS}MarketDataSilent.md")
    free = health.get("disk_free_ratio")
    if isinstance(free, int | float) and free < DISK_FREE:
        remedy = f"free some, or give it a larger volume; {RUNBOOKS}DiskFills.md"
        return Check(name, False, f"{free:.0%} of its disk is free", remedy)
    if version is not None and version != VERSION:
        remedy = "bring all components to one version, listeners last; CHANGELOG.md tells what changes"
        return Check(name, False, f"version {version}, this is {VERSION}", remedy)
    lost = condition.drops(condition.flattened({"dropped": dict(health.get("counters", {})).get("dropped")}))
    if lost:
        told = ", ".join(f"{count} {reason.removeprefix('dropped.')}" for reason, count in lost.items())
        return Check(name, False, f"lost since its start: {told}", f"{RUNBOOKS}EventsDropped.md")
    return Check(name, True, f"well, version {version or 'unknown'}")


async def vendor_key(settings: Settings) -> list[Check]:
    """Ask the vendor's REST whether it takes the key."""
    name = "vendor's key"
    try:
        key = settings.vendor_key().get_secret_value()
    except SettingsError as error:
        return [Check(name, False, str(error), "the listener and reference data need it")]
    if not key or key != key.strip():
        return [Check(name, False, "it is empty, or has blanks around it", "set MASSIVE_API_KEY anew")]
    vendor = Vendor(settings, Counters())
    try:
        await vendor.get("/v1/marketstatus/now")
    except NotEntitledError:
        return [Check(name, False, "the vendor refuses it", "set MASSIVE_API_KEY to one that is valid")]
    except UnavailableError as error:
        remedy = f"let HTTPS through to {settings.massive_rest_url}, or set MASSIVE_REST_URL"
        return [Check(name, False, f"could not be tried: {error}", remedy)]
    finally:
        await vendor.close()
    return [Check(name, True, "the vendor accepts it")]


def _client_keys(settings: Settings) -> Check:
    name = "keys of clients"
    if not settings.auth_enabled:
        return Check(name, False, "whoever reaches the WDS reads everything", "AUTH_ENABLED=true and a key")
    ways = [settings.auth_api_key, settings.wds_keys_file, settings.wds_jwt_secret]
    if not any(ways):
        return Check(name, False, "nobody can get in", "set AUTH_API_KEY, WDS_KEYS_FILE or WDS_JWT_SECRET")
    secret = settings.wds_jwt_secret
    if secret is not None and len(secret.get_secret_value().encode()) < SHORTEST_SECRET:
        remedy = f"make it {SHORTEST_SECRET} random bytes at least"
        return Check(name, False, "the secret that signs tokens can be guessed", remedy)
    if settings.wds_keys_file is not None:
        return _keys_file(name, settings.wds_keys_file)
    return Check(name, True, "there")


def _keys_file(name: str, path: Path) -> Check:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return Check(name, False, f"WDS_KEYS_FILE: {error.strerror}", "streams wds keys add NAME")
    if mode & stat.S_IWOTH:
        return Check(name, False, f"{path} can be written by everybody", f"chmod 640 {path}")
    return Check(name, True, f"in {path}")
