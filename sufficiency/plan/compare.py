"""One plan against another, replication by replication, so that shared luck cancels.

Replication r of both plans gives every child the same draws (common random numbers); the
difference within a replication is therefore the plan's, but for children whose lives part, who meet
other chances from then on; its spread over replications is how the plan may turn out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t

from sufficiency.errors import UserError
from sufficiency.plan.measures import ALL, BETTER, Floats, Period, Values, indicators_of, measures_of
from sufficiency.simulation import Outcome

COMPARISON_COLUMNS = (
    "scenario",
    "against",
    "measure",
    "setting",
    "period",
    "baseline_mean",
    "plan_mean",
    "difference",
    "low",
    "high",
    "standard_error",
    "share_lower",
    "share_better",
    "share_same",
    "half_width",
    "replications",
)
_LEVEL = 0.95
__all__ = ["ALL", "COMPARISON_COLUMNS", "between_plans", "compare", "compare_indicators", "same_results"]


def compare(
    plan: Outcome,
    baseline: Outcome,
    *,
    by: Period = "year",
    spend: pd.DataFrame | None = None,
    baseline_spend: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Paired differences of a plan from another, the baseline or any.

    Entries, exits, moves and choices not met are those of the replications kept in detail
    (:data:`~sufficiency.simulation.reduced.DETAILED`), the others of all.

    Parameters
    ----------
    by
        Whether what happens over time is added up by financial year or by month.
    spend, baseline_spend
        From :func:`sufficiency.costs.cost`, or by month from :meth:`sufficiency.costs.Costs.by_month`; pounds are
        compared where both are given.

    Returns
    -------
    One row per measure (children, child_days, entries, exits, moves, unmet, turned_away, pounds), setting
    ("all" is every setting) and period (month end for children, else financial year or a month's first
    day): both means, the mean difference, its 10th and 90th percentile over replications, its
    Monte-Carlo standard error, the share of replications in which the plan is lower, and that in which it
    is better (NaN where neither is; see :data:`~sufficiency.plan.measures.BETTER`), that in which both are the same
    (ties, in neither of the two before), half the width of Student's 95 % interval of the mean difference,
    and how many replications were paired.

    Raises
    ------
    UserError
        When the two were not run with the same seed, replications and days: they share no luck.
    """
    _check_paired(plan, baseline)
    both = [measures_of(one, by, money) for one, money in ((plan, spend), (baseline, baseline_spend))]
    return _compared(plan, baseline, both)


def compare_indicators(plan: Outcome, baseline: Outcome, replications: int | None = None) -> pd.DataFrame:
    """Paired differences of the indicators of journeys, by whole financial year.

    They are found by the code that finds them in the returns, on the journeys of the first
    replications: all of which both plans kept them, or so many as asked for.

    Returns
    -------
    As :func:`compare`, with "all" in ``setting``. A replication without an answer in either plan (a share
    of nobody) is left out of a row, and ``replications`` counts the rest.
    """
    _check_paired(plan, baseline)
    kept = min(len(plan.journeys), len(baseline.journeys))
    number = kept if replications is None else min(replications, kept)
    if number == 0:
        raise UserError(["Indicators need journeys: simulate both plans with journeys=20 or more."])
    return _compared(plan, baseline, [indicators_of(one, number) for one in (plan, baseline)])


