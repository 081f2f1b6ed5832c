"""How many places are missing: demand for each limited setting against the places that can be used.

Demand for a setting is the number of places held in it in a *companion run*, in which that setting
alone has no limit and everything else, luck included, is as in the plan. How well one vacancy suits
(m) is not fitted anew. With the first form of matching some vacancy then suits every child: demand
is all who come for the type of placement. The second form, a constant share of arrivals, is run
beside it where it was fitted: demand if the setting went on taking the share that it takes now.

Returns show where a child was put, which supply shaped, and not what the child needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGE_BANDS
from sufficiency.plan.means import Means
from sufficiency.simulation import Matched, Outcome, Supply
from sufficiency.simulation.matching import second_form
from sufficiency.simulation.results import usable_places
from sufficiency.simulation.supply import in_house_types

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]

#: Replications of each companion run, at most.
GAP_REPLICATIONS = 200
#: The form of matching that the plan is run with, and the other one.
AS_RUN, OTHER_FORM = "as run", "constant share"
GAP_COLUMNS = (
    "scenario",
    "setting",
    "matching",
    "quarter",
    "approved",
    "unavailable",
    "usable",
    "unsuited",
    "after_matching",
    "demand_mean",
    "demand_p50",
    "demand_p80",
    "demand_p90",
    "short_any_day",
    "short_day",
    "needed_80",
    "needed_90",
    "gap_80",
    "gap_90",
    "error_80",
    "error_90",
    "inferred",
)
UNMET_YEAR_COLUMNS = ("scenario", "setting", "given", "financial_year", "age_band", "mean", "p10", "p50", "p90")
ANOTHER_TYPE, ANOTHER_PROVIDER = "another type of placement", "another provider"
ALL_AGES = "all"
_ARRIVALS = ("entry", "re_entry", "move")
_QUARTER = 3
_SURE = (0.8, 0.9)


class Gaps(NamedTuple):
    """Places missing by setting and quarter, and first choices not met by year: see :func:`find_gaps`."""

    places: pd.DataFrame
    unmet: pd.DataFrame


def find_gaps(outcomes: Sequence[Outcome], means: Means, replications: int = GAP_REPLICATIONS) -> Gaps:
    """Demand against places, for every plan, limited setting and whole quarter.

    Parameters
    ----------
    outcomes
        Plans that were simulated with what ``means`` holds, of one origin, horizon and seed.
    replications
        Of each companion run, at most; never more than a plan has in detail.

    Returns
    -------
    Gaps
        ``places``: scenario, setting, matching (:data:`AS_RUN`, :data:`OTHER_FORM`), quarter (its last
        day), and means over days and replications of approved, unavailable and usable places, of those
        that stood empty because they suited nobody who wanted one (``unsuited``) and of what is left
        (``after_matching``). Demand on a day of the quarter: mean and percentiles over days and
        replications. The share of replications with more demand than usable places on any day of the
        quarter (``short_any_day``) and of days (``short_day``). ``needed_80``: the fewest usable places,
        as many every day, with which in 80 % of replications there is one for everybody at the end of
        every day of the quarter. ``gap_80``: the fewest usable places that, added to those there are in
        each replication as they come and go, do the same, and those unsuited; below nought where there
        are more than enough. ``error_80``: the Monte-Carlo standard error of either. Whether the places
        are inferred.

        ``unmet``: scenario, setting (the first choice), given (what was given instead), financial_year
        (whole or in part, as simulated), age_band ("all" is every age), and children a year: mean and
        percentiles over replications.
    """
    count = min(replications, *(outcome.detailed for outcome in outcomes))
    unmet = pd.concat([unmet_by_year(outcome) for outcome in outcomes], ignore_index=True)
    rows: list[pd.DataFrame] = []
    for setting in _limited(outcomes):
        own = [outcome for outcome in outcomes if setting in outcome.supply.settings]
        for matching, supply in _forms(means.matched, setting):
            runs = _companion_runs(own, means, setting, (matching, supply), count)
            for outcome, run in zip(own, runs, strict=True):
                rows.append(_quarters(outcome, run, setting, count).assign(matching=matching))
    if not rows:
        return Gaps(pd.DataFrame(columns=list(GAP_COLUMNS)), unmet)
    return Gaps(pd.concat(rows, ignore_index=True)[list(GAP_COLUMNS)], unmet)


def _limited(outcomes: Sequence[Outcome]) -> list[str]:
    """Settings that are limited in any plan, in reporting order."""
    limited = {name for outcome in outcomes for name in outcome.supply.settings}
    return [name for name in outcomes[0].codes.in_care if name in limited]


def _forms(matched: Matched, setting: str) -> Iterator[tuple[str, Supply]]:
    """Forms of matching in which a setting's demand is told: the plan's, and the other one where it was fitted."""
    yield AS_RUN, matched.supply
    if any(match.setting == setting and match.known for match in matched.matches):
        yield OTHER_FORM, second_form(matched.supply, matched.matches)


def _companion_runs(
    outcomes: Sequence[Outcome], means: Means, setting: str, form: tuple[str, Supply], count: int
) -> list[Outcome]:
    first = outcomes[0]
    return means.simulate(
        [outcome.scenario for outcome in outcomes],
        replications=count,
        seed=first.seed,
        years=dates.as_date(first.last_day).year - dates.as_date(first.origin).year,
        supply=form[1],
        watched=(setting,),
        unlimited=setting,
        kept=means.kept.part(setting).part(form[0].replace(" ", "_")) if means.kept else None,
    )


def _quarters(plan: Outcome, companion: Outcome, setting: str, count: int) -> pd.DataFrame:
    """Every whole quarter of one setting under one plan."""
    held, usable = companion.held[:, 0], usable_places(plan, setting)[:count]
    approved = _approved(plan, setting)
    own = _own_places(plan, setting, count)
    rows = []
    for last, days in whole_quarters(plan.origin + 1, plan.last_day):
        needed, added = places_needed(held[:, days]), places_needed(held[:, days] - usable[:, days])
        errors = quantile_errors(held[:, days].max(axis=1))
        short = held[:, days] > usable[:, days]
        demand, places = held[:, days], float(usable[:, days].mean())
        unsuited = min(_mean(own, "mean_vacant", last), max(demand.mean() - _mean(own, "mean_occupied", last), 0.0))
        p50, p80, p90 = np.percentile(demand, [50, 80, 90])
        rows.append(
            {
                "quarter": dates.to_dates([last])[0],
                "approved": float(approved[days].mean()),
                "usable": places,
                "unsuited": unsuited,
                "demand_mean": float(demand.mean()),
                "demand_p50": p50,
                "demand_p80": p80,
                "demand_p90": p90,
                "short_any_day": float(short.any(axis=1).mean()),
                "short_day": float(short.mean()),
                "needed_80": needed[0],
                "needed_90": needed[1],
                "gap_80": added[0] + unsuited,
                "gap_90": added[1] + unsuited,
                "error_80": errors[0],
                "error_90": errors[1],
            }
        )
    table = pd.DataFrame(rows)
    return table.assign(
        scenario=plan.scenario.name,
        setting=setting,
        unavailable=table["approved"] - table["usable"],
        after_matching=table["usable"] - table["unsuited"],
        inferred=setting in plan.supply.inferred,
    )


def places_needed(held: Small) -> tuple[int, ...]:
    """The fewest places that are enough on every day in 80 and in 90 % of replications, from (replications, days).

    Of what is held beyond the places there are: the fewest to add to them.
    """
    most = held.max(axis=1)
    return tuple(int(np.quantile(most, sure, method="inverted_cdf")) for sure in _SURE)


def quantile_errors(most: Small) -> tuple[float, ...]:
    """Standard errors of the 80th and 90th percentile of a sample: half of what lies a standard error of rank about it.

    Order statistics, with no assumption of the distribution (H. A. David and H. N. Nagaraja, *Order Statistics*,
    third edition 2003, 7.1); those of one replication are not known.
    """
    if len(most) == 1:
        return tuple(float("nan") for _ in _SURE)
    spread = [float(np.sqrt(sure * (1 - sure) / len(most))) for sure in _SURE]
    ends = [np.quantile(most, [sure - own, min(sure + own, 1.0)]) for sure, own in zip(_SURE, spread, strict=True)]
    return tuple(float(high - low) / 2 for low, high in ends)


def whole_quarters(first_day: int, last_day: int) -> Iterator[tuple[int, slice]]:
    """Last day of each whole calendar quarter, and where its days are among those from the first on."""
    month = int(dates.month_index(first_day))
    for start in range(month - month % _QUARTER, int(dates.month_index(last_day)) + 1, _QUARTER):
        begin, end = int(dates.month_start(start)), int(dates.month_start(start + _QUARTER))
        if begin >= first_day and end - 1 <= last_day:
            yield end - 1, slice(begin - first_day, end - first_day)


def _approved(plan: Outcome, setting: str) -> Ints:
    """Approved places day by day, by the table in force."""
    own = plan.supply.rows[plan.supply.rows["setting"] == setting]
    day = np.arange(plan.origin + 1, plan.last_day + 1)
    row = np.maximum(np.searchsorted(own["from"].to_numpy(np.int64), day, side="right") - 1, 0)
    return np.asarray(own["places"].to_numpy(np.int64)[row])


def _own_places(plan: Outcome, setting: str, count: int) -> pd.DataFrame:
    """The plan's own places of a setting: month and means over replications."""
    table = plan.places
    mine = table[(table["setting"] == setting) & (table["replication"] < count)]
    return mine.groupby("month")[["mean_vacant", "mean_occupied"]].mean()


