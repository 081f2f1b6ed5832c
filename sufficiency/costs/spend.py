"""Spend of a plan: nights × price and all that does not follow nights, replication by replication.

A night costs a week's price ÷ 7; the night of a move belongs to the new placement (a child-day runs
from arrival to the day before leaving), so that a year has 365 or 366 of them. Nothing is rounded here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.costs.fixed import fixed_pounds, standing_costs
from sufficiency.costs.income import income_pounds
from sufficiency.costs.nights import Counted
from sufficiency.costs.price_draws import price_factors
from sufficiency.errors import UserError
from sufficiency.scenario import Investment
from sufficiency.simulation import Outcome
from sufficiency.tables import Prices
from sufficiency.tables.price_lists import PriceList

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SPEND_COLUMNS = ("scenario", "replication", "financial_year", "setting", "kind", "pounds")
MONTHLY_COLUMNS = ("scenario", "replication", "month", "setting", "kind", "pounds")
#: Income stands below nought, so that all kinds add up to net spend.
KINDS = ("placement", "fixed", "investment", "income")
#: The setting written beside money that belongs to no setting.
NO_SETTING = "all"
_WEEK = 7
_MONTHS = 12


@dataclass(frozen=True, eq=False)
class Costs:
    """What one plan costs, month by month.

    Attributes
    ----------
    scenario
        The plan's name.
    months
        Calendar months since January 1970.
    nights
        Shape (replications, months, all settings).
    by_night
        The nights of them that are paid for by the night, which no block contract holds; same shape.
    price
        Mean pounds a night by month and setting before a replication's own draw, over the nights of all
        replications; shape (months, all settings), the plan's fees with it.
    pounds
        By kind, each of shape (replications, months, all settings and one for no setting).
    one_off
        Of the investment, what is paid once: shape (months,).
    includes
        What the spread over replications holds: chance; parameters, where the outcome drew them; prices, where
        there are price lists and they were drawn.
    """

    scenario: str
    codes: Codes
    months: Ints
    nights: Floats
    by_night: Floats
    price: Floats
    pounds: Mapping[str, Floats]
    one_off: Floats
    includes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Costs({self.scenario}: {len(self.nights):,} replications, {len(self.months)} months)"

    @property
    def settings(self) -> tuple[str, ...]:
        """Settings of the last axis of the pounds, the last being :data:`NO_SETTING`."""
        return (*self.codes.all_settings, NO_SETTING)

    @property
    def held(self) -> str:
        """What the spread holds, in words."""
        *others, last = self.includes
        return f"{', '.join(others)} and {last}" if others else last

    @property
    def years(self) -> npt.NDArray[np.object_]:
        """Financial years of the horizon; the first and the last may be parts."""
        return np.unique(self._year_of_month)

    @property
    def whole_years(self) -> tuple[str, ...]:
        """Financial years of which all twelve months are there."""
        names, counts = np.unique(self._year_of_month, return_counts=True)
        return tuple(str(name) for name, count in zip(names, counts, strict=True) if count == _MONTHS)

    @property
    def _year_of_month(self) -> npt.NDArray[np.object_]:
        return dates.financial_years(dates.month_start(self.months))

    def yearly(self, amounts: Floats) -> Floats:
        """Monthly amounts added up by financial year; months are the second axis."""
        begins = np.unique(self._year_of_month, return_index=True)[1]
        return np.asarray(np.add.reduceat(amounts, begins, axis=1))

    def total(self, *kinds: str) -> Floats:
        """Pounds of some kinds (all of them: net) by replication and month."""
        total: Floats = np.sum([self.pounds[kind].sum(axis=2) for kind in kinds or KINDS], axis=0)
        return total

    def by_year(self) -> pd.DataFrame:
        """Spend by financial year: :data:`SPEND_COLUMNS`, in order of kind; nothing that is nought."""
        return self._tidy({kind: self.yearly(pounds) for kind, pounds in self.pounds.items()}, self.years)

    def by_month(self) -> pd.DataFrame:
        """Spend by month: :data:`MONTHLY_COLUMNS`."""
        months = np.array(dates.to_dates(dates.month_start(self.months)), dtype=object)
        told = self._tidy(dict(self.pounds), months).rename(columns={"financial_year": "month"})
        return told.assign(month=pd.to_datetime(told["month"]).astype("datetime64[s]"))

    def _tidy(self, amounts: Mapping[str, Floats], periods: npt.NDArray[np.object_]) -> pd.DataFrame:
        parts: list[pd.DataFrame] = []
        for kind, pounds in amounts.items():
            replication, period, setting = found = np.nonzero(pounds)
            columns = {
                "scenario": self.scenario,
                "replication": replication,
                "financial_year": periods[period],
                "setting": np.array(self.settings, dtype=object)[setting],
                "kind": kind,
                "pounds": pounds[found],
            }
            if len(replication) or not parts:
                parts.append(pd.DataFrame(columns, columns=list(SPEND_COLUMNS)))
        return pd.concat(parts, ignore_index=True)


def cost_plan(
    outcome: Outcome,
    prices: Prices,
    *,
    fixed_costs: pd.DataFrame | None = None,
    income: pd.DataFrame | None = None,
    draw_prices: bool = True,
) -> Costs:
    """Everything a plan costs, by month, setting and kind.

    Parameters
    ----------
    fixed_costs, income
        The council's tables.
    draw_prices
        Whether the mean price of a setting with a price list is drawn in every replication
        (:func:`~sufficiency.costs.price_draws.price_factors`), or is the price given in all.

    Raises
    ------
    UserError
        When children in care live where there is no price, or a cost counts places that nobody knows.
    """
    counted = Counted(outcome)
    by_age, price = _night_prices(counted, prices)
    money = outcome.scenario.effects(outcome.origin + 1, len(counted.months), counted.codes).money
    lists = prices.lists if draw_prices else ()
    drawn = price_factors(lists, counted.codes, outcome.seed, counted.nights, counted.months)
    full = counted.nights * price * money.fees * drawn
    fixed, by_night = fixed_pounds(standing_costs(fixed_costs, money.fixed, counted), counted)
    placed = full * by_night
    recurring, one_off = _investments(outcome, len(counted.months))
    invested = np.zeros_like(fixed)
    invested[:, :, -1] = recurring + one_off
    received = income_pounds(income, counted, by_age, placed)
    nowhere = np.zeros((*placed.shape[:2], 1))
    kinds = (np.concatenate([placed, nowhere], axis=2), fixed, invested, -received)
    return Costs(
        scenario=outcome.scenario.name,
        codes=counted.codes,
        months=counted.months,
        nights=counted.nights,
        by_night=counted.nights * by_night,
        price=_mean_price(counted.nights, price) * money.fees,
        pounds=dict(zip(KINDS, kinds, strict=True)),
        one_off=one_off,
        includes=_includes(outcome, lists),
    )


def _includes(outcome: Outcome, lists: Sequence[PriceList]) -> tuple[str, ...]:
    drawn = {"parameters": outcome.parameters == "draw", "prices": bool(lists)}
    return ("chance", *(name for name, is_drawn in drawn.items() if is_drawn))


def cost(
    outcome: Outcome,
    prices: Prices,
    *,
    fixed_costs: pd.DataFrame | None = None,
    income: pd.DataFrame | None = None,
    draw_prices: bool = True,
) -> pd.DataFrame:
    """Spend of every replication of a plan by financial year.

    Parameters
    ----------
    fixed_costs, income, draw_prices
        As in :func:`cost_plan`.

    Returns
    -------
    scenario, replication, financial_year, setting, kind (placement, fixed, investment, income), pounds. Income is
    below nought, so that the kinds add up to net spend.

    Raises
    ------
    UserError
        As in :func:`cost_plan`.
    """
    return cost_plan(outcome, prices, fixed_costs=fixed_costs, income=income, draw_prices=draw_prices).by_year()


def price_a_night(prices: Prices, codes: Codes, first_day: int, last_day: int) -> Floats:
    """Pounds a night by calendar month of some days and setting, shape (months, all settings); 0 without a price.

    Where price differs by age: the plain mean over ages.
    """
    months = int(dates.month_index(first_day)) + np.arange(dates.calendar_months(first_day, last_day))
    grid = prices.grid(codes.all_settings, months)
    given = ~np.isnan(grid)
    mean: Floats = np.where(given, grid, 0.0).sum(axis=2) / np.maximum(given.sum(axis=2), 1) / _WEEK
    return mean


def _night_prices(counted: Counted, prices: Prices) -> tuple[Floats | None, Floats]:
    """Pounds a night by month, setting and age (None where age is nowhere a matter), and by replication or not.

    The second broadcasts to (replications, months, all settings): each replication's mean over the ages that
    live in the setting.
    """
    codes = counted.codes
    grid = prices.grid(codes.all_settings, counted.months) / _WEEK
    lived = counted.nights.sum(axis=0) > 0
    if not prices.by_age:
        _refuse_unpriced(lived & np.isnan(grid[:, :, 0]), codes, prices.left_out)
        return None, np.nan_to_num(grid[None, :, :, 0])
    at = [place for place, name in enumerate(codes.all_settings) if name in prices.by_age]
    plain = np.delete(np.arange(len(codes.all_settings)), at)
    shares = counted.shares[:, :, at].sum(axis=-1)
    lacking = lived & np.isnan(grid[:, :, 0])
    lacking[:, at] = ((shares > 0).any(axis=0) & np.isnan(grid[:, at])).any(axis=2)
    _refuse_unpriced(lacking, codes, prices.left_out)
    whole = np.empty_like(counted.nights)
    whole[:, :, plain] = np.nan_to_num(grid[:, plain, 0])
    whole[:, :, at] = (shares * np.nan_to_num(grid[:, at])).sum(axis=3)
    return np.nan_to_num(grid), whole


def _refuse_unpriced(lacking: npt.NDArray[np.bool_], codes: Codes, left_out: frozenset[str]) -> None:
    # Staying put is not care: a council that gives no price for it leaves its cost out.
    wanted = np.array([name in codes.in_care and name not in left_out for name in codes.all_settings])
    unpriced = lacking.any(axis=0) & wanted
    if unpriced.any():
        said = ", ".join(sorted(codes.label(codes.all_settings[number]) for number in np.flatnonzero(unpriced)))
        told = "Give one for each (and for every age that lives there), 0 where a placement costs nothing."
        raise UserError([f"The prices table has no price for: {said}. {told}"])


def _mean_price(nights: Floats, price: Floats) -> Floats:
    """Mean of a price over replications, weighted by their nights, shape (months, all settings)."""
    if len(price) == 1:
        return np.asarray(price[0])
    whole = nights.sum(axis=0)
    mean: Floats = np.divide((nights * price).sum(axis=0), whole, out=price.mean(axis=0), where=whole > 0)
    return mean


def _investments(outcome: Outcome, months: int) -> tuple[Floats, Floats]:
    """Investment of the plan by month, by the year and once, the same in every replication."""
    start = outcome.scenario.start_month(outcome.origin + 1)
    recurring, one_off = np.zeros(months), np.zeros(months)
    for item in outcome.scenario.investment:
        _add(item, start, recurring, one_off)
    return recurring, one_off


def _add(item: Investment, start: int, recurring: Floats, one_off: Floats) -> None:
    first = start if item.starts is None else item.starts
    recurring += np.where(np.arange(len(recurring)) >= first, item.per_year / _MONTHS, 0.0)
    if first < len(one_off):
        one_off[first] += item.one_off
