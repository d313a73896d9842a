"""Recorded articles: a file of one article a line, plain or gzip."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from streams.errors import BadInputError
from streams.sim.articles import SimArticle

_MAX_LINE: Final = 16 * 1024 * 1024


def recorded_articles(path: Path) -> list[SimArticle]:
    """Return the articles of a file, each a JSON object as it stands in ``data`` of a message.

    They are due when they were created, else published, and never before the one that stands above.

    Raises:
        BadInputError: The file cannot be read, or a line is no article.
    """
    articles: list[SimArticle] = []
    due_ms = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    fields = _article_of(line, f"{path}, line {number}")
                    due_ms = max(due_ms, _due_ms(fields))
                    articles.append(SimArticle(due_ms, fields))
    except (OSError, EOFError) as error:
        raise BadInputError(f"cannot read {path}: {error}") from None
    return articles


def _article_of(line: bytes, where: str) -> dict[str, Any]:
    try:
        fields = json.loads(line)
    except ValueError:
        fields = None
    if isinstance(fields, dict) and fields.get("action") == "sendArticle":
        fields = fields.get("data")
    if len(line) > _MAX_LINE or not isinstance(fields, dict):
        raise BadInputError(f"{where} is no article")
    return fields


def _due_ms(fields: Mapping[str, Any]) -> int:
    for name in ("createdAt", "publishDate"):
        try:
            return int(datetime.fromisoformat(str(fields.get(name))).timestamp() * 1000)
        except (ValueError, OverflowError):
            continue
    return 0
