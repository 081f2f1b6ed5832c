"""Excel workbooks: each sheet is a table, its cells the text that a CSV file would hold."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Any

from openpyxl import load_workbook

from sufficiency.returns import text
from sufficiency.returns.containers import RefusedError, declares, opened, unpacked

_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_MIDNIGHT = time(0, 0)


def read_workbook(data: bytes) -> list[tuple[str, text.Sheet]]:
    """Name and cells of each sheet that holds anything.

    Formulas count by the value that Excel last saved. Dates become dd/mm/yyyy, whole numbers lose
    their decimals, yes and no become 1 and 0.

    Raises
    ------
    RefusedError
        Where the file is no workbook, is locked, or is unsafe or too large to read.
    """
    if data.startswith(_OLD_WORKBOOK):
        # Excel wraps a workbook with a password in the container of its old format.
        raise RefusedError("locked")
    _examined(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl does not know (styles, validation) holds no cells
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            found = [(sheet.title, text.sheet(_rows(sheet))) for sheet in book.worksheets]
            book.close()
    except Exception:
        raise RefusedError("container_damaged") from None
    return [(name, cells) for name, cells in found if cells is not None]


def _examined(data: bytes) -> None:
    """Refuse what unpacks to too much or declares entities."""
    with opened(data) as packed:
        members = packed.infolist()
    for item in members:
        if item.filename.lower().endswith((".xml", ".rels", ".vml")) and declares(unpacked(data, item)):
            raise RefusedError("container_unsafe")


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    sheet.reset_dimensions()  # some programs write the wrong size of a sheet
    yield from _filled(sheet.iter_rows(values_only=True))


def _filled(rows: Iterable[tuple[object, ...]]) -> Iterator[tuple[int, list[str]]]:
    for number, values in enumerate(rows, start=1):
        cells = [_text(value) for value in values]
        if any(cell and not cell.isspace() for cell in cells):
            yield number, cells


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case datetime():
            return f"{value:%d/%m/%Y}" if value.time() == _MIDNIGHT else f"{value:%Y-%m-%d %H:%M:%S}"
        case date():
            return f"{value:%d/%m/%Y}"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)
