from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources import locations
from pinterest_audiences.sources.locations import find_files
from unit_tests.support.raises import raises


def test_a_file_may_be_named_by_an_address(tmp_path: Path) -> None:
    (tmp_path / "a b?.csv").write_text("x")
    for address in (f"file://{tmp_path}/a%20b%3F.csv", f"FILE://localhost{tmp_path}/a b?.csv", f"{tmp_path}/a b?.csv"):
        assert find_files(address, None).label == str(tmp_path / "a b?.csv")


def test_a_file_of_another_machine_has_no_such_address() -> None:
    with raises(Code.SOURCE_ADDRESS_WRONG, match="names another machine"):
        find_files("file://server/exports/people.csv", None)


def test_standard_input_needs_a_format() -> None:
    with raises(Code.USAGE_WRONG, match="Add --format csv"):
        find_files("-", None)


def test_standard_input_is_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locations.sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"email\n")))
    (found,) = find_files("-", "csv").files
    assert (found.file.name, found.file.open().read()) == ("stdin.csv", b"email\n")


def test_an_address_on_the_web_is_a_file_named_without_its_secret() -> None:
    found = find_files("https://example.com/exports/people.csv.gz?sig=SECRET", None)
    assert (found.label, found.name) == ("https://example.com/exports/people.csv.gz", "people.csv.gz")


def test_an_address_that_is_none_is_refused() -> None:
    with raises(Code.SOURCE_ADDRESS_WRONG, match="can't be read as one"):
        find_files("https://[x/people.csv", None)