def between_plans(outcomes: Sequence[Outcome], spend: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Every plan against every one before it, by financial year: see :func:`compare`.

    Parameters
    ----------
    spend
        By scenario, or nothing.
    """
    tables = [
        compare(later, first, spend=spend.get(later.scenario.name), baseline_spend=spend.get(first.scenario.name))
        for first, later in combinations(outcomes, 2)
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COMPARISON_COLUMNS))


def same_results(plan: Outcome, baseline: Outcome) -> bool:
    """Whether a plan's journeys are, number for number, those of another."""
    names = ("stock", "flows", "child_days")
    return np.array_equal(plan.nights, baseline.nights) and all(
        getattr(plan, name).drop(columns="scenario").equals(getattr(baseline, name).drop(columns="scenario"))
        for name in names
    )


def _check_paired(plan: Outcome, baseline: Outcome) -> None:
    alike = (plan.seed, plan.replications, plan.origin, plan.last_day)
    if alike != (baseline.seed, baseline.replications, baseline.origin, baseline.last_day):
        raise UserError(
            ["Only plans run from the same origin, as long, with the same seed and replications can be compared."]
        )


def _compared(plan: Outcome, baseline: Outcome, both: Sequence[Mapping[str, Values]]) -> pd.DataFrame:
    one, other = both
    rows = [_differences(name, one[name], other[name]) for name in one if name in other]
    table = pd.concat(rows, ignore_index=True)
    return table.assign(scenario=plan.scenario.name, against=baseline.scenario.name)[list(COMPARISON_COLUMNS)]


def _differences(name: str, plan: Values, baseline: Values) -> pd.DataFrame:
    """Rows of one measure, where either plan has anything in any replication."""
    some = (np.nan_to_num(plan.table, nan=1.0) != 0).any(0) | (np.nan_to_num(baseline.table, nan=1.0) != 0).any(0)
    cells = sorted(zip(*np.nonzero(some), strict=True), key=lambda at: (plan.settings[at[0]], plan.periods[at[1]]))
    setting, period = np.array(cells, dtype=np.int64).reshape(-1, 2).T
    one, other = (values.table[:, setting, period].T for values in (plan, baseline))
    return pd.DataFrame(
        {
            "measure": name,
            "setting": [plan.settings[at] for at in setting],
            "period": [plan.periods[at] for at in period],
            **paired(one, other, BETTER.get(name, 0)),
        }
    )


def paired(plan: Floats, baseline: Floats, better: int = 0) -> dict[str, npt.NDArray[np.generic]]:
    """Columns of a comparison from both plans' values, shape (rows, replications); NaN where there is none.

    Parameters
    ----------
    better
        Whether less (-1) or more (1) is wished for, or neither (0).
    """
    gone = np.isnan(plan) | np.isnan(baseline)
    one, other = np.ma.array(plan, mask=gone), np.ma.array(baseline, mask=gone)
    difference, many = one - other, np.asarray((~gone).sum(axis=1), dtype=np.int64)
    enough = np.maximum(many, 2)
    spread = np.where(many > 1, np.ma.getdata(difference.std(axis=1)) * np.sqrt(enough / (enough - 1)), np.nan)
    error = spread / np.sqrt(np.maximum(many, 1))
    low, high = _percentiles(np.ma.filled(difference, np.nan))
    shares = {sign: np.ma.filled((sign * difference > 0).mean(axis=1), np.nan) for sign in (-1, 1)}
    return {
        "baseline_mean": np.ma.filled(other.mean(axis=1), np.nan),
        "plan_mean": np.ma.filled(one.mean(axis=1), np.nan),
        "difference": np.ma.filled(difference.mean(axis=1), np.nan),
        "low": low,
        "high": high,
        "standard_error": error,
        "share_lower": shares[-1],
        "share_better": shares[better] if better else np.full(len(many), np.nan),
        "share_same": np.ma.filled((difference == 0).mean(axis=1), np.nan),
        "half_width": t.ppf((1 + _LEVEL) / 2, enough - 1) * error,
        "replications": many,
    }


def _percentiles(difference: Floats) -> tuple[Floats, Floats]:
    """10th and 90th percentiles of each row, what is missing left out; NaN for a row of nothing."""
    known = ~np.isnan(difference)
    low, high = np.full((2, len(difference)), np.nan)
    whole = known.all(axis=1)
    if whole.any():
        low[whole], high[whole] = np.percentile(difference[whole], [10, 90], axis=1)
    for row in np.flatnonzero(known.any(axis=1) & ~whole):
        low[row], high[row] = np.percentile(difference[row, known[row]], [10, 90])
    return low, high
