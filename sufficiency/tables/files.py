"""Reading a council's CSV table: every problem told at once, with file, row and column."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from sufficiency.errors import Problem, UserError, nearest, shown


def read_table(path: Path, columns: tuple[str, ...], optional: tuple[str, ...] = ()) -> pd.DataFrame:
    """Rows of a table as text, blank lines left out, with the row each stood in as ``row``.

    Raises
    ------
    UserError
        When the file is not text, is empty, lacks a column, or has one that is not known.
    """
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
            problems.append(Problem(f"{shown(value)} is not {wanted}.", file, int(row), column))
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
