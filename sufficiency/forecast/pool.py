"""The candidates, and the pool that entrants are forecast with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from sufficiency.forecast.ets import fit_ets
from sufficiency.forecast.exposure import Children
from sufficiency.forecast.innovations import historical_mean, last_value, seasonal_naive
from sufficiency.forecast.jumps import LEVEL, TREND, Jumping, fit_level_with_jumps, fit_trend_with_jumps
from sufficiency.forecast.level import fit_level
from sufficiency.forecast.mixture import Mixture
from sufficiency.forecast.models import MEMBER, Fitted
from sufficiency.forecast.regression import NAME as REGRESSION
from sufficiency.forecast.regression import REGRESSION_MONTHS, fit_trend

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Fit = Callable[[Ints, int, Children | None], Fitted]

POOL = "pool"
#: Every model that is fitted by itself, by name, in a fixed order.
MODELS: Mapping[str, Fit] = {
    "last value": last_value,
    "seasonal naive": seasonal_naive,
    "historical mean": historical_mean,
    REGRESSION: fit_trend,
    "damped ETS": fit_ets,
    "local level": fit_level,
    LEVEL: fit_level_with_jumps,
    TREND: fit_trend_with_jumps,
}
#: The members of the pool. Damped ETS and a local level without jumps were members before: on real series to March 2016
#: they made it worse (docs/validation/real-series.md). A level with jumps but no slope was one too: the trend holds it.
MEMBERS = (REGRESSION, TREND)
#: Weight of the regression where its window is surely without a jump and no slope lasts: it knows nothing of either.
_MOST_OF_REGRESSION = 0.5


def fit_pool(counts: Ints, first_month: int, children: Children | None = None) -> Mixture:
    """Fit the pool's members.

    Parameters
    ----------
    counts
        Monthly counts, oldest first.
    first_month
        Calendar month index of the first forecast month.
    children
        Child population as exposure of the regression, if known.
    """
    return _pooled(tuple(MODELS[name](counts, first_month, children) for name in MEMBERS))


def fit_candidates(counts: Ints, first_month: int, children: Children | None = None) -> dict[str, Fitted]:
    """Every model of :data:`MODELS` and the pool, by name."""
    fitted: dict[str, Fitted] = {name: fit(counts, first_month, children) for name, fit in MODELS.items()}
    return fitted | {POOL: _pooled(tuple(fitted[name] for name in MEMBERS))}


def _pooled(members: tuple[Fitted, ...]) -> Mixture:
    """The regression weighs the less, the likelier are a jump among the months that it looks at or a lasting slope."""
    _, jumping = members
    even = jumping.even(REGRESSION_MONTHS) if isinstance(jumping, Jumping) else 1.0
    own = _MOST_OF_REGRESSION * even
    return Mixture(members, POOL, MEMBER, (own, 1 - own))
