"""Children in care at month ends forecast as a series of numbers alone: damped exponential smoothing."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

Floats = npt.NDArray[np.float64]

#: Fewer months than this, or a series that never changes, are carried forward as they are.
_LEAST_MONTHS = 24


def smooth_stock(series: Floats, months: int) -> tuple[Floats, Floats]:
    """Means and standard deviations of the coming months of a series of stocks.

    ETS(A, Ad, N): additive errors and a damped additive trend (Hyndman, Koehler, Ord and Snyder,
    *Forecasting with Exponential Smoothing*, 2008), by statsmodels, with its exact variances.

    Parameters
    ----------
    series
        Children at month ends, oldest first.
    months
        Months ahead.

    Returns
    -------
    Shape (months,) each; a short or constant series is carried forward, with standard deviation 0.
    """
    flat = np.full(months, float(series[-1])), np.zeros(months)
    if len(series) < _LEAST_MONTHS or np.ptp(series) == 0:
        return flat
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        fitted = ETSModel(pd.Series(series), error="add", trend="add", damped_trend=True).fit(disp=False, maxiter=200)
        ahead = fitted.get_prediction(start=len(series), end=len(series) + months - 1)
    mean = np.asarray(ahead.predicted_mean, dtype=np.float64)
    deviation = np.sqrt(np.maximum(np.asarray(ahead.forecast_variance, dtype=np.float64), 0.0))
    if not (np.isfinite(mean).all() and np.isfinite(deviation).all()):
        return flat
    return mean, deviation
