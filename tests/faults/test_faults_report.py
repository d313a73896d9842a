import json

from streams.faults.report import Outcome, Report, Table

WELL = Outcome("kill-wds", 1.25, 10, 0, 0)


def test_the_report_is_one_object_on_one_line() -> None:
    text = Report([WELL]).json()
    assert "\n" not in text
    assert json.loads(text)["faults"][0] == {
        "name": "kill-wds", "recovery_s": 1.25, "replayed": 10, "lost": 0, "doubled": 0, "unreceived": 0
    }  # fmt: skip


def test_rows_stand_under_their_heads() -> None:
    table = Table(["kill-wds", "a-longer-name"])
    rows = [table.row(each) for each in (WELL, Outcome("a-longer-name", None, 1_234, 5, 6))]
    assert all(len(row) == len(table.head) for row in rows)
    assert rows[1].split() == ["a-longer-name", "never", "1,234", "5", "6"]


def test_what_is_lost_doubled_or_does_not_recover_is_not_well() -> None:
    bad = (Outcome("x", None, 0, 0, 0), Outcome("x", 1.0, 0, 1, 0), Outcome("x", 1.0, 0, 0, 1))
    assert Report([WELL]).is_well
    assert not any(Report([WELL, each]).is_well for each in bad)
