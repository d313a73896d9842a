"""What counts as one address where clients are counted by it."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final

from starlette.requests import HTTPConnection

KEPT: Final = 65_536
SITE_BITS: Final = 64
"""Of IPv6: a client has at least so large a network to itself (RFC 6177), and may use every address of it."""


def address_of(connection: HTTPConnection) -> str:
    """Return the address that a request or WebSocket comes from; of IPv6 its network."""
    return "" if connection.client is None else counted(connection.client.host)


@lru_cache(maxsize=KEPT)
def counted(host: str) -> str:
    """Return what an address counts as; what is none, from a trusted proxy, as it is."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, SITE_BITS), strict=False))
