"""What is wrong in a definition: where, and why, in words for whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from streams.scanner.toml_lines import Where

MAX_SHOWN: Final = 40
"""Most characters of a value that are repeated: what fits into a line."""


class Faults:
    """What is wrong in one file.

    Attributes:
        found: The places and reasons.
    """

    def __init__(self) -> None:
        self.found: list[tuple[Where, str]] = []

    def add(self, where: Where, reason: str) -> None:
        """Note a fault."""
        self.found.append((where, reason))

    def one_of(self, where: Where, value: object, known: Iterable[str]) -> str:
        """Return ``value``, noted as a fault where it is not one of ``known``."""
        if not isinstance(value, str):
            self.add(where, f"{where[-1]} is {shown(value)}, it must be a text")
            return ""
        if value not in known:
            self.add(where, unknown(where[-1], value, list(known)))
        return value


def unknown(kind: str, name: str, known: list[str]) -> str:
    """Return what to say of a name that nobody knows."""
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(known)}"
    return f"unknown {kind} {shown(name)}: {hint}"


def shown(value: object) -> str:
    """Return a value as it is repeated in a message."""
    try:
        text = str(value).lower() if isinstance(value, bool) else repr(value)
    except RecursionError:
        return "[…]"  # lists in lists in lists
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
