from __future__ import annotations

import codecs

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.text import blocks
from unit_tests.support.raises import raises
from unit_tests.support.text_files import read_text

TABLE = "email,name\nada@example.com,Adä\ngrace@example.com,Gräce “G” Hopper\n"
ROWS = [["ada@example.com", "Adä"], ["grace@example.com", "Gräce “G” Hopper"]]
OVERRULES = "(--encoding overrules this)."


@pytest.mark.parametrize(
    ("mark", "codec", "shown"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
        (b"", "utf-16-le", "UTF-16"),
        (b"", "utf-16-be", "UTF-16"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32-LE"),
        (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32-BE"),
        (b"", "cp1252", "Windows-1252"),
    ],
)
def test_the_encoding_is_found_out_and_said(mark: bytes, codec: str, shown: str) -> None:
    read = read_text(mark + TABLE.encode(codec))
    assert (read.columns, read.rows) == (("email", "name"), ROWS)
    assert read.facts == [f"The file is read as {shown} {OVERRULES}"]


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_utf_8_is_not_worth_a_remark(mark: bytes) -> None:
    read = read_text(mark + TABLE.encode())
    assert (read.columns, read.rows, read.remarks) == (("email", "name"), ROWS, [])


@pytest.mark.parametrize(
    ("codec", "name"),
    [("cp1251", "Грейс Хоппер работа"), ("cp932", "山田太郎株式会社表示"), ("gb18030", "张伟王芳李娜北京市")],
)
def test_other_alphabets_are_told_from_western_letters(codec: str, name: str) -> None:
    rows = [[f"{number}@example.com", name] for number in range(20)]
    content = "\n".join(["email,имя" if codec == "cp1251" else "email,name", *map(",".join, rows)])
    read = read_text(content.encode(codec))
    assert read.rows == rows
    assert read.facts == [f"The file is read as {codec.upper()} {OVERRULES}"]


def test_a_line_that_is_no_utf_8_after_many_that_are_is_read_as_windows_1252_and_named() -> None:
    plain = b"email,name\n" + b"a@example.com,n\n" * 30_000
    read = read_text(plain + b"ada@example.com,Zo\xeb\n" + "b@example.com,Zoé\n".encode())
    assert read.rows[-2:] == [["ada@example.com", "Zoë"], ["b@example.com", "Zoé"]]
    assert len(read.rows) == 30_002
    assert read.warnings == [f"Line 30,002 is not in UTF-8, and read as Windows-1252 {OVERRULES}"]


def test_a_file_mostly_in_utf_8_stays_so() -> None:
    lines = ["email,name", *["a@example.com,Zoé"] * 3]
    read = read_text("\n".join(lines).encode() + b"\nb@example.com,Zo\xeb\nc@example.com,\xeb\n")
    assert [row[1] for row in read.rows] == ["Zoé", "Zoé", "Zoé", "Zoë", "ë"]
    assert read.warnings == [
        f"2 lines, the first of them line 5, are not in UTF-8, and read as Windows-1252 {OVERRULES}"
    ]


def test_the_encoding_may_be_said() -> None:
    read = read_text(TABLE.replace("“G” ", "").encode("cp437"), encoding="cp437")
    assert (read.rows[0], read.remarks) == (["ada@example.com", "Adä"], [])
    assert read_text(codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"), encoding="utf-16").rows == ROWS


def test_what_the_said_encoding_can_not_read_is_named() -> None:
    read = read_text(b"email,name\na@example.com,Zo\xeb\n", encoding="utf-8")
    assert read.rows == [["a@example.com", "Zo\ufffd"]]
    assert read.warnings == ["Line 2 can't be read whole in the file's encoding. Name another one by --encoding."]


def test_a_mark_of_the_byte_order_in_the_middle_of_joined_files_is_no_part_of_a_name_or_value() -> None:
    part = codecs.BOM_UTF8 + b"email,name\na@example.com,A\n"
    read = read_text(part + part)
    assert read.rows == [["a@example.com", "A"]] * 2
    assert read.warnings == ["Line 3 repeats the header and is no row."]


def test_nul_characters_are_left_out_and_named() -> None:
    read = read_text("email,name\na@example.com\0\0,A\nb@example.com,\0\n")
    assert read.rows == [["a@example.com", "A"], ["b@example.com", None]]
    assert read.facts == ["2 lines, the first of them line 2, had NUL characters, which were left out."]


def test_a_file_that_never_ends_a_line_is_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "LONGEST_LINE", 100_000)
    with raises(Code.FILE_IS_NO_TABLE, match="has more than"):
        read_text("x" * 300_000)
