"""The forecast of a run, safe to publish: fans, settings, entries, spend and differences between plans.

A projection derives from real children. One whose opening count is hidden, or whose median is below
six, is not shown; small settings are shown as one, "All other settings", so that none of them can
be had by subtraction. Everything else is rounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sufficiency.report.disclosure import Rules, grouping, rounded
from sufficiency.report.finished import (
    QUARTER_ENDS,
    STARTS,
    Finished,
    added,
    iso,
    quarter_of,
    setting_label,
    settings,
    whole_periods,
    year_of,
)
from sufficiency.report.published import ASYLUM, Published
from sufficiency.report.telling_money import Untold, untold
from sufficiency.report.tried import stretched

PERCENTILES = {"p10": 0.1, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p80": 0.8, "p90": 0.9}
THE_REST = "All other settings"
MEASURES = ("children", "entries", "exits", "moves", "pounds")


@dataclass(frozen=True)
class Projections:
    """Projected figures, rounded; anything hidden is absent.

    Attributes
    ----------
    shown
        Whether the projected number of children may be shown at all.
    fans
        scenario, month_end, p10 … p90: children in care at quarter ends.
    groups
        Label → the settings behind it; the last may be :data:`THE_REST`.
    settings
        scenario, month_end, group, p10 … p90: children by setting at each 31 March.
    starts
        scenario, period, p10 … p90: children who start, by quarter or financial year.
    spend, spend_by_group
        scenario, financial_year, [group,] p10 … p90 in pounds; empty without prices. Spend is gross: placements,
        fixed costs and investment; by group, placements alone.
    spend_by_kind
        The same by kind of money, with income (what is taken off) and net only where the number of children seeking
        asylum alone, whom grants follow, may be seen.
    plans
        scenario, measure, period, baseline, plan, difference, low, high, share_lower: whole authority.
    by_group
        scenario, group, baseline, plan, difference, low, high: children at the horizon's end.
    rules
        The rounding used.
    untold
        Plans whose money would tell of few children, and is absent.
    """

    shown: bool
    fans: pd.DataFrame
    groups: Mapping[str, tuple[str, ...]]
    settings: pd.DataFrame
    starts: pd.DataFrame
    spend: pd.DataFrame
    spend_by_group: pd.DataFrame
    spend_by_kind: pd.DataFrame
    plans: pd.DataFrame
    by_group: pd.DataFrame
    rules: Rules
    untold: Untold = field(default_factory=Untold)

    def fan(self, scenario: str) -> pd.DataFrame:
        """One scenario's fan of children in care."""
        return self.fans[self.fans["scenario"] == scenario].reset_index(drop=True)

    @property
    def alone(self) -> frozenset[str]:
        """Settings that are shown under their own name."""
        return alone_in(self.groups)

    @property
    def grouped(self) -> tuple[str, ...]:
        """Settings that are shown only together."""
        return tuple(self.groups.get(THE_REST, ()))


