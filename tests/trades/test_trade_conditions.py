"""What sale conditions let a trade do, against the published tables."""

from __future__ import annotations

import pytest

from streams.conditions import RULES, Effect, rule_of

PUBLISHED = """
number plan  name                              last   high_low volume
0      @     Regular Sale                      yes    yes      yes
1      A     Acquisition                       yes    yes      yes
2      B/W   Average Price Trade               no     no       yes
3      E     Automatic Execution               yes    yes      yes
4      B     Bunched Trade                     yes    yes      yes
5      G     Bunched Sold Trade                first  yes      yes
6      -     CAP Election                      yes    yes      yes
7      C     Cash Sale                         no     no       yes
8      6     Closing Prints                    yes    yes      yes
9      X     Cross Trade                       yes    yes      yes
10     4     Derivatively Priced               first  yes      yes
11     D     Distribution                      yes    yes      yes
12     T     Form T                            no     no       yes
13     U     Extended Hours Sold               no     no       yes
14     F     Intermarket Sweep                 yes    yes      yes
15     M     Market Center Official Close      no     no       no
16     Q     Market Center Official Open       no     no       no
17     O     Market Center Opening Trade       yes    yes      yes
18     5     Market Center Reopening Trade     yes    yes      yes
19     6     Market Center Closing Trade       yes    yes      yes
20     N     Next Day                          no     no       yes
21     H     Price Variation Trade             no     no       yes
22     P     Prior Reference Price             first  yes      yes
23     K     Rule 155 Trade                    yes    yes      yes
24     K     Rule 127                          yes    yes      yes
25     O     Opening Prints                    yes    yes      yes
27     1     Stopped Stock                     yes    yes      yes
28     5     Re-Opening Prints                 yes    yes      yes
29     R     Seller                            no     no       yes
30     L     Sold Last                         yes    yes      yes
31     -     Sold Last and Stopped Stock       yes    yes      yes
32     Z     Sold Out Of Sequence              first  yes      yes
33     -     Sold and Stopped Stock            first  yes      yes
34     S     Split Trade                       yes    yes      yes
35     -     Stock Option                      yes    yes      yes
36     Y     Yellow Flag Regular Trade         yes    yes      yes
37     I     Odd Lot Trade                     no     no       yes
38     9     Corrected Consolidated Close      yes    yes      no
41     -     Trade Thru Exempt                 yes    yes      yes
52     V     Contingent Trade                  no     no       yes
53     7     Qualified Contingent Trade        no     no       yes
55     -     Opening Reopening Trade Detail    yes    yes      yes
"""
"""The matrices of the plans (CTS Pillar, UTP), the vendor's endpoint where they have none (-)."""
LAST = {"yes": Effect.YES, "first": Effect.IF_FIRST, "no": Effect.NO}
ROWS = [(int(row.split()[0]), *row.split()[-3:]) for row in PUBLISHED.strip().splitlines()[1:]]


@pytest.mark.parametrize(("number", "last", "high_low", "volume"), ROWS)
def test_a_condition_does_what_the_published_tables_say(
    number: int, last: str, high_low: str, volume: str
) -> None:
    assert rule_of((number,)) == (LAST[last], high_low == "yes", volume == "yes")


def test_every_condition_is_compared() -> None:
    assert {row[0] for row in ROWS} == set(RULES)


def test_what_sets_the_last_price_can_set_high_and_low() -> None:
    assert all(rule.high_low for rule in RULES.values() if rule.last is not Effect.NO)


@pytest.mark.parametrize("conditions", [None, (), (0,), (14, 41), (8,), (30,)])
def test_a_regular_sale_sets_everything(conditions: tuple[int, ...] | None) -> None:
    assert rule_of(conditions) == (Effect.YES, True, True)


def test_the_strictest_of_several_conditions_counts() -> None:
    assert rule_of((14, 10, 37)) == (Effect.NO, False, True)


def test_a_condition_that_is_not_in_the_table_changes_nothing() -> None:
    assert rule_of((9_999,)) == rule_of(None)


def test_in_extended_hours_a_form_t_is_a_regular_sale() -> None:
    assert rule_of((12,), extended_hours=True) == (Effect.YES, True, True)


def test_in_extended_hours_an_odd_lot_is_still_an_odd_lot() -> None:
    assert rule_of((12, 37), extended_hours=True) == (Effect.NO, False, True)
