from __future__ import annotations

from destination_pinterest.error_codes import Code
from pinterest_audiences.file_findings import FileFindings
from pinterest_audiences.sources.source import RefusedRow, Remark, RowBatch
from unit_tests.support.raises import raises


class Log(list[tuple[str, str]]):
    def take(self, level: str, text: str) -> None:
        self.append((level, text))


def refused(*lines: int, file: str = "x.csv") -> RowBatch:
    return RowBatch((), file, (), [RefusedRow(line, "it is odd") for line in lines])


def test_remarks_are_logged_by_their_weight_as_they_come() -> None:
    log = Log()
    findings = FileFindings(log.take)
    findings.take(RowBatch((), remarks=[Remark("A fact."), Remark("No row.", is_warning=True)]))
    assert log == [("INFO", "A fact."), ("WARN", "No row.")]


def test_unreadable_rows_are_counted_and_the_first_named() -> None:
    log = Log()
    findings = FileFindings(log.take)
    findings.take(refused(3, 4))
    findings.take(refused(*range(10, 15)))
    findings.finish(100, replaces=False)
    assert findings.rows_unreadable == 7
    ((level, text),) = log
    assert level == "WARN"
    assert text == (
        "7 of 107 rows can't be read (line 3: it is odd; line 4: it is odd; line 10: it is odd; line 11: it is odd; "
        "line 12: it is odd; and 2 more)."
    )


def test_lines_of_several_files_are_told_apart() -> None:
    log = Log()
    findings = FileFindings(log.take)
    findings.take(refused(3))
    findings.take(refused(3, file="y.csv"))
    findings.finish(100, replaces=False)
    assert "line 3 of x.csv: it is odd; line 3 of y.csv: it is odd" in log[0][1]


def test_a_file_without_any_is_quiet() -> None:
    log = Log()
    FileFindings(log.take).finish(0, replaces=True)
    assert log == []


def test_more_than_half_unreadable_fails() -> None:
    findings = FileFindings(Log().take)
    findings.take(refused(2, 3))
    findings.finish(2, replaces=False)
    with raises(Code.ROWS_UNREADABLE, match=r"2 of 3 rows can't be read \(line 2"):
        findings.finish(1, replaces=False)


def test_a_replacement_is_warned_of_fewer_and_fails_before_anybody_leaves() -> None:
    log = Log()
    findings = FileFindings(log.take)
    findings.take(refused(2))
    findings.finish(19, replaces=True)
    assert log[0][1].endswith("Whoever is in these lines alone leaves the audience.")
    with raises(Code.ROWS_UNREADABLE, match="Nobody has left the audience"):
        findings.finish(18, replaces=True)
