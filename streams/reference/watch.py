"""What those who wait for a load are told."""

from __future__ import annotations

from typing import Protocol


class Watch(Protocol):
    """Is told how a load goes on."""

    def say(self, line: str) -> None:
        """Take a line about what went wrong, and what is done about it."""

    def step(self, what: str, done: int, total: int | None) -> None:
        """Take how much of something has been loaded: ``total`` is None where nobody knows it yet."""


class Silent:
    """Tells nobody."""

    def say(self, line: str) -> None:
        """Take a line and show none."""

    def step(self, what: str, done: int, total: int | None) -> None:
        """Take a step and show none."""
