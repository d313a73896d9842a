"""Redis-style globs, matched on this side: ``*``, ``?``, ``[a-z]``, ``[^a]``, and a backslash before any."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import Final
from weakref import WeakValueDictionary

MAX_CODE_POINT: Final = 0x10FFFF


@dataclass(frozen=True, slots=True)
class Characters:
    """A set of characters that one place of a glob accepts, as ranges of code points.

    Attributes:
        ranges: Pairs of first and last.
        negated: Whether it accepts all others instead.
    """

    ranges: tuple[tuple[int, int], ...]
    negated: bool = False

    def accepts(self, code_point: int) -> bool:
        """Tell whether a character is in the set."""
        return any(first <= code_point <= last for first, last in self.ranges) != self.negated

    def overlaps(self, other: Characters) -> bool:
        """Tell whether some character is in both sets."""
        if not self.negated and not other.negated:
            return any(
                first <= others_last and others_first <= last
                for first, last in self.ranges
                for others_first, others_last in other.ranges
            )
        if ANY in (self, other):
            return all(each.ranges or each.negated for each in (self, other))
        # If there is one, there is one at or beside an end of a range.
        candidates = {0}
        for first, last in (*self.ranges, *other.ranges):
            candidates |= {first - 1, first, last, last + 1}
        return any(
            0 <= candidate <= MAX_CODE_POINT and self.accepts(candidate) and other.accepts(candidate)
            for candidate in candidates
        )

    @property
    def literal(self) -> str | None:
        """The one character that is accepted; None where there are several."""
        (first, last), *others = self.ranges or ((0, 1),)
        return None if self.negated or others or first != last else chr(first)

    def regex(self) -> str:
        """Return the regular expression that matches one character of the set."""
        if not self.ranges:
            return "." if self.negated else r"(?!)"
        inside = "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in self.ranges)
        return f"[{'^' if self.negated else ''}{inside}]"


ANY: Final = Characters((), negated=True)
Token = Characters | None
"""One place of a glob; None is the star."""


def is_glob(name: str) -> bool:
    """Tell whether a feed's name holds wildcards."""
    return "*" in name or "?" in name or "[" in name


def parse(glob: str) -> list[Token]:
    """Return the places of a glob."""
    tokens: list[Token] = []
    position = 0
    while position < len(glob):
        character = glob[position]
        position += 1
        if character == "*":
            if not tokens or tokens[-1] is not None:
                tokens.append(None)
        elif character == "?":
            tokens.append(ANY)
        elif character == "[":
            token, position = _parse_class(glob, position)
            tokens.append(token)
        else:
            if character == "\\" and position < len(glob):
                character = glob[position]
                position += 1
            tokens.append(literal(character))
    return tokens


class Glob:
    """A glob over feed names.

    Args:
        text: As the client wrote it.

    Attributes:
        tokens: Its places.
        prefix: What every key that it matches begins with.
    """

    def __init__(self, text: str) -> None:
        self.tokens = parse(text)
        self.prefix = _prefix(self.tokens)
        # "A*", as most are. Compiling takes a hundred times a match.
        is_prefix_alone = self.tokens[len(self.prefix) :] == [None]
        self._fullmatch = None if is_prefix_alone else re.compile(_regex(self.tokens), re.DOTALL).fullmatch

    def matches(self, key: str) -> bool:
        """Tell whether the glob matches a feed's key, in time linear in its stars and the key's length."""
        if not key.startswith(self.prefix):
            return False
        return self._fullmatch is None or self._fullmatch(key) is not None


_alive: Final[WeakValueDictionary[str, Glob]] = WeakValueDictionary()


def compiled(text: str) -> Glob:
    """Return the glob of a text: the same as long as anybody holds it. The newest few thousand are kept."""
    glob = _alive.get(text)
    if glob is None:
        glob = _alive[text] = _recent(text)
    return glob


@lru_cache(maxsize=4_096)
def _recent(text: str) -> Glob:
    return Glob(text)


def _prefix(tokens: Sequence[Token]) -> str:
    # No character has an empty text: there the prefix ends.
    return "".join(takewhile(bool, ((token.literal if token else None) or "" for token in tokens)))


@lru_cache
def literal(character: str) -> Characters:
    """Return the place that accepts one character alone."""
    return Characters(((ord(character), ord(character)),))


def _parse_class(glob: str, position: int) -> tuple[Characters, int]:
    # As Redis reads it: a class that is never closed ends with the glob; a range may be upside down.
    negated = glob[position : position + 1] == "^"
    position += negated
    ranges: list[tuple[int, int]] = []
    while position < len(glob) and glob[position] != "]":
        if glob[position] == "\\" and position + 1 < len(glob):
            position += 1
            ranges.append((ord(glob[position]), ord(glob[position])))
            position += 1
        elif glob[position + 1 : position + 2] == "-" and position + 2 < len(glob):
            first, last = sorted((ord(glob[position]), ord(glob[position + 2])))
            ranges.append((first, last))
            position += 3
        else:
            ranges.append((ord(glob[position]), ord(glob[position])))
            position += 1
    return Characters(tuple(ranges), negated), position + 1


def _regex(tokens: Sequence[Token]) -> str:
    # Between two stars the first place that fits will do: atomic groups, so that no star is tried twice.
    parts: list[str] = [""]
    for token in tokens:
        if token is None:
            parts.append("")
        else:
            parts[-1] += token.regex()
    if len(parts) == 1:
        return parts[0]
    head, *middle, tail = parts
    return head + "".join(f"(?>.*?{part})" for part in middle) + ".*" + tail
