"""Models whose months to come are a mean and a sum of surprises: the naive ones, and what damped ETS is made of.

All work on the scale 2√(count + ⅜), where counts of a Poisson kind have variance 1 whatever their mean
(Anscombe, *Biometrika* 35, 1948): small counts stay above nought and large ones are not ruled by
their peaks. On it the value h months ahead is a mean, plus ψ₀ = 1 times that month's surprise, plus ψⱼ
times the surprise j months before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import toeplitz

from sufficiency.forecast.exposure import Children
from sufficiency.forecast.models import LEAST_MEAN, MONTHS, NOISE, chi_square_factors

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_SHIFT = 0.375
_CIRCLE = np.linspace(0, np.pi, 721)[1:]
#: The least of a curve seen at some points is a little above its least.
_JUST_BELOW = 0.999


def scaled(counts: npt.ArrayLike) -> Floats:
    """Counts on the scale where a Poisson count has variance 1."""
    return np.asarray(2 * np.sqrt(np.asarray(counts, dtype=np.float64) + _SHIFT))


def counted(values: Floats, own: float | Floats) -> Floats:
    """Mean of a count whose scaled value has this mean and this variance: exact whatever its distribution."""
    means = (np.square(np.maximum(values, 0.0)) + own) / 4 - _SHIFT
    return np.asarray(np.maximum(means, LEAST_MEAN))


@dataclass(frozen=True)
class Innovations:
    """A mean and weights of surprises, on the scale of :func:`scaled`, times a season.

    Attributes
    ----------
    level, slope, damping
        The mean h months ahead is level + slope × (damping + … + damping^h).
    pattern
        Twelve months from the first forecast month that are added in turn; noughts if none.
    alpha, beta, lag
        ψⱼ = alpha + beta × (1 + damping + … + damping^(j − 1)) at multiples of the lag, else 0; with a lag of
        twelve there is no beta.
    variance
        Of one month's surprise; a Poisson count has 1.
    freedom
        Degrees of freedom of the variance.
    season
        Factor of each calendar month, January first.
    """

    name: str
    level: float
    slope: float
    damping: float
    pattern: Floats
    alpha: float
    beta: float
    lag: int
    variance: float
    freedom: int
    season: Floats
    first_month: int
    note: str = ""

    def expected(self, months: int) -> Floats:
        """Mean on the scale of each month ahead."""
        fading = np.cumsum(self.damping ** np.arange(1, months + 1))
        return np.asarray(self.level + self.slope * fading + self.pattern[np.arange(months) % MONTHS])

    def weights(self, months: int) -> Floats:
        """ψ as a lower triangle: what the surprises of each month (columns) do to each month (rows)."""
        back = np.arange(1, months)
        later = self.alpha + self.beta * np.cumsum(self.damping ** np.arange(months - 1))[: months - 1]
        psi = np.concatenate([[1.0], np.where(back % self.lag == 0, later, 0.0)])[:months]
        return np.asarray(np.tril(toeplitz(psi)))

    @property
    def share(self) -> float:
        """Share of a surprise's variance that is noise of its month alone.

        The covariance of the months ahead is a common part plus a multiple of the identity; the
        greatest multiple that leaves the common part non-negative for every horizon is the least of
        abs(ψ(z))² on the unit circle. So a count's own noise can be drawn as a count, and sums of months
        keep the spread that the model gives them.
        """
        z = np.exp(1j * _CIRCLE)
        psi = 1 + self.alpha * z / (1 - z) + self.beta * z / ((1 - z) * (1 - self.damping * z))
        return float(np.square(np.abs(psi)).min()) * _JUST_BELOW

    def root(self, months: int) -> Floats:
        """A root of the common part of the covariance of the months ahead: a lower triangle."""
        weights = self.weights(months)
        whole = np.einsum("ik,jk->ij", weights, weights)
        return np.asarray(np.linalg.cholesky(whole - self.share * np.eye(months)))

    def means(self, coefficients: Floats, steps: Floats) -> Floats:
        """See :class:`~sufficiency.forecast.models.Fitted`."""
        months = steps.shape[1]
        variance = self.variance * chi_square_factors(coefficients[:, NOISE], self.freedom)
        root = self.root(months)
        drawn = np.sqrt(variance)[:, None] * np.einsum("pk,hk->ph", steps, root)
        # What moves of the level add to the mean of a square is taken off: a level goes up no more than down.
        own = self.share - np.square(root).sum(axis=1) + np.square(root[0]).sum()
        factors = self.season[(self.first_month + np.arange(months)) % MONTHS]
        return counted(self.expected(months) + drawn, own * variance[:, None]) * factors

    def dispersions(self, coefficients: Floats) -> Floats:
        """See :class:`~sufficiency.forecast.models.Fitted`."""
        ratios = self.share * self.variance * chi_square_factors(coefficients[:, NOISE], self.freedom)
        ordinary = float(counted(self.expected(MONTHS), self.share * self.variance).mean())
        return np.asarray(np.maximum(ratios - 1, 0.0) / ordinary, dtype=np.float64)


def last_value(counts: Ints, first_month: int, _children: Children | None = None) -> Innovations:
    """The last month again: a random walk with the variance of monthly changes."""
    values = scaled(counts)
    return _plain("last value", values[1:] - values[:-1], first_month, level=float(values[-1]), alpha=1.0)


def seasonal_naive(counts: Ints, first_month: int, _children: Children | None = None) -> Innovations:
    """The same month of the last year: a seasonal random walk with the variance of yearly changes."""
    values = scaled(counts)
    year = np.resize(values[-MONTHS:], MONTHS)
    changes = values[MONTHS:] - values[:-MONTHS]
    return _plain("seasonal naive", changes, first_month, pattern=year, alpha=1.0, lag=MONTHS)


def historical_mean(counts: Ints, first_month: int, _children: Children | None = None) -> Innovations:
    """The mean of all months known."""
    values = scaled(counts)
    return _plain("historical mean", values - values.mean(), first_month, level=float(values.mean()))


def _plain(
    name: str,
    surprises: Floats,
    first_month: int,
    *,
    level: float = 0.0,
    pattern: Floats | None = None,
    alpha: float = 0.0,
    lag: int = 1,
    note: str = "",
) -> Innovations:
    known = len(surprises) > 0
    return Innovations(
        name=name,
        level=level,
        slope=0.0,
        damping=1.0,
        pattern=np.zeros(MONTHS) if pattern is None else pattern,
        alpha=alpha,
        beta=0.0,
        lag=lag,
        variance=float(np.square(surprises).mean()) if known else 1.0,
        freedom=max(len(surprises), 1),
        season=np.ones(MONTHS),
        first_month=first_month,
        note=note if known else "too few months: the noise of a Poisson count is used",
    )
