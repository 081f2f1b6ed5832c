"""The measures that a corporate parenting board reads, by financial year."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGED_OUT
from sufficiency.dates import Days
from sufficiency.history.days import Bools, Present, months_between, present_on
from sufficiency.history.model import History

INDICATOR_COLUMNS = ("financial_year", "measure", "value", "numerator", "denominator")
#: Measure → what it is, for the annex and the notebooks.
MEASURES = {
    "children_31_march": "Children in care on the last day of the year",
    "mean_days_in_care_31_march": "Mean days in care of those whose start was seen, on the last day of the year",
    "entries": "Periods of care that began in the year",
    "first_entries": "Of these, first periods of a child in the returns",
    "re_entries": "Of these, of a child who had left care before",
    "exits": "Periods of care that ended in the year",
    "exits_returned_home": "Exits to parents or relatives",
    "exits_adopted": "Exits to adoption",
    "exits_special_guardianship": "Exits to special guardianship",
    "exits_at_18_share": "Share of exits that were at 18",
    "exits_per_child_year": "Exits for each child-year in care",
    "moves_per_child_year": "Moves between placements for each child-year in care (changes of status left out)",
    "three_or_more_placements": "Share of children in care on the last day with three or more placements in the year",
    "two_years_same_placement": (
        "Share of children under 16 on the last day, in care for two and a half years or more, who had lived in the"
        " same placement for two years, or are placed for adoption and had lived there and in the placement before"
        " for two years together"
    ),
}
_COUNTED_REASONS = ("returned_home", "adopted", "special_guardianship")
_THREE = 3
_UNDER = 16
_LONG_IN_CARE_MONTHS = 30
_TWO_YEARS = 2


def indicators(history: History) -> pd.DataFrame:
    """Measures of :data:`MEASURES` for each financial year of the history.

    A first or last year that the history covers in part counts that part; its last day is then
    the origin. Children whose answer depends on days before the first return are in neither
    numerator nor denominator.

    Returns
    -------
    pandas.DataFrame
        financial_year, measure, value, numerator, denominator (NaN for plain counts; value is NaN
        where the denominator is 0). Shares are between 0 and 1.
    """
    rows = [row for first, last in _years(history) for row in _of_year(history, first, last)]
    return pd.DataFrame(rows, columns=list(INDICATOR_COLUMNS))


def _years(history: History) -> Iterator[tuple[int, int]]:
    start = int(dates.financial_year_start(history.first_day))
    for year in range(start, int(dates.financial_year_start(history.origin)) + 1):
        first, last = dates.year_bounds(year + 1)
        yield max(first, history.first_day), min(last, history.origin)


Row = tuple[str, str, float, float, float]


def _of_year(history: History, first: int, last: int) -> Iterator[Row]:
    label = dates.financial_year(first)
    table = history.placements
    start, end = dates.to_days(table["start"]), dates.to_days(table["end"])
    present = present_on(history, last)
    counts = _counts(table, _within(start, first, last), _within(end, first, last))
    moves = float((table["opening"].eq("move").to_numpy(bool) & _within(start, first, last)).sum())
    child_days = (np.clip(end, first, last + 1) - np.clip(start, first, last + 1)).sum()
    child_years = float(child_days) / _days_in_year(first)
    for measure, count in {"children_31_march": float(len(present.table)), **counts}.items():
        yield label, measure, count, count, np.nan
    shares = {
        "exits_at_18_share": (_at_18(table, end, first, last), counts["exits"]),
        "exits_per_child_year": (counts["exits"], child_years),
        "moves_per_child_year": (moves, child_years),
        "mean_days_in_care_31_march": _days_in_care(present),
        "three_or_more_placements": _three_or_more(table, start, end, present, first),
        "two_years_same_placement": _two_years(history, present),
    }
    for measure, (over, under) in shares.items():
        yield label, measure, over / under if under else np.nan, over, under


def _within(days: Days, first: int, last: int) -> Bools:
    return np.asarray((days >= first) & (days <= last))


def _days_in_year(day: int) -> int:
    first, last = dates.year_bounds(int(dates.collection_year(day)))
    return last - first + 1


def _counts(table: pd.DataFrame, began: Bools, ended: Bools) -> dict[str, float]:
    """Plain counts of events in a year."""
    opening, reason = table.loc[began, "opening"], table.loc[ended, "reason"]
    first, again = float(opening.eq("entry").sum()), float(opening.eq("re_entry").sum())
    return {
        "entries": first + again,
        "first_entries": first,
        "re_entries": again,
        "exits": float(table.loc[ended, "closing"].eq("exit").sum()),
        **{f"exits_{name}": float(reason.eq(name).sum()) for name in _COUNTED_REASONS},
    }


def _at_18(table: pd.DataFrame, end: Days, first: int, last: int) -> float:
    return float((table["reason"].eq(AGED_OUT).to_numpy(bool) & _within(end, first, last)).sum())


def _days_in_care(present: Present) -> tuple[float, float]:
    known = present.care_start_known
    return float((present.day - present.care_start[known]).sum()), float(known.sum())


def _three_or_more(table: pd.DataFrame, start: Days, end: Days, present: Present, first: int) -> tuple[float, float]:
    """Children present with three or more placements between the first day and the day, that of the first included."""
    lived = (start <= present.day) & (end > first)
    placements = table.loc[lived, "child"].value_counts()
    mine = present.table["child"].map(placements)
    return float((mine >= _THREE).sum()), float(len(mine))


def _two_years(history: History, present: Present) -> tuple[float, float]:
    """DfE's long-term stability: numerator and denominator among children whose answer is sure."""
    day = np.full(len(present.table), present.day)
    long_in_care = months_between(present.care_start, present.day) >= _LONG_IN_CARE_MONTHS
    eligible = long_in_care & (present.age < _UNDER)
    since = _living_there_since(history, present)
    stable = dates.age_on(since, day) >= _TWO_YEARS
    sure = stable | present.table["start_known"].to_numpy(bool)
    return float((eligible & stable & sure).sum()), float((eligible & sure).sum())


def _living_there_since(history: History, present: Present) -> Days:
    """Start of the placement; for those placed for adoption, of the one before it in the same period."""
    table = history.placements
    before = table.groupby(["child", "period"])["start"].shift()
    earlier = dates.to_days(before.where(before.notna(), table["start"]))
    by_start = pd.Series(earlier, index=pd.MultiIndex.from_frame(table[["child", "placement"]]))
    mine = by_start.loc[pd.MultiIndex.from_frame(present.table[["child", "placement"]])].to_numpy(np.int64)
    adopters = present.table["setting"].isin(history.codes.settings_of("placed_for_adoption")).to_numpy(bool)
    return np.where(adopters, mine, present.start)
