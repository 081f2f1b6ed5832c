"""What others pay: grants by the night or the year, and shares of the cost of placements, month by month."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.costs.nights import Counted
from sufficiency.tables.ages import OLDEST, bands_of

Floats = npt.NDArray[np.float64]
_MONTHS = 12


def income_pounds(table: pd.DataFrame | None, counted: Counted, by_age: Floats | None, placed: Floats) -> Floats:
    """Income, as pounds above nought, of shape (replications, months, all settings and one for no setting).

    Parameters
    ----------
    by_age
        Pounds a night by month, setting and age band, to find the cost of some ages; None where prices do
        not differ by age, so that a share of the nights is the same share of their cost.
    placed
        Pounds of placements, shape (replications, months, all settings).
    """
    names = counted.codes.all_settings
    pounds = np.zeros((*placed.shape[:2], len(names) + 1))
    rows = [] if table is None else table.to_dict("records")
    for row in rows:
        first = int(dates.month_index(dates.day_number(row["from"])))
        held = counted.months >= first
        if not pd.isna(row["to"]):
            held &= counted.months <= int(dates.month_index(dates.day_number(row["to"])))
        whose = str(row["setting"])
        places = [names.index(whose)] if whose else list(range(len(counted.codes.in_care)))
        at = places[0] if whose else len(names)
        if not pd.isna(row["pounds_per_year"]):
            pounds[:, :, at] += held * counted.part * float(row["pounds_per_year"]) / _MONTHS
        elif not pd.isna(row["share"]):
            paid = placed[:, :, places] * _of(row, counted, places, by_age)
            pounds[:, :, at] += paid.sum(axis=2) * held * float(row["share"])
        else:
            nights = counted.nights[:, :, places] * _of(row, counted, places, None)
            pounds[:, :, at] += nights.sum(axis=2) * held * float(row["pounds_per_night"])
    return pounds


def _of(row: Mapping[Hashable, Any], counted: Counted, places: list[int], weights: Floats | None) -> Floats | float:
    """Share of each setting's nights, or of their cost, that a row's children have."""
    low, high, side = int(row["age_from"]), int(row["age_to"]), int(row["uasc"])
    if (low, high, side) == (0, OLDEST, -1):
        return 1.0
    shares = counted.shares[:, :, places]
    if weights is not None:
        shares = shares * weights[None, :, places, :, None]
        whole = shares.sum(axis=(-2, -1), keepdims=True)
        shares = np.divide(shares, whole, out=np.zeros_like(shares), where=whole > 0)
    sides = slice(None) if side < 0 else slice(side, side + 1)
    found: Floats = shares[..., bands_of(low, high), sides].sum(axis=(-2, -1))
    return found
