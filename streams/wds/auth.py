"""Who may use the WDS: by the key that all share, by a key of their own, or by a token."""

from __future__ import annotations

import hmac
import logging
from typing import Final

from streams.errors import SettingsError
from streams.settings import Settings
from streams.wds import keys
from streams.wds.grants import EVERYTHING, SHARED_KEY, Grant
from streams.wds.keys import Keyring
from streams.wds.tokens import Tokens

logger: Final = logging.getLogger(__name__)


class Gate:
    """Compares keys in constant time, and checks tokens.

    Args:
        settings: Whether keys are needed, and which.

    Raises:
        SettingsError: Keys are needed, and there is no way to have one; or a way is set up wrongly.
    """

    def __init__(self, settings: Settings) -> None:
        self.enabled = settings.auth_enabled
        self._ring = Keyring(settings.wds_keys_file) if settings.wds_keys_file is not None else None
        self._tokens = (
            Tokens(settings.wds_jwt_secret, settings.wds_jwt_audience, settings.wds_jwt_max_s)
            if settings.wds_jwt_secret is not None
            else None
        )
        key = settings.auth_api_key.get_secret_value() if settings.auth_api_key else ""
        self._digest = keys.digest(key) if key else None
        if not self.enabled:
            logger.warning("AUTH_ENABLED is false: anyone who reaches the WDS may read every feed")
        elif self._digest is None and self._ring is None and self._tokens is None:
            raise SettingsError(
                "set AUTH_API_KEY to the key of the WDS's clients, or WDS_KEYS_FILE or WDS_JWT_SECRET "
                "(or AUTH_ENABLED=false)"
            )
        elif self._digest is None and self._tokens is None and not self._ring:
            logger.warning("%s has no key yet: streams wds keys add NAME", settings.wds_keys_file)

    def admit(self, api_key: str, token: str | None = None) -> Grant | None:
        """Return what a client with this key or token may do; None where it may not come in."""
        if not self.enabled:
            return EVERYTHING
        if token is not None:
            return self._admit_token(token)
        is_shared = self._digest is not None and hmac.compare_digest(keys.digest(api_key), self._digest)
        own = self._ring.find(api_key) if self._ring is not None else None
        return SHARED_KEY if is_shared else own

    def admit_by(self, credential: str) -> Grant | None:
        """Return what a client may do that shows a key or a token without saying which."""
        return self.admit(credential) or self.admit("", credential)

    def refresh(self) -> None:
        """Read the keys again if their file has changed."""
        if self._ring is not None:
            self._ring.refresh()

    def stands(self, grant: Grant) -> bool:
        """Tell whether a client that came in by this grant may stay."""
        if grant.has_expired:
            return False
        own = grant.parent or grant
        return not own.key_id or (self._ring is not None and self._ring.stands(own))

    def _admit_token(self, token: str) -> Grant | None:
        grant = self._tokens.find(token) if self._tokens is not None else None
        if grant is None or not grant.key_id:
            return grant
        parent = self._ring.grant_of(grant.key_id) if self._ring is not None else None
        return None if parent is None else grant.within(parent)
