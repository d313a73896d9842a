"""Who may use the WDS."""

from __future__ import annotations

import hashlib
import hmac
import logging
from typing import Final

from streams.errors import SettingsError
from streams.settings import Settings

logger: Final = logging.getLogger(__name__)


class Gate:
    """Compares keys in constant time.

    Args:
        settings: Whether keys are needed, and which.

    Raises:
        SettingsError: Keys are needed, and none is set.
    """

    def __init__(self, settings: Settings) -> None:
        self.enabled = settings.auth_enabled
        key = settings.auth_api_key.get_secret_value() if settings.auth_api_key else ""
        if self.enabled and not key:
            raise SettingsError("set AUTH_API_KEY to the key of the WDS's clients (or AUTH_ENABLED=false)")
        if not self.enabled:
            logger.warning("AUTH_ENABLED is false: anyone who reaches the WDS may read every feed")
        self._digest = _digest(key)

    def admits(self, key: str) -> bool:
        """Tell whether a client with this key may come in."""
        return not self.enabled or hmac.compare_digest(_digest(key), self._digest)


def _digest(key: str) -> bytes:
    # Of equal length, so that not even the key's length shows in the time.
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
