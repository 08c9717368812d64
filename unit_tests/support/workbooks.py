"""Writes workbooks of Excel and LibreOffice as what they are, archives of XML: no library here writes them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Final

Cell = str | float | bool | None
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OPEN_DOCUMENT: Final = "urn:oasis:names:tc:opendocument:xmlns"
# A number in a cell of this style is a day.
DAY: Final = 1


def xlsx(sheets: Mapping[str, Sequence[Sequence[Cell | tuple[float, int]]]], hidden: Sequence[str] = ()) -> bytes:
    """Returns a workbook; a pair is a number and the number of its style."""
    numbered = list(enumerate(sheets, 1))
    named = "".join(
        f'<sheet name="{name}" sheetId="{number}" state="{_state(name, hidden)}" r:id="s{number}"/>'
        for number, name in numbered
    )
    related = "".join(
        f'<Relationship Id="s{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number, _ in numbered
    )
    related += f'<Relationship Id="styles" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    document = f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    kinds = '<Default Extension="xml" ContentType="application/xml"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">{kinds}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{document}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{named}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{related}</Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/>'
        "</cellXfs></styleSheet>",
    }
    for number, name in numbered:
        rows = "".join(_xlsx_row(row, line) for line, row in enumerate(sheets[name], 1))
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
        )
    return _archive({name: _HEAD + text for name, text in parts.items()})


def ods(rows: Sequence[Sequence[str]]) -> bytes:
    """Returns a workbook with one sheet of texts."""
    table = "".join(f"<table:table-row>{''.join(_ods_cell(cell) for cell in row)}</table:table-row>" for row in rows)
    content = (
        f'{_HEAD}<office:document-content xmlns:office="{_OPEN_DOCUMENT}:office:1.0" '
        f'xmlns:table="{_OPEN_DOCUMENT}:table:1.0" xmlns:text="{_OPEN_DOCUMENT}:text:1.0"><office:body>'
        f'<office:spreadsheet><table:table table:name="People">{table}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    manifest = f'{_HEAD}<manifest:manifest xmlns:manifest="{_OPEN_DOCUMENT}:manifest:1.0"/>'
    return _archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": manifest,
            "content.xml": content,
        }
    )


def _state(name: str, hidden: Sequence[str]) -> str:
    return "hidden" if name in hidden else "visible"


def _xlsx_row(row: Sequence[Cell | tuple[float, int]], line: int) -> str:
    cells = "".join(_xlsx_cell(cell, f"{chr(ord('A') + column)}{line}") for column, cell in enumerate(row))
    return f'<row r="{line}">{cells}</row>'


def _xlsx_cell(cell: Cell | tuple[float, int], place: str) -> str:
    match cell:
        case None:
            return ""
        case str() if cell.startswith("#"):
            return f'<c r="{place}" t="e"><v>{cell}</v></c>'
        case str():
            return f'<c r="{place}" t="inlineStr"><is><t>{cell}</t></is></c>'
        case bool():
            return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
        case tuple():
            return f'<c r="{place}" s="{cell[1]}"><v>{cell[0]}</v></c>'
        case _:
            return f'<c r="{place}"><v>{cell}</v></c>'


def _ods_cell(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def _archive(parts: Mapping[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return content.getvalue()
