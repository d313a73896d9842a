"""The dashboard's files, as they were built into the package."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import Request, Response

FOLDER: Final = Path(__file__).parent / "static"
INDEX: Final = "index.html"
ASSETS: Final = "assets/"
"""Files below it have a hash of their content in their names: they never change."""
FOR_GOOD: Final = "public, max-age=31536000, immutable"
ASK_FIRST: Final = "no-cache"
MIN_COMPRESSED: Final = 1_024
_COMPRESSIBLE: Final = (
    "text/",
    "application/json",
    "application/javascript",
    "image/svg",
    "application/manifest",
)
_TYPES: Final = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".ico": "image/x-icon",
}
"""What a machine's own tables may not know, or get wrong."""


@dataclass(frozen=True, slots=True)
class Page:
    """One file.

    Attributes:
        content: Its bytes.
        compressed: The same in gzip, where that is worth it.
        kind: Its media type.
        etag: Names its content.
        caching: How long browsers keep it.
    """

    content: bytes
    compressed: bytes | None
    kind: str
    etag: str
    caching: str


class Pages:
    """All files, in memory: they are some 1.5 MB.

    Args:
        folder: Where they are; an index page stands in for a dashboard that was not built.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._pages = {
            path.relative_to(folder).as_posix(): _page(path, path.relative_to(folder).as_posix())
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }
        self._pages.setdefault(INDEX, _made("text/html", _NOT_BUILT, ASK_FIRST))

    def answer(self, request: Request, path: str) -> Response:
        """Return what is at a path: a file, else the dashboard where the path may be one of its views."""
        page = self._pages.get(path)
        if page is None:
            # Views have no dot in their last part, but for symbols; files that are not there do.
            if path.startswith(ASSETS) or "text/html" not in request.headers.get("accept", "text/html"):
                return Response("not found\n", HTTPStatus.NOT_FOUND, media_type="text/plain")
            page = self._pages[INDEX]
        headers = {"etag": page.etag, "cache-control": page.caching, "vary": "accept-encoding"}
        if request.headers.get("if-none-match") == page.etag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        content = page.content
        if page.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            content, headers["content-encoding"] = page.compressed, "gzip"
        return Response(content, media_type=page.kind, headers=headers)


def _page(path: Path, name: str) -> Page:
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return _made(kind, path.read_bytes(), FOR_GOOD if name.startswith(ASSETS) else ASK_FIRST)


def _made(kind: str, content: bytes, caching: str) -> Page:
    worth = len(content) >= MIN_COMPRESSED and kind.startswith(_COMPRESSIBLE)
    return Page(
        content,
        gzip.compress(content, 6, mtime=0) if worth else None,
        kind,
        f'W/"{hashlib.sha256(content).hexdigest()[:24]}"',
        caching,
    )


_NOT_BUILT: Final = (
    b"<!doctype html><meta charset=utf-8><title>market streams</title>"
    b"<p>The dashboard is not built into this installation: npm run build in web/ does it."
)
