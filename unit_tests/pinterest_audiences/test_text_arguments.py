from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.formats.choice import FileOptions
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.text.options import TextOptions
from pinterest_audiences.text_arguments import add_text_arguments, read_text_options
from unit_tests.support.raises import raises


def read(*arguments: str) -> TextOptions:
    parser = argparse.ArgumentParser()
    add_text_arguments(parser)
    return read_text_options(parser.parse_args(arguments))


def test_without_options_everything_is_found_out() -> None:
    assert read() == TextOptions()


def test_each_option_is_read() -> None:
    arguments = ("--encoding", "latin-1", "--delimiter", "|", "--quote", "'", "--no-header", "--skip-lines", "2")
    assert read(*arguments) == TextOptions("latin-1", "|", "'", has_header=False, skip_lines=2)


@pytest.mark.parametrize("typed", ["tab", "\\t", "\t"])
def test_a_tab_may_be_typed_in_several_ways(typed: str) -> None:
    assert read("--delimiter", typed).delimiter == "\t"


def test_cells_may_be_without_quotes() -> None:
    assert read("--quote", "none").quote == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--encoding", "klingon"), "--encoding 'klingon' is unknown"),
        (("--encoding", "base64"), "--encoding 'base64' is unknown"),
        (("--encoding", "idna"), "--encoding 'idna' is unknown"),
        (("--encoding", "unicode_escape"), "--encoding 'unicode_escape' is unknown"),
        (("--delimiter", ",,"), "--delimiter must be one character"),
        (("--delimiter", ""), "--delimiter must be one character"),
        (("--delimiter", ";", "--quote", ";"), "--delimiter must be one character other than --quote"),
        (("--quote", "''"), "--quote must be one character"),
        (("--skip-lines", "-1"), "--skip-lines must not be negative"),
    ],
)
def test_a_value_that_an_option_can_not_have_is_answered(arguments: tuple[str, ...], said: str) -> None:
    with raises(Code.USAGE_WRONG, match=said):
        read(*arguments)


@pytest.mark.parametrize("address", ["postgresql://u:secret@h/d", "x.parquet", "x.duckdb"])
def test_they_are_refused_for_what_is_no_text_file(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.parquet").touch()
    with raises(Code.USAGE_WRONG, match="Leave them out for") as error:
        open_source(address, FileOptions(text=TextOptions(delimiter=";")))
    assert "secret" not in str(error.value)
