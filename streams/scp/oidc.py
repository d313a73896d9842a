"""Login by an OpenID Connect provider: authorization code with PKCE, state and nonce, by Authlib."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from fastapi import Request
from joserfc.errors import JoseError
from starlette.responses import RedirectResponse

from streams.errors import SettingsError, UnavailableError
from streams.scp.accounts import Person
from streams.scp.roles import Role
from streams.settings import Settings
from streams.telemetry import Reporter

TIMEOUT_S: Final = 10.0
"""Longest that the provider may take for one answer."""
NAME: Final = "provider"

logger: Final = logging.getLogger(__name__)


class OidcRefusedError(Exception):
    """The provider has not let somebody in, or what it says cannot be believed."""


class OidcProvider:
    """One provider.

    Args:
        settings: Its issuer, what it knows us as, and how its claims become roles.

    Raises:
        SettingsError: One of them is missing or wrong.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.scp_oidc_issuer is None or settings.scp_oidc_client_id is None:
            raise SettingsError("set SCP_OIDC_ISSUER and SCP_OIDC_CLIENT_ID, or neither")
        self._issuer = settings.scp_oidc_issuer.rstrip("/")
        self._role_claim = settings.scp_oidc_role_claim
        self._roles = _roles(settings.scp_oidc_roles)
        default = settings.scp_oidc_default_role
        self._default = None if default is None else Role.named(default)
        if not self._roles and self._default is None:
            raise SettingsError("set SCP_OIDC_ROLES or SCP_OIDC_DEFAULT_ROLE: else nobody may come in")
        secret = settings.scp_oidc_client_secret
        oauth = OAuth()
        self._client: Any = oauth.register(
            NAME,
            client_id=settings.scp_oidc_client_id,
            client_secret=None if secret is None else secret.get_secret_value(),
            server_metadata_url=f"{self._issuer}/.well-known/openid-configuration",
            client_kwargs={
                "scope": " ".join(settings.scp_oidc_scopes),
                "code_challenge_method": "S256",
                "timeout": TIMEOUT_S,
            },
        )
        self._reporter = Reporter(logger)

    async def begin(self, request: Request, callback: str) -> RedirectResponse:
        """Return what sends a browser to the provider, which sends it back to ``callback``.

        Raises:
            UnavailableError: The provider does not answer.
        """
        try:
            async with asyncio.timeout(2 * TIMEOUT_S):
                await self._check_issuer()
                answer: RedirectResponse = await self._client.authorize_redirect(request, callback)
                return answer
        except (httpx2.HTTPError, OSError, TimeoutError, ValueError, KeyError) as error:
            raise self._away(error) from None

    async def finish(self, request: Request) -> tuple[Person, Role | None]:
        """Return whom the provider has let in, and the role that its claims give him; None for none.

        Raises:
            OidcRefusedError: It has not, or the answer is not to our question.
            UnavailableError: The provider does not answer.
        """
        try:
            async with asyncio.timeout(3 * TIMEOUT_S):
                await self._check_issuer()
                claims = await self._claims(await self._client.authorize_access_token(request))
        except (AuthlibBaseError, JoseError) as error:
            raise OidcRefusedError(str(error)[:200]) from None
        except (httpx2.HTTPError, OSError, TimeoutError, ValueError, KeyError) as error:
            raise self._away(error) from None
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise OidcRefusedError("the provider does not say who it is: is openid among the scopes?")
        return Person(self._issuer, subject[:255], _name(claims) or subject), self._role(claims)

    async def _claims(self, token: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the provider says of somebody: its ID token, and what it tells on its own page alone.

        OpenID Connect Core 1.0, 5.4: with codes, claims of profile and email come from the UserInfo endpoint.
        """
        claims: Mapping[str, Any] = token.get("userinfo") or {}
        metadata = await self._client.load_server_metadata()
        is_told = _name(claims) is not None and _claim(claims, self._role_claim) is not None
        if is_told or "userinfo_endpoint" not in metadata:
            return claims
        more = await self._client.userinfo(token=token)
        if more.get("sub") != claims.get("sub"):
            raise OidcRefusedError("the provider speaks of two people")
        return {**more, **claims}

    def _role(self, claims: Mapping[str, Any]) -> Role | None:
        values = _claim(claims, self._role_claim)
        held = (
            {values} if isinstance(values, str) else set(map(str, values)) if isinstance(values, list) else ()
        )
        return max((self._roles[value] for value in held if value in self._roles), default=self._default)

    async def _check_issuer(self) -> None:
        metadata = await self._client.load_server_metadata()
        told = str(metadata.get("issuer", "")).rstrip("/")
        if told != self._issuer:
            raise UnavailableError(f"SCP_OIDC_ISSUER is {self._issuer}, but it calls itself {told[:100]}")

    def _away(self, error: Exception) -> UnavailableError:
        self._reporter.warn("the OIDC provider does not answer", f"{self._issuer}: {type(error).__name__}")
        return UnavailableError("the login provider does not answer: try again")


def _name(claims: Mapping[str, Any]) -> str | None:
    name = claims.get("preferred_username") or claims.get("email")
    return str(name) if name else None


def _claim(claims: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401  as the provider makes it
    """Return a claim; one within another by a dot, as in ``realm_access.roles``."""
    if path in claims:
        return claims[path]
    outer, _, inner = path.partition(".")
    found = claims.get(outer)
    return _claim(found, inner) if inner and isinstance(found, Mapping) else None


def _roles(given: list[str]) -> dict[str, Role]:
    roles = {}
    for entry in given:
        value, _, role = entry.rpartition("=")
        if not value:
            raise SettingsError(f"SCP_OIDC_ROLES: {entry!r} must look like VALUE=ROLE")
        roles[value] = Role.named(role)
    return roles
