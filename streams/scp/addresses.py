"""Where requests come from."""

from __future__ import annotations

import ipaddress

from fastapi import Request


def address_of(request: Request) -> str:
    """Return the browser's address; a proxy's where proxies are not trusted."""
    return request.client.host if request.client is not None else ""


def network_of(address: str) -> str:
    """Return what one customer of a network provider has: an IPv4 address, or 2^64 addresses of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return address
