"""Episodes mended and seen from the origin: overlaps ended, gaps closed, care ended at 18."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGED_OUT, AGED_OUT_WINDOW_DAYS, EXIT_REASONS, TEMPORARY, Codes
from sufficiency.dates import ADULT, OPEN, Days
from sufficiency.returns import Returns
from sufficiency.returns.children import births
from sufficiency.returns.sequence import sequence

Bools = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]

OTHER = "other"
_NEW_PLACEMENT = ("S", "P", "B")
_STATUS_ONLY = "PLACE"


@dataclass(frozen=True)
class Lives:
    """Episodes as they will be counted, one element per episode, sorted by child and start.

    ``leaves`` is the exit reason of an episode that ends a period of care, else blank; ``opens``
    marks the first episode of a period.
    """

    table: pd.DataFrame
    child: npt.NDArray[np.int64]
    start: Days
    end: Days
    dob: Days
    opens: Bools
    leaves: Names

    def __repr__(self) -> str:
        return f"Lives({len(self.child):,} episodes)"


def mended(returns: Returns, origin: int) -> Lives:
    """Episodes begun by the origin, mended, with ends after the origin not yet known.

    What a later return says to mend an earlier row is used whatever the origin; ends and starts
    that the origin has not seen are not.
    """
    table = returns.episodes
    start = dates.to_days(table["decom"])
    dob = births(returns.header, table["child"])
    adult = dates.birthday(dob, ADULT)
    found = sequence(table, adult, returns.first_day, max(returns.years))
    reasons = _reasons(table, found.faults, returns.codes)
    end, leaves = _adult(adult, found.end, ~found.goes_on & (found.end != OPEN), reasons)
    goes_on = found.goes_on & (leaves == "")
    opens = np.ones(len(start), dtype=bool)
    opens[1:] = ~((table["child"].to_numpy()[1:] == table["child"].to_numpy()[:-1]) & goes_on[:-1])
    seen = (start <= origin) & (start < adult) & (start < end)
    unknown = end > origin
    end, leaves = np.where(unknown, OPEN, end), np.where(unknown, "", leaves)
    table = table[seen].reset_index(drop=True)
    child = pd.factorize(table["child"], sort=True)[0].astype(np.int64)
    return Lives(table, child, start[seen], end[seen], dob[seen], opens[seen], leaves[seen])


def _reasons(table: pd.DataFrame, faults: dict[str, Bools], codes: Codes) -> Names:
    """Exit reason of each episode, were it to end a period of care."""
    reasons = table["rec"].map(codes.group("REC"))
    known = reasons.where(reasons.isin(EXIT_REASONS), OTHER)
    return np.where(faults["open_child_absent"], OTHER, known.to_numpy(object))


def _adult(adult: Days, end: Days, ended: Bools, reasons: Names) -> tuple[Days, Names]:
    """Ends and exit reasons with the 18th birthday as the last day that care can end on."""
    aged = (end > adult) | (ended & (end >= adult - AGED_OUT_WINDOW_DAYS))
    return np.minimum(end, adult), np.where(aged, AGED_OUT, np.where(ended, reasons, ""))


def settings_of(lives: Lives, codes: Codes) -> tuple[Names, Bools]:
    """Setting of each episode, and where it is a temporary placement.

    A temporary placement (T codes) takes the setting of the placement before it, or at the start
    of a period of care the one after. A stay keeps the setting of its first day, so that a
    birthday within it makes no move of a code whose meaning depends on age.
    """
    place, provider = lives.table["place"], lives.table["provider"]
    stays = _stays(lives, place, provider)
    first = np.flatnonzero(stays)
    since = lives.start[first][np.cumsum(stays) - 1] if len(first) else lives.start
    found = codes.setting_of(place, provider, dates.age_on(lives.dob, since)).fillna(OTHER)
    temporary = (found == TEMPORARY).to_numpy(bool)
    period = pd.Series(np.cumsum(lives.opens))
    real = found.mask(pd.Series(temporary))
    filled = real.groupby(period).ffill().groupby(period).bfill().fillna(OTHER)
    return filled.to_numpy(object), temporary


def _stays(lives: Lives, place: pd.Series, provider: pd.Series) -> Bools:
    """Where a stay begins: a period, another place or provider, or a change of placement."""
    changed = place.ne(place.shift()) | provider.ne(provider.shift())
    moved = lives.table["rne"].isin(_NEW_PLACEMENT)
    return lives.opens | (changed | moved).to_numpy(bool)


def placement_starts(lives: Lives, setting: Names, temporary: Bools) -> Bools:
    """Where a placement begins: with a period, where the setting changes, or by RNE S, P or B.

    Not a new placement, where the setting stays the same: a change of status only (RNE L, T or U,
    or the episode before ended for REASON_PLACE_CHANGE PLACE), a temporary placement, and the
    return from one.
    """
    same = np.zeros(len(setting), dtype=bool)
    same[1:] = setting[1:] == setting[:-1]
    away = np.zeros(len(setting), dtype=bool)
    away[1:] = temporary[:-1]
    status_only = np.zeros(len(setting), dtype=bool)
    status_only[1:] = (lives.table["reason"] == _STATUS_ONLY).to_numpy(bool)[:-1]
    said = lives.table["rne"].isin(_NEW_PLACEMENT).to_numpy(bool)
    return np.asarray(lives.opens | ~same | (said & ~status_only & ~temporary & ~away))
