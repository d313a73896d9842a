"""What counts as one address."""

from __future__ import annotations

import pytest

from streams.wds.addresses import counted


@pytest.mark.parametrize(("host", "expected"), [
    ("192.0.2.1", "192.0.2.1"),
    ("::ffff:192.0.2.1", "192.0.2.1"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
    ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
    ("fe80::1%eth0", "fe80::/64"),
    ("::1", "::/64"),
    ("unknown", "unknown"),
    ("", ""),
])  # fmt: skip
def test_an_address_counts_as_what_its_client_has_to_itself(host: str, expected: str) -> None:
    assert counted(host) == expected
