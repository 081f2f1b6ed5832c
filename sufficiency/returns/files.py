"""Find the files of a return, read and recognise them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from sufficiency.errors import Finding, UserError
from sufficiency.returns import layout, marks, standard_tables, text
from sufficiency.returns.columns import Bools, tidy, tidy_ids
from sufficiency.returns.containers import (
    BOOKS,
    NOT_READ,
    SUFFIXES,
    XML,
    ZIP,
    Document,
    RefusedError,
    documents,
    visible,
)
from sufficiency.returns.layout import Table
from sufficiency.returns.rules import finding
from sufficiency.returns.workbooks import read_workbook
from sufficiency.returns.xml_return import read_xml


@dataclass(frozen=True)
class SourceFile:
    """One file as read, or one table of a workbook or an XML return.

    ``path`` says where it is (a sheet is below its workbook), ``name`` is how findings call it;
    ``rows`` counts all its rows, ``frame`` holds those that can be used (text columns, and ``row``:
    the line in the file), ``absent`` the columns that it lacks. ``table`` is None where the file is
    not used; ``year`` is the collection year, 0 until it is known. ``marks`` holds, for each row of
    the frame, what its LA and YEAR columns say, ``label`` what the YEAR column says of all its rows.
    """

    path: Path
    name: str
    table: Table | None
    frame: pd.DataFrame
    rows: int
    absent: frozenset[str] = frozenset()
    year: int = 0
    marks: pd.DataFrame | None = None
    label: str = ""

    def of_year(self, year: int) -> SourceFile:
        """The same file, its collection year known."""
        return replace(self, year=year)

    def part(self, where: Bools, name: str, rows: int) -> SourceFile:
        """Some of its rows; ``rows`` counts also those that are left out and belong to the part."""
        marks = None if self.marks is None else self.marks[where]
        return replace(self, name=name, rows=rows, frame=self.frame[where], marks=marks)

    def labelled(self, label: str) -> SourceFile:
        """The same file, all of whose rows are of the year that its YEAR column calls so."""
        return replace(self, label=label, marks=None)

    def unmarked(self) -> SourceFile:
        """The same file without its LA and YEAR columns."""
        return replace(self, marks=None)

    def __repr__(self) -> str:
        return f"SourceFile({self.name!r}, {self.table.name if self.table else None!r}, {self.rows:,} rows)"


def find_files(path: Path) -> list[Path]:
    """Every file of a folder and its subfolders that may hold a table, in order of path; hidden ones left out.

    Raises
    ------
    UserError
        Where the path does not exist or holds no such file.
    """
    if not path.exists():
        raise UserError([f"There is no folder or file of returns called '{path.name}'."])
    inside = [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())
    found = [item for item in inside if visible(item.relative_to(path).parts) and item.suffix.lower() in SUFFIXES]
    if not found:
        raise UserError([f"'{path.name}' holds no CSV file, Excel workbook, XML or zip file to read returns from."])
    return found


def display_names(paths: Sequence[Path], root: Path) -> list[str]:
    """Base names; with the folder where two files share one; the path from the root where that is shared too."""
    base = Counter(path.name for path in paths)
    longer = Counter(f"{path.parent.name}/{path.name}" for path in paths)
    names = []
    for path in paths:
        short, long = path.name, f"{path.parent.name}/{path.name}"
        names.append(short if base[short] == 1 else long if longer[long] == 1 else path.relative_to(root).as_posix())
    return names


def read_files(paths: Sequence[Path], root: Path) -> tuple[list[SourceFile], list[Finding]]:
    """Read and recognise each file; what cannot be used is told and kept with its count of rows."""
    opened = [_opened(path) for path in paths]
    where = [item.path for inside, _ in opened for item in inside]
    names = dict(zip(where, display_names(where, root), strict=True))
    files: list[SourceFile] = []
    findings: list[Finding] = []
    for path, (inside, refused) in zip(paths, opened, strict=True):
        if refused:
            files.append(_unused(path, path.name))
            findings.append(finding(refused, file=path.name))
        for document in inside:
            found, said = _read(document, names[document.path])
            files += found
            findings += said
    return files, findings


def _opened(path: Path) -> tuple[list[Document], str]:
    """The documents of a file, and the rule by which it is not read, if it is not."""
    try:
        return list(documents(path)), ""
    except RefusedError as error:
        return [], error.rule
    except OSError:
        return [], "not_readable"


def _unused(path: Path, name: str, rows: int = 0) -> SourceFile:
    return SourceFile(path, name, None, pd.DataFrame(), rows)


def _read(document: Document, name: str) -> tuple[list[SourceFile], list[Finding]]:
    unused = [_unused(document.path, name)]
    if document.suffix in NOT_READ + ZIP:
        return unused, [finding("packed_twice" if document.suffix in ZIP else "format_not_read", file=name)]
    try:
        return _tables_of(document, name, document.data())
    except RefusedError as error:
        return unused, [finding(error.rule, file=name)]
    except OSError:
        return unused, [finding("not_readable", file=name)]


def _tables_of(document: Document, name: str, data: bytes) -> tuple[list[SourceFile], list[Finding]]:
    path = document.path
    if document.suffix in BOOKS:
        return _tables(path, name, [(f"sheet {title}", title, cells) for title, cells in read_workbook(data)])
    if document.suffix in XML:
        return _tables(path, name, [(table, table, cells) for table, cells in read_xml(data)])
    file, said = _read_text(path, name, data)
    return [file], said


def _tables(
    path: Path, name: str, found: Sequence[tuple[str, str, text.Sheet]]
) -> tuple[list[SourceFile], list[Finding]]:
    """The tables of a workbook or XML return, each as a file below it."""
    files, findings = [], []
    for called, title, cells in found:
        file, said = _recognised(path / title.replace("/", " "), f"{name}, {called}", cells)
        files.append(file)
        findings += said
    if not files:
        return [_unused(path, name)], [finding("empty_file", file=name)]
    return files, findings


def _read_text(path: Path, name: str, data: bytes) -> tuple[SourceFile, list[Finding]]:
    decoded = text.decode(data)
    if decoded is None:
        return _unused(path, name), [finding("not_text", file=name)]
    sheet = text.split(decoded)
    if sheet is None:
        return _unused(path, name), [finding("empty_file", file=name)]
    return _recognised(path, name, sheet)


def _recognised(path: Path, name: str, sheet: text.Sheet) -> tuple[SourceFile, list[Finding]]:
    names = layout.column_names(sheet.heading)
    seen = layout.recognise(names)
    table, lacking = seen.table, seen.lacking
    if (other := standard_tables.recognise(sheet.heading)) is not None:
        table, names = other
        lacking = tuple(column for column in table.needed if column not in names)
    if table is None:
        return _unused(path, name, len(sheet.rows)), [finding("not_recognised", file=name)]
    if lacking:
        message = f"This file resembles the {table.name} table but has no column {_listed(lacking)}."
        said = finding("missing_column", message, file=name, row=1, column=lacking[0])
        return _unused(path, name, len(sheet.rows)), [said]
    absent = frozenset(table.columns) - frozenset(names)
    file = SourceFile(path, name, table, _frame(sheet, names, table), len(sheet.rows), absent, marks=_marks(sheet))
    return file, _about(name, table, sheet, names)


def _frame(sheet: text.Sheet, names: Sequence[str], table: Table) -> pd.DataFrame:
    width = len(sheet.heading)
    cells: Iterable[Sequence[str]] = zip(*sheet.rows, strict=True) if sheet.rows else [[]] * width
    kept = {
        column: (tidy_ids if column == "CHILD" else tidy)(list(column_cells))
        for column, column_cells in zip(names, cells, strict=True)
        if column in table.columns
    }
    blank = pd.Series([""] * len(sheet.rows), dtype="str")
    frame = pd.DataFrame({column: kept.get(column, blank) for column in table.columns})
    return frame.assign(row=np.asarray(sheet.lines, dtype=np.int64)).drop(index=list(sheet.long))


def _marks(sheet: text.Sheet) -> pd.DataFrame | None:
    """What the LA and YEAR columns say of each row that the frame has; None where there are no such columns."""
    found = layout.marks(sheet.heading)
    if not found:
        return None
    blank = [""] * len(sheet.rows)
    cells = {
        kind: [read(row[found[kind]]) for row in sheet.rows] if kind in found else blank
        for kind, read in _MARKS.items()
    }
    return pd.DataFrame(cells, dtype="str").drop(index=list(sheet.long))


_MARKS = {"la": cache(marks.authority), "year": cache(marks.year)}


def _about(name: str, table: Table, sheet: text.Sheet, names: Sequence[str]) -> list[Finding]:
    """What is to be told of a file that is used."""
    told = [finding("column_twice", file=name, row=1, column=column) for column in layout.twice(sheet.heading)]
    told += [_lacks(name, table, column) for column in table.wished if column not in names and column in _TOLD]
    told += [finding("too_many_cells", file=name, row=sheet.lines[at]) for at in sheet.long]
    told += [finding("too_few_cells", file=name, row=sheet.lines[at]) for at in sheet.short]
    if not sheet.rows:
        told.append(finding("no_rows", file=name))
    if sheet.blank:
        message = f"{sheet.blank:,} line{' holds' if sheet.blank == 1 else 's hold'} nothing."
        told.append(finding("blank_lines", message, file=name))
    return told


#: Columns whose absence changes what can be said; others may be missing without a word.
_TOLD = frozenset({"SEX", "ETHNIC", "CIN", "PLACE_PROVIDER", "REASON_PLACE_CHANGE"})


def _lacks(name: str, table: Table, column: str) -> Finding:
    message = f"The {table.name} table has no column {column}."
    return finding("column_not_there", message, file=name, row=1, column=column)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
