"""How a sheet of the workbook is laid out: a title, a note, one table, and the paper it is printed on.

One table a sheet below its note, marked up as a table with headings; no merged cells; links back to the
contents and to the notes (Government Analysis Function, Releasing statistics in spreadsheets).
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from sufficiency.report.style import DARK_BLUE, DARK_GREY, DARK_PINK, PALE

Kind = Literal["text", "year", "month", "pounds", "pence", "number", "count", "share", "factor", "link"]

#: Letters on a line of a note above a narrow table; tables wider than this are printed on A3.
_NARROW, _WIDE = 80, 190
_A4, _A3 = 9, 8
_LINE_HEIGHT = 15
_INPUT = "#FFF7D6"
_FORMATS: dict[str, str] = {
    "text": "@",
    "year": "@",
    "month": "mmm yyyy",
    "pounds": "#,##0;-#,##0;0",
    "pence": "#,##0.00;-#,##0.00;0.00",
    "number": "#,##0.0",
    "count": "#,##0",
    "share": "0.0%",
    "factor": "0.0000",
    "link": "@",
}
_WIDTHS = {
    "text": 34,
    "year": 13,
    "month": 12,
    "pounds": 15,
    "pence": 14,
    "number": 13,
    "count": 10,
    "share": 12,
    "factor": 12,
    "link": 26,
}


@dataclass(frozen=True)
class Column:
    """A column: its heading, what its cells are, and whether a person would change them."""

    name: str
    kind: Kind
    input: bool = False
    width: float = 0.0


@dataclass(frozen=True)
class Formula:
    """A formula and what this package makes it come to."""

    text: str
    value: float | str = 0.0


Cell = str | float | int | pd.Timestamp | Formula | None


@dataclass
class Sheet:
    """One sheet.

    Attributes
    ----------
    name, title, note
        On the tab, above the table, and how to read it.
    rows
        As many cells in each as there are columns.
    named
        Name → (column, first row, last row): ranges that formulas and people call by name; rows from 0.
    """

    name: str
    title: str
    note: str
    columns: Sequence[Column]
    rows: list[list[Cell]] = field(default_factory=list)
    named: dict[str, tuple[str, int, int]] = field(default_factory=dict)

    @property
    def width(self) -> float:
        """Width of the table in letters."""
        return sum(one.width or _WIDTHS[one.kind] for one in self.columns)

    @property
    def lines(self) -> list[str]:
        """The note, wrapped to the table's width."""
        return textwrap.wrap(self.note, max(_NARROW, int(min(self.width, _WIDE))))

    @property
    def head(self) -> int:
        """Row of the headings, counted from 0: below title, mark, note and links."""
        return 3 + len(self.lines)

    def at(self, column: str) -> int:
        """The place of a column."""
        return [one.name for one in self.columns].index(column)

    def range(self, column: str) -> str:
        """All cells of a column, as a formula on any sheet names them."""
        letter = xl_col_to_name(self.at(column))
        return f"'{self.name}'!${letter}${self.head + 2}:${letter}${self.head + 1 + len(self.rows)}"

    def cell(self, column: str, row: int, *, own: bool = False) -> str:
        """One cell; ``own``: as a formula on the same sheet names it."""
        place = f"${xl_col_to_name(self.at(column))}{self.head + 2 + row}"
        return place if own else f"'{self.name}'!{place}"

    def span(self, first: str, last: str, row: int) -> str:
        """Cells of one row from a column to another, on the same sheet."""
        return f"{self.cell(first, row, own=True)}:{self.cell(last, row, own=True)}"


