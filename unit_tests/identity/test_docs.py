"""docs/identities.md says what the code does, table by table and row by row."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from destination_pinterest.identity.digest import ZERO_UUID
from destination_pinterest.identity.identifiers import ALL_FORMATS, IDENTIFIERS
from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper
from destination_pinterest.identity.opaque_id import MAX_ID_CHARACTERS
from destination_pinterest.identity.operation import OperationRule
from destination_pinterest.identity.recognition import (
    HASHED_NAME_PATTERNS,
    UNSPECIFIC_HASH_NAME_PATTERNS,
    is_about_somebody_else,
    recognise_columns,
)
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.identity.row_field import TAGS
from destination_pinterest.vocabulary import Identifier, Operation, ValueFormat

PAGE = (Path(__file__).parents[2] / "docs" / "identities.md").read_text(encoding="utf-8")
ADDRESS = "ada@example.com"
TIMES = "\N{MULTIPLICATION SIGN}"


def table(first_heading: str) -> list[list[str]]:
    """The cells of the page's table whose first column is headed so, without the heading."""
    lines = PAGE.split("\n")
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first_heading} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def code_in(cell: str) -> list[str]:
    """What stands between backticks, single or double, in a cell."""
    return [double or single for double, single in re.findall(r"``(.+?)``(?!`)|`([^`]+)`", cell)]


def written_out(expression: str) -> str:
    """The text that the page's notation of repeated and joined JSON strings stands for."""
    text = ""
    for part in expression.split(" + "):
        literal, _, times = part.partition(f" {TIMES} ")
        text += json.loads(literal) * int(times or 1)
    return text


def digest_of(text: str, algorithm: str) -> str:
    return hashlib.new(algorithm, text.encode()).hexdigest()


def base64_of(text: str, algorithm: str) -> str:
    return base64.b64encode(hashlib.new(algorithm, text.encode()).digest()).decode()


def as_the_page_says(column: IdentityColumn, value: str) -> str:
    """The one outcome of a value, in the words of the table of formats."""
    row = IdentityMapper([column]).map([value])
    return "sent" if row.identifiers else f"`{row.rejections[0].reason}`"


EMAIL_ROWS = table("What")
MAID_ROWS = table("Advertising ID")
FORMAT_ROWS = table("Value")

EXAMPLES: dict[str, Callable[[], str]] = {
    "an e-mail address": lambda: ADDRESS,
    "its SHA-256 digest": lambda: digest_of(ADDRESS, "sha256"),
    "its SHA-256 digest in upper case with blanks around it": lambda: f" {digest_of(ADDRESS, 'sha256').upper()}\n",
    "its SHA-1 digest": lambda: digest_of(ADDRESS, "sha1"),
    "its MD5 digest": lambda: digest_of(ADDRESS, "md5"),
    "its SHA-512 digest": lambda: digest_of(ADDRESS, "sha512"),
    "its SHA-256 digest in quotes": lambda: f'"{digest_of(ADDRESS, "sha256")}"',
    "its SHA-256 digest after a spreadsheet's apostrophe": lambda: f"'{digest_of(ADDRESS, 'sha256')}",
    "its SHA-256 digest after `0x`": lambda: "0x" + digest_of(ADDRESS, "sha256").upper(),
    "its SHA-256 digest after `\\x` (PostgreSQL's bytea as text)": lambda: "\\x" + digest_of(ADDRESS, "sha256"),
    "its SHA-256 digest as `X'…'`": lambda: f"X'{digest_of(ADDRESS, 'sha256')}'",
    "its SHA-256 digest in groups with blanks": lambda: hashlib.sha256(ADDRESS.encode()).digest().hex(" ", 4),
    "its SHA-256 digest in Base64": lambda: base64_of(ADDRESS, "sha256"),
    "its SHA-256 digest in Base64 without padding": lambda: base64_of(ADDRESS, "sha256").rstrip("="),
    "its SHA-256 digest in URL-safe Base64": lambda: base64_of(ADDRESS, "sha256").replace("+", "-").replace("/", "_"),
    "its SHA-256 digest, twice, with a comma": lambda: ", ".join([digest_of(ADDRESS, "sha256")] * 2),
    "its SHA-1 digest in Base64": lambda: base64_of(ADDRESS, "sha1"),
    "its MD5 digest in Base64": lambda: base64_of(ADDRESS, "md5"),
    "its SHA-256 digest in Base64 with a letter too few": lambda: base64_of(ADDRESS, "sha256")[1:],
    "the SHA-256 digest of an empty text": lambda: digest_of("", "sha256"),
    "the SHA-1 digest of an empty text": lambda: digest_of("", "sha1"),
    "the MD5 digest of an empty text": lambda: digest_of("", "md5"),
    "the SHA-256 digest of the all-zero advertising ID": lambda: digest_of(ZERO_UUID, "sha256"),
}


