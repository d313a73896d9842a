"""A control plane on a free port with a database of its own, and browsers that use it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr

from streams.local.process import accepts_connections, free_port
from streams.scp.accounts import Accounts
from streams.scp.database import Database
from streams.scp.passwords import Passwords
from streams.scp.roles import Role
from streams.scp.service import ControlPlane
from streams.settings import Settings
from streams.wds.service import WidgetDataService

PASSWORD = "correct horse battery"
SECRET = "0123456789abcdef0123456789abcdef"
TIMEOUT_S = 30.0
PROVIDER = Path(__file__).with_name("oidc_provider.py")


class Browser(httpx.AsyncClient):
    """A browser with our page open: it keeps cookies, and sends what the page sends."""

    async def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Log in; the following requests carry the token against forged ones."""
        answer = await self.post("/api/login", json={"username": name, "password": password})
        if answer.is_success:
            self.headers["x-csrf-token"] = (await self.get("/api/session")).json()["csrf"]
        return answer


class Installation:
    """A running control plane."""

    def __init__(self, settings: Settings, plane: ControlPlane, stack: AsyncExitStack) -> None:
        self.settings = settings
        self.plane = plane
        self._stack = stack

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.plane.port}"

    async def browser(self, name: str | None = None, **options: Any) -> Browser:  # noqa: ANN401  the client's
        """Return a new browser; logged in where a name is given."""
        browser = await self._stack.enter_async_context(
            # There is no TLS, and reading all certificates takes longer than most tests.
            Browser(base_url=self.url, timeout=TIMEOUT_S, verify=False, **options)
        )
        if name is not None:
            assert (await browser.log_in(name)).status_code == 200
        return browser

    async def audited(self) -> list[tuple[str, str, str, str]]:
        """Return the audit log, the oldest first: who, what, with what, what came of it."""
        admin = await self.browser("admin")
        items = (await admin.get("/api/audit", params={"limit": 1_000})).json()["items"]
        return [(each["user"], each["action"], each["target"], each["result"]) for each in reversed(items)]


Install = Callable[..., Awaitable[Installation]]


@pytest.fixture
def settings(tmp_path: Path, redis_url: str) -> Settings:
    return Settings(
        data_dir=tmp_path,
        scp_port=0,
        # Nothing is there: topics are another test's.
        kafka_bootstrap="127.0.0.1:1",
        kafka_timeout_s=2,
        wdc_redis_url=redis_url.rpartition("/")[0] + "/13",
        wds_jwt_secret=SecretStr(SECRET),
        massive_api_key=SecretStr("the vendor's key"),
        listener_port=1,
    )


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same algorithm with less work: hundreds of logins would take most of the tests' time."""
    monkeypatch.setattr("streams.scp.passwords._hasher", PasswordHasher(1, 64, 1))


@pytest.fixture
async def hashed() -> str:
    return await Passwords().hash(PASSWORD)


@pytest.fixture
async def install(settings: Settings, hashed: str) -> AsyncIterator[Install]:
    """Start control planes; each has an account of every role, named after it."""
    async with AsyncExitStack() as stack:

        async def start(**changes: object) -> Installation:
            changed = settings.model_copy(update=changes)
            async with _database(changed) as database:
                accounts = Accounts(database)
                for role in Role:
                    if await accounts.find(role.title) is None:
                        await accounts.create(role.title, hashed, role)
            plane = ControlPlane(changed)
            await stack.enter_async_context(plane.serving())
            return Installation(changed, plane, stack)

        yield start


@pytest.fixture
async def service(redis_url: str) -> AsyncIterator[WidgetDataService]:
    """A WDS that takes the tokens of the control planes."""
    server = redis_url.rpartition("/")[0]
    settings = Settings(
        mdc_redis_url=SecretStr(f"{server}/12"),
        wdc_redis_url=SecretStr(f"{server}/13"),
        wds_host="127.0.0.1",
        wds_port=0,
        wds_jwt_secret=SecretStr(SECRET),
    )
    async with WidgetDataService(settings) as service:
        yield service


@pytest.fixture(scope="session")
async def provider() -> AsyncIterator[str]:
    """A real provider of OpenID Connect, as a process of its own."""
    port = free_port()
    users = (
        '{"sub":"u1","preferred_username":"Ann","groups":["desk","ops"]}',
        '{"sub":"u2","groups":[]}',
        '{"sub":"u3","preferred_username":"Kim","realm_access":{"roles":["ops"]}}',
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", str(PROVIDER), "--port", str(port)),
        *(part for user in users for part in ("--user-claims", user)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(60):
        while not await accepts_connections("127.0.0.1", port):
            assert process.returncode is None
            await asyncio.sleep(0.05)
    yield f"http://localhost:{port}"
    process.kill()
    await process.wait()


@pytest.fixture
async def scp(install: Install) -> Installation:
    return await install()


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings)
    try:
        await database.upgrade()
        yield database
    finally:
        await database.close()


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not await holds():  # noqa: ASYNC110  nothing under test sets an event for it
            await asyncio.sleep(0.05)
