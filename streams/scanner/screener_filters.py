"""A screener's conditions as people write them: fields with bounds or values, joined by all, any and none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from streams.scanner.definition_faults import Faults, shown, unknown
from streams.scanner.measures import NUMBERS, TEXTS
from streams.scanner.screener import Choice, Conditions, Range
from streams.scanner.toml_lines import Where

GROUPS: Final = ("all", "any", "none")
"""How conditions are joined; those outside of a group are in the first."""
MAX_CHOICES: Final = 1_000
"""Most values that one filter of a text names."""
MAX_CONDITIONS: Final = 100
"""Most conditions of a screener."""


def make_groups(
    name: str, filters: Mapping[str, Any], options: tuple[str, ...], faults: Faults
) -> list[Conditions]:
    """Return the conditions of each of GROUPS.

    Args:
        name: The screener's name.
        filters: What its table says beside the options.
        options: What else may stand in the table, for those who mistyped it.
        faults: Where is noted what is wrong.
    """
    plain = {field: value for field, value in filters.items() if field not in GROUPS}
    known = [*options, *GROUPS, *NUMBERS, *TEXTS]
    outside = _conditions((name,), plain, known, faults)
    groups = [
        _group((name, group), filters[group], faults) if group in filters else Conditions()
        for group in GROUPS
    ]
    inside = filters.get(GROUPS[0])
    for field in plain.keys() & (inside if isinstance(inside, dict) else {}).keys():
        faults.add((name, field), f"{field} is said twice: beside the group all, and in it")
    groups[0] = _sorted([*outside.ranges, *groups[0].ranges], [*outside.choices, *groups[0].choices])
    if sum(len(group.ranges) + len(group.choices) for group in groups) > MAX_CONDITIONS:
        faults.add((name,), f"more than {MAX_CONDITIONS} conditions")
    return groups


def table_of(conditions: Conditions) -> dict[str, Any]:
    """Return conditions as a group's table: what `make_groups` reads."""
    table: dict[str, Any] = {}
    for each in conditions.ranges:
        bounds = {"min": each.minimum, "max": each.maximum}
        table.setdefault(each.field, []).append({key: at for key, at in bounds.items() if at is not None})
    table = {field: bounds[0] if len(bounds) == 1 else bounds for field, bounds in table.items()}
    for choice in conditions.choices:
        table[choice.field] = {"not": list(choice.values)} if choice.negated else list(choice.values)
    return table


def texts_of(where: Where, field: str, value: object, faults: Faults) -> list[str]:
    """Return the texts of a field that has one or several."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(each, str) for each in texts):
        faults.add(where, f'{field} is {shown(value)}, it must be a text or several: ["…", "…"]')
        return []
    if len(texts) > MAX_CHOICES:
        faults.add(where, f"{field} has more than {MAX_CHOICES} values")
        return []
    return texts


def _group(where: Where, table: object, faults: Faults) -> Conditions:
    if not isinstance(table, dict) or not table:
        faults.add(where, f"{where[-1]} is {shown(table)}, it must be filters: {{ price = {{ min = 1 }} }}")
        return Conditions()
    return _conditions(where, table, [*NUMBERS, *TEXTS], faults)


def _conditions(where: Where, filters: Mapping[str, Any], known: list[str], faults: Faults) -> Conditions:
    ranges: list[Range] = []
    choices: list[Choice | None] = []
    for field, value in filters.items():
        if field in NUMBERS:
            ranges += _ranges((*where, field), value, faults)
        elif field in TEXTS:
            choices.append(_choice((*where, field), value, faults))
        else:
            faults.add((*where, field), unknown("filter", field, known))
    return _sorted(ranges, [choice for choice in choices if choice is not None])


def _sorted(ranges: list[Range], choices: list[Choice]) -> Conditions:
    # By name, so that only what a definition says makes its version.
    return Conditions(
        tuple(sorted(ranges, key=_place)),
        tuple(sorted(choices, key=lambda each: (each.field, each.values, each.negated))),
    )


def _place(asked: Range) -> tuple[str, float, float]:
    lowest = -math.inf if asked.minimum is None else asked.minimum
    return asked.field, lowest, math.inf if asked.maximum is None else asked.maximum


def _ranges(where: Where, value: object, faults: Faults) -> list[Range]:
    """Return the bounds of a field; several are as many conditions."""
    field = where[-1]
    several = [((*where, str(at)), each) for at, each in enumerate(value)] if isinstance(value, list) else []
    found = [_range(each, field, bounds, faults) for each, bounds in several or [(where, value)]]
    return [each for each in found if each is not None]


def _range(where: Where, field: str, value: object, faults: Faults) -> Range | None:
    if not isinstance(value, dict) or not value:
        faults.add(where, f"{field} is {shown(value)}, it must be like {{ min = 1, max = 20 }}")
        return None
    bounds: dict[str, float] = {}
    for name, bound in value.items():
        if name not in ("min", "max"):
            faults.add((*where, name), f"{field}: {unknown('bound', name, ['min', 'max'])}")
        elif (number := _number(bound)) is None:
            faults.add((*where, name), f"{field}: {name} is {shown(bound)}, it must be a number")
        else:
            bounds[name] = number
    least, most = bounds.get("min"), bounds.get("max")
    if least is not None and most is not None and least > most:
        faults.add(where, f"{field}: min {least:.15g} is above max {most:.15g}")
    return Range(field, least, most)


def _number(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _choice(where: Where, value: object, faults: Faults) -> Choice | None:
    field, negated = where[-1], isinstance(value, dict)
    if isinstance(value, dict):
        for name in value.keys() - {"not"}:
            faults.add((*where, name), f"{field}: {unknown('word', name, ['not'])}")
        if "not" not in value:
            if not value:
                faults.add(where, f'{field} is {{}}, it must be a text or several: ["…", "…"]')
            return None
        where, value = (*where, "not"), value["not"]
    return Choice(field, tuple(sorted(set(texts_of(where, field, value, faults)))), negated)
