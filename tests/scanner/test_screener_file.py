"""Definitions of screeners: what is understood, and how each mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.scanner.definition import define, make_screener
from streams.scanner.definition_faults import Faults
from streams.scanner.screener import Choice, Conditions, Range, Screener
from streams.scanner.screener_file import MAX_BYTES, DefinitionError, parse_screeners, read_screeners
from streams.scanner.toml_lines import lines_of
from streams.sessions import Session

FILE = Path("screeners.toml")
EXAMPLE = Path(__file__).parents[2] / "docs" / "screeners.example.toml"


EVERYTHING = """
[low_float]
sort = "pct_change"
order = "ascending"
size = 50
session = ["pre_market", "regular"]
price = { min = 1, max = 20.5 }
float = { max = 20_000_000 }
security_type = ["CS", "ADRC"]
exchange = { not = "XASE" }
any.price = [{ max = 2 }, { min = 9 }]
[low_float.none]
exchange = "XOTC"
"""


def faults(text: str) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        parse_screeners(text, FILE)
    return caught.value.faults


def test_a_definition_is_understood() -> None:
    assert parse_screeners(EVERYTHING, FILE) == (
        Screener(
            name="low_float",
            sort="pct_change",
            descending=False,
            size=50,
            all=Conditions(
                (Range("float", None, 2e7), Range("price", 1.0, 20.5)),
                (Choice("exchange", ("XASE",), negated=True), Choice("security_type", ("ADRC", "CS"))),
            ),
            any=Conditions((Range("price", None, 2.0), Range("price", 9.0, None))),
            none=Conditions((), (Choice("exchange", ("XOTC",)),)),
            sessions=(Session.PRE_MARKET, Session.REGULAR),
        ),
    )


def test_a_definition_need_not_say_more_than_its_order() -> None:
    assert parse_screeners('[a]\nsort = "volume"', FILE) == (Screener("a", "volume", True, 100),)


def test_the_version_depends_on_what_is_said_not_on_how() -> None:
    (one,) = parse_screeners('[a]\nsort="price"\nsize=5\nprice={min=1}\nvolume={max=2}', FILE)
    (two,) = parse_screeners('# now\n[a]\nvolume={max=2.0}\nsize=5\nprice={min=1}\nsort="price"', FILE)
    assert one.version == two.version


def test_what_is_defined_can_be_written_again() -> None:
    for screener in (*parse_screeners(EVERYTHING, FILE), *read_screeners(EXAMPLE)):
        assert make_screener(screener.name, define(screener), Faults()) == screener


def test_the_example_can_be_used() -> None:
    found = read_screeners(EXAMPLE)
    assert len(found) >= 5
    assert {field.field for screener in found for field in screener.all.ranges} >= {
        "price", "volume", "relative_volume", "pct_change", "change", "float", "avg_volume",
    }  # fmt: skip


def test_a_file_of_comments_defines_nothing() -> None:
    assert parse_screeners("# later\n", FILE) == ()


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "empty"),
        ("\n \n", 1, "empty"),
        ("{'a': 1}", 1, "Invalid statement"),
        ('[a]\nsort = "price"\nsize =\n', 3, "Invalid value"),
        ('[a\nsort = "price"', 1, "Expected ']' at the end of a table declaration"),
        ('[a]\nsort = "price', 2, "Unterminated string"),
        ('[a]\nsort = """price', 2, "Unterminated string"),
        ('[a]\nsort = "price"\nsort = "volume"', 3, "the same word twice in one screener"),
        ('[a]\nsort = "price"\n\n[a]\nsort = "price"', 4, "the screener a is defined twice"),
        ('size = 3\n[a]\nsort = "price"', 1, "size: no screener: begin one with [size]"),
        ('\n[[a]]\nsort = "price"', 2, "a: no screener: begin one with [a]"),
        ("[a]\nsize = 5", 1, 'a: no order: say by which number, such as sort = "pct_change"'),
        ('[a]\nsort = "prize"', 2, "a: unknown sort 'prize': did you mean 'price'?"),
        ('[a]\nsort = "symbol"', 2, "a: unknown sort 'symbol': "),
        ("[a]\nsort = 3", 2, "a: sort is 3, it must be a text"),
        ('[a]\nsort = "price"\norder = "up"', 3, "a: unknown order 'up': one of descending, ascending"),
        ('[a]\nsort = "price"\nsize = 0', 3, "a: size is 0, it must be a whole number from 1 to 500"),
        ('[a]\nsort = "price"\nsize = 501', 3, "a: size is 501, "),
        ('[a]\nsort = "price"\nsize = 5.0', 3, "a: size is 5.0, "),
        ('[a]\nsort = "price"\nsize = true', 3, "a: size is true, "),
        ('[a]\nsort = "price"\nflot = {max = 1}', 3, "a: unknown filter 'flot': did you mean 'float'?"),
        ('[a]\nsort = "price"\nprice = 5', 3, "a: price is 5, it must be like { min = 1, max = 20 }"),
        ('[a]\nsort = "price"\nprice = {}', 3, "a: price is {}, it must be like"),
        ('[a]\nsort = "price"\nprice = {min = "1"}', 3, "a: price: min is '1', it must be a number"),
        ('[a]\nsort = "price"\nprice = {min = true}', 3, "a: price: min is true, it must be a number"),
        ('[a]\nsort = "price"\nprice = {max = inf}', 3, "a: price: max is inf, it must be a number"),
        ('[a]\nsort = "price"\nprice = {max = nan}', 3, "a: price: max is nan, it must be a number"),
        (f'[a]\nsort = "price"\nprice = {{max = 1{"0" * 400}}}', 3, "a: price: max is 1000"),
        (f'[a]\nsort = "price"\nprice = {{max = 1{"0" * 9_000}}}', 3, "Exceeds the limit"),
        ('[a]\nsort = "price"\nprice = {mim = 1}', 3, "a: price: unknown bound 'mim': did you mean 'min'?"),
        ('[a]\nsort = "price"\nprice = {min = 2, max = 1}', 3, "a: price: min 2 is above max 1"),
        ('[a]\nsort = "price"\n[a.price]\n# low\nmin = 2\n\nmax = "1"', 7, "a: price: max is '1'"),
        ('[a]\nsort = "price"\nprice.min = 2\nprice.mux = 3', 4, "a: price: unknown bound 'mux'"),
        (
            '[a]\nsort = "price"\nsession = "noon"', 3,
            "a: unknown session 'noon': one of pre_market, regular, after_hours",
        ),
        ('[a]\nsort = "price"\nsession = []', 3, "a: session is [], it must be a text or several"),
        ('[a]\nsort = "price"\nexchange = 5', 3, "a: exchange is 5, it must be a text or several"),
        ('[a]\nsort = "price"\nexchange = ["X", 5]', 3, "a: exchange is ['X', 5], it must be a text"),
        ('[a]\nsort = "price"\nexchange = {no = "X"}', 3, "a: exchange: unknown word 'no': did you mean"),
        ('[a]\nsort = "price"\nexchange = {not = []}', 3, "a: exchange is [], it must be a text"),
        ('[a]\nsort = "price"\nexchange = {}', 3, "a: exchange is {}, it must be a text"),
        ('[a]\nsort = "price"\nany = 5', 3, "a: any is 5, it must be filters"),
        ('[a]\nsort = "price"\n[a.none]', 3, "a: none is {}, it must be filters"),
        ('[a]\nsort = "price"\n[a.any]\nprice = [{min = 1}, {max = "2"}]', 4, "a: price: max is '2'"),
        ('[a]\nsort = "price"\n[a.any]\nsize = 5', 4, "a: unknown filter 'size'"),
        ('[a]\nsort = "price"\nprice = [{min = 1}, 2]', 3, "a: price is 2, it must be like"),
        ('[a]\nsort = "price"\nprice = {min = 1}\nall.price = {max = 2}', 3, "a: price is said twice"),
        (
            f'[a]\nsort = "price"\nany.price = [{"{min = 1}," * 101}]', 1,
            "a: more than 100 conditions",
        ),
        ('[a]\nsort = "price"\nsymbol = [\n"A",\n"B",\n]\nsize = 0', 7, "a: size is 0"),
        ('[top_gainers]\nsort = "price"', 1, "top_gainers: the name is a built-in board's"),
        ('[user_1_x]\nsort = "price"', 1, "user_1_x: names like user_1_… are kept for the boards of users"),
        ('[Low]\nsort = "price"', 1, "'Low': a name is of lower-case letters, digits and _, 64 at most"),
        ('["a\\nb"]\nsort = "price"', 1, "'a\\nb': a name is of lower-case letters"),
        ("".join(f'[s{number}]\nsort = "price"\n' for number in range(101)), 201, "s100: more than 100"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(text: str, line: int, reason: str) -> None:
    (fault,) = faults(text)
    assert fault.startswith(f"screeners.toml:{line}: {reason}")
    assert "\n" not in fault


def test_all_mistakes_are_told_in_the_order_of_their_lines() -> None:
    found = faults('[a]\nsize = 0\nprize = 1\nsort = "price"\n[B]\nsort = "x"\n')
    assert [fault.split(":")[1] for fault in found] == ["2", "3", "5", "6"]


def test_the_error_is_one_line_and_says_how_many_there_are() -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_screeners('[a]\nsize = 0\nprize = 1\nsort = "price"', FILE)
    assert str(caught.value).startswith("screeners.toml:2: a: size is 0")
    assert str(caught.value).endswith("(and 1 more)")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"none.toml: cannot be read: No such file or directory"):
        read_screeners(tmp_path / "none.toml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="cannot be read: Is a directory"):
        read_screeners(tmp_path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b'[a]\n# caf\xe9\nsort = "price"')
    with pytest.raises(DefinitionError, match=r"latin.toml:2: no UTF-8 text"):
        read_screeners(path)


def test_a_file_as_windows_saves_it(tmp_path: Path) -> None:
    path = tmp_path / "crlf.toml"
    path.write_bytes(b'\xef\xbb\xbf[a]\r\nsort = "price"\r\n')
    assert [screener.name for screener in read_screeners(path)] == ["a"]


def test_a_file_of_any_size_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(DefinitionError, match="larger than"):
        read_screeners(path)


words = st.sampled_from(["a", "b", '"c d"'])
values = st.sampled_from(
    ["1", '"x"', "{ min = 1, max = 2 }", "[\n1, # one,\n2,\n]", '"""\n[a]\n"""', "[[1],\n[2]]"]
)


@given(st.lists(st.tuples(st.integers(0, 2), words, values), unique_by=lambda each: each[1], max_size=3))
def test_each_key_is_on_the_line_on_which_it_stands(statements: list[tuple[int, str, str]]) -> None:
    text, expected = "\n[table]", {}
    for blanks, word, value in statements:
        text += "\n# why, then\n" + "\n" * blanks
        expected["table", word.strip('"')] = text.count("\n") + 1
        text += f"{word} = {value}"
    lines = lines_of(text)
    assert lines["table",] == 2
    assert {place: lines[place] for place in expected} == expected
