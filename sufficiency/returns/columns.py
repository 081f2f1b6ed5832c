"""Cells to columns: text trimmed, dates and flags read."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency.dates import OPEN, Days

Bools = npt.NDArray[np.bool_]

_DAY_FIRST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?:[ T]00:00(?::00(?:\.0+)?)?)?")
_YEAR_FIRST = re.compile(r"(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})(?:[ T]00:00(?::00(?:\.0+)?)?Z?)?")
_YES = ("1", "1.0", "Y", "YES", "TRUE", "T")


@dataclass(frozen=True)
class ReadDates:
    """Day numbers of a column of text (:data:`OPEN` where there is none) and where text was no date."""

    days: Days
    unreadable: Bools

    def __repr__(self) -> str:
        return f"ReadDates({len(self.days):,} cells)"


def _day_of(text: str) -> int | None:
    """Day number of dd/mm/yyyy or yyyy-mm-dd, with or without a midnight; None where it is no day."""
    if found := _DAY_FIRST.fullmatch(text):
        day, month, year = found.groups()
    elif found := _YEAR_FIRST.fullmatch(text):
        year, month, day = found.groups()
    else:
        return None
    try:
        return int(np.datetime64(f"{year}-{int(month):02d}-{int(day):02d}", "D").astype(np.int64))
    except ValueError:
        return None


def read_dates(text: pd.Series) -> ReadDates:
    """Dates of a text column. Each different text is read once, so that millions of rows cost little."""
    where, different = pd.factorize(text)
    days = [OPEN if not item else _day_of(item) for item in different]
    known = np.array([OPEN if day is None else day for day in days], dtype=np.int64)
    bad = np.array([day is None for day in days], dtype=bool)
    return ReadDates(known[where], bad[where])


def tidy(cells: list[str]) -> pd.Series:
    """One column's cells, trimmed and in capitals, as the collection writes its codes."""
    return pd.Series(cells, dtype="str").str.strip().str.upper()


def tidy_ids(cells: list[str]) -> pd.Series:
    """Identifiers: as :func:`tidy`, without the ``.0`` that a spreadsheet adds to a whole number."""
    return tidy(cells).str.replace(r"^(\d+)\.0+$", r"\1", regex=True)


def read_flags(text: pd.Series) -> Bools:
    """Where a column says yes."""
    return text.isin(_YES).to_numpy(bool)
