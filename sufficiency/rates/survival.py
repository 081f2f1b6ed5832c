"""How long children stay in care, by age at entry: Kaplan-Meier curves with censoring and late entry."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.duration.survfunc import SurvfuncRight

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, AGE_EDGES
from sufficiency.history import History
from sufficiency.history.stock import NONE, REASONS, codes_of

SURVIVAL_COLUMNS = ("age_at_entry", "days", "at_risk", "left", "survival", "standard_error")
_KEYS = ["child", "period"]
ALL_AGES = "All"


def survival_curves(history: History) -> pd.DataFrame:
    """Share of children still in care so many days after entering, by age at entry.

    Periods of care whose start was seen are followed from the first observed day on: those who were
    already in care then are at risk only from that day (late entry), those still in care at the
    origin are censored. Every exit ends a stay, ageing out at 18 too. Periods whose start was not
    seen are left out.

    Returns
    -------
    pandas.DataFrame
        age_at_entry (band, or "All"), days, at_risk, left, survival, standard_error (Greenwood): a row
        for each day in care on which somebody left. A group in which nobody left has no rows. Small
        counts: at_risk and left are not for publication as they are.
    """
    stays = stays_in_care(history)
    groups = [(ALL_AGES, stays), *((band, stays[stays["age_at_entry"] == band]) for band in AGE_BANDS[:-1])]
    parts = [_curve(group).assign(age_at_entry=name) for name, group in groups if group["left"].any()]
    if not parts:
        return pd.DataFrame({column: [] for column in SURVIVAL_COLUMNS})
    return pd.concat(parts, ignore_index=True)[list(SURVIVAL_COLUMNS)]


def stays_in_care(history: History) -> pd.DataFrame:
    """One row per period of care whose start was seen: age_at_entry, from_day, days, left, reason.

    ``from_day`` counts days in care when observation began (0 for those who entered later);
    ``days`` those at its end; ``left`` is whether the period ended, ``reason`` why (an index into
    :data:`~sufficiency.history.stock.REASONS`, NONE where it did not).
    """
    table = history.placements[history.placements["care_start_known"]]
    last = table.drop_duplicates(_KEYS, keep="last")
    begun, end = dates.to_days(last["care_start"]), dates.to_days(last["end"])
    seen_until = np.minimum(end, history.origin + 1)
    age = dates.age_on(dates.to_days(last["dob"]), begun)
    stays = pd.DataFrame(
        {
            "age_at_entry": np.array(AGE_BANDS, dtype=object)[dates.band_of(age, AGE_EDGES)],
            "from_day": np.maximum(history.first_day - begun, 0),
            "days": seen_until - begun,
            "left": end <= history.origin,
            "reason": np.where(end <= history.origin, codes_of(last["reason"], REASONS), NONE),
        }
    )
    return stays[stays["days"] > stays["from_day"]].reset_index(drop=True)


def _curve(stays: pd.DataFrame) -> pd.DataFrame:
    days = stays["days"].to_numpy(np.float64)
    entry: npt.NDArray[np.float64] = stays["from_day"].to_numpy(np.float64)
    found = SurvfuncRight(days, stays["left"].to_numpy(np.int64), entry=entry)
    return pd.DataFrame(
        {
            "days": np.asarray(found.surv_times).astype(np.int64),
            "at_risk": np.asarray(found.n_risk).astype(np.int64),
            "left": np.asarray(found.n_events).astype(np.int64),
            "survival": np.asarray(found.surv_prob, dtype=np.float64),
            "standard_error": np.asarray(found.surv_prob_se, dtype=np.float64),
        }
    )


def median_stay(curves: pd.DataFrame) -> pd.Series:
    """Days after which half have left, by age at entry; NaN where more than half are still in care at the end."""
    below = curves[curves["survival"] <= 1 / 2].drop_duplicates("age_at_entry").set_index("age_at_entry")["days"]
    return below.reindex(curves["age_at_entry"].unique()).rename("median_days")
