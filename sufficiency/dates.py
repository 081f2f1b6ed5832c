"""The calendar, in whole days.

A day is the number of days since 1 January 1970 (int64), the same number that NumPy's
``datetime64[D]`` holds, so that every sum of days is exact whatever its order. The calendar
itself is looked up only for months, financial years and birthdays.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

Days = npt.NDArray[np.int64]

#: Stands for "still open" wherever a day number is wanted: later than every real day.
OPEN = np.int64(2**31 - 1)
ADULT = 18


def day_number(value: date | pd.Timestamp | str) -> int:
    """The day number of one date.

    >>> day_number("1970-01-02")
    1
    """
    return int(np.datetime64(pd.Timestamp(value), "D").astype(np.int64))


def to_days(values: pd.Series | pd.DatetimeIndex) -> Days:
    """Day numbers of a column of dates; a missing date becomes :data:`OPEN`."""
    stamps = np.asarray(values, dtype="datetime64[D]")
    return np.where(np.isnat(stamps), OPEN, stamps.astype(np.int64))


def to_dates(days: npt.ArrayLike) -> pd.DatetimeIndex:
    """Dates of day numbers (midnight, second resolution); :data:`OPEN` becomes NaT."""
    array = np.asarray(days, dtype=np.int64)
    stamps = array.astype("datetime64[D]").astype("datetime64[s]")
    stamps[array == OPEN] = np.datetime64("NaT")
    return pd.DatetimeIndex(stamps)


def as_date(day: int) -> date:
    """One day number as a :class:`datetime.date`."""
    return date.fromordinal(int(day) + date(1970, 1, 1).toordinal())


def birthday(dob: npt.ArrayLike, age: npt.ArrayLike) -> Days:
    """The day of the given birthday. Someone born on 29 February turns on 1 March in common years.

    >>> as_date(birthday(day_number("2008-02-29"), 18)[()])
    datetime.date(2026, 3, 1)
    """
    born = np.asarray(dob, dtype=np.int64).astype("datetime64[D]")
    month = born.astype("datetime64[M]")
    into_month = born - month.astype("datetime64[D]")
    then: Days = ((month + np.asarray(age, dtype=np.int64) * 12).astype("datetime64[D]") + into_month).astype(np.int64)
    return then


def age_on(dob: npt.ArrayLike, day: npt.ArrayLike) -> Days:
    """Whole years of age on a day (negative before birth)."""
    born = np.asarray(dob, dtype=np.int64)
    now = np.asarray(day, dtype=np.int64)
    born_in, now_in = (days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) for days in (born, now))
    years = now_in - born_in
    return years - (birthday(born, years) > now)


def band_of(values: npt.ArrayLike, edges: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Index of the band whose lower edge is the last not above each value; at least 0."""
    found = np.searchsorted(np.asarray(edges), np.asarray(values), side="right") - 1
    return np.maximum(found, 0).astype(np.int64)


def month_index(days: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Months since January 1970."""
    return np.asarray(days, dtype=np.int64).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def month_start(index: npt.ArrayLike) -> Days:
    """First day of a month given by :func:`month_index`."""
    return np.asarray(index, dtype=np.int64).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def month_edges(first_day: int, last_day: int) -> Days:
    """Cuts at month starts of the days first_day … last_day.

    The first cut is first_day and the last is last_day + 1, so that consecutive cuts bound the
    (possibly part) months: shape (months + 1,).
    """
    months = np.arange(int(month_index(first_day)) + 1, int(month_index(last_day)) + 1)
    return np.concatenate(([first_day], month_start(months), [last_day + 1])).astype(np.int64)


def add_years(day: int, years: int) -> int:
    """The same calendar day some years on (29 February becomes 1 March)."""
    return int(birthday(day, years)[()])


def financial_year_start(day: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Calendar year in which the financial year (April to March) of each day began."""
    return (month_index(day) - 3) // 12 + 1970


def financial_year(day: int) -> str:
    """Label of the financial year of a day.

    >>> financial_year(day_number("2026-04-01"))
    '2026-27'
    """
    start = int(financial_year_start(day))
    return f"{start}-{(start + 1) % 100:02d}"


def financial_years(days: npt.ArrayLike) -> npt.NDArray[np.object_]:
    """Labels of the financial years of many days."""
    starts = financial_year_start(days)
    labels = {int(start): f"{start}-{(start + 1) % 100:02d}" for start in np.unique(starts)}
    return np.array([labels[int(start)] for start in np.ravel(starts)], dtype=object).reshape(np.shape(starts))


def collection_year(day: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Calendar year in which the return covering each day ends (31 March)."""
    return financial_year_start(day) + 1


def calendar_months(first_day: int, last_day: int) -> int:
    """How many calendar months some days touch, both days included."""
    return int(month_index(last_day) - month_index(first_day)) + 1


def months_ahead(origin: int, years: int) -> int:
    """Calendar months that so many years after a day touch."""
    return calendar_months(origin + 1, add_years(origin, years))


def whole_month_ends(first_day: int, last_day: int) -> tuple[Days, npt.NDArray[np.bool_]]:
    """Last day of each (possibly part) month of some days, and whether the month ends on it."""
    ends = month_edges(first_day, last_day)[1:] - 1
    return ends, month_index(ends + 1) > month_index(ends)


def collection_years(first_day: int, last_day: int) -> range:
    """Collection years that some days touch, both days included."""
    return range(int(collection_year(first_day)), int(collection_year(last_day)) + 1)


def last_year_over(day: int) -> int:
    """The last collection year that is over by the end of a day."""
    return int(collection_year(day + 1)) - 1


def year_bounds(year: int) -> tuple[int, int]:
    """First and last day of the collection year that ends on 31 March of ``year``."""
    return day_number(f"{year - 1}-04-01"), day_number(f"{year}-03-31")
