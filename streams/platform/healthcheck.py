"""Tells whether the component of this container is well, for an image's HEALTHCHECK.

``python -m streams.platform.healthcheck`` asks whatever listens on the ports of the settings for its /health,
and ends with 0 where all that answers is well, with 1 where something is not, or nothing listens.
"""

from __future__ import annotations

import ssl
import sys
from collections.abc import Iterable
from typing import Final
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

from streams.errors import StreamsError
from streams.settings import Settings, load

TIMEOUT_S: Final = 3.0


def urls(settings: Settings) -> list[str]:
    """Return where each component would tell how it is, on this machine."""
    wds = "https" if settings.wds_ssl_certfile else "http"
    scp = "https" if settings.scp_ssl_certfile else "http"
    return [
        f"http://127.0.0.1:{settings.listener_port}/health",
        f"http://127.0.0.1:{settings.worker_port}/health",
        f"{wds}://127.0.0.1:{settings.wds_port}/health",
        f"http://127.0.0.1:{settings.finlight_listener_port}/health",
        f"{scp}://127.0.0.1:{settings.scp_port}/health",
    ]


def ill(addresses: Iterable[str]) -> list[str]:
    """Return what is wrong, a line for each; nothing where all that listens is well."""
    # The certificate is for the name that clients use, not for this machine's own address.
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=ssl._create_unverified_context()))  # noqa: S323, SLF001
    found, heard = [], False
    for url in addresses:
        try:
            with opener.open(url, timeout=TIMEOUT_S):
                heard = True
        except HTTPError as error:
            heard = True
            found.append(f"{url}: {error.code}")
        except TimeoutError:
            heard = True
            found.append(f"{url}: no answer in {TIMEOUT_S:g} s")
        except OSError:
            continue
    return found if heard else ["nothing listens on the ports of the settings"]


def main() -> None:
    """Ask, say what is wrong, and exit."""
    try:
        wrong = ill(urls(load()))
    except StreamsError as error:
        wrong = [str(error)]
    if wrong:
        sys.exit("; ".join(wrong))


if __name__ == "__main__":
    main()
