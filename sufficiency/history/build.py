"""From returns to history."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.errors import UserError
from sufficiency.history.episodes import Lives, mended
from sufficiency.history.leavers import adoptions, care_leavers
from sufficiency.history.model import (
    ADOPTION_KINDS,
    CHANGE_KINDS,
    CHILD_KINDS,
    LEAVER_KINDS,
    LEGAL_KINDS,
    NEED_KINDS,
    PLACEMENT_KINDS,
    History,
)
from sufficiency.history.periods import NOT_KNOWN, legal_statuses, needs, placements
from sufficiency.history.reasons import changes
from sufficiency.returns import Returns
from sufficiency.returns.model import conforming


def build_history(returns: Returns, *, origin: date | str | None = None) -> History:
    """Placements and periods of care, one row each, as known on the origin.

    Parameters
    ----------
    origin
        Last day of data, inclusive; None takes the last day of the returns. Episodes that start
        later are not seen, and ends that come later are still open.

    Raises
    ------
    UserError
        Where the origin is no date of the returns' years.
    """
    last = _origin_day(returns, origin)
    lives = mended(returns, last)
    kept = _children(lives, returns)
    seeking = kept["uasc"].to_numpy(bool)
    ranks = pd.Series(lives.child, index=lives.table["child"])
    ranks = ranks[~ranks.index.duplicated()]
    return History(
        children=conforming("children", kept, CHILD_KINDS),
        placements=conforming("placements", placements(lives, seeking, returns.codes), PLACEMENT_KINDS),
        legal=conforming("legal", legal_statuses(lives, returns.codes), LEGAL_KINDS),
        first_day=returns.first_day,
        origin=last,
        codes=returns.codes,
        files=returns.files,
        findings=returns.findings,
        needs=conforming("needs", needs(lives), NEED_KINDS),
        changes=conforming("changes", changes(lives, returns.codes), CHANGE_KINDS),
        leavers=conforming("leavers", care_leavers(returns, ranks), LEAVER_KINDS),
        adoptions=conforming("adoptions", adoptions(returns, ranks, last), ADOPTION_KINDS),
    )


def _origin_day(returns: Returns, origin: date | str | None) -> int:
    if origin is None:
        return returns.last_day
    try:
        day = dates.day_number(origin)
    except ValueError:
        raise UserError(["The origin is not a date: write it as 2026-03-31."]) from None
    if not returns.first_day <= day <= returns.last_day:
        first, last = dates.as_date(returns.first_day), dates.as_date(returns.last_day)
        raise UserError([f"The origin {dates.as_date(day)} is outside the returns, which cover {first} to {last}."])
    return day


def _children(lives: Lives, returns: Returns) -> pd.DataFrame:
    """One row per child seen by the origin, by rank of the sorted identifiers."""
    first = np.flatnonzero(np.append(True, lives.child[1:] != lives.child[:-1])[: len(lives.child)])
    names = lives.table["child"].iloc[first]
    known = returns.header.set_index("child").loc[names]
    table = {
        "child": lives.child[first],
        "dob": dates.to_dates(lives.dob[first]),
        "sex": known["sex"].to_numpy(object),
        "ethnicity": known["ethnicity"].map(returns.codes.group("ETHNIC")).fillna(NOT_KNOWN).to_numpy(object),
        "uasc": names.isin(returns.uasc["child"]).to_numpy(bool),
    }
    return pd.DataFrame({column: table[column] for column in CHILD_KINDS}).astype(CHILD_KINDS)
