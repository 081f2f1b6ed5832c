"""Placements seen from one day: who was in care, how old, for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.dates import Days
from sufficiency.history.model import History

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Present:
    """Placements in force on a day, one a child, with the day numbers that measures are made of."""

    table: pd.DataFrame
    day: int
    start: Days
    care_start: Days
    dob: Days

    def __repr__(self) -> str:
        return f"Present({len(self.table):,} children on {dates.as_date(self.day)})"

    @property
    def age(self) -> Days:
        """Whole years of age."""
        return dates.age_on(self.dob, np.full(len(self.dob), self.day))

    @property
    def care_start_known(self) -> Bools:
        """Whether the start of care was seen."""
        return self.table["care_start_known"].to_numpy(bool)


def day_of(day: int | date | str) -> int:
    """A day number from a day number, a date or its text."""
    return day if isinstance(day, int) else dates.day_number(day)


def present_on(history: History, day: int | date | str) -> Present:
    """Placements of the children in care at the end of a day: begun by then and not ended."""
    return present_in(history.placements, day_of(day))


def present_in(placements: pd.DataFrame, day: int) -> Present:
    """As :func:`present_on`, of any table in the form of a history's placements."""
    here = (dates.to_days(placements["start"]) <= day) & (dates.to_days(placements["end"]) > day)
    kept = placements[here].reset_index(drop=True)
    return Present(
        kept, day, dates.to_days(kept["start"]), dates.to_days(kept["care_start"]), dates.to_days(kept["dob"])
    )


def months_between(start: Days, day: int) -> Days:
    """Completed months from each start to a day."""
    first = dates.month_index(start)
    later_in_month = start - dates.month_start(first) > day - dates.month_start(dates.month_index(day))
    return dates.month_index(np.full(len(start), day)) - first - later_in_month