@pytest.mark.parametrize("row", EMAIL_ROWS, ids=lambda row: row[0])
def test_an_email_comes_to_what_the_page_says(row: list[str]) -> None:
    check_outcome(row, Identifier.EMAIL)


@pytest.mark.parametrize("row", MAID_ROWS, ids=lambda row: row[0])
def test_an_advertising_id_comes_to_what_the_page_says(row: list[str]) -> None:
    check_outcome(row, Identifier.MAID)


def check_outcome(row: list[str], identifier: Identifier) -> None:
    _, value_cell, outcome = row
    value = written_out(code_in(value_cell)[0])
    mapper = IdentityMapper([IdentityColumn("column", identifier)])
    mapped = mapper.map([value])
    if outcome == "counts as null":
        assert [rejection.reason for rejection in mapped.rejections] == [RejectionReason.NO_IDENTITY]
    else:
        sent, _, refused = outcome.rpartition("refused: ") if "refused: " in outcome else (outcome, "", "")
        expected = [value] if "the value" in sent else [json.loads(text) for text in code_in(sent)]
        assert mapped.identifiers == tuple(digest_of(text, "sha256") for text in expected)
        reasons = [f"`{rejection.reason}`" for rejection in mapped.rejections]
        assert list(dict.fromkeys(reasons)) == [reason for reason in (refused,) if reason]
        assert bool(sent) == bool(mapped.identifiers)
    identifiers, others = mapper.map_column([value])
    in_bulk = [*identifiers, *(identifier for row in others for identifier in row.identifiers)]
    assert in_bulk == list(mapped.identifiers)


def test_the_page_has_every_kind_of_email_that_people_ask_about() -> None:
    values = " ".join(row[1] for row in EMAIL_ROWS)
    assert len({row[1] for row in EMAIL_ROWS}) == len(EMAIL_ROWS) >= 80
    for told in (
        "mailto:",
        " <ada@example.com>",
        "@@",
        "é",
        "ü",
        '\\"ada',
        "(work)",
        '.com."',
        "lovelace@",
        '.com,"',
        TIMES,
    ):
        assert told in values


def test_every_reason_that_an_email_can_be_refused_for_has_a_row() -> None:
    told = {row[2].rpartition("refused: ")[2].strip("`") for row in EMAIL_ROWS if "refused: " in row[2]}
    of_emails = {reason for reason in RejectionReason if "email" in reason}
    assert told == of_emails | {RejectionReason.ALREADY_HASHED, RejectionReason.NOT_TEXT}


@pytest.mark.parametrize("row", FORMAT_ROWS, ids=lambda row: row[0])
def test_a_format_does_to_a_value_what_the_page_says(row: list[str]) -> None:
    value = EXAMPLES[row[0]]()
    assert row[1:] == [as_the_page_says(IdentityColumn("e", Identifier.EMAIL, given), value) for given in ALL_FORMATS]


def test_every_example_of_the_formats_is_on_the_page() -> None:
    assert [row[0] for row in FORMAT_ROWS] == list(EXAMPLES)


