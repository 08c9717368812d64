"""The SQL of each engine stands in a file, so that a change of it is seen. REWRITE_SQL=1 writes the files anew."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from destination_pinterest.identity.mapping import IdentityColumn
from destination_pinterest.vocabulary import Identifier, LetterCase, ValueFormat
from pinterest_audiences.difference.comparison import Comparison
from pinterest_audiences.difference.dialects import DIALECTS, DUCKDB, Dialect
from pinterest_audiences.difference.judging import Judgement, judgement_of
from pinterest_audiences.difference.statements import Statements

FOLDER = Path(__file__).with_name("sql")
ENGINES = sorted({dialect.name for dialect in DIALECTS.values()})
COLUMNS = (
    IdentityColumn("email", Identifier.EMAIL),
    IdentityColumn("Device ID", Identifier.IDFA, ValueFormat.PLAIN),
    IdentityColumn("phone_hash", Identifier.PHONE, ValueFormat.SHA256),
)
FOUND = ("ab" * 32, "@p" + "cd" * 32)


def statements_of(dialect: Dialect) -> Iterator[str]:
    """All statements of a run, in order."""
    one = Statements(dialect, "pins", "people", "1f2e3d")
    judgements = [judgement_of(column, LetterCase.LOWER, dialect) for column in COLUMNS]
    yield one.are_there()
    yield from one.creations()
    yield from (one.look(), one.begin(), one.lease(), one.holder(), one.keep_epoch())
    yield from one.drop_others()
    yield one.judged_values(judgements[0], dialect.quoted("tried"), 2)
    yield from one.stage_creation()
    yield one.stage(judgements[:1], leaves_blank=True)
    yield one.stage(judgements, leaves_blank=False)
    yield from one.analyse_staging()
    yield one.odd_rows([column.column for column in COLUMNS], judgements, leaves_blank=False)
    yield one.stage_identifier() if dialect.parts is None else one.stage_identifiers("EMAIL", FOUND)
    yield from (one.standings(), one.kinds(), one.plan_leavers(), one.plan_joiners())
    yield from (one.count_changes(), one.count_sent(), one.count_everybody(), one.count_leavers(), one.count_joiners())
    yield from one.unstage()
    if dialect is DUCKDB:
        comparison = Comparison(one, holds_nothing=True)
        yield comparison.of_table(judgements[:1], leaves_blank=True)
        yield from (comparison.of_staging(), comparison.standings(), comparison.kinds())
        yield from (comparison.plan_leavers(), comparison.plan_joiners(), *comparison.unstage())
        yield from (comparison.count_leavers(), comparison.count_joiners(), comparison.count_everybody())
        first = Comparison(one, holds_nothing=True, is_first=True)
        yield from (first.of_staging(), first.count_everybody())
    yield from (one.changes_between(), one.advance(), one.forget_change(), one.keep_list(), one.keep_fill())
    yield from one.fold()
    yield one.release()
    if dialect.temporary is None and dialect is not DUCKDB:
        yield from counting_by_queries(one, judgements)


def counting_by_queries(one: Statements, judgements: Sequence[Judgement]) -> Iterator[str]:
    """Those of a dry run that may have no table."""
    by_query = one.staged_by_query(judgements[:1])
    yield from (by_query.standings(), by_query.kinds())
    by_query = one.staged_by_query(judgements[:1], FOUND)
    yield from (by_query.count_everybody(), by_query.count_leavers(), by_query.count_joiners())


def written(dialect: Dialect) -> str:
    """One statement a paragraph; each clause begins a line."""
    clauses = re.compile(r" (?=(?:FROM|WHERE|AND|OR|WHEN|UNION ALL|GROUP BY|ORDER BY|THEN|CROSS JOIN|SET|VALUES)\b)")
    return "\n\n".join(clauses.sub("\n  ", statement) + ";" for statement in statements_of(dialect)) + "\n"


@pytest.mark.parametrize("engine", ENGINES)
def test_the_sql_is_that_of_the_file(engine: str) -> None:
    path = FOLDER / f"{engine}.sql"
    if os.environ.get("REWRITE_SQL"):
        path.write_text(written(DIALECTS[engine]))
    assert written(DIALECTS[engine]) == path.read_text()


@pytest.mark.parametrize("engine", ENGINES)
def test_no_template_is_left_in_the_sql_and_no_sign_that_literals_treat_differently(engine: str) -> None:
    for statement in statements_of(DIALECTS[engine]):
        assert not re.search(r"\{[a-z]\}|\\", statement), statement
        assert statement.count("'") % 2 == 0, statement


def test_no_statement_removes_the_user_s_rows() -> None:
    for engine in ENGINES:
        for statement in statements_of(DIALECTS[engine]):
            verb, rest = statement.split(" ", 1)
            if verb not in {"SELECT", "INSERT"}:
                assert "pinterest_" in rest.split("(")[0].split("WHERE")[0], statement


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_without_tables_of_a_session_counts_by_queries_that_write_nothing(engine: str) -> None:
    dialect = DIALECTS[engine]
    has_tables = dialect.temporary is not None or dialect.is_exclusive
    assert (dialect.parts is None) is has_tables
    if not has_tables:
        one = Statements(dialect, "pins", "people", "1f2e3d")
        judgements = [judgement_of(column, LetterCase.LOWER, dialect) for column in COLUMNS]
        for statement in counting_by_queries(one, judgements):
            assert statement.startswith("SELECT ")
            assert "staging" not in statement


@pytest.mark.parametrize("engine", ENGINES)
def test_a_colon_in_a_name_is_no_parameter(engine: str) -> None:
    assert DIALECTS[engine].quoted("e:mail")[1:-1] == "e\\:mail"
