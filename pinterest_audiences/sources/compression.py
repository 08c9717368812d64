"""Undoes the compression of files, as their first bytes say, whatever their names say.

gzip, bzip2 and xz are read by Python's own modules, Zstandard by pyarrow: all take files of several members, and report
one that was cut off.

Source: RFC 1952, RFC 8878, the bzip2 and xz formats, and PKWARE's APPNOTE for the bytes at the beginning of each;
    pyarrow 26.0.1 raises OSError "Truncated compressed stream" (run 2026-11-27).
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final, cast

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError, missing_extra
from pinterest_audiences.sources.data_file import DataFile
from pinterest_audiences.sources.places.found import FoundFile, is_left_out, partition_of
from pinterest_audiences.sources.random_access import RandomAccess, cut_off

_READ_BYTES: Final = 1 << 18
_MAGIC_BYTES: Final = 16
# Workbooks are ZIP archives by themselves: what they hold is their reader's business.
_WORKBOOKS: Final = (".xlsx", ".xlsm", ".xlsb", ".ods")
_WORKBOOK_PARTS: Final = {"[Content_Types].xml", "mimetype"}
_DAMAGED: Final = (zlib.error, lzma.LZMAError, zipfile.BadZipFile)


def unpack(found: FoundFile, wanted_format: str | None) -> list[FoundFile]:
    """Returns the files in a file: those of a ZIP archive, otherwise the file itself, decompressed.

    Raises: UsageError if an archive can't be read.
    """
    holds_itself = wanted_format == "xlsx" or found.file.name.lower().endswith(_WORKBOOKS)
    if found.file.name.lower().endswith(".zip") and not holds_itself:
        members = ZipArchive(found.file).members()
        return [FoundFile(ContentFile(each.file), (*found.partition, *each.partition)) for each in members]
    return [FoundFile(ContentFile(found.file, holds_itself=holds_itself), found.partition)]


@dataclass(frozen=True, slots=True)
class _Codec:
    name: str
    extensions: tuple[str, ...]
    open: Callable[[BinaryIO], BinaryIO]


def _open_zstandard(stream: BinaryIO) -> BinaryIO:
    try:
        import pyarrow as pa  # noqa: PLC0415 - loads a large library
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    return cast("BinaryIO", pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd"))


_CODECS: Final = (
    _Codec("gzip", (".gz", ".gzip"), lambda stream: cast("BinaryIO", gzip.GzipFile(fileobj=stream))),
    _Codec("bzip2", (".bz2",), lambda stream: cast("BinaryIO", bz2.BZ2File(stream))),
    _Codec("xz", (".xz",), lambda stream: cast("BinaryIO", lzma.LZMAFile(stream))),  # noqa: SIM115 - the caller closes it
    _Codec("Zstandard", (".zst", ".zstd"), _open_zstandard),
)
_BY_MAGIC: Final[Mapping[bytes, _Codec]] = {
    b"\x1f\x8b\x08": _CODECS[0],
    b"BZh": _CODECS[1],
    b"\xfd7zXZ\x00": _CODECS[2],
    b"\x28\xb5\x2f\xfd": _CODECS[3],
}
_BZIP2_BLOCK: Final = b"1AY&SY"
_BZIP2_END: Final = b"\x17rE8P\x90"
_ZIP: Final = b"PK\x03\x04"


class ContentFile:
    """The content of a file that may be compressed.

    Args:
        stored: the file as it is stored.
        holds_itself: whether a ZIP archive is the content, as it is of a workbook.
    """

    def __init__(self, stored: DataFile, *, holds_itself: bool = False) -> None:
        self._stored = stored
        self._holds_itself = holds_itself
        self._remarks: list[str] = []
        extension = PurePosixPath(stored.name).suffix.lower()
        self._named = next((codec for codec in _CODECS if extension in codec.extensions), None)

    @property
    def label(self) -> str:
        """See DataFile."""
        return self._stored.label

    @property
    def name(self) -> str:
        """See DataFile."""
        name = self._stored.name
        return name if self._named is None else PurePosixPath(name).stem

    @property
    def size_bytes(self) -> int | None:
        """See DataFile."""
        return self._stored.size_bytes

    @property
    def remarks(self) -> Sequence[str]:
        """See DataFile."""
        return [*self._stored.remarks, *self._remarks]

    def open(self) -> BinaryIO:
        """See DataFile."""
        stream = self._stored.open()
        try:
            first, stream = _first_bytes(stream)
        except (OSError, EOFError):
            stream.close()
            raise cut_off(self.label) from None
        if first.startswith(_ZIP) and not self._holds_itself:
            stream.close()
            return self._open_only_member()
        codec = _codec_of(first)
        if codec is not self._named and first:
            self._remark(codec)
        if codec is None:
            return stream
        return cast("BinaryIO", io.BufferedReader(_Decompressed(codec.open(stream), stream), _READ_BYTES))

    def _open_only_member(self) -> BinaryIO:
        archive = ZipArchive(self._stored)
        if archive.is_workbook:
            self._holds_itself = True
            return self._stored.open()
        members = archive.members()
        if len(members) > 1:
            raise UsageError(
                Code.SOURCE_NOT_OPENED,
                f"{self.label} is a ZIP archive of {len(members)} files. Give it a name that ends in .zip.",
            )
        self._say(f"{self.label} is a ZIP archive, though nothing says so; the file in it is read.")
        return members[0].file.open()

    def _remark(self, codec: _Codec | None) -> None:
        if codec is None:
            self._say(f"{self.label} is not compressed, although its name says so; it is read as it is.")
        else:
            self._say(f"{self.label} is compressed by {codec.name}, though nothing says so; it is decompressed.")

    def _say(self, remark: str) -> None:
        if remark not in self._remarks:
            self._remarks.append(remark)


class ZipArchive:
    """A ZIP archive with files of data in it.

    Args:
        stored: the archive as it is stored.
    """

    def __init__(self, stored: DataFile) -> None:
        self._label = stored.label
        self._access = RandomAccess(stored)
        try:
            with closing(self._access.open()) as stream, zipfile.ZipFile(stream) as archive:
                self._infos = [info for info in archive.infolist() if not info.is_dir()]
        except (zipfile.BadZipFile, EOFError, OSError):
            raise cut_off(self._label) from None

    @property
    def is_workbook(self) -> bool:
        """Whether the archive is a workbook of Excel or LibreOffice."""
        return any(info.filename in _WORKBOOK_PARTS for info in self._infos)

    def members(self) -> list[FoundFile]:
        """Returns the files in it, without those that macOS adds.

        Raises: UsageError if there are none, or they are encrypted.
        """
        infos = [info for info in self._infos if not is_left_out(PurePosixPath(info.filename).parts)]
        if not infos:
            raise UsageError(Code.SOURCE_NOT_OPENED, f"The archive {self._label} holds no file. Name another.")
        if any(info.flag_bits & 0x1 for info in infos):
            raise UsageError(
                Code.SOURCE_NOT_OPENED, f"The archive {self._label} is encrypted with a password. Decrypt it first."
            )
        return [
            FoundFile(_Member(self._access, info, self._label), partition_of(PurePosixPath(info.filename).parts[:-1]))
            for info in sorted(infos, key=lambda info: info.filename)
        ]


class _Member:
    """A file in a ZIP archive."""

    remarks: Sequence[str] = ()

    def __init__(self, access: RandomAccess, info: zipfile.ZipInfo, archive: str) -> None:
        self._access = access
        self._info = info
        self.label = f"{archive}/{info.filename}"
        self.name = PurePosixPath(info.filename).name
        self.size_bytes: int | None = info.file_size

    def open(self) -> BinaryIO:
        """See DataFile."""
        stream = self._access.open()
        try:
            member = zipfile.ZipFile(stream).open(self._info)  # noqa: SIM115 - the caller closes it
        except NotImplementedError:
            stream.close()
            raise UsageError(
                Code.SOURCE_NOT_OPENED,
                f"{self.label} is compressed in a way that can't be read. Pack it again, as ZIP or gzip.",
            ) from None
        except (zipfile.BadZipFile, EOFError, OSError):
            stream.close()
            raise cut_off(self.label) from None
        return cast("BinaryIO", io.BufferedReader(_Decompressed(cast("BinaryIO", member), stream), _READ_BYTES))


class _Decompressed(io.RawIOBase):
    """Reads what a codec makes of a stream; damage becomes an OSError, an early end an EOFError."""

    def __init__(self, content: BinaryIO, stored: BinaryIO) -> None:
        self._content = content
        self._stored = stored

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        try:
            chunk = self._content.read(len(view))
        except _DAMAGED as error:
            raise OSError(f"the compressed content is damaged ({type(error).__name__})") from None
        view[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._content.close()
        self._stored.close()
        super().close()


def _first_bytes(stream: BinaryIO) -> tuple[bytes, BinaryIO]:
    """Returns the first bytes, and a stream that still has them."""
    if stream.seekable():
        first = stream.read(_MAGIC_BYTES)
        stream.seek(0)
        return first, stream
    peeking = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream))
    return peeking.peek(_MAGIC_BYTES)[:_MAGIC_BYTES], peeking


def _codec_of(first: bytes) -> _Codec | None:
    found = next((codec for magic, codec in _BY_MAGIC.items() if first.startswith(magic)), None)
    if found is _CODECS[1] and first[4:10] not in {_BZIP2_BLOCK, _BZIP2_END}:
        return None  # a text that begins with "BZh"
    return found
