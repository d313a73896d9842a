"""The last error of a component, and whether it is over: pure rules."""

from __future__ import annotations

from typing import Any, Final

FORGOTTEN_MS: Final = 3_600_000
"""A component that has been healthy for so long has no last error any more."""

Told = tuple[str, int | None]
"""A message, and when it happened (ms since 1970 UTC; None where the component does not say)."""


class LastError:
    """What went wrong with a component last.

    Components go on telling of an error that is over: it counts as new only when its text or its time is.
    What went wrong while the component was starting is forgotten as soon as it is healthy.
    """

    def __init__(self) -> None:
        self._told: Told | None = None
        self._shown: tuple[str, int] | None = None
        self._over_ms: int | None = None
        self._is_starting = False
        self._was_healthy = False

    def take(self, at_ms: int, told: Told | None, *, is_healthy: bool) -> None:
        """Take what a component says at a moment, ms since 1970 UTC."""
        if told is not None and (told != self._told or (self._over_ms is not None and not is_healthy)):
            self._shown, self._over_ms = (told[0], told[1] or at_ms), None
        self._told = told
        if not is_healthy:
            self._is_starting |= not self._was_healthy
            self._over_ms = None
            return
        if self._is_starting:
            self._shown, self._is_starting = None, False
        self._was_healthy = True
        if self._over_ms is None:
            self._over_ms = at_ms
        elif at_ms - self._over_ms >= FORGOTTEN_MS:
            self._shown = None

    def describe(self) -> dict[str, Any] | None:
        """Return {message, at_ms, over_ms}: over_ms is since when it has been healthy again, or None."""
        if self._shown is None:
            return None
        return {"message": self._shown[0], "at_ms": self._shown[1], "over_ms": self._over_ms}
