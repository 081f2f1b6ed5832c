"""Care leavers from the OC3 tables, and adoption dates from AD1: frames without identifiers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.dates import OPEN
from sufficiency.history.model import ADOPTION_KINDS, LEAVER_KINDS
from sufficiency.returns import Returns
from sufficiency.returns.children import births
from sufficiency.returns.columns import read_dates
from sufficiency.returns.model import without_rows

#: ACCOM codes are a letter and 1 (suitable) or 2 (not); Z is with former foster carers (SSDA903 guidance).
_WITH_CARERS = "Z"
_SUITABLE = "1"
_NONE = -1


def care_leavers(returns: Returns, ranks: pd.Series) -> pd.DataFrame:
    """One row per care leaver and year: as in :class:`~sufficiency.history.History`.

    Parameters
    ----------
    ranks
        Rank of each child of the history, by identifier. Most care leavers left before the first
        return and have none (−1).
    """
    rows = returns.other.get("oc3")
    if rows is None or rows.empty:
        return without_rows(LEAVER_KINDS)
    rows = rows[rows["CHILD"].isin(returns.header["child"])].drop_duplicates(["CHILD", "year"], keep="last")
    dob = births(returns.header, rows["CHILD"])
    ends = {year: dates.year_bounds(year)[1] for year in rows["year"].unique().tolist()}
    last = rows["year"].map(ends).to_numpy(np.int64)
    table = {
        "child": _ranked(rows["CHILD"], ranks),
        "year": rows["year"].to_numpy(np.int64),
        "age": dates.age_on(dob, last),
        "in_touch": rows["IN_TOUCH"].to_numpy(object),
        "activity": rows["ACTIV"].to_numpy(object),
        "accommodation": rows["ACCOM"].to_numpy(object),
        "suitable": rows["ACCOM"].str[1:2].eq(_SUITABLE).to_numpy(bool),
        "staying_put": rows["ACCOM"].str[:1].eq(_WITH_CARERS).to_numpy(bool),
    }
    return pd.DataFrame(table).astype(LEAVER_KINDS)


def adoptions(returns: Returns, ranks: pd.Series, origin: int) -> pd.DataFrame:
    """One row per adopted child with the day of the match: as in :class:`~sufficiency.history.History`."""
    rows = returns.other.get("ad1")
    if rows is None or rows.empty:
        return without_rows(ADOPTION_KINDS)
    rows = rows.drop_duplicates("CHILD", keep="last")
    matched = read_dates(rows["DATE_MATCH"]).days
    child = _ranked(rows["CHILD"], ranks)
    kept = (child != _NONE) & (matched != OPEN) & (matched <= origin)
    table = {"child": child[kept], "matched": dates.to_dates(matched[kept])}
    return pd.DataFrame(table).astype(ADOPTION_KINDS).sort_values("child").reset_index(drop=True)


def _ranked(names: pd.Series, ranks: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return ranks.reindex(names).fillna(_NONE).to_numpy(np.int64)
