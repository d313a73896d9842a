"""Who is asking: by the browser's cookies, and whether the request comes from our own page."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, NoReturn
from urllib.parse import urlsplit

from fastapi import Request, Response

from streams.scp.addresses import address_of, network_of
from streams.scp.audit import REFUSED, Actor, Audit
from streams.scp.devices import Devices
from streams.scp.logins import Login, Logins
from streams.scp.refusals import RefusedError
from streams.scp.roles import Role
from streams.scp.tables import Account
from streams.settings import Settings
from streams.telemetry import Counters
from streams.wds.allowance import Pace
from streams.wds.throttle import Throttle

COOKIE: Final = "scp_session"
SECURE_COOKIE: Final = "__Host-scp_session"
"""The prefix has browsers take it from this host over TLS alone."""
DEVICE: Final = "scp_device"
SECURE_DEVICE: Final = "__Host-scp_device"
DEVICE_S: Final = 365 * 86_400
"""How long a browser is recognised after a login."""
CSRF_HEADER: Final = "x-csrf-token"
_SAFE: Final = {"GET", "HEAD", "OPTIONS"}
REFUSALS: Final = Pace(0.5, 30)
"""Refusals of an address that are logged: nobody can fill the log without a login."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who may be here.

    Attributes:
        account_id: Whose documents are his.
        name: The account's.
        role: What he may do.
        csrf: What his unsafe requests must carry.
        login_id: The login's; None for one who has not logged in.
        address: Where he comes from.
    """

    account_id: int
    name: str
    role: Role
    csrf: str
    login_id: str | None
    address: str

    @property
    def keeps_documents(self) -> bool:
        """Whether something is kept for him: not for those who only look, without a login."""
        return self.login_id is not None or self.role >= Role.TRADER

    @property
    def actor(self) -> Actor:
        """The same, for the audit log."""
        return Actor(self.name, self.role.title, self.address)


class Reception:
    """Lets requests in.

    Args:
        settings: Where browsers reach us.
        logins: What cookies stand for.
        audit: Told who was refused.
        counters: Counts ``refused`` requests by reason.
        secret: This installation's.
        anonymous: The account of those who have not logged in; None where they must.
    """

    def __init__(
        self,
        settings: Settings,
        logins: Logins,
        audit: Audit,
        counters: Counters,
        secret: str,
        anonymous: Account | None,
    ) -> None:
        self._settings = settings
        self._logins = logins
        self._audit = audit
        self._counters = counters
        self._anonymous = anonymous
        # Pages of other origins cannot read it, so it may be the same for all that have no login.
        self._anonymous_csrf = hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()
        self._devices = Devices(secret)
        self._refusals = Throttle(REFUSALS)

    async def identify(self, request: Request) -> Visitor | None:
        """Return who is asking; None where he must log in first."""
        address = address_of(request)
        # Over TLS the plain name does not count: another host of the same site could have set it.
        token = request.cookies.get(SECURE_COOKIE if self.is_secure(request) else COOKIE)
        if token and (found := await self._logins.find(token)) is not None:
            record, account = found
            return Visitor(
                account.id, account.name, Role.named(account.role), record.csrf, record.id, address
            )
        if self._anonymous is None:
            return None
        account = self._anonymous
        return Visitor(
            account.id, account.name, Role.named(account.role), self._anonymous_csrf, None, address
        )

    async def admit(self, request: Request, least: Role, action: str = "", target: str = "") -> Visitor:
        """Return who is asking, if he may.

        Args:
            request: What he asks.
            least: The role that it needs.
            action: What he wants to do, for the audit log; empty for what is not logged.
            target: With what.

        Raises:
            RefusedError: He has not logged in, has not this role, or the request is not our page's.
        """
        visitor = await self.identify(request)
        if visitor is None:
            nobody = Actor("", "", address_of(request))
            await self._refuse(nobody, action, target, HTTPStatus.UNAUTHORIZED, "log in first")
        if request.method not in _SAFE:
            given = request.headers.get(CSRF_HEADER, "")
            if not self.is_ours(request) or not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
                reason = "the X-CSRF-Token is missing or wrong: load the page again"
                await self._refuse(visitor.actor, action, target, HTTPStatus.FORBIDDEN, reason)
        if visitor.role < least:
            reason = f"this needs the role {least.title}; {visitor.name} is {visitor.role.title}"
            await self._refuse(visitor.actor, action, target, HTTPStatus.FORBIDDEN, reason)
        return visitor

    def is_ours(self, request: Request) -> bool:
        """Tell whether a request may come from our own page: browsers say where it comes from."""
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return False
        origin = request.headers.get("origin")
        return origin is None or urlsplit(origin).netloc == urlsplit(self.base_url(request)).netloc

    def base_url(self, request: Request) -> str:
        """Return where the browser reaches us: scheme, host and base path, no slash at the end."""
        given = self._settings.scp_public_url
        return given.rstrip("/") if given else f"{request.url.scheme}://{request.url.netloc}"

    @property
    def base_path(self) -> str:
        """The path below which the browser sees us, without a slash at the end: a proxy takes it away."""
        return urlsplit((self._settings.scp_public_url or "").rstrip("/")).path

    def is_secure(self, request: Request) -> bool:
        """Tell whether the browser reaches us over TLS."""
        return self.base_url(request).startswith("https:")

    def give_cookies(self, request: Request, response: Response, login: Login, account: str) -> None:
        """Give the browser its login, and a name by which it is known as the account's."""
        secure = self.is_secure(request)
        for name, value, life_s in (
            (SECURE_COOKIE if secure else COOKIE, login.token, int(self._settings.scp_session_max_s)),
            (SECURE_DEVICE if secure else DEVICE, self._devices.name(account), DEVICE_S),
        ):
            response.set_cookie(
                name, value, max_age=life_s, path="/", httponly=True, secure=secure, samesite="lax"
            )

    def device_of(self, request: Request, account: str) -> str | None:
        """Return by what name the browser is known, where ``account`` has logged in with it before."""
        name = request.cookies.get(SECURE_DEVICE if self.is_secure(request) else DEVICE)
        return name if name and self._devices.recognise(name, account) else None

    def take_cookie(self, request: Request, response: Response) -> None:
        """Take it back."""
        for name in {COOKIE, SECURE_COOKIE} & request.cookies.keys():
            secure = name == SECURE_COOKIE
            response.delete_cookie(name, path="/", httponly=True, secure=secure, samesite="lax")

    async def note_refusal(self, who: Actor, action: str, target: str, reason: str) -> None:
        """Log what somebody may not do; no more of an address than people cause."""
        if not self._refusals.try_take(network_of(who.address)):
            await self._audit.write(who, action, target, REFUSED, reason)

    async def _refuse(self, who: Actor, action: str, target: str, status: int, reason: str) -> NoReturn:
        self._counters.add("refused", reason=HTTPStatus(status).phrase.lower())
        if action:
            await self.note_refusal(who, action, target, reason)
        raise RefusedError(status, reason)
