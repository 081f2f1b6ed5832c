"""Stability and permanence, counted as the Department for Education counts them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.dates import Days
from sufficiency.history.days import Bools, Present, months_between
from sufficiency.history.seen import Pair, Seen, Window, count, mean, share

_THREE = 3
_UNDER = 16
_LONG_IN_CARE_MONTHS = 30
_TWO_YEARS = 2
_FIVE = 5
_ADOPTION = "placed_for_adoption"
_PERMANENT = ("adopted", "special_guardianship", "other_order")
_PLACE_KEYS = ["child", "placement"]


def three_or_more(seen: Window) -> Pair:
    """Children present with three or more placements in the twelve months that end with the window.

    The placement of the first day counts. No answer where those months were not all observed.
    """
    first = seen.a_year_before
    if first is None:
        return np.nan, np.nan
    lived = (seen.given.start <= seen.last) & (seen.given.end > first)
    placements = seen.given.table.loc[lived, "child"].value_counts()
    mine = seen.present.table["child"].map(placements)
    return float((mine >= _THREE).sum()), float(len(mine))


def two_years(seen: Window) -> Pair:
    """DfE's long-term stability: numerator and denominator among children whose answer is sure."""
    present = seen.present
    day = np.full(len(present.table), present.day)
    long_in_care = months_between(present.care_start, present.day) >= _LONG_IN_CARE_MONTHS
    eligible = long_in_care & (present.age < _UNDER)
    stable = dates.age_on(_living_there_since(seen.given, present), day) >= _TWO_YEARS
    sure = stable | present.table["start_known"].to_numpy(bool)
    return share(stable, eligible & sure)


def _living_there_since(given: Seen, present: Present) -> Days:
    """Start of the placement; for those placed for adoption, of the one before it in the same period."""
    table = given.table
    before = table.groupby(["child", "period"])["start"].shift()
    earlier = dates.to_days(before.where(before.notna(), table["start"]))
    by_start = pd.Series(earlier, index=pd.MultiIndex.from_frame(table[_PLACE_KEYS]))
    mine = by_start.reindex(pd.MultiIndex.from_frame(present.table[_PLACE_KEYS])).to_numpy(np.int64)
    adopters = present.table["setting"].isin(given.codes.settings_of(_ADOPTION)).to_numpy(bool)
    return np.where(adopters, mine, present.start)


def _under_five(seen: Window) -> Bools:
    """Exits of children who had not reached their fifth birthday on their last day in care."""
    last = np.where(seen.left, seen.given.end - 1, seen.given.dob)
    return np.asarray(seen.left & (dates.age_on(seen.given.dob, last) < _FIVE))


def permanent_under_five(seen: Window) -> Pair:
    """Children under five who left care by adoption, special guardianship or another order."""
    return count(_under_five(seen) & seen.given.is_("reason", *_PERMANENT))


def permanent_under_five_share(seen: Window) -> Pair:
    """The same among all who left care under five."""
    return share(seen.given.is_("reason", *_PERMANENT), _under_five(seen))


def entering_to_adopters(seen: Window) -> Pair:
    """Days from entering care to moving in with the adopters, of those adopted in the window.

    The adopters' placement is the first of the last unbroken run with adopters; children whose
    start of care was not seen are left out.
    """
    given = seen.given
    moved_in = _with_adopters_since(given)
    adopted = seen.left & given.is_("reason", "adopted") & (moved_in != dates.OPEN)
    return mean(moved_in - given.care_start, adopted & given.flag("care_start_known"))


def _with_adopters_since(given: Seen) -> Days:
    """First day of the run of placements with adopters that each placement belongs to; OPEN where it is none."""
    adopters = given.is_("setting", *given.codes.settings_of(_ADOPTION))
    if not len(adopters):
        return given.start
    before = np.insert(adopters[:-1], 0, values=False)
    begins = adopters & (~before | ~given.is_("opening", "move"))
    where = np.where(begins, np.arange(len(begins)), 0)
    return np.where(adopters, given.start[np.maximum.accumulate(where)], dates.OPEN)
