"""Placements, periods of care and legal statuses: one row each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.dates import OPEN
from sufficiency.history.episodes import Bools, Lives, Names, placement_starts, settings_of
from sufficiency.history.model import LEGAL_KINDS, NEED_KINDS, PLACEMENT_KINDS

Ints = npt.NDArray[np.int64]

_SAME_CARER = ("L", "T", "U")
_STATUS_ONLY = "PLACE"
NOT_KNOWN = "Not known"


def placements(lives: Lives, uasc: Bools, codes: Codes) -> pd.DataFrame:
    """One row per placement: as in :class:`~sufficiency.history.History`.

    Parameters
    ----------
    uasc
        Whether each child (by rank) came seeking asylum.
    """
    setting, temporary = settings_of(lives, codes)
    starts = placement_starts(lives, setting, temporary)
    first = np.flatnonzero(starts)
    last = np.append(first[1:], len(starts))[: len(first)] - 1
    child = lives.child[first]
    opens = lives.opens[first]
    period = count_within(child, opens)
    ends = lives.end[last]
    leaves = lives.leaves[last]
    opener = first[opens][np.cumsum(opens) - 1]
    settled = _first_settled(starts, temporary, first)
    rne = lives.table["rne"].to_numpy(object)
    table = {
        "child": child,
        "period": period,
        "placement": count_within(child, np.ones(len(child), dtype=bool)),
        "setting": setting[first],
        "start": dates.to_dates(lives.start[first]),
        "end": dates.to_dates(ends),
        "opening": np.where(opens, np.where(period == 0, "entry", "re_entry"), "move"),
        "closing": _or_none(np.where(leaves != "", "exit", np.where(ends != OPEN, "move", ""))),
        "reason": _or_none(leaves),
        "care_start": dates.to_dates(lives.start[opener]),
        "start_known": ~(opens & np.isin(rne[first], ("L", ""))),
        "care_start_known": rne[opener] == "S",
        "same_carer": _same_carer(lives, first, opens),
        "dob": dates.to_dates(lives.dob[first]),
        "uasc": uasc[child],
        "place": lives.table["place"].to_numpy(object)[settled],
        "provider": lives.table["provider"].to_numpy(object)[settled],
        "distance_miles": _first_known(lives.table["distance_miles"], starts, temporary).to_numpy(float),
        "location": _first_known(_given(lives.table["location"]), starts, temporary).fillna("").to_numpy(object),
    }
    return pd.DataFrame({column: table[column] for column in PLACEMENT_KINDS}).astype(PLACEMENT_KINDS)


def count_within(child: Ints, counted: Bools) -> Ints:
    """How many have been counted of the same child before and with each row, less one."""
    running = np.cumsum(counted)
    first = np.flatnonzero(np.append(True, child[1:] != child[:-1])[: len(child)])
    earlier: Ints = (running - counted)[first]
    sizes = np.diff(np.append(first, len(child)))
    return np.asarray(running - np.repeat(earlier, sizes) - 1, dtype=np.int64)


def _or_none(values: Names) -> pd.Series:
    texts = pd.Series(values, dtype=object)
    return texts.where(texts != "", None)


def _first_settled(starts: Bools, temporary: Bools, first: Ints) -> Ints:
    """Position of each placement's first episode that is not temporary (the first, where all are)."""
    where = pd.Series(np.arange(len(starts))).mask(pd.Series(temporary))
    found = where.groupby(np.cumsum(starts)).first().to_numpy(float)
    return np.where(np.isnan(found), first, found).astype(np.int64)


def _given(values: pd.Series) -> pd.Series:
    return values.where(values != "")


def _first_known(values: pd.Series, starts: Bools, temporary: Bools) -> pd.Series:
    """First known value of each placement's episodes that are not temporary; missing where there is none."""
    return values.mask(pd.Series(temporary)).groupby(np.cumsum(starts)).first()


def _same_carer(lives: Lives, first: Ints, opens: Bools) -> Bools:
    """Placements that began without a change of carer."""
    said = lives.table["rne"].isin(_SAME_CARER).to_numpy(bool)[first]
    status_only = np.append(False, (lives.table["reason"] == _STATUS_ONLY).to_numpy(bool))[first]
    return np.asarray((said | status_only) & ~opens)


def legal_statuses(lives: Lives, codes: Codes) -> pd.DataFrame:
    """Spells of one legal status within a period of care: as in :class:`~sufficiency.history.History`."""
    status = lives.table["ls"].to_numpy(object)
    begins = lives.opens.copy()
    begins[1:] |= status[1:] != status[:-1]
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(begins))[: len(first)] - 1
    named = pd.Series(status[first], dtype="str")
    table = {
        "child": lives.child[first],
        "start": dates.to_dates(lives.start[first]),
        "end": dates.to_dates(lives.end[last]),
        "status": named,
        "group": named.map(codes.group("LS")).fillna(NOT_KNOWN).astype("str"),
    }
    return pd.DataFrame({column: table[column] for column in LEGAL_KINDS}).astype(LEGAL_KINDS)


def needs(lives: Lives) -> pd.DataFrame:
    """Category of need when each period of care began: as in :class:`~sufficiency.history.History`."""
    first = np.flatnonzero(lives.opens)
    child = lives.child[first]
    table = {
        "child": child,
        "period": count_within(child, np.ones(len(child), dtype=bool)),
        "need": lives.table["cin"].to_numpy(object)[first],
    }
    return pd.DataFrame({column: table[column] for column in NEED_KINDS}).astype(NEED_KINDS)
