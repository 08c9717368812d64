"""Finds out in which encoding a text file is written, from its beginning.

What is not UTF-8 and not UTF-16 is nearly always Windows-1252, which charset-normalizer calls many things where the
sample is short; it is asked about the rest.

Source: charset-normalizer 3.4 (`from_bytes`, `best`), read and run 2026-11-27.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final

# UTF-32 first: its mark begins with that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# In text of Latin letters, every other byte of UTF-16 is zero.
_ZEROS_OF_UTF_16: Final = 0.3
_ZEROS_OF_OTHERS: Final = 0.05
_WESTERN: Final = frozenset(
    # The letters and signs that texts in Western European languages have beside ASCII.
    "àâäáãåæçèéêëìíîïñòóôöõøœùúûüýÿßšžÀÂÄÁÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÖÕØŒÙÚÛÜÝŸŠŽ“”„—…•€£§«»©®™°·¨ªº¡¿²³½¼\xa0\u2018\u2019\u2013\xb4"
)
_FOREIGN_SHARE: Final = 0.1
# Western letters with marks stand alone, or in twos; the letters of other alphabets in words.
_WORDS_OF_MARKED: Final = re.compile(r"[^\W\x00-\x7f]{3,}")
# What exports are written in; others are guessed for short samples only.
_CODE_PAGES: Final = (
    *("cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874", "koi8_r", "koi8_u"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949"),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding: the codec, its name for people, and whether the user said it."""

    codec: str
    is_said: bool = False

    @property
    def shown(self) -> str:
        """Its name for people."""
        return {"cp1252": "Windows-1252", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}.get(
            self.codec, self.codec.upper().replace("_", "-")
        )

    @property
    def may_be_mixed(self) -> bool:
        """Whether single lines may be in Windows-1252: what looked like UTF-8 may have been plain ASCII so far."""
        return self.codec == "utf-8" and not self.is_said


def encoding_of(sample: bytes, said: str | None) -> Encoding:
    """Returns the encoding of a file that begins with the sample, which may end within a character."""
    if said is not None:
        return Encoding(_without_mark(codecs.lookup(said).name, sample), is_said=True)
    for mark, codec in _MARKS:
        if sample.startswith(mark):
            return Encoding(codec)
    wide = _utf_16_without_mark(sample)
    if wide is not None:
        return Encoding(wide)
    if _begins_as_utf_8(sample) or _has_utf_8(sample):
        return Encoding("utf-8")
    return Encoding(_code_page(sample))


def _without_mark(codec: str, sample: bytes) -> str:
    """UTF-16 whose order of bytes is not said has that of its mark, else little-endian. Marks are taken off later."""
    if codec not in {"utf-16", "utf-32"}:
        return "utf-8" if codec == "utf-8-sig" else codec
    is_big = sample.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE))
    return f"{codec}-{'be' if is_big else 'le'}"


def _utf_16_without_mark(sample: bytes) -> str | None:
    characters = len(sample) // 2
    if not characters:
        return None
    high, low = sample[0::2].count(0) / characters, sample[1::2].count(0) / characters
    if low > _ZEROS_OF_UTF_16 and high < _ZEROS_OF_OTHERS:
        return "utf-16-le"
    if high > _ZEROS_OF_UTF_16 and low < _ZEROS_OF_OTHERS:
        return "utf-16-be"
    return None


def _begins_as_utf_8(sample: bytes) -> bool:
    """Whether the sample is UTF-8, perhaps up to the middle of a letter."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _has_utf_8(sample: bytes) -> bool:
    """Whether some line has letters in UTF-8: then the lines that are not in it are the exception."""
    return any(not line.isascii() and _is_utf_8(line) for line in sample.splitlines())


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _code_page(sample: bytes) -> str:
    text = sample.decode("cp1252", "replace")
    marked = [letter for letter in text if not letter.isascii()]
    foreign = sum(letter not in _WESTERN for letter in marked) + sum(map(len, _WORDS_OF_MARKED.findall(text)))
    if foreign <= _FOREIGN_SHARE * len(marked):
        return "cp1252"
    from charset_normalizer import from_bytes  # noqa: PLC0415 - loads slowly, and is rarely needed

    found = from_bytes(sample, cp_isolation=list(_CODE_PAGES)).best()
    return "cp1252" if found is None else found.encoding
