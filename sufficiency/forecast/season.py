"""Seasonal factors of monthly counts, shrunk by what chance alone would do."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sufficiency.forecast.models import FEWEST, LEAST_MEAN, MONTHS, noise_around

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_HALF = MONTHS // 2
#: A centred year: twelve months around a month, the two at the ends by half.
_CENTRED = np.concatenate([[0.5], np.ones(MONTHS - 1), [0.5]]) / MONTHS


def seasonal_factors(counts: Ints, first_month: int) -> Floats:
    """Factor of each calendar month (January first), with mean 1.

    Parameters
    ----------
    counts
        Monthly counts, oldest first.
    first_month
        Calendar month index of the month after the last.

    Notes
    -----
    Counts over the centred twelve-month mean, as in classical decomposition, so that a trend or a
    shift of level is not taken for a season; then shrunk towards 1 by the share of their variance
    that chance alone, with the series' own dispersion, would give.
    """
    if len(counts) < 2 * MONTHS + 1 or counts.sum() < FEWEST:
        return np.ones(MONTHS)
    around = np.maximum(np.convolve(counts, _CENTRED, mode="valid"), LEAST_MEAN)
    inside = counts[_HALF:-_HALF]
    month = (first_month - len(counts) + _HALF + np.arange(len(inside))) % MONTHS
    expected = np.bincount(month, weights=around, minlength=MONTHS)
    ratio = np.bincount(month, weights=inside, minlength=MONTHS) / expected
    rest = noise_around(inside, around * ratio[month], MONTHS)
    chance = float((1 / expected).mean()) * max(rest.ratio, 1.0)
    signal = max(float(ratio.var()) - chance, 0.0)
    factors = 1 + (ratio - 1) * signal / (signal + chance)
    shrunk: Floats = factors / factors.mean()
    return shrunk
