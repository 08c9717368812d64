from __future__ import annotations

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.formats.listing import files_of_one_format
from pinterest_audiences.sources.places.found import FoundFile
from unit_tests.support.data_files import BytesFile
from unit_tests.support.raises import raises


def chosen(*names: str, wanted: str | None = None) -> tuple[list[str], list[str]]:
    files = [FoundFile(BytesFile(b"", name)) for name in names]
    kept, remarks = files_of_one_format(files, wanted, "exports")
    return [each.file.name for each in kept], [remark.text for remark in remarks]


def test_files_of_one_format_are_all_read() -> None:
    assert chosen("a.jsonl", "b.ndjson") == (["a.jsonl", "b.ndjson"], [])


def test_files_of_no_known_format_beside_them_are_left_out_and_named() -> None:
    assert chosen("a.csv", "README.md", "notes.txt") == (
        ["a.csv"],
        ["Files of other formats in exports are left out: README.md, notes.txt."],
    )


def test_many_files_left_out_are_counted() -> None:
    _, (remark,) = chosen("a.csv", *(f"{number}.pdf" for number in range(1_205)))
    assert remark == "Files of other formats in exports are left out: 0.pdf, 1.pdf, 2.pdf, 3.pdf, 4.pdf and 1,200 more."


def test_of_several_formats_one_must_be_named() -> None:
    with raises(Code.FORMATS_MIXED, match="csv, parquet"):
        chosen("a.csv", "b.parquet")
    assert chosen("a.csv", "b.parquet", wanted="parquet")[0] == ["b.parquet"]


def test_a_named_format_is_that_of_files_without_an_extension() -> None:
    assert chosen("part-00000", "part-00001", wanted="csv") == (["part-00000", "part-00001"], [])


def test_a_format_of_which_there_is_no_file_is_refused() -> None:
    with raises(Code.SOURCE_NOT_OPENED, match="no file of the format jsonl"):
        chosen("a.csv", "b.csv", wanted="jsonl")


def test_files_of_unknown_formats_alone_are_refused() -> None:
    with raises(Code.SOURCE_ADDRESS_WRONG, match="known extensions"):
        chosen("part-00000", "part-00001")


def test_a_single_file_is_what_the_user_named() -> None:
    assert chosen("notes.txt", wanted="csv") == (["notes.txt"], [])
