"""The medium-term financial plan: what the next years' budgets need, line by line, as a treasurer reports it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.costs.accounts import Opening
from sufficiency.costs.spend import Costs

Floats = npt.NDArray[np.float64]

#: Lines that add up, from the base budget to the budget requirement.
LINES = ("pressures", "growth", "inflation", "fixed_costs", "income", "savings", "investment")
COLUMNS = (
    "financial_year",
    "base_budget",
    *LINES,
    "budget_requirement",
    "p50",
    "p80",
    "contingency",
    "with_contingency",
)


def medium_term_plan(
    costs: Costs, opening: Opening, *, base_budget: float | None = None, plan: Costs | None = None
) -> pd.DataFrame:
    """Budgets of the whole financial years ahead.

    Every line is a change on the year before and a mean over replications, so that lines add up: a year's
    base budget is the requirement of the year before.

    Parameters
    ----------
    costs
        The baseline.
    opening
        The last year of the past. Nights after 18 are not in the returns: those of the first year ahead stand
        in, so that staying put shows no growth in that year.
    base_budget
        What was budgeted for placements in the opening year; its nights × price when left out, and then there
        are no pressures.
    plan
        A plan whose savings and investment are wanted in the budgets.

    Returns
    -------
    :data:`COLUMNS`. pressures: the opening year's activity that its budget did not hold (first year). growth:
    more or fewer nights outside block contracts and their mix, at the price of the year before. inflation: dearer
    nights.
    fixed_costs, income: their changes; in the first year they are taken to be in the base. savings: what the
    plan changes in placements, fixed costs and income. p50, p80: percentiles of net spend; contingency: P80 less
    the requirement, which holds the mean.
    """
    chosen = plan or costs
    keep = np.isin(costs.years, costs.whole_years)
    names = [str(year) for year in costs.years[keep]]
    yearly = {kind: costs.yearly(pounds)[:, keep] for kind, pounds in costs.pounds.items()}
    nights = costs.yearly(costs.by_night)[:, keep].mean(axis=0)
    placed = yearly["placement"][:, :, :-1].mean(axis=0)
    fixed, income = (yearly[kind].sum(axis=2).mean(axis=0) for kind in ("fixed", "income"))
    growth, inflation, after_18 = _growth(opening, nights, placed, names)
    less = -_saved(costs, chosen)[keep]
    invested = chosen.yearly(chosen.total("investment")).mean(axis=0)[keep]
    opened = opening.pounds.sum()
    base = opened if base_budget is None else base_budget
    lines = {
        "pressures": np.concatenate([[opened - base], np.zeros(len(names) - 1)]),
        "growth": growth.sum(axis=1),
        "inflation": inflation.sum(axis=1),
        "fixed_costs": np.diff(fixed, prepend=fixed[0]),
        "income": np.diff(income, prepend=income[0]),
        "savings": np.diff(less, prepend=0.0),
        "investment": np.diff(invested, prepend=0.0),
    }
    first = base + after_18 + fixed[0] + income[0]
    needed = first + np.cumsum(np.sum(list(lines.values()), axis=0))
    net = chosen.yearly(chosen.total())[:, keep]
    p50, p80 = np.percentile(net, [50, 80], axis=0)
    return pd.DataFrame(
        {
            "financial_year": names,
            "base_budget": [first, *needed[:-1]],
            **lines,
            "budget_requirement": needed,
            "p50": p50,
            "p80": p80,
            "contingency": p80 - needed,
            "with_contingency": p80,
        }
    )[list(COLUMNS)]


def _growth(opening: Opening, nights: Floats, placed: Floats, names: list[str]) -> tuple[Floats, Floats, float]:
    """Changes of nights at the price before, and of price at the nights now, by year and setting.

    Also what nights after 18 are taken to have cost in the opening year.
    """
    cared = len(opening.codes.in_care)
    price = np.divide(placed, nights, out=np.full_like(placed, np.nan), where=nights > 0)
    before = np.divide(opening.pounds, opening.by_night, out=np.full(cared, np.nan), where=opening.by_night > 0)
    ahead, behind = (_days(name) for name in (names[0], opening.year))
    stayed = nights[0, cared:] * behind / ahead
    earlier_nights = np.vstack([np.concatenate([opening.by_night, stayed]), nights[:-1]])
    earlier_price = np.vstack([np.concatenate([before, price[0, cared:]]), price[:-1]])
    # Where nobody lived in a year the other year's price stands for both.
    earlier = np.where(np.isnan(earlier_price), price, earlier_price)
    now = np.where(np.isnan(price), earlier, price)
    growth: Floats = np.nan_to_num((nights - earlier_nights) * earlier)
    after_18 = float(placed[0, cared:].sum() * behind / ahead)
    return growth, np.nan_to_num(nights * (now - earlier)), after_18


def _days(year: str) -> int:
    first, last = dates.year_bounds(int(year[:4]) + 1)
    return last + 1 - first


def _saved(costs: Costs, plan: Costs) -> Floats:
    """Mean saving of a plan by financial year, before what it invests."""
    kinds = ("placement", "fixed", "income")
    saved: Floats = costs.yearly(costs.total(*kinds) - plan.total(*kinds)).mean(axis=0)
    return saved
