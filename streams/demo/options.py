"""What a demo is told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from streams.errors import BadInputError
from streams.platform.components import OTHER_APPS
from streams.scanner.screener_file import read_screeners
from streams.settings import Port
from streams.sim.options import SimOptions
from streams.sim.recording import Recording

MARKET_OPTIONS: Final = ("symbols", "rate", "speed", "seed", "start", "input", "reference")
"""Options of the simulator that a demo has, too; their command-line names are the same."""

CHECKED: Final = 100
"""How many of a recording's first frames are looked at."""

_GROUPS: Final[dict[str, tuple[str, ...]]] = {"all": OTHER_APPS, "none": ()}

M = TypeVar("M", bound=BaseModel)


def _known(app: str) -> str:
    if app not in OTHER_APPS:
        raise ValueError(f"no app is named {app!r}: one of {', '.join(OTHER_APPS)}")
    return app


def _usable(path: Path) -> Path:
    read_screeners(path)
    return path.absolute()


App = Annotated[str, AfterValidator(_known)]
Screeners = Annotated[Path, AfterValidator(_usable)]


class DemoOptions(BaseModel):
    """Options of a demo."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    market: SimOptions = SimOptions()
    apps: tuple[App, ...] = Field((), description="apps beside the scanner, one worker each")
    workers: int = Field(1, ge=1, description="scanner workers that share the partitions")
    screeners: Screeners | None = Field(None, description="definitions of user-defined boards")
    wds_port: Port = Field(4202, description="port of the WDS; 0 takes a free one")
    dashboard: bool = Field(True, description="whether the dashboard is served")
    scp_port: Port | None = Field(
        None, description="port of the dashboard; 0 takes a free one; None 8000, or a free one if it is taken"
    )
    seconds: float | None = Field(None, gt=0, description="end after this many seconds; None: at Ctrl-C")


def sim_options(given: Mapping[str, Any]) -> SimOptions:
    """Return the simulator's options from those given on a command line; None stands for not given.

    Raises:
        BadInputError: A value cannot be used, they do not go together, or a file cannot be read.
    """
    options = validated(SimOptions, given)
    if options.input is None and not options.speed:
        raise BadInputError("--speed 0 plays a recording as fast as it goes: give one with --input")
    if options.input is not None:
        asyncio.run(_check_recording(options.input))
    return options


def demo_options(given: Mapping[str, Any]) -> DemoOptions:
    """Return a demo's options from those given on a command line; None stands for not given.

    Raises:
        BadInputError: A value cannot be used, they do not go together, or a file cannot be read.
    """
    market = sim_options({name: given.get(name) for name in MARKET_OPTIONS})
    own = {name: value for name, value in given.items() if name not in MARKET_OPTIONS}
    if own.get("apps") is not None:
        own["apps"] = _GROUPS.get(own["apps"], tuple(filter(None, own["apps"].split(","))))
    return validated(DemoOptions, {**own, "market": market})


async def _check_recording(path: Path) -> None:
    """Look whether a file holds frames: among the first ones may be broken ones, but not all are."""
    async with aclosing(Recording(path).frames()) as frames:
        checked = 0
        async for frame in frames:
            if frame.heads is not None:
                return
            checked += 1
            if checked == CHECKED:
                break
    raise BadInputError(f"{path} is no recording: its first lines are no JSON arrays of events")


def validated(model: type[M], given: Mapping[str, Any]) -> M:
    """Return options from those given on a command line; None stands for not given.

    Raises:
        BadInputError: A value cannot be used; the message names its option.
    """
    try:
        return model(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = "-".join(str(part) for part in fault["loc"]).replace("_", "-")
        raise BadInputError(f"--{name}: {fault['msg']}") from None
