"""Yearly counts by authority, one to three years ahead: a drift that leans on no change, and what it is held against.

A model of a whole panel: drifts are shared and shrunk, and intervals come from the same method's own
errors at earlier origins, so that they hold what authorities have in common.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sufficiency.forecast.level import fit_level
from sufficiency.forecast.models import Fitted
from sufficiency.forecast.paths import sample_counts
from sufficiency.forecast.textbook import fit_textbook_ets

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Middles of so many equal parts of a distribution stand for it.
_POINTS = (np.arange(99) + 0.5) / 99
_DRIFT_YEARS = 3
FEWEST_YEARS = 2
#: Fewer starts than this a year double by chance (an assumption).
FEWEST_STARTS = 60
_NINE_YEARS = 9
_PATHS = 300


@dataclass(frozen=True)
class Shrunken:
    """Last value, with a shrunken drift.

    Attributes
    ----------
    common
        Share of the drift that authorities had in common over the last three years, a year ahead.
    carried
        Share of an authority's own last change, less the common one, that goes on for once.
    earlier
        Weight of the mean of the two years before the last in the level.
    """

    common: float
    carried: float
    earlier: float

    def logs(self, known: Floats, ahead: int) -> Floats:
        """Logarithm of the median ``ahead`` years after the last: shape (authorities,)."""
        logs = np.log(known)
        change = np.diff(logs, axis=1)
        drift = change[:, -_DRIFT_YEARS:].mean()
        level = (1 - self.earlier) * logs[:, -1] + self.earlier * logs[:, -3:-1].mean(axis=1)
        own = change[:, -1] - change[:, -1].mean()
        return np.asarray(level + self.common * drift * ahead + self.carried * own)


NO_CHANGE = Shrunken(0.0, 0.0, 0.0)


def sampled(method: Shrunken, known: Floats, ahead: int) -> Floats:
    """Quantiles of each authority's count: shape (points, authorities).

    Parameters
    ----------
    known
        Counts, shape (authorities, years), oldest first.
    ahead
        Years ahead.

    Notes
    -----
    Errors of the logarithm at every earlier origin, over a standard deviation whose square is linear
    in one over the count (a part that all authorities have, and one of chance that small ones have
    more of). The errors are taken with both signs, so that a drift that happened to help or to hurt
    in the past does not move the middle.
    """
    errors, sizes = [], []
    for origin in range(FEWEST_YEARS, known.shape[1] - ahead + 1):
        errors.append(np.log(known[:, origin + ahead - 1]) - method.logs(known[:, :origin], ahead))
        sizes.append(known[:, origin - 1])
    error, size = np.concatenate(errors), np.concatenate(sizes)
    scale = _scale(error, size)
    spread = np.concatenate([error / scale(size), -error / scale(size)])
    points = np.quantile(spread, _POINTS)
    middle = method.logs(known, ahead)
    return np.asarray(np.exp(middle + points[:, None] * scale(known[:, -1])))


def _scale(error: Floats, size: Floats) -> Callable[[Floats], Floats]:
    """Standard deviation of an error by the size of the count, by least squares on its square, neither part below 0."""
    design = np.column_stack([np.ones(len(size)), 1 / size])
    # Weighted by the size, or the smallest authorities alone would decide.
    weighed = design * size[:, None]
    common, chance = np.linalg.lstsq(weighed, np.square(error) * size, rcond=None)[0]
    if common < 0:
        common, chance = 0.0, float((np.square(error) * size).mean())
    if chance < 0:
        common, chance = float(np.square(error).mean()), 0.0
    return lambda count: np.asarray(np.sqrt(common + chance / count))


@dataclass(frozen=True)
class Movement:
    """What moves yearly counts, as variances over the mean; a Poisson count around a fixed level has chance 1, step 0.

    Attributes
    ----------
    chance
        Of a year's count around its level.
    step
        Of a year's change of the level.
    """

    chance: float
    step: float


def movement(counts: Floats) -> Movement:
    """How much of the movement of yearly counts is chance, and how much a level that moves for good.

    Parameters
    ----------
    counts
        Shape (authorities, years).

    Notes
    -----
    Where a count is a level that walks plus independent chance, half the mean square of first
    differences is chance + step / 2, a sixth of that of second differences is chance + step / 3.
    Medians over authorities of both, so that a few with great shocks do not decide.
    """
    mean = counts.mean(axis=1)
    first, second = (
        float(np.median(np.square(np.diff(counts, order, axis=1)).mean(axis=1) / times / mean))
        for order, times in ((1, 2), (2, 6))
    )
    step = max(6 * (first - second), 0.0)
    return Movement(max(first - step / 2, 0.0), step)


@dataclass(frozen=True)
class Extremes:
    """The largest changes of yearly counts that lasted, over authorities that are not small.

    Attributes
    ----------
    authorities
        How many have no fewer than :data:`FEWEST_STARTS` in any year.
    growth, most_growth
        Growth a year over nine years: that which one stretch of nine years in a hundred passes, and the largest.
    rise, most_rise
        Two years over the two before: that which one pair in a hundred passes, and the largest.
    """

    authorities: int
    growth: float
    most_growth: float
    rise: float
    most_rise: float


def extremes(counts: Floats) -> Extremes:
    """See :class:`Extremes`; ``counts`` has the shape (authorities, years), ten years or more."""
    own = counts[(counts >= FEWEST_STARTS).all(axis=1)]
    growth = (own[:, _NINE_YEARS:] / own[:, :-_NINE_YEARS]) ** (1 / _NINE_YEARS) - 1
    pairs = own[:, 1:] + own[:, :-1]
    rise = pairs[:, 2:] / pairs[:, :-2]
    return Extremes(
        authorities=len(own),
        growth=float(np.quantile(growth, 0.99)),
        most_growth=float(growth.max()),
        rise=float(np.quantile(rise, 0.99)),
        most_rise=float(rise.max()),
    )


def linear_drift(known: Floats, ahead: int) -> Floats:
    """The mean change of the last three years goes on: shape (1, authorities)."""
    change = (known[:, -1] - known[:, -1 - _DRIFT_YEARS]) / _DRIFT_YEARS
    return np.asarray(np.maximum(known[:, -1] + ahead * change, 1.0)[None, :])


def local_level(known: Floats, ahead: int) -> Floats:
    """The entrants' local level of each authority's counts: shape (paths, authorities)."""
    return _each(known, ahead, lambda counts: fit_level(counts, 0))


def damped_ets(known: Floats, ahead: int) -> Floats:
    """Damped ETS of each authority's counts by maximum likelihood: shape (paths, authorities)."""
    return _each(known, ahead, lambda counts: fit_textbook_ets(counts, 0, seasonal=False))


def _each(known: Floats, ahead: int, fit: Callable[[Ints], Fitted]) -> Floats:
    paths = [sample_counts(fit(row.astype(np.int64)), ahead, _PATHS)[:, -1] for row in known]
    return np.stack(paths, axis=1).astype(np.float64)
