"""Damped exponential smoothing (ETS) of deseasonalised counts, its smoothing parameters weighed by likelihood."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import numpy.typing as npt
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from sufficiency.forecast.exposure import Children
from sufficiency.forecast.innovations import Innovations, historical_mean, scaled
from sufficiency.forecast.mixture import Mixture
from sufficiency.forecast.models import FEWEST, MONTHS, PARAMETERS, Fitted, posterior, still_or_not
from sufficiency.forecast.season import seasonal_factors

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NAME = "damped ETS"
_LEVELS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.55, 0.7, 0.9)
#: Smoothing of the trend over that of the level: without one, the damping says nothing.
_NO_TREND = (0.0, 0.9)
_TRENDS, _DAMPINGS = (0.05, 0.15), (0.8, 0.9, 0.97)
#: Sets of parameters that are kept, drawn from all by equal steps of their weights.
_KEPT = 12
_STATES = 3


def fit_ets(counts: Ints, first_month: int, _children: Children | None = None) -> Fitted:
    """Damped ETS with additive errors on the scale of ``scaled``.

    Parameters
    ----------
    counts
        Monthly counts, oldest first.
    first_month
        Calendar month index of the first forecast month.

    Notes
    -----
    The likelihood is that of statsmodels' ``ETSModel``, at every set of parameters of a grid: where
    an optimiser finds one set, often at an edge and sometimes without converging, paths are drawn
    from all that the series allows. The level starts at the mean of the first year, with no trend.
    """
    if counts.sum() < FEWEST:
        return replace(historical_mean(counts, first_month), name=NAME, note="too few entries: the mean is used")
    season = seasonal_factors(counts, first_month)
    month = (first_month - len(counts) + np.arange(len(counts))) % MONTHS
    values = scaled(counts / season[month])
    if np.ptp(values) == 0:
        return replace(
            historical_mean(counts, first_month), name=NAME, note="counts that never vary: their mean is used"
        )
    model = ETSModel(
        values,
        error="add",
        trend="add",
        damped_trend=True,
        initialization_method="known",
        initial_level=float(values[:MONTHS].mean()),
        initial_trend=0.0,
    )
    sets, priors = _grid()
    weights = posterior([model.loglike(parameters) for parameters in sets], priors)
    edges = (np.arange(_KEPT) + 0.5) / _KEPT
    kept = np.minimum(np.searchsorted(np.cumsum(weights), edges), len(sets) - 1)
    found = [_innovations(model, sets[number], season, first_month) for number in kept]
    return Mixture(tuple(found), NAME, PARAMETERS)


def _grid() -> tuple[Floats, Floats]:
    """Smoothing of level and trend, damping: shape (sets, 3); and prior weights, equal for each of the first two."""
    damped = list(product(_TRENDS, _DAMPINGS))
    chosen = [(level, level * part, damping) for level in _LEVELS for part, damping in [_NO_TREND, *damped]]
    each = np.array([1.0, *(1 / len(_DAMPINGS) for _ in damped)])
    priors = np.outer(still_or_not(len(_LEVELS)), each).ravel()
    return np.array(chosen), priors


def _innovations(model: ETSModel, parameters: Floats, season: Floats, first_month: int) -> Innovations:
    smoothed = model.smooth(parameters)
    level, trend, damping = (float(value) for value in parameters)
    freedom = max(len(smoothed.level) - _STATES, 1)
    return Innovations(
        name=NAME,
        level=float(smoothed.level[-1]),
        slope=float(smoothed.slope[-1]),
        damping=damping,
        pattern=np.zeros(MONTHS),
        alpha=level,
        beta=trend * damping,
        lag=1,
        variance=float(smoothed.sse) / freedom,
        freedom=freedom,
        season=season,
        first_month=first_month,
    )