def test_the_page_lists_the_formats() -> None:
    assert [code_in(row[0]) for row in table("Format")] == [[value_format] for value_format in ALL_FORMATS]


def test_the_page_lists_identifiers_with_their_formats_and_names() -> None:
    rows = [
        (row[0], code_in(row[1]), [] if row[2].startswith("none") else code_in(row[2])) for row in table("Identifier")
    ]
    assert rows == [
        (identifier, list(rule.formats), list(rule.column_names)) for identifier, rule in IDENTIFIERS.items()
    ]


def test_the_page_lists_the_ways_to_name_a_hashed_column() -> None:
    rows = table("Name")
    assert [code_in(row[0])[0] for row in rows] == [*HASHED_NAME_PATTERNS, *UNSPECIFIC_HASH_NAME_PATTERNS]
    for pattern, told in rows:
        name = code_in(pattern)[0].format(name="e-mail", hash="sha1")
        expected = ValueFormat.AUTO if told == "`auto`" else ValueFormat.SHA1
        assert recognise_columns([name]) == (IdentityColumn(name, Identifier.EMAIL, expected),)


def test_the_page_tells_which_names_are_taken() -> None:
    for name, told in table("Column"):
        column = code_in(name)[0]
        found = recognise_columns([column])
        said = [f"{one.identifier}, `{one.format}`" for one in found] or ["nothing"]
        assert said == [told.partition(":")[0]], column
        assert is_about_somebody_else(column) == ("somebody else's" in told), column


@pytest.mark.parametrize("row", table("Mark"), ids=lambda row: row[0])
def test_a_mark_comes_to_what_the_page_says(row: list[str]) -> None:
    value = json.loads(code_in(row[0])[0])
    words = {Operation.ADD: "adds", Operation.REMOVE: "removes"}
    removes_if_set, adds_if_set = (OperationRule(if_set=if_set) for if_set in (Operation.REMOVE, Operation.ADD))
    assert words[OperationRule().decide_by_times(value)] == row[1]
    assert words[OperationRule().decide(None, value)] == row[1]
    assert words[removes_if_set.decide(value)] == row[1]
    assert words[adds_if_set.decide(value)] == row[2]


def test_the_page_lists_every_reason_with_its_sentence() -> None:
    assert [(code_in(row[0])[0], row[1]) for row in table("Reason")] == [
        (reason, reason.sentence) for reason in RejectionReason
    ]


def test_the_page_tells_how_long_an_id_may_be() -> None:
    assert f"At most {MAX_ID_CHARACTERS} characters" in PAGE


def outcome_of(column: IdentityColumn, value: object) -> str:
    """What becomes of a value, in the page's words."""
    mapped = IdentityMapper([column]).map([value])
    if mapped.identifiers:
        return f"sent {mapped.identifiers}"
    (rejection,) = mapped.rejections
    return "counts as null" if rejection.reason is RejectionReason.NO_IDENTITY else f"refused: `{rejection.reason}`"


@pytest.mark.parametrize("row", table("Phone number"), ids=lambda row: " in ".join(row[:2]))
def test_a_phone_number_comes_to_what_the_page_says(row: list[str]) -> None:
    column = IdentityColumn("p", Identifier.PHONE, country=row[1].strip("`").replace("none", ""))
    told = row[2]
    if told.startswith("sent"):
        told = f"sent {tuple('@p' + digest_of(json.loads(number), 'sha256') for number in code_in(told))}"
    assert outcome_of(column, json.loads(code_in(row[0])[0])) == told


@pytest.mark.parametrize("row", table("ID as given"), ids=lambda row: " as ".join(row[:2]))
def test_an_id_that_leaves_in_plain_comes_to_what_the_page_says(row: list[str]) -> None:
    value = json.loads(code_in(row[0])[0])
    told = row[2]
    if told.startswith("sent"):
        sent = json.loads(code_in(told)[0]) if code_in(told) else value
        told = f"sent {(TAGS[Identifier(row[1])] + sent,)}"
    assert outcome_of(IdentityColumn("i", Identifier(row[1])), value) == told
