"""Reading a council's table, a CSV file or a sheet of its workbook: every problem told at once, by row and column."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pandas as pd

from sufficiency.errors import Problem, UserError, nearest, shown

WORKBOOK = "council.xlsx"
_SHEET = f"{WORKBOOK}, sheet "
DATE = "a date (write 2026-04-01 or 01/04/2026)"
POUNDS = "an amount in pounds, 0 or more"
YEAR = "a financial year (write 2026-27)"


def read_table(path: Path, columns: tuple[str, ...], optional: tuple[str, ...] = ()) -> pd.DataFrame:
    """Rows of a table as text, blank lines left out, with the row each stood in as ``row``.

    Raises
    ------
    UserError
        When the file is not text, is empty, lacks a column, or has one that is not known.
    """
    table = _sheet(path) if path.name.startswith(_SHEET) else _csv(path)
    table.columns = [str(name).strip().lower() for name in table.columns]
    known = (*columns, *optional, "source")
    problems = [
        Problem(f"The column '{name}' is missing.", path.name, 1, name) for name in columns if name not in table
    ]
    problems += [
        Problem(f"The column '{name}' is not known.{nearest(name, known)}", path.name, 1, name)
        for name in table.columns
        if name not in known
    ]
    if problems:
        raise UserError(problems)
    stripped = table.apply(lambda column: column.str.strip())
    numbered = stripped.assign(row=range(2, len(table) + 2))
    filled: pd.DataFrame = numbered[(stripped != "").any(axis=1)].reset_index(drop=True)
    return filled


def _csv(path: Path) -> pd.DataFrame:
    try:
        raw = path.read_bytes()
    except OSError:
        raise UserError([Problem("The file could not be read; is it open in another program?", path.name)]) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    if not text.strip():
        raise UserError([Problem("The file is empty.", path.name)])
    try:
        table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, skip_blank_lines=False)
    except pd.errors.ParserError:
        raise UserError([Problem("The rows do not all have the same number of columns.", path.name)]) from None
    if not isinstance(table.index, pd.RangeIndex):
        # The first row is longer than the headings: its first cells would become an index, and all columns shift.
        raise UserError([Problem("The rows do not all have the same number of columns.", path.name)])
    return table


def sheets_of(folder: Path) -> tuple[str, ...]:
    """Sheets of the council's workbook in a folder; none where there is no workbook.

    Raises
    ------
    UserError
        When it cannot be read.
    """
    path = folder / WORKBOOK
    if not path.is_file():
        return ()
    try:
        book = openpyxl.load_workbook(path, read_only=True)
    except Exception:
        raise UserError([Problem("The workbook could not be read; save it as .xlsx and close it.", WORKBOOK)]) from None
    names = tuple(book.sheetnames)
    book.close()
    return names


def sheet_path(folder: Path, name: str) -> Path:
    """How a sheet of the workbook is named where a table's path is wanted."""
    return folder / WORKBOOK / f"{_SHEET}{name}"


def file_of(path: Path) -> Path:
    """The file behind a table's path: a sheet's is its workbook."""
    return path.parent if path.name.startswith(_SHEET) else path


def _sheet(path: Path) -> pd.DataFrame:
    """A sheet's cells as text, as a CSV file would hold them; results of formulas, not their text."""
    book = openpyxl.load_workbook(path.parent, read_only=True, data_only=True)
    rows = [
        [_cell(cell.value, str(getattr(cell, "number_format", ""))) for cell in row]
        for row in book[path.name.removeprefix(_SHEET)].iter_rows()
    ]
    book.close()
    if not any(any(row) for row in rows):
        raise UserError([Problem("The sheet is empty.", path.name)])
    width = max(number + 1 for row in rows for number, value in enumerate(row) if value)
    headings, *body = [[*row, *[""] * width][:width] for row in rows]
    return pd.DataFrame(body, columns=pd.Index(headings), dtype=str)


def _cell(value: object, number_format: str) -> str:
    """A cell as its reader sees it: a share shown as a percentage is one."""
    if value is None:
        return ""
    if isinstance(value, float | int) and "%" in number_format:
        return f"{value * 100:.10g}%"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).removesuffix(" 00:00:00").strip()


def parsed(
    table: pd.DataFrame,
    column: str,
    file: str,
    problems: list[Problem],
    read: Callable[[str], object],
    wanted: str,
) -> list[object]:
    """Values of a column read one by one; what cannot be read becomes a problem and None."""
    out: list[object] = []
    for value, row in zip(table[column], table["row"], strict=True):
        try:
            out.append(read(value))
        except ValueError:
            told = shown(value) if value else "A blank"
            problems.append(Problem(f"{told} is not {wanted}.", file, int(row), column))
            out.append(None)
    return out


def read_day(text: str) -> pd.Timestamp:
    """A date written as 2026-04-01 or 01/04/2026."""
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return pd.Timestamp(pd.to_datetime(text, format=form))
        except ValueError:
            continue
    raise ValueError(text)


def read_pounds(text: str) -> float:
    """An amount of money, with or without a pound sign and thousands separators, not negative."""
    value = float(text.replace("£", "").replace(",", "").strip())
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def read_month_start(text: str) -> pd.Timestamp:
    """The first of a month."""
    day = read_day(text)
    if day.day != 1:
        raise ValueError(text)
    return day


def read_year(text: str) -> str:
    """A financial year written as 2026-27 (or 2026/27)."""
    found = re.fullmatch(r"(20[0-9]{2})[-/]([0-9]{2})", text)
    if found is None or (int(found[1]) + 1) % 100 != int(found[2]):
        raise ValueError(text)
    return f"{found[1]}-{found[2]}"


def read_percent(text: str) -> float:
    """A yearly change in per cent, with or without its sign; from -50 to 100."""
    value = float(text.replace("%", "").strip())
    if not -50 <= value <= 100:  # noqa: PLR2004 - beyond is a slip (a factor, or an amount)
        raise ValueError(text)
    return value


def read_share(text: str) -> float:
    """A share above 0 and up to 1, as 0.2 or 20%."""
    value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 < value <= 1:
        raise ValueError(text)
    return value


def check_names(
    table: pd.DataFrame,
    column: str,
    known: Sequence[str],
    what: str,
    file: str,
    problems: list[Problem],
    *,
    blank: bool = False,
) -> None:
    """Tell every name of a column that is not known, with the nearest that is; ``blank``: none may be given."""
    problems += [
        Problem(f"{shown(name)} is not {what}.{nearest(name, known)}", file, int(row), column)
        for name, row in zip(table[column], table["row"], strict=True)
        if name not in known and not (blank and not name)
    ]
