"""Damped ETS as textbooks have it, for comparison: one set of parameters, by maximum likelihood."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from sufficiency.forecast.innovations import Innovations, scaled
from sufficiency.forecast.models import MONTHS

Ints = npt.NDArray[np.int64]

NAME = "ETS"
NOT_CONVERGED = "ETS did not converge"
#: Level, trend and damping; with a season one more.
_SMOOTHING = 3


def fit_textbook_ets(counts: Ints, first_month: int, *, seasonal: bool = True) -> Innovations:
    """Damped ETS, additive errors and season, on the scale of ``scaled``, fitted by statsmodels.

    Parameters
    ----------
    counts
        Counts, oldest first; with a season at least two years of months.
    first_month
        Calendar month index of the first forecast month.
    seasonal
        Whether counts are of months and have a season. Paths of months beyond the first twelve are
        too narrow: what a season's own change adds there is left out.

    Notes
    -----
    It is not a candidate for entrants: see :mod:`sufficiency.forecast.ets`, which draws its
    parameters. An optimiser that stopped early is told in the note.
    """
    values = scaled(counts)
    extra: dict[str, object] = (
        {"seasonal": "add", "seasonal_periods": MONTHS, "initialization_method": "heuristic"}
        if seasonal
        else {"initialization_method": "known", "initial_level": float(values[0]), "initial_trend": 0.0}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        fitted = ETSModel(values, error="add", trend="add", damped_trend=True, **extra).fit(disp=0)
    named = dict(zip(fitted.param_names, (float(value) for value in fitted.params), strict=True))
    freedom = max(len(values) - _SMOOTHING - seasonal, 1)
    damping = named["damping_trend"]
    return Innovations(
        name=NAME,
        level=float(fitted.level[-1]),
        slope=float(fitted.slope[-1]),
        damping=damping,
        pattern=np.asarray(fitted.season[-MONTHS:], dtype=np.float64) if seasonal else np.zeros(MONTHS),
        alpha=named["smoothing_level"],
        beta=named["smoothing_trend"] * damping,
        lag=1,
        variance=float(fitted.sse) / freedom,
        freedom=freedom,
        season=np.ones(MONTHS),
        first_month=first_month,
        note="" if fitted.mle_retvals["converged"] else NOT_CONVERGED,
    )
