"""API keys in a file: their hashes, and what each may do. Read again whenever the file changes.

A key is 256 random bits, made here and never chosen by people; so one round of SHA-256 hides it as well as
any slow hash would, and strangers with wrong keys cost little.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import msgspec

from streams.errors import BadInputError, SettingsError
from streams.telemetry import Reporter
from streams.wds.grants import Grant

PREFIX: Final = "wds_"
"""What a key begins with, so that one that leaks is recognised."""
KEY_ID_LENGTH: Final = 12

logger: Final = logging.getLogger(__name__)


class KeyEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key of the file.

    Attributes:
        name: Whose it is; each name once.
        sha256: The key's hash, in hex.
        feeds: Globs of the feeds that may be read with it.
        max_clients: Most clients at a time with it; None for no limit of its own.
        max_subscriptions: Most subscriptions of a client; None for no limit of its own.
        created: Day, as YYYY-MM-DD.
    """

    name: str
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    feeds: tuple[str, ...] = ("*",)
    max_clients: int | None = None
    max_subscriptions: int | None = None
    created: str = ""

    @property
    def key_id(self) -> str:
        """The beginning of the hash: tells keys apart, and opens nothing."""
        return self.sha256[:KEY_ID_LENGTH]

    def grant(self) -> Grant:
        """Return what it allows."""
        return Grant(self.name, self.key_id, self.feeds, self.max_clients, self.max_subscriptions)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    keys: list[KeyEntry]


def digest(key: str) -> str:
    """Return a key's hash, in hex: of equal length, so that not even a key's length shows in the time."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def read(path: Path) -> list[KeyEntry]:
    """Return the keys of a file; none where there is no file yet.

    Raises:
        BadInputError: It cannot be read, or is no file of keys; its content is not repeated.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File).keys
    except FileNotFoundError:
        return []
    except OSError as error:
        raise BadInputError(f"cannot read the keys in {path}: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadInputError(f"{path} is no file of keys: make one with streams wds keys add") from None


def write(path: Path, entries: Iterable[KeyEntry]) -> None:
    """Replace the file at once, readable by its owner alone.

    Raises:
        BadInputError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(_File(list(entries))), indent=2) + b"\n")
        Path(name).replace(path)
    except OSError as error:
        raise BadInputError(f"cannot write the keys to {path}: {error.strerror}") from None


def make(
    name: str, feeds: tuple[str, ...], max_clients: int | None, max_subscriptions: int | None
) -> tuple[str, KeyEntry]:
    """Return a new key, which is kept nowhere, and its entry."""
    key = PREFIX + secrets.token_urlsafe(32)
    day = time.strftime("%Y-%m-%d", time.gmtime())
    return key, KeyEntry(name, digest(key), feeds or ("*",), max_clients, max_subscriptions, day)


class Keyring:
    """The keys of a file, as they are now.

    Args:
        path: The file.

    Raises:
        SettingsError: The file is there and cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reporter = Reporter(logger)
        self._entries: list[KeyEntry] = []
        self._grants: frozenset[Grant] = frozenset()
        self._state: tuple[int, ...] | None = None
        try:
            self._load()
        except BadInputError as error:
            raise SettingsError(str(error)) from None

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self._entries)

    def refresh(self) -> None:
        """Read the file again if it has changed; one that cannot be used leaves the keys as they were."""
        try:
            self._load()
        except BadInputError as error:
            self._reporter.warn("the keys stay as they were", str(error))

    def find(self, key: str) -> Grant | None:
        """Return what a key allows; every key is compared, in the same time for each."""
        self.refresh()
        wanted = digest(key)
        found = None
        for entry in self._entries:
            if hmac.compare_digest(wanted, entry.sha256):
                found = entry
        return None if found is None else found.grant()

    def grant_of(self, key_id: str) -> Grant | None:
        """Return what the key of an id allows; None where there is no such key any more."""
        self.refresh()
        return next((entry.grant() for entry in self._entries if entry.key_id == key_id), None)

    def stands(self, grant: Grant) -> bool:
        """Tell whether a grant is still that of a key in the file."""
        return grant in self._grants

    def _load(self) -> None:
        state = self._look()
        if state == self._state:
            return
        entries = read(self._path)
        if self._state is not None:
            logger.info("%d keys in %s", len(entries), self._path)
        self._entries, self._state = entries, state
        self._grants = frozenset(entry.grant() for entry in entries)

    def _look(self) -> tuple[int, ...]:
        try:
            stat = self._path.stat()
        except OSError:
            return ()
        return (stat.st_mtime_ns, stat.st_size, stat.st_ino)
