import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from streams.errors import UnavailableError
from streams.local import jars
from streams.local.jars import Jars, cached_jars, fetch_jars

POM = """<project><modelVersion>4.0.0</modelVersion>
<groupId>org.example</groupId><artifactId>broker</artifactId><version>1.0</version></project>"""


BROKER = Jars("Broker 1.0", ("org.example:broker:1.0",), 1)


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """A Maven repository with one artifact, served over HTTP: its folder of that artifact, and its URL."""
    monkeypatch.setattr(jars, "TRIES", 2)
    root = tmp_path / "remote"
    folder = root / "org" / "example" / "broker" / "1.0"
    folder.mkdir(parents=True)
    for name, content in {"broker-1.0.pom": POM.encode(), "broker-1.0.jar": b"jar" * 1000}.items():
        (folder / name).write_bytes(content)
        (folder / f"{name}.sha1").write_text(hashlib.sha1(content, usedforsecurity=False).hexdigest())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(cache: Path, url: str) -> list[Path]:
    return fetch_jars(cache, BROKER, url, lambda _line: None, threading.Event())


def test_downloaded_jars_are_in_the_cache(repository: tuple[Path, str], tmp_path: Path) -> None:
    found = fetch(tmp_path / "cache", repository[1])
    assert [jar.read_bytes() for jar in found] == [b"jar" * 1000]
    assert cached_jars(tmp_path / "cache", BROKER) == found


def test_wrong_checksum_is_refused(repository: tuple[Path, str], tmp_path: Path) -> None:
    (repository[0] / "broker-1.0.jar.sha1").write_text("0" * 40)
    with pytest.raises(UnavailableError, match=r"cannot download broker-1\.0\.jar"):
        fetch(tmp_path / "cache", repository[1])
    assert not list((tmp_path / "cache").rglob("*.jar"))


def test_rest_of_a_killed_download_is_replaced(repository: tuple[Path, str], tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "maven" / "org" / "example" / "broker" / "1.0"
    folder.mkdir(parents=True)
    (folder / "broker-1.0.jar.partial").write_bytes(b"ja")
    assert [jar.read_bytes() for jar in fetch(tmp_path / "cache", repository[1])] == [b"jar" * 1000]


def test_starts_at_the_same_time_share_one_download(repository: tuple[Path, str], tmp_path: Path) -> None:
    results: list[list[Path]] = []
    threads = [
        threading.Thread(target=lambda: results.append(fetch(tmp_path / "cache", repository[1])))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(result == results[0] for result in results)


def test_missing_artifact_names_the_setting_to_change(repository: tuple[Path, str], tmp_path: Path) -> None:
    (repository[0] / "broker-1.0.jar").unlink()
    with pytest.raises(UnavailableError, match="set MAVEN_URL"):
        fetch(tmp_path / "cache", repository[1])
