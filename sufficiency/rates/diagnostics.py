"""Do the rates fit what they were made from, and what came after: events observed beside those expected."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import poisson

from sufficiency.codes import AGE_BANDS, CAUSES, REPORTED_AGE, Codes
from sufficiency.history import History
from sufficiency.rates.exposure import Exposure, measure_exposure, observed
from sufficiency.rates.hazards import Hazards, estimate_hazards

Floats = npt.NDArray[np.float64]

ALL = "All"
FITTED, HELD_OUT = "fitted", "held out"
OBSERVED_COLUMNS = (
    "sample",
    "setting",
    "cause",
    "age_band",
    "observed",
    "expected",
    "ratio",
    "low",
    "high",
    "residual",
)
_ENDS = (0.025, 0.975)
_HELD_OUT_DAYS = 365
_LEAST_KNOWN_DAYS = 2 * 365


def observed_expected(history: History, hazards: Hazards, exposure: Exposure) -> pd.DataFrame:
    """Events by setting, cause and reported age band beside those that the rates expect.

    Twice, by ``sample``: *fitted* over all years that the rates were estimated from; and *held out*,
    the last 365 days under rates estimated from what came before them (left out where less than two
    years came before).

    Returns
    -------
    pandas.DataFrame
        sample, setting, cause, age_band ("All" stands for their sum), observed, expected, ratio (of
        the two; NaN where nothing is expected), low and high (95 % of Poisson counts around what is
        expected lie from one to the other, as a ratio), residual (difference over the root of what is
        expected). Rows of which nothing is expected and nothing was seen are left out. That an
        estimate is uncertain is not in the interval. Small counts: not for publication as they are.
    """
    parts = [_compared(hazards, exposure, history.codes).assign(sample=FITTED)]
    cut = history.origin - _HELD_OUT_DAYS
    if cut - history.first_day >= _LEAST_KNOWN_DAYS:
        seen = observed(history)
        before = estimate_hazards(measure_exposure(seen, last_day=cut))
        parts.append(_compared(before, measure_exposure(seen, cut), history.codes).assign(sample=HELD_OUT))
    return pd.concat(parts, ignore_index=True)[list(OBSERVED_COLUMNS)]


def _compared(hazards: Hazards, exposure: Exposure, codes: Codes) -> pd.DataFrame:
    found = _with_sums(exposure.events)
    expected = _with_sums(exposure.child_days * hazards.mean)
    names = ((ALL, *codes.in_care), (ALL, *AGE_BANDS[:-1]), (ALL, *CAUSES))
    setting, age, cause = zip(*product(*names), strict=True)
    table = pd.DataFrame({"setting": setting, "cause": cause, "age_band": age})
    table["observed"], table["expected"] = found.ravel().astype(np.int64), expected.ravel()
    table = table[(table["observed"] > 0) | (table["expected"] > 0)].reset_index(drop=True)
    mean = table["expected"].to_numpy()
    some = np.where(mean > 0, mean, np.nan)
    low, high = (poisson.ppf(end, mean) / some for end in _ENDS)
    residual = (table["observed"] - mean) / np.sqrt(some)
    return table.assign(ratio=table["observed"] / some, low=low, high=high, residual=residual)


def _with_sums(cells: Floats) -> Floats:
    """Cells added up to settings, reported ages and causes, with the sum of each put first: shape (S + 1, 6, 17)."""
    fine, band = cells.sum((2, 3)), np.array(REPORTED_AGE)
    by_age = np.stack([fine[:, band == number].sum(1) for number in range(len(AGE_BANDS) - 1)], axis=1)
    for axis in range(by_age.ndim):
        by_age = np.concatenate([by_age.sum(axis, keepdims=True), by_age], axis=axis)
    return by_age
