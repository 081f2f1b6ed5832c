"""The forecast beside the council's books: the opening year against the ledger, and spend against budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.costs.fixed import nights_beyond_blocks
from sufficiency.errors import UserError
from sufficiency.history import History
from sufficiency.history.stock import child_days, spells
from sufficiency.tables import Prices

Floats = npt.NDArray[np.float64]

RECONCILED_COLUMNS = (
    "financial_year",
    "setting",
    "child_nights",
    "pounds_per_week",
    "modelled",
    "ledger",
    "difference",
    "difference_share",
    "calibrated_pounds_per_week",
    "verdict",
)
VARIANCE_COLUMNS = (
    "financial_year",
    "setting",
    "budget_nights",
    "actual_nights",
    "budget",
    "volume",
    "mix",
    "price",
    "actual",
)
ALL = "all"
#: A larger difference than this share of the ledger wants another price (an assumption of ours).
TOLERANCE = 0.02
_WEEK = 7
CLOSE, APART, UNSEEN = "close", "apart", "not in the returns"


@dataclass(frozen=True)
class Opening:
    """A financial year of the past as the model counts it.

    Attributes
    ----------
    year
        As 2025-26.
    nights
        Child-nights of each setting in care, in the order of the codes.
    by_night, pounds
        Those of them that no block contract held, and what they cost at the prices of the time.
    """

    year: str
    codes: Codes
    nights: Floats
    by_night: Floats
    pounds: Floats

    def __repr__(self) -> str:
        return f"Opening({self.year})"


def opening_year(
    history: History, prices: Prices, year: str | None = None, fixed_costs: pd.DataFrame | None = None
) -> Opening:
    """Nights of a financial year from the returns, at the prices of the time.

    Parameters
    ----------
    year
        As 2025-26; the last that is over by the origin when left out. Months before the first price have that
        price.
    fixed_costs
        The council's: nights in its block contracts are not paid for by the night.

    Raises
    ------
    UserError
        When the returns do not cover the whole year, or children lived where there is no price.
    """
    ends = int(year[:4]) + 1 if year else dates.last_year_over(history.origin)
    first, last = dates.year_bounds(ends)
    name, codes = dates.financial_year(first), history.codes
    if first < history.first_day or last > history.origin:
        raise UserError([f"The returns do not cover the whole of {name}, so its nights cannot be counted."])
    cuts = dates.month_edges(first, last)
    counts = child_days(spells(history.placements, codes), cuts, len(codes.all_settings)).astype(np.float64)
    counts = counts[:, : len(codes.in_care)].sum(axis=-1)
    grid = prices.grid(codes.in_care, dates.month_index(cuts[:-1])) / _WEEK
    lacking = ((counts > 0) & np.isnan(grid)).any(axis=(0, 2))
    lacking &= [setting not in prices.left_out for setting in codes.in_care]
    if lacking.any():
        said = ", ".join(sorted(codes.label(codes.in_care[number]) for number in np.flatnonzero(lacking)))
        raise UserError([f"The prices table has no price for: {said}, where children lived in {name}."])
    nights = counts.sum(axis=2)
    left = nights_beyond_blocks(fixed_costs, nights, dates.month_index(cuts[:-1]), np.diff(cuts), codes)
    # A block takes in children of every age alike.
    part = np.divide(left, nights, out=np.ones_like(nights), where=nights > 0)
    pounds = (counts * np.nan_to_num(grid)).sum(axis=2) * part
    return Opening(name, codes, nights.sum(axis=0), left.sum(axis=0), pounds.sum(axis=0))


def reconcile(
    history: History, prices: Prices, ledger: pd.DataFrame, fixed_costs: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The opening year's nights × price against the ledger.

    Parameters
    ----------
    ledger
        financial_year, setting, pounds. Its last year that the returns cover is taken.
    fixed_costs
        As in :func:`opening_year`: ``child_nights`` are those outside block contracts, since the ledger holds no
        fixed costs.

    Returns
    -------
    :data:`RECONCILED_COLUMNS`, one row a setting and ``all``: those that can be compared. ``difference`` is
    modelled less ledger, ``difference_share`` its share of the ledger, ``calibrated_pounds_per_week`` the price
    at which nights would meet the ledger (NaN without nights), verdict ``close`` (within :data:`TOLERANCE`),
    ``apart`` or ``not in the returns`` (staying put: the returns end at 18).

    Raises
    ------
    UserError
        When no year of the ledger is covered by the returns.
    """
    covered = [
        dates.financial_year(dates.year_bounds(end)[0])
        for end in dates.collection_years(history.first_day, history.origin)
        if dates.year_bounds(end)[0] >= history.first_day and dates.year_bounds(end)[1] <= history.origin
    ]
    years = sorted(set(ledger["financial_year"]) & set(covered))
    if not years:
        raise UserError(["The ledger has no financial year that the returns cover from April to March."])
    opening = opening_year(history, prices, years[-1], fixed_costs)
    spent = ledger[ledger["financial_year"] == opening.year].set_index("setting")["pounds"]
    cared = opening.codes.in_care
    counted = pd.DataFrame({"child_nights": opening.by_night, "modelled": opening.pounds}, index=list(cared))
    both = counted.reindex([name for name in opening.codes.all_settings if name in spent.index or name in cared])
    table = both.assign(ledger=spent.reindex(both.index))
    seen = table.dropna(subset=["ledger", "modelled"])
    table.loc[ALL] = seen.sum()
    table = table[table["ledger"].notna() | (table["child_nights"] > 0)]
    difference = table["modelled"] - table["ledger"]
    share = difference / table["ledger"].where(table["ledger"] > 0)
    nights = table["child_nights"].where(table["child_nights"] > 0)
    verdict = np.where(difference.isna(), UNSEEN, np.where(share.abs() <= TOLERANCE, CLOSE, APART))
    told = table.assign(
        financial_year=opening.year,
        difference=difference,
        difference_share=share,
        pounds_per_week=table["modelled"] / nights * _WEEK,
        calibrated_pounds_per_week=table["ledger"] / nights * _WEEK,
        verdict=verdict,
    )
    return told.rename_axis("setting").reset_index()[list(RECONCILED_COLUMNS)]