def alone_in(groups: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Settings that make up a group of their own."""
    return frozenset(names[0] for label, names in groups.items() if label != THE_REST)


def publish_projections(run: Finished, past: Published, rules: Rules, *, widening: float = 1.0) -> Projections:
    """Make every projected figure that the annex shows.

    Parameters
    ----------
    run
        A finished run.
    past
        Its published past: a setting hidden there is not projected alone.
    rules
        Rounding and the lowest median that may be shown.
    widening
        Factor on the width of the ranges of children and spend about their middle, from the back-test.
    """
    stock = _stock(run)
    totals = added(stock, ["scenario", "replication", "month_end"], "children")
    fans = _fans(totals, ["scenario", "month_end"], "children", rules.round_children, widening)
    shown = not past.counts.is_hidden(("stock", past.origin)) and not _any_small(totals, "month_end", rules)
    yearly = stock[stock["month_end"].dt.month == QUARTER_ENDS[0]]
    groups = _groups(yearly, past, rules) if shown else {}
    by_setting = _grouped(yearly, groups, ["scenario", "replication", "month_end"], "children")
    paid = _paid(run) if shown else pd.DataFrame(columns=[*_PAID_BY, "setting", "kind", "pounds"])
    income = _asylum_seen(run, past, rules)
    left_out = untold(run, paid, alone_in(groups), rules, income=income)
    paid = paid[~paid["scenario"].isin(list(left_out.money))]
    whole = _filled(paid[paid["kind"] != _INCOME], _PAID_BY, "pounds")
    placed = _filled(paid[paid["kind"] == "placement"], [*_PAID_BY, "setting"], "pounds")
    parts = _grouped(placed, groups, _PAID_BY, "pounds")
    pounds = rules.round_pounds
    return Projections(
        shown=shown,
        fans=fans if shown else fans.head(0),
        groups=groups,
        settings=_fans(by_setting, ["scenario", "month_end", "group"], "children", rules.round_children, widening),
        starts=_starts(run, past, rules),
        spend=_fans(whole, ["scenario", "financial_year"], "pounds", pounds, widening),
        spend_by_group=_fans(parts, ["scenario", "financial_year", "group"], "pounds", pounds, widening),
        spend_by_kind=_by_kind(paid, rules, widening, income=income),
        plans=_plans(run, past, rules, left_out) if shown else pd.DataFrame(columns=["scenario", "measure", "period"]),
        by_group=_differences(by_setting, rules),
        rules=rules,
        untold=left_out,
    )


def _stock(run: Finished) -> pd.DataFrame:
    """Children by scenario, replication, quarter end and setting, with a row for every nought."""
    stock = run.frame("results/stock", ["scenario", "replication", "month_end", "setting", "children"])
    ends = stock["month_end"].dt.month.isin(QUARTER_ENDS)
    stock = stock[ends & stock["setting"].isin(settings())]
    return _filled(stock, ["scenario", "replication", "month_end", "setting"], "children")


def _filled(frame: pd.DataFrame, by: Sequence[str], value: str) -> pd.DataFrame:
    """Sums by the given columns, nought where a combination is absent."""
    if frame.empty:
        return pd.DataFrame(columns=[*by, value])
    summed = frame.groupby(list(by))[value].sum()
    index = pd.MultiIndex.from_product([sorted(frame[name].unique()) for name in by], names=list(by))
    return summed.reindex(index, fill_value=0).reset_index()


def _fans(frame: pd.DataFrame, by: Sequence[str], value: str, base: int, widening: float = 1.0) -> pd.DataFrame:
    """Rounded percentiles over replications (linear, type 7), stretched about the middle."""
    if frame.empty:
        return pd.DataFrame(columns=[*by, *PERCENTILES])
    found = frame.groupby(list(by), sort=True)[value].quantile(np.array(list(PERCENTILES.values()))).unstack()
    found.columns = pd.Index(list(PERCENTILES))
    return stretched(found, widening).map(lambda number: rounded(number, base)).reset_index()


def _any_small(frame: pd.DataFrame, by: str, rules: Rules) -> bool:
    medians = frame.groupby(["scenario", by])["children"].median()
    return bool((medians < rules.threshold + 1).any())


def _groups(yearly: pd.DataFrame, past: Published, rules: Rules) -> dict[str, tuple[str, ...]]:
    """Settings that may stand alone under their own label, and the rest under one."""
    names = [name for name in settings() if name in set(yearly["setting"])]
    medians = yearly.groupby(["setting", "scenario", "month_end"])["children"].median().groupby("setting").min()
    keys = {name: ("stock", past.origin, "setting", name) for name in names}
    hidden = [name for name, key in keys.items() if past.counts.is_hidden(key)]
    openings = {name: past.counts.values.get(key, 0) for name, key in keys.items()}
    lowest = {name: float(medians[name]) for name in names}
    alone, together = grouping(openings, lowest, hidden, rules)
    found = {setting_label(name): (name,) for name in alone}
    return found | ({THE_REST: tuple(together)} if alone and together else {})


def _grouped(frame: pd.DataFrame, groups: Mapping[str, tuple[str, ...]], by: Sequence[str], value: str) -> pd.DataFrame:
    label = {name: group for group, names in groups.items() for name in names}
    if frame.empty or not label:
        return pd.DataFrame(columns=[*by, "group", value])
    frame = frame.assign(group=pd.Categorical(frame["setting"].map(label), categories=list(groups), ordered=True))
    return added(frame, [*by, "group"], value)


def _starts(run: Finished, past: Published, rules: Rules) -> pd.DataFrame:
    """Children who will start, by the periods in which those of the past are shown; empty where any is small."""
    columns = ["scenario", "period", *PERCENTILES]
    if not past.flow_periods or past.counts.is_hidden(("starts", past.flow_periods[-1])):
        return pd.DataFrame(columns=columns)
    flows = run.frame("results/flows", ["scenario", "replication", "month", "event", "count"])
    months = pd.Series(pd.date_range(run.origin + pd.Timedelta(days=1), periods=12 * _years_ahead(run), freq="MS"))
    quarterly = past.flow_periods == past.quarters
    period = quarter_of if quarterly else year_of
    whole = whole_periods(months, period(months), 3 if quarterly else 12)
    flows = flows.assign(period=period(flows["month"]))
    started = flows[flows["event"].isin(STARTS) & flows["period"].isin(whole)]
    filled = _filled(started, ["scenario", "replication", "period"], "count")
    if filled.empty or (filled.groupby(["scenario", "period"])["count"].median() < rules.threshold + 1).any():
        return pd.DataFrame(columns=columns)
    found = _fans(filled, ["scenario", "period"], "count", rules.round_children)
    return found.assign(period=[iso(value) if quarterly else str(value) for value in found["period"]])


def _years_ahead(run: Finished) -> int:
    return int(run.manifest.get("horizon_years", 5))


_PAID_BY = ["scenario", "replication", "financial_year"]
_INCOME, NET = "income", "net"


def _paid(run: Finished) -> pd.DataFrame:
    """Pounds of every replication by setting and kind; empty without prices."""
    spend = run.frame("results/spend") if run.has("prices") and run.has("results/spend") else pd.DataFrame()
    return spend if len(spend) else pd.DataFrame(columns=[*_PAID_BY, "setting", "kind", "pounds"])


def _by_kind(paid: pd.DataFrame, rules: Rules, widening: float, *, income: bool) -> pd.DataFrame:
    """Percentiles by kind of money; income and what is left after it where they may be seen."""
    shown = paid if income else paid[paid["kind"] != _INCOME]
    # Income is shown as what is taken off, so that no amount is below nought.
    shown = shown.assign(pounds=shown["pounds"].where(shown["kind"] != _INCOME, -shown["pounds"]))
    parts = _filled(shown, [*_PAID_BY, "kind"], "pounds")
    if income and (paid["kind"] == _INCOME).any():
        parts = pd.concat([parts, _filled(paid, _PAID_BY, "pounds").assign(kind=NET)], ignore_index=True)
    return _fans(parts, ["scenario", "financial_year", "kind"], "pounds", rules.round_pounds, widening)


def _asylum_seen(run: Finished, past: Published, rules: Rules) -> bool:
    """Whether the children seeking asylum alone are published now and many enough in every future to be."""
    if past.counts.is_hidden(("stock", past.origin, "uasc", ASYLUM)):
        return False
    stock = run.frame("results/stock", ["scenario", "replication", "month_end", "setting", "uasc", "children"])
    stock = stock[stock["setting"].isin(settings()) & stock["uasc"].astype(bool)]
    yearly = stock[stock["month_end"].dt.month == QUARTER_ENDS[0]]
    return not _any_small(_filled(yearly, ["scenario", "replication", "month_end"], "children"), "month_end", rules)


#: Measure of a plan → the flow of the past that must be in sight for it to be shown.
_PAST_OF = {"entries": "starts", "exits": "exits", "moves": "moves"}


def _measures_shown(past: Published) -> list[str]:
    """Measures of a plan whose counts in the last year of the past may be seen."""
    last = past.years[-1] if past.years else ""
    unseen = {measure for measure, flow in _PAST_OF.items() if past.counts.is_hidden((flow, last))}
    return [measure for measure in MEASURES if measure not in unseen]


def _plans(run: Finished, past: Published, rules: Rules, left_out: Untold) -> pd.DataFrame:
    """Whole-authority differences between each plan and the baseline, rounded; none whose past is hidden."""
    table = run.frame("plan/comparison") if run.has("plan/comparison") else pd.DataFrame()
    if table.empty:
        return pd.DataFrame(columns=["scenario", "measure", "period"])
    table = table[(table["setting"] == "all") & table["measure"].isin(_measures_shown(past))]
    table = table[~((table["measure"] == "pounds") & table["scenario"].isin(list(left_out.money)))]
    small = (table[["baseline_mean", "plan_mean"]] < rules.threshold + 1).any(axis=1)
    table = table[~small].reset_index(drop=True)
    base = [rules.round_pounds if measure == "pounds" else rules.round_children for measure in table["measure"]]
    names = {"baseline": "baseline_mean", "plan": "plan_mean", "difference": "difference", "low": "low", "high": "high"}
    figures = {
        new: [rounded(value, step) for value, step in zip(table[old], base, strict=True)] for new, old in names.items()
    }
    about = table[["scenario", "measure", "period", "share_lower"]]
    return about.assign(**figures)


def _differences(frame: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Paired differences by group at the last date: the same replication in both scenarios."""
    columns = ["scenario", "group", "baseline", "plan", "difference", "low", "high", "share_lower"]
    if frame.empty:
        return pd.DataFrame(columns=columns)
    last = frame[frame["month_end"] == frame["month_end"].max()]
    table = last.pivot_table(index=["group", "replication"], columns="scenario", values="children", observed=True)
    rows = []
    for scenario in [name for name in table.columns if name != "baseline"]:
        for group, both in table.groupby(level="group", observed=True):
            base, plan = both["baseline"], both[scenario]
            change = plan - base
            figures = [base.mean(), plan.mean(), change.mean(), change.quantile(0.1), change.quantile(0.9)]
            numbers = [rounded(float(figure), rules.round_children) for figure in figures]
            rows.append((scenario, str(group), *numbers, float(np.mean(change < 0))))
    return pd.DataFrame(rows, columns=columns)
