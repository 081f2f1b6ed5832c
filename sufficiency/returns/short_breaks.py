"""Short-break series: set aside, and told where they are too long to be that."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.codes import SHORT_BREAKS
from sufficiency.dates import OPEN
from sufficiency.returns.columns import Bools, read_dates
from sufficiency.returns.ledger import SET_ASIDE, Ledger

#: Longest break and most days in a year that a series may have (SSDA903 guidance).
LONGEST_BREAK_DAYS = 17
MOST_DAYS_A_YEAR = 75
#: Breaks one by one; an agreement (V4) is one row for the whole series.
_EACH = "V3"


def short_breaks(rows: pd.DataFrame) -> Bools:
    """Rows of short-break series."""
    return rows["LS"].isin(SHORT_BREAKS).to_numpy(bool)


def settle_short_breaks(rows: pd.DataFrame, ledger: Ledger) -> None:
    """Set rows of short-break series aside and tell them, file by file."""
    ledger.settle(rows, SET_ASIDE)
    for (_, file), group in rows.groupby(["at", "file"], sort=True):
        message = f"{len(group):,} row{' is' if len(group) == 1 else 's are'} of short-break series (V3, V4)."
        ledger.note("short_breaks", str(file), message, "LS")
    _tell_long(rows[rows["LS"].eq(_EACH) & rows["CHILD"].ne("")], ledger)


def _tell_long(rows: pd.DataFrame, ledger: Ledger) -> None:
    """Tell single breaks that are too long, and the last break of a child that has too many days of them."""
    if rows.empty:
        return
    start, end = read_dates(rows["DECOM"]).days, read_dates(rows["DEC"]).days
    known = (start != OPEN) & (end != OPEN) & (end >= start)
    length = np.where(known, end - start, 0)
    ledger.tell("short_break_long", rows[length > LONGEST_BREAK_DAYS], "DEC")
    bounds = {year: dates.year_bounds(year) for year in rows["year"].unique().tolist()}
    first = np.array([bounds[year][0] for year in rows["year"].tolist()], dtype=np.int64)
    last = np.array([bounds[year][1] for year in rows["year"].tolist()], dtype=np.int64)
    within = np.clip(np.minimum(end, last + 1) - np.maximum(start, first), 0, None)
    days = rows.assign(days=np.where(known, within, 0)).groupby(["CHILD", "year"])["days"].transform("sum")
    many = rows[(days > MOST_DAYS_A_YEAR).to_numpy(bool)]
    ledger.tell("short_breaks_many", many.drop_duplicates(["CHILD", "year"], keep="last"), "DEC")
