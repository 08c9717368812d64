"""What a source says when it refuses: enough to correct the query, and nobody's value and no password."""

from __future__ import annotations

from contextlib import closing

import pytest
import sqlalchemy as sa

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SourceError, UsageError
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.source import Selection
from pinterest_audiences.sources.sqlalchemy_engine import label_of
from unit_tests.support.raises import raises


@pytest.fixture(params=["duckdb", "sqlite"])
def database(request: pytest.FixtureRequest) -> str:
    path = request.getfixturevalue(f"{request.param}_file")
    return f"{request.param}:///{path}"


EVALUATED = {
    "duckdb": (
        "SELECT strptime(email, '%Y') FROM people",
        "SELECT error(email) FROM people",
        "SELECT regexp_matches(email, email || '(') FROM people",
        "SELECT json_extract(email, '$.x') FROM people",
        "SELECT email::INT FROM people",
        "SELECT timezone(email, now()) FROM people",
        "SET VARIABLE v = (SELECT max(email) FROM people); SELECT * FROM query(getvariable('v'))",
        "SET VARIABLE v = (SELECT max(email) FROM people); SELECT * FROM query_table(getvariable('v'))",
    ),
    "sqlite": (
        "SELECT json_extract('{}', email) FROM people",
        "SELECT json_set('{}', email, 1) FROM people",
        "SELECT value FROM people, json_each('{}', email)",
        "SELECT json(email) FROM people",
    ),
}


@pytest.mark.parametrize(("engine", "query"), [(name, query) for name, all_ in EVALUATED.items() for query in all_])
@pytest.mark.parametrize("cursor", [None, "one"])
def test_an_error_of_evaluation_is_told_by_its_kind_alone(
    engine: str, query: str, cursor: str | None, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(f"{engine}_file")
    query = query.replace(" FROM people", " AS x, 1 AS one FROM people") if cursor else query
    with closing(open_source(f"{engine}:///{path}")) as source, pytest.raises((SourceError, UsageError)) as error:
        list(source.open_rows(Selection(query=query, cursor=cursor), 10).batches)
    assert "person" not in str(error.value)
    assert "example" not in str(error.value)


@pytest.mark.parametrize(
    ("engine", "query"), [(name, query) for name, all_ in EVALUATED.items() for query in all_ if ";" not in query]
)
def test_a_query_that_fails_on_a_value_says_where_to_read_the_message(
    engine: str, query: str, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(f"{engine}_file")
    with closing(open_source(f"{engine}:///{path}")) as source, raises(Code.SOURCE_STOPPED, match="is not shown"):
        list(source.open_rows(Selection(query=query), 10).batches)


@pytest.mark.parametrize("query", ["SELEC id FROM people", "SELECT id FROM poeple", "SELECT upside(id) FROM people"])
@pytest.mark.parametrize("cursor", [None, "id"])
def test_a_query_that_can_not_be_prepared_is_quoted(database: str, query: str, cursor: str | None) -> None:
    with closing(open_source(database)) as source, raises(Code.QUERY_REFUSED, match=r"refuses the query: .+"):
        source.open_rows(Selection(query=query, cursor=cursor), 10)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://127.0.0.1:1/d?user=me&password=canary",
        "postgresql://me:canary@127.0.0.1:1/d?sslpassword=canary",
        "postgresql://127.0.0.1/d?port=canary",
        "postgresql://127.0.0.1:1/d?canary=1&password=canary",
        "postgresql://me:some@canary@127.0.0.1:1/d",
        "postgresql://me:can/canary@127.0.0.1:1/d?password=canary",
    ],
)
def test_no_part_of_an_address_that_may_be_a_password_is_told(address: str) -> None:
    with pytest.raises((UsageError, SourceError)) as error:
        open_source(address)
    assert "canary" not in str(error.value)


def test_the_label_has_neither_password_nor_query() -> None:
    url = sa.make_url("postgresql+psycopg://me:canary@host:5432/shop?password=canary&sslmode=require")
    assert label_of(url) == "postgresql+psycopg://me:***@host:5432/shop"
