"""Find the files of a return, read and recognise them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from sufficiency.errors import Finding, UserError
from sufficiency.returns import layout, text
from sufficiency.returns.columns import tidy, tidy_ids
from sufficiency.returns.layout import Table
from sufficiency.returns.rules import finding

_TABLES = (".csv", ".txt", ".tsv")
_NOT_YET = (".xlsx", ".xls", ".xlsm", ".ods", ".xml", ".zip")


@dataclass(frozen=True)
class SourceFile:
    """One file as read.

    ``name`` is how findings call it; ``rows`` counts all its rows, ``frame`` holds those that can
    be used (text columns, and ``row``: the line in the file), ``absent`` the columns that it lacks.
    ``table`` is None where the file is not used; ``year`` is the collection year, 0 until it is known.
    """

    path: Path
    name: str
    table: Table | None
    frame: pd.DataFrame
    rows: int
    absent: frozenset[str] = frozenset()
    year: int = 0

    def of_year(self, year: int) -> SourceFile:
        """The same file, its collection year known."""
        return replace(self, year=year)

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
    found = [item for item in inside if _visible(item, path) and item.suffix.lower() in _TABLES + _NOT_YET]
    if not found:
        raise UserError([f"'{path.name}' holds no CSV file. Returns are read from CSV files."])
    return found


def _visible(item: Path, root: Path) -> bool:
    # ~$ and leading dots: what spreadsheets and file managers leave beside the files they open.
    return not any(part.startswith((".", "~$")) for part in item.relative_to(root).parts)


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
    files: list[SourceFile] = []
    told: list[Finding] = []
    for path, name in zip(paths, display_names(paths, root), strict=True):
        file, findings = _read(path, name)
        files.append(file)
        told += findings
    return files, told


def _unused(path: Path, name: str, rows: int = 0) -> SourceFile:
    return SourceFile(path, name, None, pd.DataFrame(), rows)


def _read(path: Path, name: str) -> tuple[SourceFile, list[Finding]]:
    if path.suffix.lower() in _NOT_YET:
        return _unused(path, name), [finding("format_not_read", file=name)]
    try:
        data = path.read_bytes()
    except OSError:
        return _unused(path, name), [finding("not_readable", file=name)]
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
    if seen.table is None:
        return _unused(path, name, len(sheet.rows)), [finding("not_recognised", file=name)]
    if seen.lacking:
        message = f"This file resembles the {seen.table.name} table but has no column {_listed(seen.lacking)}."
        told = finding("missing_column", message, file=name, row=1, column=seen.lacking[0])
        return _unused(path, name, len(sheet.rows)), [told]
    absent = frozenset(seen.table.columns) - frozenset(names)
    file = SourceFile(path, name, seen.table, _frame(sheet, names, seen.table), len(sheet.rows), absent)
    return file, _about(name, seen.table, sheet, names)


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
