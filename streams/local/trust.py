"""HTTP sessions that trust what this machine trusts, besides the authorities that the library brings along.

A network with its own authority, as many companies have, puts it into the system's store, which requests
alone does not look at.
"""

from __future__ import annotations

import ssl

import requests
from requests.adapters import HTTPAdapter
from urllib3 import ProxyManager


class _SystemTrustAdapter(HTTPAdapter):
    def __init__(self) -> None:
        self._context = ssl.create_default_context()
        super().__init__()

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **options: object
    ) -> None:
        super().init_poolmanager(connections, maxsize, block, **options, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **options: object) -> ProxyManager:
        manager: ProxyManager = super().proxy_manager_for(proxy, **options, ssl_context=self._context)
        return manager


def make_session() -> requests.Session:
    """Return a session; closing it is the caller's."""
    session = requests.Session()
    session.mount("https://", _SystemTrustAdapter())
    return session
