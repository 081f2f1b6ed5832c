"""Models of monthly counts, each giving sample paths from keyed uniforms.

Two are fitted here: a negative-binomial regression with a damped trend and one Fourier pair, and a
local level with a seasonal factor. A model is asked for the mean of each month of each path, drawn
with its own parameter uncertainty, and for the dispersion of a count around that mean; the counts
themselves are drawn elsewhere, so that every model's noise is the same keyed noise.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.statespace.structural import UnobservedComponents

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MONTHS = 12
#: A trend fades by this factor a month (Gardner and McKenzie's damped trend; the value is an
#: assumption: half of a trend's further effect is gone after half a year).
DAMPING = 0.9
#: The regression looks at this many months (model §5).
REGRESSION_MONTHS = 48
_LEAST_MEAN = 0.02
_MOST_MEAN_RATIO = 4.0
_LARGEST_STEP = 0.999999


class Fitted(Protocol):
    """A model fitted to one stream of monthly counts."""

    @property
    def name(self) -> str:
        """What the model is called."""
        ...

    @property
    def note(self) -> str:
        """What a reader must know of the fit; blank when all is well."""
        ...

    @property
    def dispersion(self) -> float:
        """Dispersion d of a count around its mean: variance = mean + d × mean²."""
        ...

    def means(self, coefficients: Floats, steps: Floats) -> Floats:
        """Mean count of each month of each path.

        Parameters
        ----------
        coefficients
            Standard normals, shape (paths, at least the model's parameters).
        steps
            Standard normals, shape (paths, months ahead).

        Returns
        -------
        Shape (paths, months ahead), above 0.
        """
        ...


def normal(uniform: Floats) -> Floats:
    """Standard normal by inverse distribution function, kept finite at the ends of [0, 1)."""
    drawn: Floats = ndtri(np.clip(uniform, 1e-12, _LARGEST_STEP))
    return drawn


def _season(month: Ints) -> Floats:
    angle = 2 * np.pi * (month % MONTHS) / MONTHS
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1)


@dataclass(frozen=True)
class TrendRegression:
    """Negative-binomial regression on a damped trend and one Fourier pair."""

    coefficients: Floats
    root: Floats
    dispersion: float
    first_month: int
    level: float
    note: str = ""
    name: str = "trend regression"

    def means(self, coefficients: Floats, steps: Floats) -> Floats:
        """See :class:`Fitted`; the steps are not used."""
        ahead = np.arange(1, steps.shape[1] + 1)
        drawn = self.coefficients + coefficients[:, : len(self.coefficients)] @ self.root.T
        trend = DAMPING * (1 - DAMPING**ahead) / (1 - DAMPING)
        season = _season(self.first_month + ahead - 1)
        design = np.column_stack([np.ones(len(ahead)), trend / MONTHS, season])
        logs = drawn @ design.T
        # A path may not run away: no month above four times the recent level.
        return np.clip(np.exp(np.minimum(logs, 50.0)), _LEAST_MEAN, max(self.level, 1.0) * _MOST_MEAN_RATIO)


def fit_trend(counts: Ints, first_month: int) -> TrendRegression:
    """Fit the regression to the last four years.

    Parameters
    ----------
    counts
        Monthly counts, oldest first.
    first_month
        Calendar month index of the first forecast month.
    """
    used = counts[-REGRESSION_MONTHS:]
    back = np.arange(-len(used) + 1, 1)
    design = np.column_stack([np.ones(len(used)), back / MONTHS, _season(first_month - 1 + back)])
    if used.sum() < len(used):
        return _flat(used, first_month, "too few entries for a trend: the mean of the last four years is used")
    fitted = GLM(used, design, family=families.Poisson()).fit()
    dispersion = _dispersion(used, np.asarray(fitted.fittedvalues)) * len(used) / (len(used) - design.shape[1])
    if dispersion > 0:
        # The dispersion by moments, then the coefficients given it: full maximum likelihood fails
        # where a series is less dispersed than a Poisson one, which chance alone often makes it.
        fitted = GLM(used, design, family=families.NegativeBinomial(alpha=dispersion)).fit()
    estimates = np.asarray(fitted.params, dtype=np.float64)
    covariance = np.asarray(fitted.cov_params(), dtype=np.float64)
    if not (fitted.converged and np.isfinite(covariance).all() and np.isfinite(estimates).all()):
        return _flat(
            used, first_month, "the trend regression did not converge: the mean of the last four years is used"
        )
    # Eigenvalues clipped: a nearly singular Hessian must not make the root complex.
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    root = vectors * np.sqrt(np.clip(values, 0.0, 1.0))
    return TrendRegression(estimates, root, dispersion, first_month, float(used[-MONTHS:].mean()))


def _flat(used: Ints, first_month: int, note: str) -> TrendRegression:
    mean = max(float(used.mean()), _LEAST_MEAN)
    spread = 1 / np.sqrt(max(float(used.sum()), 1.0))
    root = np.zeros((4, 4))
    root[0, 0] = spread
    return TrendRegression(
        np.array([np.log(mean), 0.0, 0.0, 0.0]), root, _dispersion(used, mean), first_month, mean, note
    )


def _dispersion(counts: Ints, mean: float | Floats) -> float:
    """Negative-binomial dispersion by moments: variance = mean + dispersion × mean²."""
    expected = np.broadcast_to(np.asarray(mean, dtype=np.float64), counts.shape)
    excess = ((counts - expected) ** 2 - expected).sum()
    return max(float(excess / np.square(expected).sum()), 0.0)


@dataclass(frozen=True)
class LocalLevel:
    """Local level times a seasonal factor."""

    level: float
    level_error: float
    step: float
    season: Floats
    dispersion: float
    first_month: int
    note: str = ""
    name: str = "local level"

    def means(self, coefficients: Floats, steps: Floats) -> Floats:
        """See :class:`Fitted`; the first coefficient draws today's level."""
        start = self.level + self.level_error * coefficients[:, :1]
        walk = start + self.step * np.cumsum(steps, axis=1)
        ahead = self.first_month + np.arange(steps.shape[1])
        return np.maximum(walk, _LEAST_MEAN) * self.season[ahead % MONTHS]


def _seasonal_factors(counts: Ints, first_month: int) -> Floats:
    """Factor of each calendar month, shrunk towards 1 by what chance alone would do."""
    month = (first_month - len(counts) + np.arange(len(counts))) % MONTHS
    total = np.bincount(month, weights=counts, minlength=MONTHS)
    years = np.bincount(month, minlength=MONTHS)
    expected = years * counts.mean()
    if counts.sum() < MONTHS or (years == 0).any():
        return np.ones(MONTHS)
    ratio = total / expected
    chance = float((1 / expected).mean()) * max(1.0, 1 + _dispersion(counts, float(counts.mean())) * counts.mean())
    signal = max(float(ratio.var()) - chance, 0.0)
    factors = 1 + (ratio - 1) * signal / (signal + chance)
    shrunk: Floats = factors / factors.mean()
    return shrunk


def fit_level(counts: Ints, first_month: int) -> LocalLevel:
    """Fit a local level to the deseasonalised counts."""
    season = _seasonal_factors(counts, first_month)
    month = (first_month - len(counts) + np.arange(len(counts))) % MONTHS
    adjusted = counts / season[month]
    if counts.sum() < MONTHS:
        mean = max(float(counts.mean()), _LEAST_MEAN)
        error = np.sqrt(mean / len(counts))
        return LocalLevel(
            mean, float(error), 0.0, season, _dispersion(counts, mean), first_month, "too few entries: the mean is used"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        fitted = UnobservedComponents(adjusted, level="local level").fit(disp=0, maxiter=200)
    note = "" if fitted.mle_retvals["converged"] else "the local level did not converge fully"
    step = float(np.sqrt(max(fitted.params[1], 0.0)))
    state = fitted.filtered_state[0]
    error = float(np.sqrt(max(fitted.filtered_state_cov[0, 0, -1], 0.0)))
    smooth = np.maximum(fitted.smoothed_state[0], _LEAST_MEAN) * season[month]
    return LocalLevel(
        max(float(state[-1]), _LEAST_MEAN), error, step, season, _dispersion(counts, smooth), first_month, note
    )


#: Every model by name, in a fixed order; the rolling origin picks among them.
MODELS: dict[str, Callable[[Ints, int], Fitted]] = {"trend regression": fit_trend, "local level": fit_level}