class Paper:
    """A workbook that is being written."""

    def __init__(self, path: str, created: datetime, title: str, mark: str) -> None:
        self._book = Workbook(path, {"default_date_format": "mmm yyyy", "nan_inf_to_errors": False})
        self._book.set_properties({"title": title, "created": created, "comments": mark})
        self._book.set_calc_mode("auto")
        self._mark, self._tables = mark, 0
        self._formats: dict[tuple[str, bool], Format] = {}
        self._plain = {
            "title": self._book.add_format({"bold": True, "font_size": 15, "font_color": DARK_BLUE}),
            "note": self._book.add_format({"font_color": DARK_GREY}),
            "head": self._book.add_format(
                {
                    "bold": True,
                    "text_wrap": True,
                    "valign": "top",
                    "bottom": 1,
                    "bg_color": PALE,
                    "font_color": DARK_BLUE,
                }
            ),
            "mark": self._book.add_format({"bold": True, "font_color": DARK_PINK}),
            "link": self._book.add_format({"font_color": DARK_BLUE, "underline": 1}),
        }

    def close(self) -> None:
        """Write the file."""
        self._book.close()

    def write(self, sheet: Sheet) -> None:
        """Write a sheet."""
        page = self._book.add_worksheet(sheet.name)
        page.write_string(0, 0, sheet.title, self._plain["title"])
        page.write_string(1, 0, self._mark, self._plain["mark"])
        for number, line in enumerate(sheet.lines):
            page.write_string(2 + number, 0, line, self._plain["note"])
        if sheet.name != "Cover":
            page.write_url(sheet.head - 1, 0, "internal:'Cover'!A1", self._plain["link"], "Contents")
            page.write_url(sheet.head - 1, 1, "internal:'Notes'!A1", self._plain["link"], "Notes")
        self._table(page, sheet)
        for name, (column, first, last) in sheet.named.items():
            letter = xl_col_to_name(sheet.at(column))
            rows = f"${letter}${sheet.head + 2 + first}" + (
                "" if first == last else f":${letter}${sheet.head + 2 + last}"
            )
            self._book.define_name(name, f"='{sheet.name}'!{rows}")
        self._print(page, sheet)

    def _table(self, page: Worksheet, sheet: Sheet) -> None:
        self._tables += 1
        last = sheet.head + max(len(sheet.rows), 1)
        heads = [{"header": one.name, "header_format": self._plain["head"]} for one in sheet.columns]
        about = {"name": f"table_{self._tables}", "columns": heads, "style": None, "autofilter": len(sheet.rows) > 1}
        page.add_table(sheet.head, 0, last, len(sheet.columns) - 1, about)
        page.set_row(sheet.head, 3 * _LINE_HEIGHT)
        for place, one in enumerate(sheet.columns):
            page.set_column(place, place, one.width or _WIDTHS[one.kind])
        for number, row in enumerate(sheet.rows):
            page.set_row(sheet.head + 1 + number, _LINE_HEIGHT * _lines_of(sheet, row))
            for place, (one, cell) in enumerate(zip(sheet.columns, row, strict=True)):
                self._cell(page, sheet.head + 1 + number, place, one, cell)

    def _cell(self, page: Worksheet, row: int, place: int, column: Column, cell: Cell) -> None:
        form = self._format(column)
        if isinstance(cell, Formula):
            page.write_formula(row, place, cell.text, form, cell.value)
        elif column.kind == "link" and isinstance(cell, str):
            page.write_url(row, place, f"internal:'{cell}'!A1", self._plain["link"], cell)
        elif isinstance(cell, pd.Timestamp):
            page.write_datetime(row, place, cell.to_pydatetime(), form)
        elif cell is None or (isinstance(cell, float) and cell != cell):  # noqa: PLR0124 - not a number
            page.write_blank(row, place, None, form)
        elif isinstance(cell, str):
            page.write_string(row, place, cell, form)
        else:
            page.write_number(row, place, float(cell), form)

    def _format(self, column: Column) -> Format:
        key = (column.kind, column.input)
        if key not in self._formats:
            about: dict[str, object] = {"num_format": _FORMATS[column.kind], "valign": "top"}
            if column.input:
                about |= {"bg_color": _INPUT, "border": 1, "border_color": DARK_GREY, "locked": False}
            if column.kind == "text":
                about |= {"text_wrap": True}
            self._formats[key] = self._book.add_format(about)
        return self._formats[key]

    def _print(self, page: Worksheet, sheet: Sheet) -> None:
        page.set_landscape()
        page.set_paper(_A3 if sheet.width > _WIDE else _A4)
        page.fit_to_pages(1, 0)
        page.repeat_rows(sheet.head)
        page.set_margins(left=0.5, right=0.5)
        page.set_footer(f"&L{self._mark.replace('&', '&&')}&C{sheet.name}&RPage &P of &N")
        page.freeze_panes(sheet.head + 1, 1 if sheet.columns[0].kind in {"text", "month"} else 0)
        page.hide_gridlines(2)


def _lines_of(sheet: Sheet, row: list[Cell]) -> int:
    """Lines that the longest wrapped text of a row takes."""
    texts = [
        len(textwrap.wrap(cell, max(int((one.width or _WIDTHS[one.kind]) * 0.95), 1)))
        for one, cell in zip(sheet.columns, row, strict=True)
        if one.kind == "text" and isinstance(cell, str)
    ]
    return max(1, *texts, 1)
