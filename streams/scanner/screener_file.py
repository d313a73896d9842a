"""The file of screeners: TOML, one table a board; what is wrong is told with its line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

from streams.errors import BadInputError
from streams.scanner.definition import is_name, make_screener
from streams.scanner.definition_faults import Faults
from streams.scanner.screener import Screener
from streams.scanner.toml_lines import line_of, lines_of
from streams.scanner.user_screeners import is_users_board

MAX_SCREENERS: Final = 100
MAX_BYTES: Final = 128 * 1024
_PLACE: Final = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)
_TWICE: Final = re.compile(r"Cannot declare \('(.*)',\) twice")


class DefinitionError(BadInputError):
    """A file of screeners cannot be used.

    Attributes:
        faults: What is wrong, each as ``FILE:LINE: reason``, by line.
    """

    def __init__(self, faults: list[str]) -> None:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(f"{faults[0]}{more}")
        self.faults = faults


def read_screeners(path: Path) -> tuple[Screener, ...]:
    """Return the screeners that a file defines, in its order; a file of comments alone defines none.

    Raises:
        DefinitionError: It cannot be read, or anything in it is wrong: then none of it counts.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DefinitionError([f"{path}: cannot be read: {error.strerror}"]) from None
    if len(content) > MAX_BYTES:
        raise DefinitionError([f"{path}: larger than {MAX_BYTES // 1024} KiB"])
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DefinitionError([f"{path}:{line}: no UTF-8 text"]) from None
    return parse_screeners(text, path)


def parse_screeners(text: str, path: Path) -> tuple[Screener, ...]:
    """Return the screeners that a file's text defines; ``path`` is named in errors.

    Raises:
        DefinitionError: Anything in it is wrong.
    """
    if not text.strip():
        raise DefinitionError([f"{path}:1: empty, as if half saved; a comment alone stands for no screeners"])
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise DefinitionError([_toml_fault(str(error), text, path)]) from None
    faults = Faults()
    screeners = [make_screener(name, table, faults) for name, table in tables.items()]
    for name in tables:
        if is_users_board(name):
            faults.add((name,), "names like user_1_… are kept for the boards of users")
    for name in list(tables)[MAX_SCREENERS:]:
        faults.add((name,), f"more than {MAX_SCREENERS} screeners")
    if faults.found:
        raise DefinitionError(_told(faults, text, path))
    return tuple(screener for screener in screeners if screener is not None)


def _told(faults: Faults, text: str, path: Path) -> list[str]:
    lines = lines_of(text)
    placed = sorted(
        ((line_of(where, lines), where[0], reason) for where, reason in faults.found),
        key=lambda fault: fault[0],
    )
    return [
        f"{path}:{line}: {name if is_name(name) else repr(name)}: {reason}" for line, name, reason in placed
    ]


def _toml_fault(message: str, text: str, path: Path) -> str:
    told = _PLACE.fullmatch(message)
    reason, line = (told[1], told[2]) if told else (message, None)
    if twice := _TWICE.fullmatch(reason):
        reason = f"the screener {twice[1]} is defined twice"
    elif reason == "Cannot overwrite a value":
        reason = "the same word twice in one screener"
    return f"{path}:{line or text.rstrip().count(chr(10)) + 1}: {reason}"
