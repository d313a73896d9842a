"""Whether a document is a screener: by the rules of the workers, told field by field."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final, NamedTuple

from streams.scanner.definition import make_screener
from streams.scanner.definition_faults import Faults
from streams.scanner.screener_filters import GROUPS
from streams.scp.refusals import RefusedError

MAX_BYTES: Final = 8 * 1024
"""Longest definition: those of all users together are one record of Kafka's."""


class Fault(NamedTuple):
    """What is wrong.

    Attributes:
        where: The way to it through the definition: group, field, number of several bounds, min or max.
        reason: Why, in one line.
    """

    where: tuple[str, ...]
    reason: str


def faults_of(board: str, table: object) -> list[Fault]:
    """Return what keeps a table from being a screener."""
    faults = Faults()
    if not isinstance(table, dict):
        return [Fault((), 'a screener is an object such as {"sort": "pct_change", "price": {"min": 1}}')]
    make_screener(board, table, faults)
    return [Fault(where[1:], _in_group(where[1:], reason)) for where, reason in faults.found]


def check(board: str, table: object, length: int) -> None:
    """Let a definition pass.

    Args:
        board: The name of its board.
        table: The definition.
        length: Its characters as JSON.

    Raises:
        RefusedError: Something is wrong in it, with the first reason; all are in ``details``.
    """
    faults = faults_of(board, table)
    if length > MAX_BYTES:
        faults.append(Fault((), f"the definition is longer than {MAX_BYTES} characters"))
    if faults:
        details: dict[str, Any] = {"faults": [fault._asdict() for fault in faults]}
        raise RefusedError(HTTPStatus.BAD_REQUEST, faults[0].reason, details=details)


def _in_group(where: tuple[str, ...], reason: str) -> str:
    return f"{where[0]}: {reason}" if len(where) > 1 and where[0] in GROUPS else reason
