"""A placements table as arrays, with what the measures ask of it: real and simulated journeys alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.dates import Days
from sufficiency.history.days import Bools, Present, present_in

#: Numerator and denominator; the denominator of a plain count is NaN.
Pair = tuple[float, float]


@dataclass(frozen=True)
class Seen:
    """Placements in history's form, as arrays of day numbers beside the table itself.

    ``first_day`` is the first day that was observed: placements that ended before are not there.
    """

    table: pd.DataFrame
    codes: Codes
    start: Days
    end: Days
    dob: Days
    care_start: Days
    first_day: int

    def __repr__(self) -> str:
        return f"Seen({len(self.table):,} placements)"

    def is_(self, column: str, *values: str) -> Bools:
        """Where a column holds one of the values."""
        return self.table[column].isin(values).to_numpy(bool)

    def flag(self, column: str) -> Bools:
        """A column of yes and no."""
        return self.table[column].to_numpy(bool)


def seen(placements: pd.DataFrame, codes: Codes, first_day: int) -> Seen:
    """Prepare a placements table of :class:`~sufficiency.history.History`, or simulated journeys in its form.

    Those who stay with their carers after 18 are not in care and left out.
    """
    placements = placements[placements["setting"].isin(codes.in_care)].reset_index(drop=True)
    days = {name: dates.to_days(placements[name]) for name in ("start", "end", "dob", "care_start")}
    return Seen(placements, codes, first_day=first_day, **days)


@dataclass(frozen=True)
class Window:
    """Days from first to last, both inclusive, and who was in care at the end of the last."""

    given: Seen
    first: int
    last: int
    present: Present
    began: Bools
    ended: Bools

    def __repr__(self) -> str:
        return f"Window({dates.as_date(self.first)} to {dates.as_date(self.last)})"

    @property
    def entered(self) -> Bools:
        """Placements that began a period of care in the window."""
        return np.asarray(self.began & self.given.is_("opening", "entry", "re_entry"))

    @property
    def left(self) -> Bools:
        """Placements that ended a period of care in the window."""
        return np.asarray(self.ended & self.given.is_("closing", "exit"))

    @property
    def child_years(self) -> float:
        """Child-days of the window over the days of its financial year."""
        low, high = self.first, self.last + 1
        days = (np.clip(self.given.end, low, high) - np.clip(self.given.start, low, high)).sum()
        first, last = dates.year_bounds(int(dates.collection_year(self.first)))
        return float(days) / (last - first + 1)

    @property
    def a_year_before(self) -> int | None:
        """First of the twelve months that end with the window; None where they were not all observed."""
        day = dates.add_years(self.last + 1, -1)
        return day if day >= self.given.first_day else None


def window(given: Seen, first: int, last: int) -> Window:
    """What happened from first to last."""
    within = [(days >= first) & (days <= last) for days in (given.start, given.end)]
    return Window(given, first, last, present_in(given.table, last), *within)


Find = Callable[[Window], Pair]


def count(chosen: Bools) -> Pair:
    """A plain count."""
    return float(chosen.sum()), np.nan


def share(part: Bools, whole: Bools) -> Pair:
    """How many of the whole are also of the part."""
    return float((part & whole).sum()), float(whole.sum())


def mean(days: npt.NDArray[np.int64], known: Bools) -> Pair:
    """Sum over the known ones, and how many they are."""
    return float(days[known].sum()), float(known.sum())
