from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import zipfile
from collections.abc import Callable

import pyarrow as pa
import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.compression import ContentFile, unpack
from pinterest_audiences.sources.places.found import FoundFile
from unit_tests.support.data_files import BytesFile
from unit_tests.support.raises import raises
from unit_tests.support.workbooks import xlsx

# Not compressible, so that a cut in the middle leaves the beginning readable.
TEXT = b"email\n" + random.Random(7).randbytes(300_000).hex().encode()


def zstandard(content: bytes) -> bytes:
    compressed: bytes = pa.compress(content, codec="zstd", asbytes=True)
    return compressed


def zipped(members: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, content in members.items():
            writer.writestr(name, content)
    return archive.getvalue()


CODECS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gz", gzip.compress),
    ("bz2", bz2.compress),
    ("xz", lzma.compress),
    ("zst", zstandard),
    ("zip", lambda content: zipped({"people.csv": content})),
]


def read(file: ContentFile) -> bytes:
    with file.open() as stream:
        return stream.read()


def only_file(content: bytes, name: str, *, is_stream: bool = False) -> ContentFile:
    (found,) = unpack(FoundFile(BytesFile(content, name, is_stream=is_stream)), None)
    assert isinstance(found.file, ContentFile)
    return found.file


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize(("extension", "compress"), CODECS)
def test_a_file_is_decompressed_and_named_as_what_is_in_it(
    extension: str, compress: Callable[[bytes], bytes], is_stream: bool
) -> None:
    file = only_file(compress(TEXT), f"people.csv.{extension}", is_stream=is_stream)
    assert (read(file), read(file)) == (TEXT, TEXT)
    assert file.name == "people.csv"
    assert file.remarks == []


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress, zstandard])
def test_several_members_are_read_one_after_the_other(compress: Callable[[bytes], bytes]) -> None:
    name = {gzip.compress: "gz", bz2.compress: "bz2", lzma.compress: "xz"}.get(compress, "zst")
    assert read(only_file(compress(b"email\n") + compress(b"ada@example.com\n"), f"x.csv.{name}")) == (
        b"email\nada@example.com\n"
    )


@pytest.mark.parametrize(("extension", "compress"), CODECS[:-1])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.9999])
def test_a_file_that_was_cut_off_is_never_a_short_success(
    extension: str, compress: Callable[[bytes], bytes], share: float
) -> None:
    whole = compress(TEXT)
    with pytest.raises((OSError, EOFError)):
        read(only_file(whole[: int(len(whole) * share)], f"people.csv.{extension}"))


# Zstandard need not have checksums, and what is written here has none.
@pytest.mark.parametrize(("extension", "compress"), [codec for codec in CODECS if codec[0] != "zst"])
def test_damage_in_the_middle_is_noticed(extension: str, compress: Callable[[bytes], bytes]) -> None:
    damaged = bytearray(compress(TEXT))
    middle = len(damaged) // 2
    damaged[middle : middle + 8] = bytes(255 - byte for byte in damaged[middle : middle + 8])
    with pytest.raises(OSError, match=r"damaged|CRC|Invalid"):
        read(only_file(bytes(damaged), f"people.csv.{extension}"))


@pytest.mark.parametrize(("extension", "compress"), CODECS)
def test_a_name_that_does_not_say_the_compression_is_no_obstacle_and_is_remarked_on(
    extension: str, compress: Callable[[bytes], bytes]
) -> None:
    file = only_file(compress(TEXT), "people.csv")
    assert read(file) == TEXT
    read(file)
    (remark,) = file.remarks
    assert "though nothing says so" in remark


def test_a_name_that_wrongly_says_that_a_file_is_compressed_is_remarked_on() -> None:
    file = only_file(b"email\nada@example.com\n", "people.csv.gz")
    assert read(file) == b"email\nada@example.com\n"
    assert file.remarks == ["people.csv.gz is not compressed, although its name says so; it is read as it is."]


def test_a_text_that_begins_like_bzip2_is_a_text() -> None:
    file = only_file(b"BZh9,email\n", "people.csv")
    assert read(file) == b"BZh9,email\n"
    assert file.remarks == []


def test_an_empty_file_is_an_empty_file() -> None:
    assert read(only_file(b"", "people.csv")) == b""


def test_the_files_of_an_archive_are_found_without_what_macos_adds() -> None:
    archive = zipped(
        {
            "__MACOSX/._a.csv": b"x",
            ".DS_Store": b"x",
            "export/b.csv.gz": gzip.compress(b"email\nb@example.com\n"),
            "export/country=DE/a.csv": b"email\na@example.com\n",
        }
    )
    found = unpack(FoundFile(BytesFile(archive, "exports.zip")), None)
    assert [(each.file.label, each.file.name, each.partition) for each in found] == [
        ("exports.zip/export/b.csv.gz", "b.csv", ()),
        ("exports.zip/export/country=DE/a.csv", "a.csv", (("country", "DE"),)),
    ]
    assert [each.file.open().read() for each in found] == [b"email\nb@example.com\n", b"email\na@example.com\n"]


def test_a_workbook_is_not_taken_apart_whatever_its_name() -> None:
    workbook = xlsx({"People": [["email"]]})
    assert read(only_file(workbook, "people.xlsx")) == workbook
    file = only_file(workbook, "people.csv")
    assert (read(file), read(file)) == (workbook, workbook)


def test_an_archive_of_several_files_under_another_name_is_refused() -> None:
    archive = zipped({"a.csv": b"email\n", "b.csv": b"email\n"})
    with raises(Code.SOURCE_NOT_OPENED, match="a ZIP archive of 2 files"):
        read(only_file(archive, "people.csv"))


def test_an_encrypted_archive_says_so() -> None:
    archive = bytearray(zipped({"a.csv": b"email\n"}))
    directory = archive.index(b"PK\x01\x02")
    archive[6] |= 1
    archive[directory + 8] |= 1
    with raises(Code.SOURCE_NOT_OPENED, match="is encrypted with a password"):
        unpack(FoundFile(BytesFile(bytes(archive), "people.zip")), None)


def test_an_archive_with_nothing_in_it_says_so() -> None:
    with raises(Code.SOURCE_NOT_OPENED, match="holds no file"):
        unpack(FoundFile(BytesFile(zipped({}), "people.zip")), None)


def test_an_archive_that_was_cut_off_says_so() -> None:
    archive = zipped({"a.csv": TEXT})
    with raises(Code.SOURCE_CUT_OFF, match="ends in its middle"):
        unpack(FoundFile(BytesFile(archive[:-30], "people.zip")), None)


def test_a_member_compressed_in_an_unknown_way_says_so() -> None:
    archive = bytearray(zipped({"a.csv": b"email\n"}))
    directory = archive.index(b"PK\x01\x02")
    archive[8] = archive[directory + 10] = 97
    (found,) = unpack(FoundFile(BytesFile(bytes(archive), "people.zip")), None)
    with raises(Code.SOURCE_NOT_OPENED, match="in a way that can't be read"):
        found.file.open()
