"""What tests of the loader share."""

from __future__ import annotations


class Noted:
    """Notes what a load says, and how far it got."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.steps: dict[str, tuple[int, int | None]] = {}

    def say(self, line: str) -> None:
        """Note a line."""
        self.lines.append(line)

    def step(self, what: str, done: int, total: int | None) -> None:
        """Note a step."""
        self.steps[what] = done, total
