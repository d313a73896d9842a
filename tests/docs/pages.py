"""The shell commands in a page, and how they are run.

A block of ```sh runs as it stands and must succeed. A comment right before it says otherwise:
``<!-- beside: until PORT -->`` for one that goes on beside the rest of the page, ``<!-- ends: after N s -->``
for one that is ended by Ctrl-C, ``<!-- with: servers -->`` for one that needs Kafka and Redis,
``<!-- run by: FILE -->`` where that test runs it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
BLOCK = re.compile(r"((?:^<!-- [^\n]* -->\n)*)^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REMARK = re.compile(r"<!-- (beside: until|ends: after|with:|run by:) ([\w/.-]+)(?: s)? -->")
FENCE = re.compile(r"^```(\w*)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One block of commands.

    Attributes:
        code: What a reader would paste.
        beside: Port that tells that it works, of one that goes on; None for one that ends.
        seconds: When Ctrl-C ends it; None for one that ends by itself.
        servers: Whether it needs Kafka and Redis.
        run_by: The test that runs it elsewhere.
    """

    code: str
    beside: str | None = None
    seconds: float | None = None
    servers: bool = False
    run_by: str | None = None


def pages() -> list[Path]:
    """Return every page that has commands."""
    every = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in every if blocks(page)]


def blocks(page: Path) -> list[Block]:
    """Return a page's commands."""
    text = page.read_text()
    found = [_block(remarks, code) for remarks, code in BLOCK.findall(text)]
    assert len(found) == FENCE.findall(text).count("sh"), f"{page.name}: a block was not understood"
    return found


def _block(remarks: str, code: str) -> Block:
    told = dict(REMARK.findall(remarks))
    seconds = told.get("ends: after")
    return Block(
        code,
        told.get("beside: until"),
        None if seconds is None else float(seconds),
        "with:" in told,
        told.get("run by:"),
    )
