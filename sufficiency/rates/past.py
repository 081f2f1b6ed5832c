"""Every table that a run keeps of the past and of the faults in its returns, by name.

Counts, rates and shares, never a child's own row; but small counts, so for inside the council only.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGE_BANDS
from sufficiency.history import History, indicators, profile
from sufficiency.history.indicators import Population, quarterly
from sufficiency.history.outcomes import accommodation
from sufficiency.history.profile import profile_table
from sufficiency.history.quality import by_severity, quality, rows_by_year
from sufficiency.history.reasons import change_reasons
from sufficiency.history.stock import child_days_table, flow_table, spells, stock_table
from sufficiency.rates.survival import ALL_AGES, median_stay, stays_in_care, survival_curves
from sufficiency.returns import Returns

STAY_COLUMNS = ("age_at_entry", "months", "still_in_care", "standard_error", "followed")
MEDIAN_COLUMNS = ("age_at_entry", "median_days")
_DAYS_A_MONTH = 365.25 / 12


def past_tables(history: History, population: Population | None = None) -> dict[str, pd.DataFrame]:
    """What is known of the past, each table by the name of its file in ``internal/history``.

    Parameters
    ----------
    population
        Children aged 0 to 17 by calendar year: adds rates per 10,000 to the indicators.

    Returns
    -------
    dict of pandas.DataFrame
        stock (month ends), flows, child_days (months), profile (each 31 March and the origin),
        indicators (financial years), quarters, profile_table (quarter ends, as printed),
        change_reasons, accommodation (of care leavers), stays (share still in care, by month since
        entry and age at entry) and median_stay.
    """
    given, codes = spells(history.placements, history.codes), history.codes
    cuts = dates.month_edges(history.first_day, history.origin)
    years = dates.collection_years(history.first_day, history.origin)
    days = sorted({min(dates.year_bounds(year)[1], history.origin) for year in years})
    profiles = pd.concat([profile(history, day).assign(as_at=dates.to_dates([day])[0]) for day in days])
    return {
        "stock": stock_table(given, cuts[1:] - 1, codes),
        "flows": flow_table(given, history.first_day, history.origin, codes),
        "child_days": child_days_table(given, cuts, codes),
        "profile": profiles[["as_at", "dimension", "value", "children"]],
        "indicators": indicators(history, population),
        "quarters": quarterly(history, population),
        "profile_table": profile_table(history),
        "change_reasons": change_reasons(history),
        "accommodation": accommodation(history),
        **stay_tables(history),
    }


def quality_tables(returns: Returns) -> dict[str, pd.DataFrame]:
    """Faults of the returns by year: what they touch, what became of the rows, how many of each severity."""
    return {
        "quality": quality(returns),
        "quality_rows": rows_by_year(returns),
        "quality_severity": by_severity(returns),
    }


def stay_tables(history: History) -> dict[str, pd.DataFrame]:
    """How long children stay in care by age at entry: ``stays`` and ``median_stay``.

    The curve that steps down on the day on which a child left is read off at each month in care, so
    that no stay of one child can be read off it.

    Returns
    -------
    dict of pandas.DataFrame
        stays: age_at_entry (or "All"), months (since entry), still_in_care (share),
        standard_error, followed (children seen in care then). median_stay: age_at_entry,
        median_days (NaN where more than half are still in care at the end).
    """
    curves, lived = survival_curves(history), stays_in_care(history)
    names = [name for name in (ALL_AGES, *AGE_BANDS) if (curves["age_at_entry"] == name).any()]
    parts = []
    for name in names:
        mine = lived if name == ALL_AGES else lived[lived["age_at_entry"] == name]
        parts.append(_monthly(curves[curves["age_at_entry"] == name], mine).assign(age_at_entry=name))
    empty = pd.DataFrame({column: [] for column in STAY_COLUMNS})
    stays = pd.concat(parts, ignore_index=True)[list(STAY_COLUMNS)] if parts else empty
    middle = median_stay(curves).reindex(names).rename_axis("age_at_entry").reset_index()
    return {"stays": stays, "median_stay": middle[list(MEDIAN_COLUMNS)]}


def _monthly(curve: pd.DataFrame, stays: pd.DataFrame) -> pd.DataFrame:
    """One group's curve at each month in care, up to the first at which nobody is followed."""
    begun, until = stays["from_day"].to_numpy(np.float64), stays["days"].to_numpy(np.float64)
    day = np.arange(int(until.max() / _DAYS_A_MONTH) + 2) * _DAYS_A_MONTH
    followed = np.array([int(((begun <= one) & (until > one)).sum()) for one in day], dtype=np.int64)
    months = np.arange(int(np.argmin(followed > 0)))
    day, followed = day[months], followed[months]
    # The last step down on or before the day; before the first, everybody is in care.
    at = np.searchsorted(curve["days"].to_numpy(np.float64), day, side="right")
    share = np.concatenate([[1.0], curve["survival"].to_numpy(np.float64)])[at]
    error = np.concatenate([[0.0], curve["standard_error"].to_numpy(np.float64)])[at]
    return pd.DataFrame({"months": months, "still_in_care": share, "standard_error": error, "followed": followed})
