"""What plans are compared in: every measure as an array by replication, period and setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.history.indicators import measures_between
from sufficiency.simulation import Outcome
from sufficiency.simulation.results import months_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Period = Literal["month", "year"]

ALL = "all"
_ENTRIES = ("entry", "re_entry")
#: Whether less (-1) or more (1) of a measure is what is wished for; of the others a plan is neither better nor worse.
BETTER: Mapping[str, int] = {
    "pounds": -1,
    "moves": -1,
    "unmet": -1,
    "turned_away": -1,
    "three_or_more_placements": -1,
    "moves_per_child_year": -1,
    "re_entries": -1,
    "days_entering_to_adopters": -1,
    "residential_share": -1,
    "agency_fostering_share": -1,
    "agency_share_of_fostering": -1,
    "two_years_same_placement": 1,
    "family_or_friends_share": 1,
    "in_house_share": 1,
    "in_house_fostering_share": 1,
    "in_house_fostering_gain": 1,
    "permanent_under_five": 1,
    "permanent_under_five_share": 1,
}


@dataclass(frozen=True)
class Values:
    """One measure of one plan.

    Attributes
    ----------
    settings, periods
        Names along the second and third axis. A period is a month end (children), a month's first day
        or a financial year.
    table
        Shape (replications, settings, periods); the first setting is every setting (:data:`ALL`). NaN
        where a replication has no answer.
    """

    settings: tuple[str, ...]
    periods: tuple[str, ...]
    table: Floats

    def __repr__(self) -> str:
        return f"Values{self.table.shape}"


def measures_of(outcome: Outcome, by: Period, spend: pd.DataFrame | None = None) -> dict[str, Values]:
    """Every measure that is counted in the simulation's tables.

    Parameters
    ----------
    by
        Financial years, or months; children are those at month ends either way.
    spend
        For ``pounds``: from :meth:`sufficiency.costs.Costs.by_year`, or :meth:`~sufficiency.costs.Costs.by_month`.

    Returns
    -------
    Values by name: children, child_days, entries, exits, moves, unmet (first choices: another type was
    given), turned_away (arrivals that an in-house setting did not take), pounds.
    """
    flows = outcome.flows
    event = flows["event"]
    found = {"children": _children(outcome), "child_days": _child_days(outcome, by)}
    counted: dict[str, tuple[pd.DataFrame, str, str]] = {
        "entries": (flows[event.isin(_ENTRIES)], "to_setting", "count"),
        "exits": (flows[event == "exit"], "from_setting", "count"),
        "moves": (flows[event == "move"], "to_setting", "count"),
        "unmet": (outcome.unmet, "setting", "children"),
        "turned_away": (outcome.places, "setting", "turned_away"),
    }
    found |= {name: _counted(outcome, *given, by) for name, given in counted.items()}
    if spend is not None:
        found["pounds"] = _pounds(outcome, spend, by)
    return found


def indicators_of(outcome: Outcome, replications: int) -> dict[str, Values]:
    """Every indicator of journeys by whole financial year, by the code that finds it in the returns.

    Days before the origin are not seen: children whose answer depends on them are in neither part of
    a share.

    Parameters
    ----------
    replications
        The first so many, of which the journeys must have been kept.
    """
    first_day, codes = outcome.origin + 1, outcome.codes
    years = [
        (first, last)
        for year in dates.collection_years(first_day, outcome.last_day)
        for first, last in [dates.year_bounds(year)]
        if first >= first_day and last <= outcome.last_day
    ]
    rows = [
        [_indicators(outcome.placements(number), codes, *year, first_day) for year in years]
        for number in range(replications)
    ]
    labels = tuple(dates.financial_year(first) for first, _ in years)
    names = list(rows[0][0].index) if rows and years else []
    tables = {name: np.array([[year[name] for year in own] for own in rows], dtype=np.float64) for name in names}
    return {name: Values((ALL,), labels, table[:, None, :]) for name, table in tables.items()}


def _indicators(placements: pd.DataFrame, codes: Codes, first: int, last: int, seen_from: int) -> pd.Series:
    table = measures_between(placements, codes, first, last, first_day=seen_from)
    found: pd.Series = table.set_index("measure")["value"]
    return found


def _children(outcome: Outcome) -> Values:
    stock = outcome.stock
    ends, whole = dates.whole_month_ends(outcome.origin + 1, outcome.last_day)
    periods = tuple(f"{end:%Y-%m-%d}" for end in dates.to_dates(ends[whole]))
    at = np.asarray(np.searchsorted(ends[whole], dates.to_days(stock["month_end"])), dtype=np.int64)
    return _summed(outcome, stock, ("setting", "children"), (at, periods), outcome.replications, in_care=True)


def _child_days(outcome: Outcome, by: Period) -> Values:
    labels, begins = _periods(outcome, by)
    nights = np.add.reduceat(outcome.nights.astype(np.int64), begins, axis=1).transpose(0, 2, 1)
    return _with_all(outcome.codes, labels, nights.astype(np.float64), in_care=True)


def _counted(outcome: Outcome, table: pd.DataFrame, setting: str, value: str, by: Period) -> Values:
    labels, begins = _periods(outcome, by)
    month = dates.month_index(dates.to_days(table["month"])) - dates.month_index(outcome.origin + 1)
    at = np.asarray(np.searchsorted(begins, month, side="right") - 1, dtype=np.int64)
    return _summed(outcome, table, (setting, value), (at, labels), outcome.detailed, in_care=False)


def _pounds(outcome: Outcome, spend: pd.DataFrame, by: Period) -> Values:
    """Spend by period; what belongs to no setting is in the total only."""
    labels, _ = _periods(outcome, by)
    period = spend["financial_year"] if by == "year" else spend["month"].dt.strftime("%Y-%m-%d")
    place = {label: number for number, label in enumerate(labels)}
    at: Ints = np.array([place[str(one)] for one in period], dtype=np.int64)
    placed = (spend["setting"] != ALL).to_numpy(bool)
    found = _summed(
        outcome, spend[placed], ("setting", "pounds"), (at[placed], labels), outcome.replications, in_care=False
    )
    np.add.at(found.table[:, 0], (spend["replication"][~placed], at[~placed]), spend["pounds"][~placed])
    return found


def _periods(outcome: Outcome, by: Period) -> tuple[tuple[str, ...], Ints]:
    """Names of the periods, and the month with which each begins."""
    starts = dates.month_start(months_of(outcome))
    if by == "month":
        return tuple(f"{day:%Y-%m-%d}" for day in dates.to_dates(starts)), np.arange(len(starts))
    names, begins = np.unique(dates.financial_years(starts), return_index=True)
    return tuple(str(name) for name in names), np.asarray(begins, dtype=np.int64)


def _summed(
    outcome: Outcome,
    table: pd.DataFrame,
    columns: tuple[str, str],
    when: tuple[Ints, tuple[str, ...]],
    replications: int,
    *,
    in_care: bool,
) -> Values:
    """Sums of a column of a tidy table by replication, setting and period."""
    (setting, value), (at, labels) = columns, when
    names = outcome.codes.all_settings
    counts = np.zeros((replications, len(names), len(labels)))
    number = table[setting].astype(str).map({name: place for place, name in enumerate(names)})
    np.add.at(counts, (table["replication"].to_numpy(np.int64), number.to_numpy(np.int64), at), table[value])
    return _with_all(outcome.codes, labels, counts, in_care=in_care)


def _with_all(codes: Codes, labels: tuple[str, ...], counts: Floats, *, in_care: bool) -> Values:
    """The settings with their total in front: of those in care alone where wished (staying put is not care)."""
    part = counts[:, : len(codes.in_care)] if in_care else counts
    return Values((ALL, *codes.all_settings), labels, np.concatenate([part.sum(axis=1, keepdims=True), counts], axis=1))
