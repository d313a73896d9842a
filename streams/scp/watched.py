"""The components that are watched: what they are called, where they answer, what can be done with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from streams.errors import SettingsError
from streams.settings import Settings

_SLUG: Final = re.compile(r"[^a-z0-9]+")


class Kind(StrEnum):
    """What a component does, told by its name."""

    LISTENER = "listener"
    WORKER = "worker"
    WDS = "wds"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Watched:
    """One component.

    Attributes:
        name: By which requests name it: small letters, digits, dashes.
        title: What people call it.
        kind: What it does.
        url: Its base address; /health is below it.
    """

    name: str
    title: str
    kind: Kind
    url: str

    @property
    def is_controllable(self) -> bool:
        """Whether it has a control API."""
        return self.kind is Kind.LISTENER


def watched(settings: Settings) -> tuple[Watched, ...]:
    """Return the components that the settings name; without any, those with an address of their own here.

    Raises:
        SettingsError: One cannot be understood, or two have the same name.
    """
    given = settings.scp_components or _usual(settings)
    found = tuple(_parsed(entry) for entry in given)
    if len({each.name for each in found}) < len(found):
        raise SettingsError("SCP_COMPONENTS: two components have the same name")
    return found


def _usual(settings: Settings) -> list[str]:
    listeners = f"http://{settings.listener_host}"
    wds = "127.0.0.1" if settings.wds_host in {"0.0.0.0", "::"} else settings.wds_host  # noqa: S104  compared
    usual = [f"Massive listener={listeners}:{settings.listener_port}"]
    if settings.finlight_api_key is not None:
        usual.append(f"Finlight listener={listeners}:{settings.finlight_listener_port}")
    return [*usual, f"WDS=http://{wds}:{settings.wds_port}"]


def _parsed(entry: str) -> Watched:
    title, _, url = entry.partition("=")
    parts, name = urlsplit(url.strip()), _SLUG.sub("-", title.strip().lower()).strip("-")
    if not name or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError(f"SCP_COMPONENTS: {entry[:80]!r} must look like NAME=http://HOST:PORT")
    kind = next(
        (kind for kind in (Kind.LISTENER, Kind.WORKER, Kind.WDS) if kind in name.split("-")), Kind.OTHER
    )
    return Watched(name, title.strip(), kind, f"{parts.scheme}://{parts.netloc}")
