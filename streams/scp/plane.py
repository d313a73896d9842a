"""What the routes share."""

from __future__ import annotations

from dataclasses import dataclass

from streams.scanner.file_source import FileSource
from streams.scp.accounts import Accounts
from streams.scp.audit import Audit
from streams.scp.company_data import CompanyData
from streams.scp.login_throttle import LoginThrottle
from streams.scp.logins import Logins
from streams.scp.passwords import Passwords
from streams.scp.reception import Reception
from streams.scp.screener_relay import ScreenerRelay
from streams.scp.shelves import Shelves
from streams.scp.wds_access import WdsAccess
from streams.settings import Settings
from streams.telemetry import Counters


@dataclass(frozen=True, slots=True)
class Plane:
    """The control plane's parts."""

    settings: Settings
    counters: Counters
    reception: Reception
    accounts: Accounts
    logins: Logins
    passwords: Passwords
    throttle: LoginThrottle
    audit: Audit
    shelves: Shelves
    screeners: ScreenerRelay
    file_screeners: FileSource
    companies: CompanyData
    wds: WdsAccess
