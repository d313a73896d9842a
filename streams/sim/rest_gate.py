"""What stands before the REST: calls counted by endpoint, the limit of calls, and faults on demand."""

from __future__ import annotations

import math
from collections import Counter
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from streams.call_limit import CallLimit


class RestFaultKind(StrEnum):
    """What can go wrong with an answer."""

    LIMITED = "limited"
    """429: too many calls; try again in a second."""
    UNAVAILABLE = "unavailable"
    """503."""
    NOT_ENTITLED = "not_entitled"
    """403: the plan does not hold it."""
    CUT = "cut"
    """Half of the JSON is missing."""
    BAD_ENTRY = "bad_entry"
    """The first result is no object of its kind."""


class RestFaultRequest(BaseModel):
    """A fault of the next answers to calls whose path contains ``path``."""

    model_config = ConfigDict(extra="forbid")

    kind: RestFaultKind
    calls: Annotated[int, Field(ge=0, le=1_000_000)] = 1
    path: str = ""


class RestGate:
    """Counts calls and decides which of them go wrong.

    Args:
        calls_per_minute: Most calls in any minute; further ones are refused. None for no limit.

    Attributes:
        answered: How often each path was answered with its data.
        refused: How many calls were not.
    """

    def __init__(self, calls_per_minute: int | None) -> None:
        self.answered: Counter[str] = Counter()
        self.refused = 0
        self._limit = CallLimit(calls_per_minute)
        self._faults: list[RestFaultRequest] = []

    def make(self, request: RestFaultRequest) -> None:
        """Make a fault; it waits for its calls behind those asked for before."""
        self._faults.append(request.model_copy())

    def fault(self, path: str) -> RestFaultKind | None:
        """Return what goes wrong with a call; None where nothing does."""
        for fault in self._faults:
            if fault.calls and fault.path in path:
                fault.calls -= 1
                return fault.kind
        return None

    def wait_s(self) -> int:
        """Return the seconds after which a call may be tried again; 0 where it is let in and counts."""
        return math.ceil(self._limit.wait_s())
