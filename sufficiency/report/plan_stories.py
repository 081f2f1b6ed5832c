"""Plans, gaps and searches as the notebooks show them: made afresh from returns, or read from a finished run.

Inside a council only: small numbers are not hidden here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import sufficiency as sf
from sufficiency.codes import read_codes
from sufficiency.costs import gross
from sufficiency.errors import UserError, nearest
from sufficiency.history.indicators import MEASURES
from sufficiency.plan import Means, compare, compare_indicators, estimate_means, find_gaps
from sufficiency.plan.compare import COMPARISON_COLUMNS
from sufficiency.plan.gaps import ALL_AGES, AS_RUN
from sufficiency.plan.knobs import read_knob
from sufficiency.plan.outputs import Output, read_output
from sufficiency.plan.sensitivity import Factor, lever_factor, simulated, tornado
from sufficiency.plan.solve import Solved, solve
from sufficiency.plan.targets import read_target
from sufficiency.plan.waterfall import Waterfall, waterfall
from sufficiency.report.finished import Finished, read_finished, setting_label
from sufficiency.report.gaps import EVERYBODY, SHARE
from sufficiency.report.past import returns_path
from sufficiency.scenario import read_scenario
from sufficiency.tables import read_council_tables

_BASELINE = "baseline"
_MONTHS = 12
#: What a rate may be off by, either way, in the notebook's sensitivity (an assumption).
_RATES_OFF = 0.1
_COUNTED = {
    "children": "Children in care at the end",
    "child_days": "Days in care",
    "entries": "Starts",
    "exits": "Endings",
    "moves": "Moves",
    "unmet": "Given another type than their first choice",
    "turned_away": "Not taken in house",
    "pounds": "Gross spend, £",
}


def load_means(returns: Path | str = "", *, years: int = 5) -> Means:
    """An authority with everything that does not depend on a plan; blank takes the invented example."""
    path = returns_path(returns)
    history, tables = sf.build_history(sf.read_returns(path)), read_council_tables(path)
    return estimate_means(history, tables, years=years)


@dataclass(frozen=True)
class GapStory:
    """Demand against places of one scenario, and first choices not met."""

    places: pd.DataFrame
    unmet: pd.DataFrame

    def chart(self) -> pd.DataFrame:
        """As the chart takes it: setting, group, date, places, p50, p80, p90."""
        table = self.places
        return pd.DataFrame(
            {
                "setting": table["setting"],
                "group": [
                    f"{setting_label(str(row.setting))}: {_meant(str(row.matching))}" for row in table.itertuples()
                ],
                "date": pd.to_datetime(table["quarter"]),
                "places": table["after_matching"],
                "p50": table["demand_p50"],
                "p80": table["demand_p80"],
                "p90": table["demand_p90"],
            }
        )

    def last(self) -> pd.DataFrame:
        """The last quarter in words: places, demand, how often it is short, what is needed and missing."""
        table = self.places[self.places["quarter"] == self.places["quarter"].max()]
        names = {
            "approved": "approved",
            "unavailable": "cannot be used",
            "unsuited": "empty, suits nobody",
            "demand_p50": "demand P50",
            "demand_p80": "P80",
            "short_any_day": "short on some day",
            "short_day": "short on a day",
            "needed_80": "needed, 80% sure",
            "needed_90": "needed, 90% sure",
            "gap_80": "missing, 80% sure",
            "error_80": "± (one standard error)",
        }
        index = pd.MultiIndex.from_arrays(
            [
                [setting_label(str(name)) for name in table["setting"]],
                [_meant(str(name)) for name in table["matching"]],
            ],
            names=["setting", "demand is"],
        )
        told: pd.DataFrame = table[list(names)].rename(columns=names).set_index(index)
        return told

    def elsewhere(self) -> pd.DataFrame:
        """First choices not met, children a year on average, by age."""
        mine = self.unmet[self.unmet["age_band"] != ALL_AGES]
        named = mine.assign(setting=[setting_label(str(name)) for name in mine["setting"]])
        table: pd.DataFrame = named.pivot_table(
            index=["setting", "given"], columns="age_band", values="mean", aggfunc="mean", sort=False, observed=True
        )
        return table


def _number(value: float) -> str:
    """A number of any size: whole where it is large, blank where there is none."""
    if np.isnan(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:,.2f}"  # noqa: PLR2004 - four digits


def _meant(matching: str) -> str:
    return EVERYBODY if matching == AS_RUN else SHARE


def load_gaps(
    scenario: str = _BASELINE,
    *,
    returns: Path | str = "",
    replications: int = 50,
    seed: int = 2026,
    years: int = 5,
    folder: Path | str | None = None,
) -> GapStory:
    """Gaps of one scenario, worked out now or read from a finished run."""
    if folder is not None:
        run = read_finished(folder)
        name = _known(run, scenario)
        tables = (run.frame("results/gaps"), run.frame("results/unmet_by_year"))
        return GapStory(*(table[table["scenario"] == name] for table in tables))
    means = load_means(returns, years=years)
    plan = read_scenario(scenario)
    found = find_gaps(means.simulate([plan], replications=replications, years=years, seed=seed), means)
    return GapStory(found.places, found.unmet)


def _known(run: Finished, scenario: str) -> str:
    names = [str(about["name"]) for about in run.scenarios]
    if scenario not in names:
        raise UserError([f"The run holds no scenario '{scenario}'.{nearest(scenario, names)}"])
    return scenario


@dataclass(frozen=True)
class Compared:
    """Plans against the baseline: everything counted, by year and by month, and indicators where there are any."""

    years: pd.DataFrame
    months: pd.DataFrame
    indicators: pd.DataFrame

    def month_by_month(self, plan: str, measure: str = "children") -> pd.DataFrame:
        """One measure of one plan: date, difference, low, high."""
        table = self.months
        mine = table[(table["scenario"] == plan) & (table["measure"] == measure) & (table["setting"] == "all")]
        return mine.assign(date=pd.to_datetime(mine["period"]))[["date", "difference", "low", "high"]]

    def last_year(self, plan: str) -> pd.DataFrame:
        """Every measure of one plan in its last period, in words: both means, the difference, and how sure."""
        rows = []
        for table, words in ((self.years, _COUNTED), (self.indicators, MEASURES)):
            mine = table[(table["scenario"] == plan) & (table["setting"] == "all")]
            last = mine.groupby("measure", sort=False).tail(1)
            told = last["measure"].astype(str)
            known = {name: words.get(name, words.get(f"{name}_31_march", name)) for name in told}
            rows.append(last.assign(measure=told.map(known)))
        names = {"baseline_mean": "baseline", "plan_mean": "plan", "share_better": "better in", "share_same": "same in"}
        names |= {"half_width": "±"}
        found = pd.concat(rows).rename(columns=names).set_index("measure")
        numbers = found[["baseline", "plan", "difference", "low", "high", "±", "better in", "same in"]].map(_number)
        return pd.DataFrame({"period": found["period"], **{name: numbers[name] for name in numbers}})


def load_comparison(
    scenarios: Sequence[str],
    *,
    returns: Path | str = "",
    replications: int = 50,
    seed: int = 2026,
    years: int = 5,
    folder: Path | str | None = None,
    journeys: int = 10,
) -> Compared:
    """Plans against the baseline, run now or read from a finished run; ``journeys`` give the indicators."""
    names = ("comparison", "comparison_by_month", "indicators")
    if folder is not None:
        run = read_finished(folder)
        for scenario in scenarios:
            _known(run, scenario)
        none = pd.DataFrame(columns=list(COMPARISON_COLUMNS))
        return Compared(*(run.frame(f"plan/{name}") if run.has(f"plan/{name}") else none for name in names))
    means = load_means(returns, years=years)
    plans = [read_scenario(name) for name in (_BASELINE, *scenarios)]
    few = min(journeys, replications)
    base, *others = means.simulate(plans, replications=replications, seed=seed, years=years, journeys=few)
    charges = means.charges
    costs = {one.scenario.name: charges.costs(one) for one in (base, *others)} if charges else {}
    by_year = {name: gross(own.by_year()) for name, own in costs.items()}
    by_month = {name: gross(own.by_month()) for name, own in costs.items()}
    yearly = [
        compare(one, base, spend=by_year.get(one.scenario.name), baseline_spend=by_year.get(_BASELINE))
        for one in others
    ]
    monthly = [
        compare(one, base, by="month", spend=by_month.get(one.scenario.name), baseline_spend=by_month.get(_BASELINE))
        for one in others
    ]
    found = [compare_indicators(one, base) for one in others]
    return Compared(*(pd.concat(tables, ignore_index=True) for tables in (yearly, monthly, found)))


def load_waterfall(
    scenario: str,
    output: str = "children",
    setting: str | None = None,
    *,
    returns: Path | str = "",
    replications: int = 50,
    seed: int = 2026,
    years: int = 5,
) -> Waterfall:
    """A combined plan taken apart, lever by lever."""
    means, wanted = load_means(returns, years=years), read_output(output, setting, read_codes())
    return waterfall(means, read_scenario(scenario), wanted, replications=replications, seed=seed, years=years)


@dataclass(frozen=True)
class SolveStory:
    """A search for the least change that meets a target, and what else moves its measure."""

    solved: Solved
    inputs: pd.DataFrame

    def by_value(self) -> pd.DataFrame:
        """Values tried and the share of replications in which the target is met: value, share."""
        knob, target = self.solved.knobs[0], self.solved.targets[0]
        tried = self.solved.tried
        return pd.DataFrame({"value": tried[knob.name], "share": tried[f"share met of {target}"]})


def load_answer(
    lever: str,
    target: str,
    *,
    returns: Path | str = "",
    scenario: str = _BASELINE,
    low: float | None = None,
    high: float | None = None,
    replications: int = 50,
    seed: int = 2026,
    years: int = 5,
) -> SolveStory:
    """Search for the least change of one lever that meets a target, then turn one input at a time about the plan.

    The inputs are entries and the rates of leaving and moving, a tenth either way, and the lever over its range.
    """
    knob, wanted = read_knob(lever, low=low, high=high), read_target(target, read_codes())
    means, plan = load_means(returns, years=years), read_scenario(scenario)
    solved = solve(means, [knob], [wanted], plan=plan, replications=replications, seed=seed)
    ends = (1 - _RATES_OFF, 1 + _RATES_OFF)
    factors = [Factor("entries", *ends), Factor("exits", *ends), Factor("moves", *ends), lever_factor(knob, plan)]
    output: Output = wanted.output
    model = simulated(means, plan, factors, output, replications=replications, years=years, seed=seed)
    return SolveStory(solved, tornado(model, factors))
