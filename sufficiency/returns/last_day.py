"""The last day of data: 31 March of the last return, or earlier where that return is of part of a year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.dates import OPEN, Days
from sufficiency.errors import Finding, UserError
from sufficiency.returns.columns import read_dates
from sufficiency.returns.files import SourceFile
from sufficiency.returns.layout import EPISODES
from sufficiency.returns.rules import finding
from sufficiency.returns.years import Dated

#: Quiet days at the end of a year are no accident where the pace before them would have brought so many
#: starts and ends (by chance alone: less than once in 100 million returns). So few dates tell no pace, and so
#: few days are no silence. Assumptions.
_EXPECTED, _FEW_DATES, _QUIET_DAYS = 20.0, 20, 28


def last_day(dated: Dated, until: date | str | None) -> tuple[int, list[Finding]]:
    """Last day of data of the returns, and what is to be told of it.

    Parameters
    ----------
    dated
        The files, with their years.
    until
        The day, where the user knows that the last return is of part of a year.

    Raises
    ------
    UserError
        Where the day given is no date of the last return's year.
    """
    year = dated.years[-1]
    first, last = dates.year_bounds(year)
    names = [file for file in dated.files if file.year == year and file.table is not None and len(file.frame)]
    episodes = [file for file in names if file.table is not None and file.table.name == EPISODES]
    if until is not None:
        day = _given(until, first, last)
        message = f"The last return, of the year ending March {year}, is read up to {dates.as_date(day):%d/%m/%Y}."
        return day, [finding("part_year_given", message, file=episodes[-1].name)] if day < last else []
    seen = _last_seen(episodes, first, last)
    if seen is None:
        return last, []
    message = f"The last start or end in the return of {year} is on {dates.as_date(seen):%d/%m/%Y}."
    return seen, [finding("part_year", message, file=episodes[-1].name)]


def _given(until: date | str, first: int, last: int) -> int:
    if isinstance(until, str):
        day = int(read_dates(pd.Series([until.strip()], dtype="str")).days[0])
        if day == OPEN:
            raise UserError(["The last day of data is not a date: write it as 2025-09-30 or 30/09/2025."])
    else:
        day = dates.day_number(until)
    if not first <= day <= last:
        start, end = dates.as_date(first), dates.as_date(last)
        raise UserError(
            [f"The last day of data {dates.as_date(day)} is not in the year of the last return, {start} to {end}."]
        )
    return day


def _last_seen(episodes: Sequence[SourceFile], first: int, last: int) -> int | None:
    """The last start or end in a year, where so many quiet days follow that the year is not whole; else None."""
    columns: list[Days] = [read_dates(file.frame[column]).days for file in episodes for column in ("DECOM", "DEC")]
    days = np.concatenate(columns) if columns else np.zeros(0, dtype=np.int64)
    within = days[(days != OPEN) & (days >= first) & (days <= last)]
    if len(within) < _FEW_DATES:
        return None
    seen = int(within.max())
    quiet = last - seen
    expected = len(within) / (seen - first + 1) * quiet
    return seen if quiet >= _QUIET_DAYS and expected >= _EXPECTED else None
