"""Forecasts to beat: no change, the same month of last year, smoothing of the stock itself, and stock and flow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.forecast.stock_series import smooth_stock
from sufficiency.history import History
from sufficiency.history.stock import spells, stock_at
from sufficiency.trials.scoring import AGE_BAND, CARE_BANDS, SETTING, TOTAL, Keys, Predicted, from_normal, from_point
from sufficiency.trials.stock_and_flow import fit_stock_and_flow

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LAST_VALUE, SEASONAL = "last value", "seasonal naive"
SMOOTHING, STOCK_AND_FLOW = "ETS on the stock", "stock and flow"
BASELINES = (LAST_VALUE, SEASONAL, SMOOTHING, STOCK_AND_FLOW)
#: Levels at which the stock is smoothed as a series.
SMOOTHED = (TOTAL, SETTING, AGE_BAND)
_MONTHS = 12


def sums_at(history: History, days: Ints, keys: Keys) -> Floats:
    """Children in care on some days (ascending) by sum, shape (days, sums)."""
    codes = history.codes
    names = codes.all_settings
    cared = [names.index(name) for name in codes.in_care]
    counts = stock_at(spells(history.placements, codes), days, len(names)).sum(-1)[:, cared, : len(CARE_BANDS)]
    found: Floats = counts.reshape(len(days), -1).astype(np.float64) @ keys.sums.T
    return found


def baselines(
    history: History, ends: Ints, keys: Keys, smoothed: tuple[str, ...] = SMOOTHED
) -> dict[str, tuple[Predicted, Ints]]:
    """Each baseline's forecast of some month ends from what is known at the origin, and the sums that it is of.

    Smoothing is done at the levels given: by setting and age band together it would take seconds, for series of a
    few children.

    Parameters
    ----------
    ends
        Day numbers of the month ends ahead, one a month from the first after the origin.
    """
    past = _month_ends(history)
    series = np.concatenate([sums_at(history, past, keys), sums_at(history, np.array([history.origin]), keys)])
    now, ahead = series[-1], len(ends)
    # The day of the origin may lie within a month; the series is read as if it were its end.
    lag = [_MONTHS - (month % _MONTHS) - 1 for month in range(ahead)]
    before = np.stack([series[max(len(series) - 1 - back, 0)] for back in lag])
    every = np.arange(len(keys))
    larger = np.flatnonzero(np.isin(keys.level, smoothed))
    found = [smooth_stock(series[:, number], ahead) for number in larger]
    mean, deviation = (np.stack([one[part] for one in found], axis=1) for part in (0, 1))
    return {
        LAST_VALUE: (from_point(np.broadcast_to(now, (ahead, len(now))).copy()), every),
        SEASONAL: (from_point(before), every),
        SMOOTHING: (from_normal(np.maximum(mean, 0.0), deviation), larger),
        STOCK_AND_FLOW: (fit_stock_and_flow(history).predict(ends - history.origin, keys), every),
    }


def _month_ends(history: History) -> Ints:
    """Month ends of the window before the origin, the origin itself left out."""
    first, last = (int(dates.month_index(day)) for day in (history.first_day, history.origin))
    ends = dates.month_start(np.arange(first + 1, last + 2)) - 1
    return ends[ends < history.origin]
