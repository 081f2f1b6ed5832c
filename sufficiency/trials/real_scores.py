"""Scores of forecasts of real series: by authority and origin, with bootstrap intervals over authorities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency.forecast import crps
from sufficiency.forecast.models import MONTHS, Fitted
from sufficiency.forecast.paths import sample_counts
from sufficiency.forecast.pool import MODELS, POOL, fit_candidates
from sufficiency.forecast.textbook import NAME as ETS
from sufficiency.forecast.textbook import NOT_CONVERGED, fit_textbook_ets
from sufficiency.trials.real_annual import (
    FEWEST_YEARS,
    NO_CHANGE,
    Shrunken,
    damped_ets,
    linear_drift,
    local_level,
    sampled,
)
from sufficiency.trials.real_data import Monthly, Yearly

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WIDTHS = (50, 80, 95)
NAIVE, LAST_YEAR, OURS = "seasonal naive", "the same month last year, no spread", "shrunken drift"
NO_CHANGE_NAME = "no change"
MONTHLY_METHODS = (POOL, *MODELS, ETS, LAST_YEAR)
_PATHS = 400
_LEAST_KNOWN = 24
_RESAMPLES = 2_000


def score_monthly(series: Monthly, origins: Sequence[int]) -> tuple[pd.DataFrame, int]:
    """Forecasts of twelve months from some origins, by every method.

    Parameters
    ----------
    series
        Counts by authority and month.
    origins
        Months known at each origin, counted from the first.

    Returns
    -------
    A row for each authority (number), origin and method: crps and error (means over the twelve
    months), bias (of their sum, relative), sum_50, sum_80, sum_95 (their sum inside the interval) and
    month_80, month_95 (share of months inside); and how many fits of textbook ETS did not converge.
    """
    rows, failed = [], 0
    for origin in origins:
        for authority, counts in enumerate(series.known_at(origin, MONTHS, _LEAST_KNOWN)):
            if not len(counts):
                continue
            known, came = counts[:-MONTHS], counts[-MONTHS:].astype(np.float64)
            after = series.first_month + origin
            fitted: dict[str, Fitted] = fit_candidates(known, after)
            textbook = fit_textbook_ets(known, after)
            failed += textbook.note == NOT_CONVERGED
            for name, model in (fitted | {ETS: textbook}).items():
                sample = sample_counts(model, MONTHS, _PATHS).astype(np.float64)
                rows.append([authority, origin, name, *_monthly_score(sample, came)])
            again = known[-MONTHS:].astype(np.float64)[None, :]
            rows.append([authority, origin, LAST_YEAR, *_monthly_score(again, came)])
    columns = ["authority", "origin", "method", "crps", "error", "bias", "sum_50", "sum_80", "sum_95"]
    return pd.DataFrame(rows, columns=[*columns, "month_80", "month_95"]), failed


def _monthly_score(sample: Floats, came: Floats) -> list[float]:
    total = sample.sum(axis=1)
    inside = [float(_inside(total, came.sum(), width)) for width in WIDTHS]
    months = [float(_inside(sample, came, width).mean()) for width in WIDTHS[1:]]
    middle = np.abs(np.median(sample, axis=0) - came).mean()
    bias = float(total.mean() - came.sum()) / max(float(came.sum()), 1.0)
    return [float(crps(sample, came).mean()), float(middle), bias, *inside, *months]


def _inside(sample: Floats, came: npt.ArrayLike, width: float) -> npt.NDArray[np.bool_]:
    low, high = np.percentile(sample, [50 - width / 2, 50 + width / 2], axis=0)
    return np.asarray((low <= came) & (came <= high))


def score_yearly(series: Yearly, method: Shrunken, origins: Sequence[int], ahead: Sequence[int]) -> pd.DataFrame:
    """Forecasts of yearly counts some years ahead, by every method.

    Parameters
    ----------
    series
        Counts by authority and year.
    method
        The method that is tried, beside no change, linear drift, ETS and local level.
    origins
        Last years known.
    ahead
        Years ahead; those beyond the series, or with no errors known yet, are left out.

    Returns
    -------
    A row for each authority, origin, years ahead and method: percent (error of the median over what
    came, in per cent), crps (over what came, in per cent), in_50, in_80, in_95.
    """
    methods: Mapping[str, Callable[[Floats, int], Floats]] = {
        OURS: lambda known, years: sampled(method, known, years),
        NO_CHANGE_NAME: lambda known, years: sampled(NO_CHANGE, known, years),
        "linear drift": linear_drift,
        ETS: damped_ets,
        "local level": local_level,
    }
    frames = []
    for origin in origins:
        known = series.until(origin).counts
        for years in ahead:
            # Intervals need errors that were known at the origin.
            if origin + years > series.years[-1] or known.shape[1] - years < FEWEST_YEARS:
                continue
            came = series.counts[:, series.years.index(origin + years)]
            for name, forecast in methods.items():
                frames.append(_yearly_scores(forecast(known, years), came, origin, years, name))
    return pd.concat(frames, ignore_index=True)


def _yearly_scores(sample: Floats, came: Floats, origin: int, years: int, name: str) -> pd.DataFrame:
    table = {
        "authority": np.arange(len(came)),
        "origin": origin,
        "ahead": years,
        "method": name,
        "percent": 100 * np.abs(np.median(sample, axis=0) - came) / came,
        "crps": 100 * crps(sample, came) / came,
    }
    return pd.DataFrame(table | {f"in_{width}": _inside(sample, came, width).astype(float) for width in WIDTHS})


@dataclass(frozen=True)
class Estimate:
    """A mean over authorities, with the 2.5th and 97.5th percentiles of a bootstrap over them."""

    mean: float
    low: float
    high: float


def over_authorities(values: Floats) -> Estimate:
    """Mean of one value for each authority, with its interval."""
    count = len(values)
    chosen = np.random.default_rng(1).integers(0, count, (_RESAMPLES, count))
    low, high = np.percentile(values[chosen].mean(axis=1), [2.5, 97.5])
    return Estimate(float(values.mean()), float(low), float(high))


def ratio(scores: pd.DataFrame, column: str, method: str, to: str) -> Estimate:
    """An authority's mean score by a method over its own by another, averaged over authorities: paired, no scale."""
    means = scores.groupby(["authority", "method"])[column].mean().unstack()
    return over_authorities((means[method] / means[to]).to_numpy(np.float64))


def difference(scores: pd.DataFrame, column: str, method: str, to: str) -> Estimate:
    """An authority's mean score by a method less its own by another, averaged over authorities."""
    means = scores.groupby(["authority", "method"])[column].mean().unstack()
    return over_authorities((means[method] - means[to]).to_numpy(np.float64))


def share(scores: pd.DataFrame, column: str, method: str) -> Estimate:
    """Mean of a column for a method, with an interval over authorities."""
    means = scores[scores["method"] == method].groupby("authority")[column].mean()
    return over_authorities(means.to_numpy(np.float64))
