"""How a child's episodes follow one another, and what is done where they do not.

The same reading serves the checks, which tell it, and the history, which acts on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGED_OUT_WINDOW_DAYS
from sufficiency.dates import ADULT, OPEN, Days
from sufficiency.returns import changes
from sufficiency.returns.across import tell_across
from sufficiency.returns.checks import CONTINUES
from sufficiency.returns.children import births
from sufficiency.returns.columns import Bools
from sufficiency.returns.ledger import Ledger

#: A gap of at most so many days after X1 is bridged.
BRIDGED_DAYS = 7
_START = "S"


@dataclass(frozen=True)
class Sequence:
    """Of each episode (sorted by child and decom): what follows it, and its mended end.

    ``end`` is a day number, :data:`OPEN` where the episode is still open; ``goes_on`` where the
    next episode belongs to the same period of care. The other arrays say where each fault is.
    """

    end: Days
    goes_on: Bools
    faults: dict[str, Bools]

    def __repr__(self) -> str:
        return f"Sequence({len(self.end):,} episodes)"


def adult_days(episodes: pd.DataFrame, header: pd.DataFrame) -> Days:
    """18th birthday of each episode's child."""
    return dates.birthday(births(header, episodes["child"]), ADULT)


def sequence(episodes: pd.DataFrame, adult: Days, first_day: int, last_year: int) -> Sequence:
    """Follow each child through its episodes.

    Parameters
    ----------
    episodes
        As in :class:`~sufficiency.returns.Returns`.
    adult
        18th birthday of each episode's child: care that ends about then needs nothing after it.
    first_day
        First day that the returns cover.
    last_year
        Last collection year: an episode still open in an earlier one should have come again.
    """
    start, dec = dates.to_days(episodes["decom"]), dates.to_days(episodes["dec"])
    child = pd.factorize(episodes["child"])[0]
    has_next = np.append(child[1:] == child[:-1], False)[: len(child)]
    after = np.where(has_next, np.append(start[1:], OPEN)[: len(start)], OPEN)
    begins = (episodes["rne"] == _START).to_numpy(bool)
    unsaid = (episodes["rne"] == "").to_numpy(bool)
    next_begins = _of_next(begins)
    x1 = (episodes["rec"] == CONTINUES).to_numpy(bool)
    is_open = dec == OPEN

    lost = is_open & (episodes["year"] < last_year).to_numpy(bool) & ~(has_next & ~next_begins)
    dropped = _day_after_year(episodes)
    absent = lost & (after > dropped)
    gap = np.where(has_next & ~is_open, after - dec, 0)
    overlap = has_next & (gap < 0)
    open_then = is_open & has_next & ~absent
    touching = has_next & ~is_open & (gap == 0)
    bridged = x1 & (gap > 0) & (gap <= BRIDGED_DAYS) & ~next_begins

    goes_on = overlap | open_then | touching | bridged
    end = np.where(goes_on, after, np.where(absent, dropped, dec))
    is_first = ~np.insert(has_next[:-1], 0, False) if len(child) else np.zeros(0, dtype=bool)
    continued = np.insert(goes_on[:-1], 0, False) if len(child) else np.zeros(0, dtype=bool)
    two = open_then & _of_next(is_open)
    faults = {
        "overlap": overlap,
        "two_open": two,
        "open_before_next": open_then & ~two,
        "open_child_absent": absent,
        "short_gap": bridged,
        "long_gap": x1 & has_next & (gap > 0) & ~bridged,
        "nothing_after_x1": x1 & ~is_open & ~has_next & (dec < adult - AGED_OUT_WINDOW_DAYS),
        "same_day_return": touching & ~x1,
        "start_within_period": continued & begins,
        "first_not_start": is_first & ~begins & ~unsaid & (start >= first_day),
        "return_not_start": ~is_first & ~continued & ~begins & ~unsaid,
        **changes.change_faults(episodes, continued),
    }
    return Sequence(end, goes_on, faults)


def _of_next(values: Bools) -> Bools:
    return np.append(values[1:], False)[: len(values)]


def _day_after_year(episodes: pd.DataFrame) -> Days:
    years = episodes["year"]
    after = {year: dates.year_bounds(year)[1] + 1 for year in years.unique().tolist()}
    return years.map(after).to_numpy(np.int64)


_COLUMNS = {
    "start_within_period": "RNE",
    "first_not_start": "RNE",
    "return_not_start": "RNE",
    "same_day_return": "REC",
    "nothing_after_x1": "REC",
    **changes.COLUMNS,
}


def tell_sequence(episodes: pd.DataFrame, found: Sequence, ledger: Ledger) -> None:
    """A finding for each fault in how episodes follow one another, or in how returns fit together."""
    tell_across(ledger)
    for rule, where in found.faults.items():
        if where.any():
            ledger.tell(rule, episodes[where], _COLUMNS.get(rule, "DEC"))
