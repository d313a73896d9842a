"""What an operator must know of now, made of what the parts say: pure rules.

The same conditions as those of observability/alerts.yaml, for who looks at the page and has no Prometheus.
Those on data are quiet while none is expected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from streams.reference.coverage import State

LATE_S: Final = 5.0
STARTING_S: Final = 30.0
"""Whatever starts may take so long."""
STANDING_S: Final = 30.0
REFERENCE_S: Final = 60.0
"""So long may reference data be too little: it is, while it is being loaded."""
BOARD_OLD_S: Final = 5.0
SILENT_S: Final[Mapping[str, float]] = {"regular_session": 5.0, "pre_market": 60.0, "after_hours": 60.0}
"""Longest that nothing may come from the market's vendor, by session; at other times nothing need come."""
LACKING: Final = frozenset({State.ABSENT, State.OLD, State.INCOMPLETE})
"""Reference data that boards cannot rank by; where it is not known how it is, something else is wrong."""
SHOWN_MS: Final = 60_000
"""An alarm that is over is shown as such for so long."""
BOARDS: Final = "scanners:top_"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong now.

    Attributes:
        key: What tells it from others.
        text: One sentence.
        for_s: It is an alarm when it has been wrong for so long.
        level: ``page`` wakes somebody, ``ticket`` waits for the morning.
    """

    key: str
    text: str
    for_s: float = 0.0
    level: str = "page"


def findings(
    components: Sequence[Json], topics: Json, redis: Iterable[Json], reference: Json
) -> Iterator[Finding]:
    """Return what is wrong with components, topics, Redis and reference data as the SCP describes them."""
    for component in components:
        yield from _of_component(component)
    yield from _of_boards(components)
    if topics["problem"]:
        yield Finding("kafka", topics["problem"], STARTING_S)
    for topic in topics["topics"]:
        yield from _of_topic(topic)
    for server in redis:
        if server["problem"]:
            yield Finding(f"redis {server['name']}", f"Redis ({server['name']}): {server['problem']}", 10)
    if reference["state"] in LACKING:
        yield Finding("reference", reference["told"], REFERENCE_S)


def _of_component(component: Json) -> Iterator[Finding]:
    name, title, health = component["name"], component["title"], component["health"] or {}
    if not component["healthy"]:
        yield Finding(f"health {name}", f"{title}: {component['state']}", STARTING_S)
    for reason, rate in component["rates"].items():
        if reason in component["drops"] and rate > 0:
            yield Finding(f"drops {name} {reason}", f"{title} loses or refuses: {reason}, {rate:.1f}/s")
    age_s, longest_s = health.get("last_frame_age_s"), SILENT_S.get(str(health.get("session")))
    # News may be silent for long; a listener of the market may not.
    is_market = "market" in health and component["healthy"]
    if is_market and longest_s is not None and isinstance(age_s, int | float) and age_s > longest_s:
        yield Finding(f"silent {name}", f"{title}: nothing has come from the vendor for {age_s:.0f} s")


def _of_boards(components: Sequence[Json]) -> Iterator[Finding]:
    is_scanned = any(
        component["kind"] == "worker"
        and "boards_published" in component["rates"]
        and component["rates"].get("events_processed", 0) > 0
        for component in components
    )
    for component in components:
        ages = (component["health"] or {}).get("message_ages_s")
        for feed, age_s in ages.items() if is_scanned and isinstance(ages, Mapping) else ():
            if str(feed).startswith(BOARDS) and isinstance(age_s, int | float) and age_s > BOARD_OLD_S:
                yield Finding(f"board {feed}", f"{feed} has not changed for {age_s:.0f} s, its input has", 30)


def _of_topic(topic: Json) -> Iterator[Finding]:
    name = topic["name"]
    if topic["problem"]:
        yield Finding(f"topic {name}", f"{name}: {topic['problem']}", 10)
    retention_ms = topic["retention_ms"] if topic["cleanup"] == "delete" else None
    for group in topic["groups"]:
        who, lag_s = f"{group['group']} on {name}", group["lag_s"]
        if lag_s is None:
            continue
        if retention_ms is not None and lag_s * 2_000 > retention_ms:
            text = f"{who} is {lag_s:.0f} s late, more than half of what is kept: data is about to be lost"
            yield Finding(f"losing {who}", text)
        elif lag_s > LATE_S and group["trend"] == "rising":
            yield Finding(f"late {who}", f"{who} is {lag_s:.0f} s late, and it grows", 60)
        for part in group["details"]:
            if part["standing_s"] > STANDING_S:
                text = f"{who}/{part['partition']}: nothing was committed for {part['standing_s']:.0f} s"
                yield Finding(f"standing {who}/{part['partition']}", text)


class Alarms:
    """What has been wrong for long enough, since when, and for a while what was."""

    def __init__(self) -> None:
        self._since: dict[str, int] = {}
        self._raised: dict[str, tuple[Finding, int, int]] = {}

    def take(self, at_ms: int, found: Iterable[Finding]) -> None:
        """Take what is wrong at a moment, ms since 1970 UTC."""
        now = {finding.key: finding for finding in found}
        self._since = {key: self._since.get(key, at_ms) for key in now}
        for key, finding in now.items():
            if at_ms - self._since[key] >= finding.for_s * 1000:
                self._raised[key] = (finding, self._since[key], at_ms)
        self._raised = {key: each for key, each in self._raised.items() if at_ms - each[2] < SHOWN_MS}

    def describe(self) -> list[dict[str, Any]]:
        """Return the alarms, those that wake somebody first, then the newest; ``over`` ones last."""
        told = [
            {
                "key": key,
                "level": finding.level,
                "text": finding.text,
                "since_ms": since_ms,
                "is_over": key not in self._since,
            }
            for key, (finding, since_ms, _) in self._raised.items()
        ]
        return sorted(told, key=lambda each: (each["is_over"], each["level"], -int(str(each["since_ms"]))))
