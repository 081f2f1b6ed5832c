"""The measures that a corporate parenting board reads: by financial year, by quarter, between any two days.

Real and simulated journeys go through the same code. Definitions and their sources are in
``docs/indicators.md``, which is made from :data:`~sufficiency.history.measures.MEASURES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.history import measures as listed
from sufficiency.history.days import day_of
from sufficiency.history.model import History
from sufficiency.history.outcomes import OUTCOMES
from sufficiency.history.seen import Pair, Seen, seen, window

INDICATOR_COLUMNS = ("financial_year", "measure", "value", "numerator", "denominator")
QUARTER_COLUMNS = ("quarter", "first_day", "last_day", "measure", "value", "numerator", "denominator")
MEASURE_COLUMNS = ("measure", "value", "numerator", "denominator")
PER = 10_000
_RATE = "_per_10000"
#: Children aged 0 to 17 by the calendar year of the mid-year estimate.
Population = Mapping[int, float]
#: Measure → what it is, for the annex and the notebooks: names as in the yearly table.
MEASURES = {item.named(yearly=True): item.means for item in listed.MEASURES} | {
    name: outcome.means for name, outcome in OUTCOMES.items()
}

Row = tuple[str, float, float, float]


def indicators(history: History, population: Population | None = None) -> pd.DataFrame:
    """Measures of :data:`MEASURES` for each financial year of the history.

    A last year that the history covers in part counts that part; its last day is then the origin.
    Children whose answer depends on days before the first return are in neither numerator nor
    denominator.

    Parameters
    ----------
    population
        Children aged 0 to 17 by calendar year (mid-year estimates): adds rates per 10,000, each by
        the estimate of the year in which the financial year begins, or the latest before it.

    Returns
    -------
    pandas.DataFrame
        financial_year, measure, value, numerator, denominator (NaN for plain counts; value is NaN
        where the denominator is 0 or the answer is not known). Shares are between 0 and 1.
    """
    given = seen(history.placements, history.codes, history.first_day)
    rows = []
    for first, last in _years(history.first_day, history.origin):
        label = dates.financial_year(first)
        found = [*_measured(given, first, last, population, yearly=True), *_outcomes(history, first, last, yearly=True)]
        rows += [(label, *row) for row in found]
    return pd.DataFrame(rows, columns=list(INDICATOR_COLUMNS))


def quarterly(history: History, population: Population | None = None) -> pd.DataFrame:
    """The same by quarter (April to June is Q1): those measures that have a meaning for a quarter.

    Returns
    -------
    pandas.DataFrame
        quarter ("2025-26 Q1"), first_day, last_day (dates), measure, value, numerator, denominator.
        Names have no ``_31_march``. Only whole quarters are given.
    """
    given = seen(history.placements, history.codes, history.first_day)
    rows = []
    for first, last in _quarters(history.first_day, history.origin):
        label = f"{dates.financial_year(first)} Q{(dates.as_date(first).month - 4) % 12 // 3 + 1}"
        found = [*_measured(given, first, last, population), *_outcomes(history, first, last)]
        bounds = dates.to_dates([first, last])
        rows += [(label, bounds[0], bounds[1], *row) for row in found]
    return pd.DataFrame(rows, columns=list(QUARTER_COLUMNS))


def measures_between(
    placements: pd.DataFrame,
    codes: Codes,
    first: int | date | str,
    last: int | date | str,
    *,
    first_day: int | None = None,
    population: Population | None = None,
) -> pd.DataFrame:
    """Measures between any two days, both inclusive, of any placements in history's form.

    Parameters
    ----------
    placements
        A history's placements, or simulated journeys in that form.
    first_day
        First day observed; None takes the first day asked for.

    Returns
    -------
    pandas.DataFrame
        measure, value, numerator, denominator: names as in :func:`quarterly`. Measures that come
        from other tables than episodes (care leavers, matches) are not among them.
    """
    begin, end = day_of(first), day_of(last)
    given = seen(placements, codes, begin if first_day is None else first_day)
    return pd.DataFrame(_measured(given, begin, end, population), columns=list(MEASURE_COLUMNS))


def _years(first_day: int, last_day: int) -> Iterator[tuple[int, int]]:
    for year in dates.collection_years(first_day, last_day):
        first, last = dates.year_bounds(year)
        yield max(first, first_day), min(last, last_day)


def _quarters(first_day: int, last_day: int) -> Iterator[tuple[int, int]]:
    """Whole quarters between two days."""
    month = int(dates.month_index(first_day))
    # Quarters begin in January, April, July and October: months 0, 3, … since January 1970.
    for start in range(month - month % 3, int(dates.month_index(last_day)) + 1, 3):
        first, last = int(dates.month_start(start)), int(dates.month_start(start + 3)) - 1
        if first >= first_day and last <= last_day:
            yield first, last


def _measured(
    given: Seen, first: int, last: int, population: Population | None, *, yearly: bool = False
) -> Iterator[Row]:
    """Every measure of one window, rates after their counts."""
    found = window(given, first, last)
    children = _children(population, first)
    for item in listed.MEASURES:
        if item.annual and not yearly:
            continue
        pair = item.find(found)
        name = item.named(yearly=yearly)
        yield _row(name, pair)
        if item.rated and children is not None:
            yield name + _RATE, pair[0] / children * PER, pair[0], children


def _outcomes(history: History, first: int, last: int, *, yearly: bool = False) -> Iterator[Row]:
    for name, outcome in OUTCOMES.items():
        if yearly or not outcome.annual:
            yield _row(name, outcome.find(history, first, last))


def _row(name: str, pair: Pair) -> Row:
    over, under = pair
    value = over if np.isnan(under) else over / under if under else np.nan
    return name, float(value), over, under


def _children(population: Population | None, day: int) -> float | None:
    """Mid-year estimate for the financial year of a day, or the latest before it."""
    year = int(dates.financial_year_start(day))
    known = [item for item in population or {} if item <= year]
    return float((population or {})[max(known)]) if known else None
