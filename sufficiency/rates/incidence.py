"""Why children leave and when: Aalen-Johansen cumulative incidence by reason, with censoring and late entry."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency.codes import AGE_BANDS
from sufficiency.history import History
from sufficiency.history.stock import REASONS
from sufficiency.rates.survival import ALL_AGES, stays_in_care

INCIDENCE_COLUMNS = ("age_at_entry", "reason", "days", "at_risk", "left", "incidence", "standard_error")
Floats = npt.NDArray[np.float64]


def incidence_curves(history: History) -> pd.DataFrame:
    """Share of children who have left care for each reason so many days after entering, by age at entry.

    Of the same periods of care as :func:`~sufficiency.rates.survival.survival_curves`, so that the
    shares of all reasons and of those still in care add up to one. Ageing out at 18 is a reason.

    Returns
    -------
    pandas.DataFrame
        age_at_entry (band, or "All"), reason, days, at_risk, left (for that reason), incidence,
        standard_error: a row for each reason that occurs and each day in care on which somebody left
        for whatever reason. Small counts: not for publication as they are.
    """
    stays = stays_in_care(history)
    groups = [(ALL_AGES, stays), *((band, stays[stays["age_at_entry"] == band]) for band in AGE_BANDS[:-1])]
    parts = [incidence(group).assign(age_at_entry=name) for name, group in groups if group["left"].any()]
    if not parts:
        return pd.DataFrame({column: [] for column in INCIDENCE_COLUMNS})
    return pd.concat(parts, ignore_index=True)[list(INCIDENCE_COLUMNS)]


def incidence(stays: pd.DataFrame) -> pd.DataFrame:
    """Cumulative incidence by reason among some stays.

    The estimator is that of Aalen and Johansen (*Scandinavian Journal of Statistics* 5, 1978), its
    variance the delta method's as in Marubini and Valsecchi, *Analysing Survival Data from Clinical
    Trials and Observational Studies* (1995), section 10.2.

    Parameters
    ----------
    stays
        Columns from_day, days, left, reason (as :func:`~sufficiency.rates.survival.stays_in_care`).
    """
    begun, until = stays["from_day"].to_numpy(np.float64), stays["days"].to_numpy(np.float64)
    left, reason = stays["left"].to_numpy(bool), stays["reason"].to_numpy(np.int64)
    day, at = np.unique(until[left], return_inverse=True)
    at_risk = np.searchsorted(np.sort(begun), day, side="left") - np.searchsorted(np.sort(until), day, side="left")
    known = [number for number in range(len(REASONS)) if (reason[left] == number).any()]
    counts = np.stack([np.bincount(at[reason[left] == number], minlength=len(day)) for number in known])
    gone = np.bincount(at, minlength=len(day))
    before = np.concatenate([[1.0], np.cumprod(1 - gone / at_risk)[:-1]])
    parts = []
    for number, count in zip(known, counts, strict=True):
        share = np.cumsum(before * count / at_risk)
        error = np.sqrt(_variance(share, before, (at_risk, gone, count)))
        columns = {"days": day.astype(np.int64), "at_risk": at_risk, "left": count, "incidence": share}
        parts.append(pd.DataFrame({"reason": REASONS[number], **columns, "standard_error": error}))
    return pd.concat(parts, ignore_index=True)


def _variance(share: Floats, before: Floats, counted: tuple[npt.NDArray[np.int64], ...]) -> Floats:
    """Variance of a cumulative incidence at each day; sums over earlier days by their running totals."""
    at_risk, gone, mine = (values.astype(np.float64) for values in counted)
    stay = at_risk - gone
    hazard = np.divide(gone, at_risk * stay, out=np.zeros_like(stay), where=stay > 0)
    own = np.square(before) * (at_risk - mine) * mine / at_risk**3
    crossed = before * mine / np.square(at_risk)
    squared = np.square(share) * np.cumsum(hazard) - 2 * share * np.cumsum(share * hazard)
    squared += np.cumsum(np.square(share) * hazard)
    variance = squared + np.cumsum(own) - 2 * (share * np.cumsum(crossed) - np.cumsum(share * crossed))
    return np.asarray(np.maximum(variance, 0.0))


def read_off(curve: pd.DataFrame, days: Floats, column: str, start: float) -> Floats:
    """A step function's value on some days: that of its last step on or before them.

    Parameters
    ----------
    curve
        Of one group, with columns days (ascending) and the one named.
    start
        Value before the first step.
    """
    at = np.searchsorted(curve["days"].to_numpy(np.float64), days, side="right")
    return np.asarray(np.concatenate([[start], curve[column].to_numpy(np.float64)])[at])
