"""The platform's version, as it was installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final


def _installed() -> str:
    try:
        return version("market-streams")
    except PackageNotFoundError:
        return "0+unknown"


VERSION: Final = _installed()
