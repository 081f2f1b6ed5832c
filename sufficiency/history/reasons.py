"""Why placements changed, and which recorded changes were of status only."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.history.episodes import Lives, placement_starts, settings_of
from sufficiency.history.model import CHANGE_KINDS, History
from sufficiency.history.periods import count_within

_PLACEMENT_CHANGES = ("P", "T", "B", "U")
_STATUS_ONLY = "PLACE"
NOT_GIVEN = "Not given"
REASON_COLUMNS = ("financial_year", "reason", "meaning", "changes", "moves")


def changes(lives: Lives, codes: Codes) -> pd.DataFrame:
    """Recorded changes of placement within periods of care: as in :class:`~sufficiency.history.History`."""
    setting, temporary = settings_of(lives, codes)
    starts = placement_starts(lives, setting, temporary)
    before = lives.table["reason"].shift(fill_value="").to_numpy(object)
    said = lives.table["rne"].isin(_PLACEMENT_CHANGES).to_numpy(bool) | (before != "")
    told = np.asarray((said | starts) & ~lives.opens)
    table = {
        "child": lives.child[told],
        "period": count_within(lives.child, lives.opens)[told],
        "day": dates.to_dates(lives.start[told]),
        "reason": before[told],
        "status_only": before[told] == _STATUS_ONLY,
        "move": starts[told],
    }
    return pd.DataFrame(table).astype(CHANGE_KINDS)


def change_reasons(history: History) -> pd.DataFrame:
    """Recorded changes of placement by reason and financial year.

    ``changes`` counts every change as the Department for Education does; ``moves`` those that this
    package counts as moves between placements: not changes of status only, nor temporary
    placements and the return from them.

    Returns
    -------
    pandas.DataFrame
        financial_year, reason (code, blank where not given), meaning, changes, moves. Every reason
        is listed in every year.
    """
    table = history.changes
    days = dates.to_days(table["day"])
    inside = (days >= history.first_day) & (days <= history.origin)
    table, days = table[inside], days[inside]
    named = history.codes.sets[history.codes.sets["column"] == "REASON_PLACE_CHANGE"]
    meanings = {**dict(zip(named["code"], named["meaning"], strict=True)), "": NOT_GIVEN}
    years = [dates.financial_year(dates.year_bounds(year)[0]) for year in _years(history)]
    counted = table.assign(financial_year=dates.financial_years(days))
    listed = pd.MultiIndex.from_product([years, meanings], names=["financial_year", "reason"])
    by_reason = counted.groupby(["financial_year", "reason"])["move"].agg(["size", "sum"]).reindex(listed, fill_value=0)
    out = by_reason.astype("int64").rename(columns={"size": "changes", "sum": "moves"}).reset_index()
    return out.assign(meaning=out["reason"].map(meanings))[list(REASON_COLUMNS)]


def _years(history: History) -> range:
    """Collection years that a history covers, wholly or in part."""
    return dates.collection_years(history.first_day, history.origin)
