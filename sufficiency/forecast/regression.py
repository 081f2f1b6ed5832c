"""A negative-binomial regression with a damped trend, one Fourier pair and residuals that last.

On real series a regression alone is overconfident: months stray from a trend together. So what it
leaves over is an autoregression of the first order beside the noise of the counts. The share and
the persistence of it are not chosen but weighed by likelihood, and each path draws its own.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM, GLMResults
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from sufficiency.forecast.exposure import Children
from sufficiency.forecast.models import (
    LEAST_MEAN,
    MONTHS,
    NOISE,
    PARAMETERS,
    STATE,
    chi_square_factors,
    noise_around,
    picked,
    posterior,
    season_pair,
    still_or_not,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NAME = "trend regression"
#: A trend fades by this factor a month (Gardner and McKenzie's damped trend; the value is an
#: assumption: half of a trend's further effect is gone after half a year).
DAMPING = 0.9
#: The regression looks at this many months: on real series (origins to March 2016) three years were better than four.
REGRESSION_MONTHS = 36
#: Standard deviation of trends a year before the series is seen, on the log scale. Trends of four years in annual
#: starts of English authorities to 2016 (DfE, Children looked after in England) have 0.09, of which 0.06 is left
#: without their noise.
TREND_SD = 0.06
#: Below this many entries a month a series bears no trend.
_FEWEST_A_MONTH = 1
_MOST_MEAN_RATIO = 4.0
_LEAST_VARIANCE = 1e-9
#: Persistence from month to month of what the regression leaves over, and share of its variance that persists.
_PERSISTENCE, _SHARES = (0.7, 0.85, 0.95), (0.15, 0.3, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Lasting:
    """The regression under one persistence of what it leaves over.

    Attributes
    ----------
    coefficients, root
        Logarithm of the level at the last month, trend a year, sine and cosine; a root of their covariance.
    state, pull, error
        What is left over at the last month at those coefficients, how it gives way as they are drawn
        otherwise, and its standard error given them.
    persistence, step
        Factor from month to month, and standard deviation of what a month adds.
    variance
        Variance of a count's own noise relative to its mean squared.
    """

    coefficients: Floats
    root: Floats
    state: float
    pull: Floats
    error: float
    persistence: float
    step: float
    variance: float

    def logs(self, design: Floats, coefficients: Floats, steps: Floats, scale: Floats) -> Floats:
        """Logarithm of each month's mean, less half its variance so that the mean itself is right.

        Parameters
        ----------
        design
            Shape (months ahead, coefficients).
        coefficients, steps
            See :class:`~sufficiency.forecast.models.Fitted`.
        scale
            Factor of the variances of each path.
        """
        months = np.arange(1, len(design) + 1)
        drawn = np.einsum("pi,ji->pj", coefficients[:, : len(self.coefficients)], self.root)
        fading = self.persistence**months
        towards = design - np.outer(fading, self.pull)
        added = self.step * np.sqrt(scale)
        wander = np.zeros(len(steps))
        logs = design @ self.coefficients + self.state * fading + np.einsum("pj,hj->ph", drawn, towards)
        logs = logs + np.outer(np.sqrt(scale) * self.error * coefficients[:, STATE], fading)
        for month in range(len(design)):
            wander = self.persistence * wander + added * steps[:, month]
            logs[:, month] += wander
        known = np.square(np.einsum("ji,hj->hi", self.root, towards)).sum(axis=1)
        lasting = np.cumsum(self.persistence ** (2 * (months - 1))) * self.step**2 + np.square(self.error * fading)
        return np.asarray(logs - known / 2 - np.outer(scale, lasting) / 2)


def weigh_persistence(response: Floats, design: Floats) -> tuple[tuple[Lasting, ...], Floats]:
    """Generalised least squares under every persistence, with the weight of each.

    Parameters
    ----------
    response
        Working response of the regression, shape (months,).
    design
        Shape (months, coefficients); the second is the trend a year.

    Returns
    -------
    Fits, and their posterior weights. The variance is profiled out of a restricted likelihood.
    """
    sets = [(0.0, 0.0), *product(_PERSISTENCE, _SHARES)]
    found = [_least_squares(response, design, *chosen) for chosen in sets]
    weights = posterior([likelihood for _, likelihood in found], still_or_not(len(sets)))
    return tuple(fit for fit, _ in found), weights


def _least_squares(response: Floats, design: Floats, kept: float, share: float) -> tuple[Lasting, float]:
    months = np.arange(len(response))
    lasting = share * kept ** np.abs(months[:, None] - months) if share else np.zeros((len(months), len(months)))
    lower = np.linalg.cholesky(lasting + (1 - share) * np.eye(len(months)))
    white = np.linalg.solve(lower, np.column_stack([design, response, lasting[:, -1]]))
    own, seen, last = white[:, :-2], white[:, -2], white[:, -1]
    freedom = max(len(months) - design.shape[1], 1)
    information = own.T @ own
    plain = np.linalg.solve(information, own.T @ seen)
    variance = max(float(np.square(seen - own @ plain).sum()) / freedom, _LEAST_VARIANCE)
    prior = np.zeros_like(information)
    prior[1, 1] = TREND_SD**-2
    covariance = np.linalg.inv(information / variance + prior)
    estimates = covariance @ (own.T @ seen) / variance
    # Eigenvalues clipped: a nearly singular matrix must not make the root complex.
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    # Restricted likelihood: the coefficients are integrated out, the variance is profiled out.
    likelihood = -np.log(np.diag(lower)).sum() - np.linalg.slogdet(information)[1] / 2 - freedom / 2 * np.log(variance)
    fit = Lasting(
        coefficients=estimates,
        root=vectors * np.sqrt(np.clip(values, 0.0, 1.0)),
        state=float(last @ (seen - own @ estimates)),
        pull=last @ own,
        error=float(np.sqrt(max(share - float(last @ last), 0.0) * variance)),
        persistence=kept,
        step=float(np.sqrt(share * (1 - kept**2) * variance)),
        variance=(1 - share) * variance,
    )
    return fit, float(likelihood)


@dataclass(frozen=True)
class TrendRegression:
    """Negative-binomial regression on a damped trend and one Fourier pair.

    Attributes
    ----------
    fits, weights
        The regression under every persistence of what it leaves over, and their weights.
    freedom
        Degrees of freedom of the variances.
    mean
        Ordinary mean of a count.
    first_month
        Calendar month index of the first forecast month.
    level
        Mean of the last year.
    children
        Child population as exposure, if known.
    """

    fits: tuple[Lasting, ...]
    weights: Floats
    freedom: int
    mean: float
    first_month: int
    level: float
    children: Children | None = None
    note: str = ""
    name: str = NAME

    def means(self, coefficients: Floats, steps: Floats) -> Floats:
        """See :class:`~sufficiency.forecast.models.Fitted`."""
        ahead = np.arange(1, steps.shape[1] + 1)
        trend = DAMPING * (1 - DAMPING**ahead) / (1 - DAMPING)
        month = self.first_month + ahead - 1
        design = np.column_stack([np.ones(len(ahead)), trend / MONTHS, season_pair(month)])
        offset = relative(self.children, month, self.first_month - 1)
        chosen, scale = picked(coefficients, self.weights, PARAMETERS), self._scale(coefficients)
        logs = np.empty(steps.shape)
        for number in np.unique(chosen):
            own = chosen == number
            logs[own] = self.fits[number].logs(design, coefficients[own], steps[own], scale[own])
        # A path may not run away: no month above four times the recent level.
        highest = max(self.level, 1.0) * _MOST_MEAN_RATIO
        return np.clip(np.exp(np.minimum(logs + offset, 50.0)), LEAST_MEAN, highest)

    def dispersions(self, coefficients: Floats) -> Floats:
        """See :class:`~sufficiency.forecast.models.Fitted`."""
        chosen = picked(coefficients, self.weights, PARAMETERS)
        variance = np.array([fit.variance for fit in self.fits])[chosen] * self._scale(coefficients)
        return np.asarray(np.maximum(variance - 1 / self.mean, 0.0), dtype=np.float64)

    def _scale(self, coefficients: Floats) -> Floats:
        return chi_square_factors(coefficients[:, NOISE], self.freedom)


def relative(children: Children | None, month: Ints, last: int) -> Floats:
    """Logarithm of the child population of months over that of the last month known; nought if not given."""
    return np.zeros(len(month)) if children is None else children.logs(month) - children.logs(np.array([last]))


def fit_trend(counts: Ints, first_month: int, children: Children | None = None) -> TrendRegression:
    """Fit the regression to the last three years.

    Parameters
    ----------
    counts
        Monthly counts, oldest first.
    first_month
        Calendar month index of the first forecast month.
    children
        Child population by month: then rates are what follows the trend.
    """
    used = counts[-REGRESSION_MONTHS:]
    back = np.arange(-len(used) + 1, 1)
    month = first_month - 1 + back
    design = np.column_stack([np.ones(len(used)), back / MONTHS, season_pair(month)])
    offset = relative(children, month, first_month - 1)
    if len(used) < MONTHS or used.sum() < _FEWEST_A_MONTH * len(used):
        return _flat(used, first_month, "too few entries for a trend: the mean of the last three years is used")
    fitted = _fit(used, design, offset, families.Poisson())
    noise = noise_around(used, np.asarray(fitted.fittedvalues), design.shape[1])
    if noise.ratio > 1:
        # The dispersion by moments, then the coefficients given it: full maximum likelihood fails
        # where a series is less dispersed than a Poisson one, which chance alone often makes it.
        dispersion = (noise.ratio - 1) / noise.mean
        fitted = _fit(used, design, offset, families.NegativeBinomial(alpha=dispersion))
    estimates = np.asarray(fitted.params, dtype=np.float64)
    covariance = np.asarray(fitted.cov_params(), dtype=np.float64)
    if not (fitted.converged and np.isfinite(covariance).all() and np.isfinite(estimates).all()):
        return _flat(
            used, first_month, "the trend regression did not converge: the mean of the last three years is used"
        )
    expected = np.asarray(fitted.fittedvalues)
    response = np.log(expected) - offset + used / expected - 1
    fits, weights = weigh_persistence(response, design)
    freedom = len(used) - design.shape[1]
    return TrendRegression(fits, weights, freedom, noise.mean, first_month, float(used[-MONTHS:].mean()), children)


def _fit(used: Ints, design: Floats, offset: Floats, family: families.Family) -> GLMResults:
    with warnings.catch_warnings():
        # A series that never varies is fitted exactly: no harm.
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        return GLM(used, design, family=family, offset=offset).fit()


def _flat(used: Ints, first_month: int, note: str) -> TrendRegression:
    mean = max(float(used.mean()), LEAST_MEAN)
    root = np.zeros((4, 4))
    root[0, 0] = 1 / np.sqrt(max(float(used.sum()), 1.0))
    noise = noise_around(used, mean, 1)
    only = Lasting(np.array([np.log(mean), 0.0, 0.0, 0.0]), root, 0.0, np.zeros(4), 0.0, 0.0, 0.0, noise.ratio / mean)
    return TrendRegression((only,), np.ones(1), noise.freedom, mean, first_month, mean, None, note)