def _mean(own: pd.DataFrame, column: str, last: int) -> float:
    """Mean of the quarter's months that ends on a day."""
    months = dates.to_dates(dates.month_start(int(dates.month_index(last)) - np.arange(_QUARTER)))
    return float(own.loc[own.index.isin(months), column].mean())


def unmet_by_year(outcome: Outcome) -> pd.DataFrame:
    """First choices not met by financial year and age: given another type, or another provider than in house.

    Who was given another provider is counted by arrivals there while the in-house setting is limited.
    """
    parts = [_by_year(outcome, outcome.unmet, "setting", ("children", ANOTHER_TYPE))]
    flows = outcome.flows[outcome.flows["event"].isin(_ARRIVALS)]
    for house, outside in in_house_types(outcome.codes).values():
        if house in outcome.supply.settings:
            came = flows[flows["to_setting"] == outside].assign(first=house)
            parts.append(_by_year(outcome, came, "first", ("count", ANOTHER_PROVIDER)))
    return pd.concat(parts, ignore_index=True)[list(UNMET_YEAR_COLUMNS)]


def _by_year(outcome: Outcome, table: pd.DataFrame, setting: str, told: tuple[str, str]) -> pd.DataFrame:
    """Children a financial year by age, over replications, a nought wherever a setting had some in another year."""
    value, given = told
    plain = pd.DataFrame(
        {
            "setting": table[setting].astype(str),
            "financial_year": dates.financial_years(dates.to_days(table["month"])),
            "age_band": table["age_band"].astype(str),
            "replication": table["replication"],
            "children": table[value],
        }
    )
    both = pd.concat([plain, plain.assign(age_band=ALL_AGES)])
    months = dates.month_start(dates.month_index(outcome.origin + 1) + np.arange(outcome.nights.shape[1]))
    axes: Mapping[str, list[object]] = {
        "setting": sorted(plain["setting"].unique()),
        "financial_year": list(dict.fromkeys(dates.financial_years(months))),
        "age_band": [*AGE_BANDS[:-1], ALL_AGES],
    }
    index = pd.MultiIndex.from_product(list(axes.values()), names=list(axes))
    wide = both.pivot_table(index=list(axes), columns="replication", values="children", aggfunc="sum")
    counts = wide.reindex(index=index, columns=range(outcome.detailed)).fillna(0.0).to_numpy(np.float64)
    low, middle, high = np.percentile(counts, [10, 50, 90], axis=1) if len(index) else np.zeros((3, 0))
    means = counts.mean(axis=1) if len(index) else np.zeros(0)
    found = index.to_frame(index=False).assign(mean=means, p10=low, p50=middle, p90=high)
    return found.assign(scenario=outcome.scenario.name, given=given)
