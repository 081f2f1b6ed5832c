"""What a model of monthly counts is, and how counts scatter around it.

A model is asked for the mean of each month of each path, drawn with its own parameter uncertainty,
and for the dispersion of a count around that mean, drawn too; the counts themselves are drawn in
:mod:`sufficiency.forecast.paths`, so that every model's noise is the same keyed noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MONTHS = 12
#: Standard normals that a path gives to its model: coefficients from the front, then where a level is today, which
#: of the parameter sets that the data allow, the noise, and the member of a pool.
COEFFICIENTS = 8
STATE, PARAMETERS, NOISE, MEMBER = 4, 5, 6, 7
#: Below this many entries in all a series bears no season and no level that moves.
FEWEST = 12
LEAST_MEAN = 0.02
#: Before a series is seen, that its level does not move at all has this weight (an assumption). It keeps the
#: intervals of steady series from widening.
STILL = 0.75
_LARGEST_STEP = 0.999999
_LEAST_CHI_SQUARE = 0.05


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

    def means(self, coefficients: Floats, steps: Floats) -> Floats:
        """Mean count of each month of each path.

        Parameters
        ----------
        coefficients
            Standard normals, shape (paths, :data:`COEFFICIENTS`).
        steps
            Standard normals, shape (paths, months ahead).

        Returns
        -------
        Shape (paths, months ahead), above 0.
        """
        ...

    def dispersions(self, coefficients: Floats) -> Floats:
        """Dispersion d of a path's counts around their means, variance = mean + d × mean²: shape (paths,)."""
        ...


def normal(uniform: Floats) -> Floats:
    """Standard normal by inverse distribution function, kept finite at the ends of [0, 1)."""
    drawn: Floats = ndtri(np.clip(uniform, 1e-12, _LARGEST_STEP))
    return drawn


def posterior(log_likelihoods: npt.ArrayLike, priors: npt.ArrayLike = 1.0) -> Floats:
    """Weights of sets of parameters, which sum to 1, from their log-likelihoods and prior weights."""
    logs = np.asarray(log_likelihoods, dtype=np.float64)
    weights = np.exp(logs - logs.max()) * np.asarray(priors, dtype=np.float64)
    return np.asarray(weights / weights.sum())


def still_or_not(count: int, still: float = STILL) -> Floats:
    """Prior weights of several sets of parameters, of which the first moves nothing: shape (count,)."""
    return np.array([still, *[(1 - still) / (count - 1)] * (count - 1)]) if count > 1 else np.ones(1)


def picked(coefficients: Floats, weights: Floats, number: int) -> Ints:
    """Which of several a path takes, with chances in proportion to weights, by one of its normals: shape (paths,)."""
    edges = np.cumsum(weights) / np.sum(weights)
    found = np.searchsorted(edges, ndtr(coefficients[:, number]), side="right")
    return np.minimum(found, len(weights) - 1).astype(np.int64)


def chi_square_factors(normals: Floats, freedom: int) -> Floats:
    """Factors of a variance from its posterior: degrees of freedom over a chi-square.

    The chi-square is that of Wilson and Hilferty (*PNAS* 17, 1931): a cube of a normal.
    """
    part = 2 / (9 * max(freedom, 1))
    cube = np.maximum(1 - part + np.sqrt(part) * normals, 0.0) ** 3
    return np.asarray(1 / np.maximum(cube, _LEAST_CHI_SQUARE), dtype=np.float64)


@dataclass(frozen=True)
class Noise:
    """How counts scatter around their means.

    Attributes
    ----------
    ratio
        Variance over mean of a count at the ordinary mean; 1 is a Poisson count.
    mean
        The ordinary mean.
    freedom
        Degrees of freedom that the ratio was estimated with.
    """

    ratio: float
    mean: float
    freedom: int


def noise_around(counts: Ints, expected: float | Floats, parameters: int) -> Noise:
    """Noise by Pearson's statistic of the counts around what was expected of them."""
    around = np.broadcast_to(np.asarray(expected, dtype=np.float64), counts.shape)
    freedom = max(len(counts) - parameters, 1)
    pearson = float((np.square(counts - around) / np.maximum(around, LEAST_MEAN)).sum()) / freedom
    return Noise(pearson, max(float(around.mean()), LEAST_MEAN), freedom)


def season_pair(month: Ints) -> Floats:
    """Sine and cosine of calendar months: shape (..., 2)."""
    angle = 2 * np.pi * (month % MONTHS) / MONTHS
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1)
