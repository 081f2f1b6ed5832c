"""One plan against another, replication by replication, so that shared luck cancels.

Replication r of both plans gives every child the same draws (common random numbers); the
difference within a replication is therefore the plan's, and its spread over replications is what is
not known about it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.errors import UserError
from sufficiency.simulation import Outcome
from sufficiency.simulation.results import by_year

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
)
ALL = "all"
_ENTRIES = ("entry", "re_entry")


def compare(
    plan: Outcome,
    baseline: Outcome,
    *,
    spend: pd.DataFrame | None = None,
    baseline_spend: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Paired differences of a plan from another.

    Entries, exits and moves are those of the replications kept in detail
    (:data:`~sufficiency.simulation.reduced.DETAILED`), the others of all.

    Parameters
    ----------
    spend, baseline_spend
        From :func:`sufficiency.costs.cost`; pounds are compared where both are given.

    Returns
    -------
    One row per measure (children, child_days, entries, exits, moves, pounds), setting ("all" is
    every setting) and period (month end for children, financial year otherwise): both means, the
    mean difference, its 10th and 90th percentile over replications, its Monte-Carlo standard error,
    and the share of replications in which the plan is lower.

    Raises
    ------
    UserError
        When the two were not run with the same seed, replications and days: they share no luck.
    """
    alike = (plan.seed, plan.replications, plan.origin, plan.last_day)
    if alike != (baseline.seed, baseline.replications, baseline.origin, baseline.last_day):
        raise UserError(
            ["Only plans run from the same origin, as long, with the same seed and replications can be compared."]
        )
    every, detailed = plan.replications, plan.detailed
    counted = {"children": every, "child_days": every, "entries": detailed, "exits": detailed, "moves": detailed}
    parts = [(name, _measure(plan, name), _measure(baseline, name), number) for name, number in counted.items()]
    if spend is not None and baseline_spend is not None:
        parts.append(("pounds", _pounds(spend), _pounds(baseline_spend), every))
    rows = [_differences(*part) for part in parts]
    table = pd.concat(rows, ignore_index=True)
    return table.assign(scenario=plan.scenario.name, against=baseline.scenario.name)[list(COMPARISON_COLUMNS)]


def same_results(plan: Outcome, baseline: Outcome) -> bool:
    """Whether a plan's journeys are, number for number, those of another."""
    names = ("stock", "flows", "child_days")
    return np.array_equal(plan.nights, baseline.nights) and all(
        getattr(plan, name).drop(columns="scenario").equals(getattr(baseline, name).drop(columns="scenario"))
        for name in names
    )


def _measure(outcome: Outcome, name: str) -> pd.DataFrame:
    """Long form of one measure: setting, period, replication, value."""
    in_care = outcome.codes.in_care
    if name == "children":
        stock = outcome.stock
        return _long(stock, stock["month_end"].dt.strftime("%Y-%m-%d"), stock["setting"], "children", in_care)
    if name == "child_days":
        nights = by_year(outcome, nights=outcome.nights)
        return _long(nights, nights["financial_year"], nights["setting"], "nights", in_care)
    flows = outcome.flows
    if name == "entries":
        chosen = flows[flows["event"].isin(_ENTRIES)]
        return _long(chosen, _years(chosen), chosen["to_setting"], "count")
    if name == "exits":
        chosen = flows[flows["event"] == "exit"]
        return _long(chosen, _years(chosen), chosen["from_setting"], "count")
    chosen = flows[flows["event"] == "move"]
    return _long(chosen, _years(chosen), chosen["to_setting"], "count")


def _years(table: pd.DataFrame) -> pd.Series:
    return pd.Series(dates.financial_years(dates.to_days(table["month"])), index=table.index)


def _pounds(spend: pd.DataFrame) -> pd.DataFrame:
    return _long(spend, spend["financial_year"], spend["setting"], "pounds")


def _long(
    table: pd.DataFrame, period: pd.Series, setting: pd.Series, value: str, whole_of: tuple[str, ...] | None = None
) -> pd.DataFrame:
    """Long form with a total; of ``whole_of`` alone where given (staying put is not care)."""
    plain = pd.DataFrame(
        {
            "setting": setting.astype(str),
            "period": period.astype(str),
            "replication": table["replication"],
            "value": table[value].astype(float),
        }
    )
    counted = plain if whole_of is None else plain[plain["setting"].isin(whole_of)]
    whole = counted.groupby(["period", "replication"], as_index=False)["value"].sum().assign(setting=ALL)
    apart = plain[plain["setting"] != ALL].groupby(["setting", "period", "replication"], as_index=False)["value"].sum()
    long: pd.DataFrame = pd.concat([whole, apart], ignore_index=True)
    return long


def _differences(name: str, plan: pd.DataFrame, baseline: pd.DataFrame, replications: int) -> pd.DataFrame:
    keys = ["setting", "period"]
    wide = {
        which: table.pivot_table(index=keys, columns="replication", values="value", fill_value=0.0)
        for which, table in (("plan", plan), ("baseline", baseline))
    }
    index = wide["plan"].index.union(wide["baseline"].index)
    one, other = (
        wide[which].reindex(index=index, columns=range(replications), fill_value=0.0).fillna(0.0).to_numpy()
        for which in ("plan", "baseline")
    )
    difference = one - other
    low, high = np.percentile(difference, [10, 90], axis=1)
    spread = difference.std(axis=1, ddof=1) if replications > 1 else np.full(len(index), np.nan)
    return pd.DataFrame(
        {
            "measure": name,
            "setting": index.get_level_values("setting"),
            "period": index.get_level_values("period"),
            "baseline_mean": other.mean(1),
            "plan_mean": one.mean(1),
            "difference": difference.mean(1),
            "low": low,
            "high": high,
            "standard_error": spread / np.sqrt(replications),
            "share_lower": (difference < 0).mean(1),
        }
    )