def variance(planned: pd.DataFrame, actual: pd.DataFrame, year: str) -> pd.DataFrame:
    """How far spend is from budget, and why: volume, mix and price, which add up.

    Volume is the change of all nights at the budget's mix and price, mix the change of each setting's nights
    beyond that at the budget's price, price the change of price at the actual nights.

    Parameters
    ----------
    planned, actual
        setting, nights, pounds; a setting without nights has no price of its own, and no pounds.

    Returns
    -------
    :data:`VARIANCE_COLUMNS`, one row a setting and ``all``: budget + volume + mix + price = actual in each.

    Raises
    ------
    UserError
        When the budget has no nights, or a setting has pounds and no nights.
    """
    index = pd.Index(dict.fromkeys([*planned["setting"], *actual["setting"]]), name="setting")
    before, after = (
        table.set_index("setting")[["nights", "pounds"]].reindex(index).fillna(0.0) for table in (planned, actual)
    )
    idle = [
        str(name)
        for name in index
        if (before["nights"][name] == 0 and before["pounds"][name])
        or (after["nights"][name] == 0 and after["pounds"][name])
    ]
    if idle:
        raise UserError([f"Spend without a night cannot be split into price and volume: {', '.join(idle)}."])
    whole, then = float(before["nights"].sum()), float(after["nights"].sum())
    if whole == 0:
        raise UserError([f"The budget of {year} has no nights, so spend cannot be split into price and volume."])
    price_then = after["pounds"] / after["nights"].where(after["nights"] > 0)
    # A setting that was not budgeted for has no price there: its own is taken, and all of its cost is mix.
    price_before = (before["pounds"] / before["nights"].where(before["nights"] > 0)).fillna(price_then).fillna(0.0)
    at_mix = before["nights"] * (then / whole)
    told = pd.DataFrame(
        {
            "financial_year": year,
            "budget_nights": before["nights"],
            "actual_nights": after["nights"],
            "budget": before["pounds"],
            "volume": (at_mix - before["nights"]) * price_before,
            "mix": (after["nights"] - at_mix) * price_before,
            "price": (price_then.fillna(0.0) - price_before) * after["nights"],
            "actual": after["pounds"],
        }
    )
    told.loc[ALL] = told.drop(columns="financial_year").sum()
    told.loc[ALL, "financial_year"] = year
    return told.rename_axis("setting").reset_index()[list(VARIANCE_COLUMNS)]


def budgeted(budget: pd.DataFrame, prices: Prices, year: str) -> pd.DataFrame:
    """The nights that a year's budget pays for at the prices table's price: setting, nights, pounds.

    Raises
    ------
    UserError
        When a budgeted setting has no price.
    """
    first, last = dates.year_bounds(int(year[:4]) + 1)
    cuts = dates.month_edges(first, last)
    rows = budget[budget["financial_year"] == year]
    names = rows["setting"].tolist()
    grid = prices.grid(names, dates.month_index(cuts[:-1])) / _WEEK
    given = ~np.isnan(grid)
    monthly = np.where(given, grid, 0).sum(axis=2) / np.maximum(given.sum(axis=2), 1)
    price = (monthly * np.diff(cuts)[:, None]).sum(axis=0) / (last + 1 - first)
    pounds = rows["pounds"].to_numpy(np.float64)
    bad = [name for name, cost, spent in zip(names, price, pounds, strict=True) if cost == 0 and spent > 0]
    if bad:
        raise UserError([f"The budget of {year} has settings without a price: {', '.join(bad)}."])
    nights = np.divide(pounds, price, out=np.zeros_like(pounds), where=price > 0)
    return pd.DataFrame({"setting": names, "nights": nights, "pounds": pounds})
