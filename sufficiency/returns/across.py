"""Checks that hold tables and returns against each other: seeking asylum, and tables of another year."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.codes import SHORT_BREAKS
from sufficiency.dates import OPEN
from sufficiency.returns.columns import read_dates
from sufficiency.returns.files import SourceFile
from sufficiency.returns.layout import EPISODES, UASC
from sufficiency.returns.ledger import Ledger
from sufficiency.returns.rules import RULES
from sufficiency.returns.years import named_years

#: Tables whose dates all lie within their year, and the column that says so.
_DATED = {"reviews": "REVIEW", "missing": "MIS_START"}
#: So many dates, at least, before a table is held to be of another year.
_ENOUGH = 5
_KEYS = ["CHILD", "year"]
_YEARS = 10_000


def tell_across(ledger: Ledger) -> None:
    """Tell what only shows when tables or returns are held against each other."""
    _tell_asylum(ledger)
    for file in ledger.files_read:
        _tell_year(file, ledger)


def _tell_asylum(ledger: Ledger) -> None:
    """Tell children who are seeking asylum in one return and not in the one before or after."""
    flagged, rows = ledger.rows_of(UASC), ledger.rows_of(EPISODES)
    if flagged.empty or rows.empty:
        return
    flagged = flagged[flagged["CHILD"] != ""].drop_duplicates(_KEYS)
    rows = rows[rows["CHILD"].isin(flagged["CHILD"]) & ~rows["LS"].isin(SHORT_BREAKS)]
    # One number for each child and year; years of one child lie next to each other.
    names = pd.Index(flagged["CHILD"].unique())
    flags = names.get_indexer(flagged["CHILD"]) * _YEARS + flagged["year"].to_numpy(np.int64)
    seen = np.unique(names.get_indexer(rows["CHILD"]) * _YEARS + rows["year"].to_numpy(np.int64))
    lacks = ~np.isin(seen, flags) & np.isin(seen % _YEARS, flagged["year"].unique())
    same = seen[1:] // _YEARS == seen[:-1] // _YEARS
    comes = seen[1:][same & lacks[:-1]]
    goes = seen[:-1][same & lacks[1:]]
    ceased = flagged["DUC"].ne("").to_numpy(bool)
    ledger.tell("uasc_comes", flagged[np.isin(flags, comes)], "CHILD")
    ledger.tell("uasc_goes", flagged[np.isin(flags, goes) & ~ceased], "CHILD")


def _tell_year(file: SourceFile, ledger: Ledger) -> None:
    """Tell a file that is named for another year than it is of, or whose dates all lie outside it."""
    if file.table is None or not file.year or file.frame.empty:
        return
    named = named_years(file.path, 1)
    if named and not named & {file.year - 1, file.year}:
        said = ", ".join(str(year) for year in sorted(named))
        message = f"The file or its folder is named {said}, and its dates are of the year ending March {file.year}."
        ledger.note("named_for_another_year", file.name, message)
    column = _DATED.get(file.table.name)
    if column is None:
        return
    days = read_dates(file.frame[column]).days
    known = days[days != OPEN]
    first, last = dates.year_bounds(file.year)
    if len(known) >= _ENOUGH and not np.any((known >= first) & (known <= last)):
        ledger.note("dates_of_another_year", file.name, RULES["dates_of_another_year"].means, column)
