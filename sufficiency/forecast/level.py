"""A local level with a seasonal factor: what is usual moves from month to month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from statsmodels.tsa.statespace.structural import UnobservedComponents

from sufficiency.forecast.exposure import Children
from sufficiency.forecast.innovations import counted, scaled
from sufficiency.forecast.models import (
    FEWEST,
    LEAST_MEAN,
    MONTHS,
    NOISE,
    PARAMETERS,
    STATE,
    chi_square_factors,
    picked,
    posterior,
    still_or_not,
)
from sufficiency.forecast.season import seasonal_factors

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Standard deviations of a month's change of level over that of the noise.
_STEPS = (0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.75, 1.0, 1.5, 2.5)
_LEAST_VARIANCE = 1e-6


@dataclass(frozen=True)
class LocalLevel:
    """Local level times a seasonal factor, under several ratios of steps to noise; on the scale of ``scaled``.

    Attributes
    ----------
    weights
        Posterior weight of each ratio; they sum to 1.
    states, errors
        Today's level and its standard error under each.
    steps
        Standard deviation of a month's change of level under each.
    variances
        Variance of the noise under each; a Poisson count has 1.
    freedom
        Degrees of freedom of the variances.
    season
        Factor of each calendar month, January first.
    first_month
        Calendar month index of the first forecast month.
    """

    weights: Floats
    states: Floats
    errors: Floats
    steps: Floats
    variances: Floats
    freedom: int
    season: Floats
    first_month: int
    note: str = ""
    name: str = "local level"

    @property
    def level(self) -> float:
        """Today's level as a count a month."""
        return float((self.weights * counted(self.states, self.variances)).sum())

    def means(self, coefficients: Floats, steps: Floats) -> Floats:
        """See :class:`~sufficiency.forecast.models.Fitted`."""
        own = picked(coefficients, self.weights, PARAMETERS)
        factor = chi_square_factors(coefficients[:, NOISE], self.freedom)
        root = np.sqrt(factor)
        start = self.states[own] + self.errors[own] * root * coefficients[:, STATE]
        walk = start[:, None] + (self.steps[own] * root)[:, None] * np.cumsum(steps, axis=1)
        ahead = self.first_month + np.arange(steps.shape[1])
        # What a walk adds to the mean of a square is taken off: a level goes up no more than down.
        months = np.arange(1, steps.shape[1] + 1)
        added = np.square(self.steps[own])[:, None] * months
        variance = (self.variances[own][:, None] - added) * factor[:, None]
        return counted(walk, variance) * self.season[ahead % MONTHS]

    def dispersions(self, coefficients: Floats) -> Floats:
        """See :class:`~sufficiency.forecast.models.Fitted`."""
        own = picked(coefficients, self.weights, PARAMETERS)
        ratios = self.variances[own] * chi_square_factors(coefficients[:, NOISE], self.freedom)
        return np.asarray(np.maximum(ratios - 1, 0.0) / max(self.level, LEAST_MEAN), dtype=np.float64)


def fit_level(counts: Ints, first_month: int, _children: Children | None = None) -> LocalLevel:
    """Filter the deseasonalised counts under every ratio of steps to noise, and weigh the ratios.

    Parameters
    ----------
    counts
        Monthly counts, oldest first.
    first_month
        Calendar month index of the first forecast month.

    Notes
    -----
    A ratio is not estimated but weighed by its likelihood, the variance profiled out: short series
    allow many, and the one of maximum likelihood is too often nought.
    """
    season = seasonal_factors(counts, first_month)
    month = (first_month - len(counts) + np.arange(len(counts))) % MONTHS
    values = scaled(counts / season[month])
    few = counts.sum() < FEWEST
    ratios = _STEPS[:1] if few else _STEPS
    model = UnobservedComponents(values, level="local level")
    freedom = max(len(counts) - 1, 1)
    found = []
    for ratio in ratios:
        model.update(np.array([1.0, ratio**2]))
        filtered = model.ssm.filter()
        # The first month only places the level.
        error, scale = filtered.forecasts_error[0, 1:], filtered.forecasts_error_cov[0, 0, 1:]
        variance = max(float((np.square(error) / scale).sum()) / freedom, _LEAST_VARIANCE)
        likelihood = -freedom / 2 * np.log(variance) - np.log(scale).sum() / 2
        spread = max(float(filtered.filtered_state_cov[0, 0, -1]), 0.0)
        found.append((likelihood, filtered.filtered_state[0, -1], spread, ratio, variance))
    likelihoods, states, spreads, steps, variances = np.array(found).T
    return LocalLevel(
        weights=posterior(likelihoods, still_or_not(len(ratios))),
        states=states,
        errors=np.sqrt(spreads * variances),
        steps=steps * np.sqrt(variances),
        variances=variances,
        freedom=freedom,
        season=season,
        first_month=first_month,
        note="too few entries: the mean is used" if few else "",
    )
