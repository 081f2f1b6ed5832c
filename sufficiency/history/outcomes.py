"""Measures that need more than placements: care leavers (OC3), matches with adopters (AD1), distance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.dates import ADULT
from sufficiency.history.days import Bools, present_on
from sufficiency.history.measures import DFE
from sufficiency.history.model import History
from sufficiency.history.seen import Pair, share
from sufficiency.returns.distance import OUT

_PLACEMENT_ORDER = "Placement order"
_FAR_MILES = 20
_STAYING = (18, 19, 20)
_OLDEST = 21
_IN_TOUCH = "YES"
_NOT_KNOWN = (np.nan, np.nan)


@dataclass(frozen=True)
class Outcome:
    """A measure of a whole history. ``annual`` ones have no meaning for a quarter."""

    means: str
    source: str
    find: Callable[[History, int, int], Pair]
    annual: bool = True


def _leavers(history: History, last: int) -> pd.DataFrame | None:
    """OC3 rows of the return of the year that ends on a day; None where there is none, or the year is not over."""
    year = int(dates.collection_year(last))
    if dates.year_bounds(year)[1] != last:
        return None
    rows = history.leavers[history.leavers["year"] == year]
    return rows if len(rows) else None


def _leaver_count(history: History, _: int, last: int) -> Pair:
    rows = _leavers(history, last)
    return _NOT_KNOWN if rows is None else (float(len(rows)), np.nan)


def _leaver_share(column: str, ages: tuple[int, ...]) -> Callable[[History, int, int], Pair]:
    def find(history: History, _: int, last: int) -> Pair:
        rows = _leavers(history, last)
        if rows is None:
            return _NOT_KNOWN
        return share(rows[column].to_numpy(bool), rows["age"].isin(ages).to_numpy(bool))

    return find


def _in_touch(history: History, _: int, last: int) -> Pair:
    rows = _leavers(history, last)
    if rows is None:
        return _NOT_KNOWN
    return share(rows["in_touch"].eq(_IN_TOUCH).to_numpy(bool), np.ones(len(rows), dtype=bool))


def _order_to_match(history: History, first: int, last: int) -> Pair:
    """Days from the placement order in force at the match to the match, of children adopted in the window.

    Children whose order was made before the first return, or who were placed by consent, are left out.
    """
    table, matched = history.placements, history.adoptions
    ends = dates.to_days(table["end"])
    adopted = table["reason"].eq("adopted").to_numpy(bool) & (ends >= first) & (ends <= last)
    orders = history.legal[history.legal["group"] == _PLACEMENT_ORDER][["child", "start"]]
    mine = matched[matched["child"].isin(table.loc[adopted, "child"])].merge(orders, on="child")
    start, match = dates.to_days(mine["start"]), dates.to_days(mine["matched"])
    known = mine.assign(days=match - start)[(start <= match) & (start >= history.first_day)]
    latest = known.groupby("child")["days"].min()
    return float(latest.sum()), float(len(latest))


def _over_twenty(history: History, _: int, last: int) -> Pair:
    """Share of children present who are placed far from home, of those for whom the distance is known."""
    miles = present_on(history, last).table["distance_miles"].to_numpy(float)
    return _of_known(miles > _FAR_MILES, ~np.isnan(miles))


def _outside(history: History, _: int, last: int) -> Pair:
    location = present_on(history, last).table["location"]
    return _of_known(location.eq(OUT).to_numpy(bool), location.ne("").to_numpy(bool))


def _of_known(part: Bools, known: Bools) -> Pair:
    """A share of those known; not known where nobody is."""
    return share(part, known) if known.any() else _NOT_KNOWN


OUTCOMES: dict[str, Outcome] = {
    "days_order_to_match": Outcome(
        "Mean days from placement order to match with adopters, of those adopted",
        "DfE, adoption scorecards",
        _order_to_match,
        annual=False,
    ),
    "over_20_miles_share": Outcome(
        "Share of children in care on the last day placed over 20 miles from home, where the return gives the distance",
        DFE,
        _over_twenty,
        annual=False,
    ),
    "outside_authority_share": Outcome(
        "Share of children in care on the last day placed outside the authority, where the return gives it",
        DFE,
        _outside,
        annual=False,
    ),
    "care_leavers": Outcome("Care leavers aged 17 to 21 in the return", DFE, _leaver_count),
    "care_leavers_in_touch_share": Outcome("Share of them in touch with the council", DFE, _in_touch),
    "care_leavers_suitable_17_to_18_share": Outcome(
        "Share of care leavers aged 17 or 18 in suitable accommodation", DFE, _leaver_share("suitable", (17, ADULT))
    ),
    "care_leavers_suitable_19_to_21_share": Outcome(
        "Share of care leavers aged 19 to 21 in suitable accommodation",
        DFE,
        _leaver_share("suitable", (19, 20, _OLDEST)),
    ),
    **{
        f"staying_put_{age}_share": Outcome(
            f"Share of care leavers aged {age} who live with their former foster carers",
            DFE,
            _leaver_share("staying_put", (age,)),
        )
        for age in _STAYING
    },
}


def accommodation(history: History) -> pd.DataFrame:
    """Care leavers by year, age and accommodation.

    Returns
    -------
    pandas.DataFrame
        year (collection year), age, accommodation (OC3 code without its suitability), suitable,
        care_leavers. Small counts: not for publication as they are.
    """
    rows = history.leavers.assign(accommodation=history.leavers["accommodation"].str[:1])
    keys = ["year", "age", "accommodation", "suitable"]
    return rows.groupby(keys).size().rename("care_leavers").reset_index()
