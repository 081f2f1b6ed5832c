"""Spend by setting and financial year: nights × price, replication by replication.

A night costs a week's price ÷ 7; the night of a move belongs to the new placement (a child-day runs
from arrival to the day before leaving). Nothing is rounded here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.errors import UserError
from sufficiency.scenario import Investment
from sufficiency.simulation import Outcome
from sufficiency.simulation.results import by_year, months_of
from sufficiency.tables import Prices

Floats = npt.NDArray[np.float64]

SPEND_COLUMNS = ("scenario", "replication", "financial_year", "setting", "kind", "pounds")
#: The setting written beside money that belongs to no setting.
NO_SETTING = "all"
_WEEK = 7
_MONTHS = 12


def cost(outcome: Outcome, prices: Prices) -> pd.DataFrame:
    """Spend of every replication of a plan.

    Returns
    -------
    scenario, replication, financial_year, setting, kind (placement, investment), pounds.

    Raises
    ------
    UserError
        When children live in settings that have no price.
    """
    pounds = by_year(outcome, pounds=outcome.nights * (_per_week(outcome, prices) / _WEEK))
    paid = pounds.assign(scenario=outcome.scenario.name, kind="placement")
    placed = paid.sort_values(["replication", "financial_year", "setting"])[list(SPEND_COLUMNS)].reset_index(drop=True)
    invested = _investments(outcome)
    return placed if invested.empty else pd.concat([placed, invested], ignore_index=True)


def price_a_night(prices: Prices, codes: Codes, first_day: int, last_day: int) -> Floats:
    """Pounds a night by calendar month of some days and setting, shape (months, all settings); 0 without a price."""
    months = int(dates.month_index(first_day)) + np.arange(dates.calendar_months(first_day, last_day))
    return np.nan_to_num(_weekly(prices, codes, months)) / _WEEK


def _weekly(prices: Prices, codes: Codes, months: npt.NDArray[np.int64]) -> Floats:
    """Pounds a week by month and setting; missing without a price."""
    return np.column_stack([prices.per_week(setting, months) for setting in codes.all_settings])


def _per_week(outcome: Outcome, prices: Prices) -> Floats:
    """Pounds a week by month and setting, 0 where nobody lives."""
    codes, lived = outcome.codes, outcome.nights.sum(axis=0) > 0
    per_week = np.where(lived, _weekly(prices, codes, months_of(outcome)), 0.0)
    # Staying put is not care: a council that gives no price for it leaves its cost out.
    lacking = np.isnan(per_week).any(axis=0) & np.isin(codes.all_settings, codes.in_care)
    if lacking.any():
        said = ", ".join(sorted(codes.label(codes.all_settings[number]) for number in np.flatnonzero(lacking)))
        raise UserError(
            [f"The prices table has no price for: {said}. Give one for each, 0 where a placement costs nothing."]
        )
    return np.nan_to_num(per_week)


def _investments(outcome: Outcome) -> pd.DataFrame:
    """Investment of the plan, the same in every replication."""
    first = int(dates.month_index(outcome.origin + 1))
    months = np.arange(first, int(dates.month_index(outcome.last_day)) + 1)
    start = outcome.scenario.start_month(outcome.origin + 1)
    monthly = np.zeros(len(months))
    for item in outcome.scenario.investment:
        monthly += _by_month(item, start, len(months))
    years = dates.financial_years(dates.month_start(months))
    by_year = pd.Series(monthly).groupby(years).sum()
    by_year = by_year[by_year > 0]
    rows = [
        (outcome.scenario.name, replication, year, NO_SETTING, "investment", pounds)
        for replication in range(outcome.replications)
        for year, pounds in by_year.items()
    ]
    return pd.DataFrame(rows, columns=list(SPEND_COLUMNS))


def _by_month(item: Investment, start: int, months: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    first = start if item.starts is None else item.starts
    monthly = np.where(np.arange(months) >= first, item.per_year / _MONTHS, 0.0)
    if first < months:
        monthly[first] += item.one_off
    return monthly


def summarise_spend(spend: pd.DataFrame) -> pd.DataFrame:
    """Percentiles over replications by financial year, setting and in total.

    The total's percentiles are those of the sums, not sums of percentiles (type 7, linear).

    Returns
    -------
    scenario, financial_year, setting ("all" is the total with investment), mean, p10, p50, p80, p90.
    """
    keys = ["scenario", "financial_year", "setting", "replication"]
    settings = (
        spend[spend["kind"] == "placement"]
        .groupby(keys, observed=True)["pounds"]
        .sum()
        .unstack("replication", fill_value=0)
    )
    total = (
        spend.groupby(["scenario", "financial_year", "replication"], observed=True)["pounds"]
        .sum()
        .unstack("replication", fill_value=0)
    )
    total.index = pd.MultiIndex.from_tuples([(*key, NO_SETTING) for key in total.index], names=keys[:3])
    table = pd.concat([settings, total])
    values = table.to_numpy()
    low, middle, high, top = np.percentile(values, [10, 50, 80, 90], axis=1)
    summary = pd.DataFrame(
        {"mean": values.mean(1), "p10": low, "p50": middle, "p80": high, "p90": top}, index=table.index
    )
    return summary.reset_index()
