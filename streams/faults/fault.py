"""What a fault is: something that is done to an installation while the market goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from streams.faults.installation import Installation

Make = Callable[[Installation], Awaitable[float]]
"""Makes a fault, and returns from when on the platform may recover, monotonic seconds: when a process was
killed; of a fault that lasts, when it was over."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that can fail.

    Attributes:
        name: Its name on the command line and in the report.
        what: What is done, for people.
        make: Does it.
        seconds: How much longer than other faults' the market must go on for it.
        is_short: Whether the short form has it.
        loses_input: Whether events that the vendor had sent are gone with it, as the vendor has no replay.
    """

    name: str
    what: str
    make: Make
    seconds: int = 0
    is_short: bool = False
    loses_input: bool = False
