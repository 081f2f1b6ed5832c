"""Places that are missing, safe to publish: the same rules as for other projections.

Demand derives from real children. A setting that does not stand alone among the projections is not
shown, nor a quarter in which its median demand, or what its places can hold, is below six; ages at
which few are meant stand together. Everything else that derives from children is rounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sufficiency.plan.gaps import ALL_AGES, ANOTHER_PROVIDER, AS_RUN, GAP_COLUMNS, UNMET_YEAR_COLUMNS
from sufficiency.report.disclosure import Rules, grouping, rounded
from sufficiency.report.finished import QUARTER_ENDS, Finished, each, setting_label
from sufficiency.report.projections import Projections
from sufficiency.report.tried import stretched

#: What demand is taken to be, in words, by the form of matching.
EVERYBODY, SHARE = "all who come", "today's share"
OTHER_AGES = "All other ages"
_MARKS = ("p50", "p80", "p90")


@dataclass(frozen=True)
class PublishedGaps:
    """Demand against places, rounded; anything hidden is absent.

    Attributes
    ----------
    places
        scenario, setting, label, demand (:data:`EVERYBODY`, :data:`SHARE`), quarter, approved, after_matching,
        p50, p80, p90, needed_80, needed_90, gap_80, gap_90, short_any_day (a share), inferred.
    elsewhere
        scenario, setting, label, given, financial_year, p10, p50, p90: children a year who were not given their
        first choice.
    ages
        setting, label, given, ages, children: of the baseline, a year on average, by age.
    hidden
        Labels of limited settings that may not be shown.
    """

    places: pd.DataFrame
    elsewhere: pd.DataFrame
    ages: pd.DataFrame
    hidden: tuple[str, ...]


def publish_gaps(run: Finished, future: Projections, rules: Rules, widening: float = 1.0) -> PublishedGaps:
    """Make every figure of gaps that the annex shows; all empty where the run left none.

    Parameters
    ----------
    widening
        Factor on the distance of percentiles and of the places needed from the middle of demand, from
        the back-test.
    """
    alone = future.alone
    table = run.frame("results/gaps") if run.has("results/gaps") else pd.DataFrame(columns=list(GAP_COLUMNS))
    unmet = _unmet(run)
    mine = table[table["setting"].isin(alone)]
    unseen = [setting_label(name) for name in dict.fromkeys(table["setting"]) if name not in alone]
    elsewhere = unmet[unmet["setting"].isin(alone) & (unmet["age_band"] == ALL_AGES)]
    enough = elsewhere[elsewhere["p50"] >= rules.threshold + 1]
    base = rules.round_children
    named = enough.assign(label=[setting_label(str(name)) for name in enough["setting"]])
    return PublishedGaps(
        places=_places(mine, rules, widening),
        elsewhere=named.assign(**{name: [rounded(v, base) for v in named[name]] for name in ("p10", "p50", "p90")}),
        ages=_ages(unmet[unmet["setting"].isin(alone) & (unmet["scenario"] == "baseline")], rules),
        hidden=tuple(unseen),
    )


def _unmet(run: Finished) -> pd.DataFrame:
    known = run.has("results/unmet_by_year")
    return run.frame("results/unmet_by_year") if known else pd.DataFrame(columns=list(UNMET_YEAR_COLUMNS))


def _places(table: pd.DataFrame, rules: Rules, widening: float) -> pd.DataFrame:
    """Rows that may be shown, with rounded figures."""
    small = (table[["demand_p50", "after_matching"]] < rules.threshold + 1).any(axis=1)
    kept = table[~small].reset_index(drop=True)
    needs = ["demand_p50", "demand_p80", "demand_p90", "needed_80", "needed_90"]
    wide = stretched(kept[needs].astype(float), widening, "demand_p50")
    # What is missing is widened by as much as what is needed.
    more = {sure: wide[f"needed_{sure}"] - kept[f"needed_{sure}"] for sure in (80, 90)}
    missing = {f"gap_{sure}": kept[f"gap_{sure}"] + own for sure, own in more.items()}
    base = rules.round_children
    exact = {**{name: wide[name] for name in needs}, **missing, "after_matching": kept["after_matching"]}
    figures = {name.removeprefix("demand_"): [rounded(value, base) for value in exact[name]] for name in exact}
    told = zip(kept["approved"], kept["inferred"], strict=True)
    return pd.DataFrame(
        {
            "scenario": kept["scenario"],
            "setting": kept["setting"],
            "label": [setting_label(str(name)) for name in kept["setting"]],
            "demand": [EVERYBODY if form == AS_RUN else SHARE for form in kept["matching"]],
            "quarter": kept["quarter"],
            # The council's own figure is no count of children; an inferred one is.
            "approved": [rounded(places, base) if inferred else round(places) for places, inferred in told],
            **figures,
            "short_any_day": kept["short_any_day"],
            "inferred": kept["inferred"].astype(bool),
        }
    )


def _ages(unmet: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Children a year by age, the few together."""
    rows = []
    for (setting, given), own in unmet.groupby(["setting", "given"]):
        by_age = own[own["age_band"] != ALL_AGES].groupby("age_band", sort=False)
        means, medians = by_age["mean"].mean(), by_age["p50"].min()
        openings = {str(age): round(value) for age, value in medians.items()}
        lowest = {str(age): float(value) for age, value in medians.items()}
        alone, together = grouping(openings, lowest, (), rules)
        groups = {age: [age] for age in alone} | ({OTHER_AGES: together} if alone and together else {})
        for label, ages in groups.items():
            children = rounded(float(sum(means[age] for age in ages)), rules.round_children)
            rows.append((str(setting), setting_label(str(setting)), str(given), label, children))
    return pd.DataFrame(rows, columns=["setting", "label", "given", "ages", "children"])


def marches(places: pd.DataFrame, scenario: str = "baseline") -> pd.DataFrame:
    """The quarters that end a financial year, of one scenario."""
    mine = (places["scenario"] == scenario) & (pd.to_datetime(places["quarter"]).dt.month == QUARTER_ENDS[0])
    return places[mine].reset_index(drop=True)


def last_of(places: pd.DataFrame, setting: str, demand: str, scenario: str = "baseline") -> pd.Series | None:
    """The last quarter of one setting and meaning of demand, or None where it is not shown."""
    mine = (places["scenario"] == scenario) & (places["setting"] == setting) & (places["demand"] == demand)
    return None if not mine.any() else places[mine].sort_values("quarter").iloc[-1]


def to_another_provider(gaps: PublishedGaps, setting: str) -> int | None:
    """Children a year who went to another provider in the baseline's first whole year shown, or None."""
    table = gaps.elsewhere
    mine = (table["scenario"] == "baseline") & (table["setting"] == setting) & (table["given"] == ANOTHER_PROVIDER)
    found = [int(row.p50) for row in each(table[mine])]
    return found[0] if found else None
