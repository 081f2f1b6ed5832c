"""The same returns in every layout that is read, for trials of the reading.

A return is given as CSV files in one folder a year, as :mod:`sufficiency.trials.write_returns` writes
them. Values are carried over as they stand.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from pathlib import Path
from xml.sax.saxutils import escape

from openpyxl import Workbook

Row = Mapping[str, str]


@dataclass(frozen=True)
class Sheet:
    """Columns and rows of one table of one return."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]

    def __repr__(self) -> str:
        return f"Sheet({len(self.rows):,} rows, {len(self.columns)} columns)"


#: Year → table → its rows.
Written = dict[int, dict[str, Sheet]]


def read_written(folder: Path) -> Written:
    """Yearly folders of CSV files as text."""
    out: Written = {}
    for path in sorted(folder.glob("*/*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            sheet = Sheet(tuple(reader.fieldnames or ()), tuple(reader))
        out.setdefault(int(path.parent.name), {})[path.stem] = sheet
    return out


def csv_text(columns: Sequence[str], rows: Iterable[Row], separator: str = ",") -> str:
    """A table as the text of a CSV file."""
    stream = StringIO()
    writer = csv.DictWriter(stream, columns, delimiter=separator, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def put(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a file, and its folder where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding=encoding, newline="")


def _named(pattern: str, encoding: str = "utf-8", separator: str = ",") -> Callable[[Written, Path], Path]:
    def write(written: Written, folder: Path) -> Path:
        for year, tables in written.items():
            for table, sheet in tables.items():
                text = csv_text(sheet.columns, sheet.rows, separator)
                put(folder / pattern.format(year=year, table=table), text, encoding)
        return folder

    return write


def marked_rows(written: Written, table: str, authority: str) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    """Rows of one table of all years, with LA and YEAR columns."""
    columns: tuple[str, ...] = ()
    rows: list[dict[str, str]] = []
    for year, tables in written.items():
        if table in tables:
            columns = tables[table].columns
            rows += [{**row, "LA": authority, "YEAR": str(year)} for row in tables[table].rows]
    return (*columns, "LA", "YEAR"), rows


def write_marked(by_authority: Mapping[str, Written], folder: Path) -> Path:
    """One flat folder, a file for each table with the rows of every authority and year."""
    names = sorted({table for written in by_authority.values() for tables in written.values() for table in tables})
    for table in names:
        parts = [marked_rows(written, table, authority) for authority, written in by_authority.items()]
        columns = max((found for found, _ in parts), key=len)
        put(folder / f"{table}.csv", csv_text(columns, (row for _, rows in parts for row in rows)))
    return folder


def _one_authority(written: Written, folder: Path) -> Path:
    return write_marked({"Inventedshire": written}, folder)


def _excel_value(column: str, text: str) -> str | datetime | int | None:
    """A cell as a person or a system would have it: real dates, numbers where there is nothing but digits."""
    if not text:
        return None
    day, _, rest = text.partition("/")
    month, _, year = rest.partition("/")
    if len(year) == 4 and (day + month + year).isdigit():  # noqa: PLR2004 - digits of a year
        found = date(int(year), int(month), int(day))
        return datetime(found.year, found.month, found.day)  # noqa: DTZ001 - a day has no time zone
    return int(text) if column in ("SEX", "MOTHER") and text.isdigit() else text


def _fill(book: Workbook, title: str, columns: Sequence[str], rows: Iterable[Row], *, typed: bool) -> None:
    sheet = book.create_sheet(title)
    sheet.append(list(columns))
    for row in rows:
        sheet.append([_excel_value(name, row[name]) if typed else row[name] for name in columns])


def _books(*, typed: bool) -> Callable[[Written, Path], Path]:
    def write(written: Written, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for year, tables in written.items():
            book = Workbook(write_only=True)
            for table, sheet in tables.items():
                _fill(book, table.replace("_", " ").title(), sheet.columns, sheet.rows, typed=typed)
            book.save(folder / f"SSDA903 {year}.xlsx")
        return folder

    return write


def _one_book(written: Written, folder: Path) -> Path:
    """A workbook with a sheet per table, each with LA and YEAR columns."""
    folder.mkdir(parents=True, exist_ok=True)
    book = Workbook(write_only=True)
    for table in sorted({table for tables in written.values() for table in tables}):
        columns, rows = marked_rows(written, table, "Inventedshire")
        _fill(book, table, columns, rows, typed=True)
    book.save(folder / "book.xlsx")
    return folder / "book.xlsx"


#: Elements among a child's header that hold a table's rows.
_GROUPS = {
    "reviews": "AREVIEW",
    "missing": "AMISSING",
    "oc2": "OC2",
    "previous_permanence": "PERMANENCE",
    "placed_for_adoption": "AD_PLACED",
}
_ELEMENTS = {"CHILD": "CHILDID", "PLACE": "PL"}


def _elements(row: Row, leave: frozenset[str] = frozenset()) -> str:
    return "".join(
        f"<{_ELEMENTS.get(name, name)}>{escape(value)}</{_ELEMENTS.get(name, name)}>"
        for name, value in row.items()
        if name not in leave and value
    )


def _of_child(tables: Mapping[str, Sheet], table: str, child: str) -> list[dict[str, str]]:
    return [row for row in tables[table].rows if row["CHILD"] == child] if table in tables else []


def _child_xml(tables: Mapping[str, Sheet], header: Row) -> str:
    child, own = header["CHILD"], frozenset({"CHILD", "DOB", "SEX"})
    facts = _elements(header)
    for row in _of_child(tables, "uasc", child):
        facts += "<UASC>1</UASC>" + _elements(row, own)
    for table in ("oc3", "ad1"):
        facts += "".join(_elements(row, own) for row in _of_child(tables, table, child))
    for table, group in _GROUPS.items():
        facts += "".join(f"<{group}>{_elements(row, own)}</{group}>" for row in _of_child(tables, table, child))
    episodes = "".join(
        f"<EPISODE>{_elements(row, frozenset({'CHILD'}))}</EPISODE>" for row in _of_child(tables, "episodes", child)
    )
    return f"<CHILD><HEADER>{facts}</HEADER>{episodes}</CHILD>\n"


def _xml(written: Written, folder: Path) -> Path:
    for year, tables in written.items():
        children = "".join(_child_xml(tables, header) for header in tables["header"].rows)
        text = f"<?xml version='1.0' encoding='utf-8'?>\n<EXPSSDA903>\n{children}</EXPSSDA903>\n"
        put(folder / f"return {year}.xml", text)
    return folder


def zipped(folder: Path, path: Path) -> Path:
    """A zip file of all that a folder holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for item in sorted(folder.rglob("*")):
            if item.is_file():
                packed.write(item, item.relative_to(folder).as_posix())
    return path


def _zipped(layout: Callable[[Written, Path], Path]) -> Callable[[Written, Path], Path]:
    def write(written: Written, folder: Path) -> Path:
        layout(written, folder / "inside")
        return zipped(folder / "inside", folder / "returns.zip")

    return write


_FOLDERS, _XML = _named("{year}/{table}.csv"), _xml

#: Every layout by name: a function that writes returns into a folder and gives the path to read.
LAYOUTS: dict[str, Callable[[Written, Path], Path]] = {
    "one folder a year": _FOLDERS,
    "year before the name": _named("{year}-{table}.csv"),
    "year after the name": _named("{table}_{year}.csv"),
    "LA and YEAR columns": _one_authority,
    "workbook a year, real dates": _books(typed=True),
    "workbook a year, text": _books(typed=False),
    "one workbook": _one_book,
    "XML a year": _XML,
    "zip of folders": _zipped(_FOLDERS),
    "zip of workbooks": _zipped(_books(typed=True)),
    "zip of XML": _zipped(_XML),
    "UTF-8 with a byte order mark, semicolons": _named("{year}/{table}.csv", "utf-8-sig", ";"),
    "Excel's Unicode text": _named("{year}/{table}.txt", "utf-16", "\t"),
    "Windows-1252, bars": _named("{year}/{table}.csv", "cp1252", "|"),
}


def write_layout(name: str, written: Written, folder: Path) -> Path:
    """Write returns in one of :data:`LAYOUTS` and give the path to read."""
    return LAYOUTS[name](written, folder)
