"""A level that stays or drifts and now and then jumps, with a slope that lasts or none.

A change of practice, a new duty or a closed route shifts the entries of an authority for good within a
month or two. A level that moves by small steps alone follows such a shift over two years, or takes
every quiet month for a step; here a month is a jump with a small chance, and how long ago the last
one was is weighed by what the counts say (run lengths, as in Adams and MacKay, *Bayesian online
changepoint detection*, 2007, with a Kalman filter within each run). The noise, the steps between
jumps and slopes are weighed by likelihood too, not chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from sufficiency.forecast.exposure import Children
from sufficiency.forecast.innovations import counted, historical_mean, scaled
from sufficiency.forecast.models import (
    FEWEST,
    LEAST_MEAN,
    MONTHS,
    PARAMETERS,
    STATE,
    Fitted,
    picked,
    posterior,
    still_or_not,
)
from sufficiency.forecast.season import seasonal_factors

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEVEL, TREND = "level with jumps", "trend with jumps"
#: Chance that a month is a jump, one in forty years, and the standard deviation of a jump over the mean level on the
#: scale of ``scaled``: half of the level (assumptions, chosen on real series, origins to March 2016, beside known
#: worlds). Smaller moves are steps.
JUMPS, _JUMP = 1 / 480, 0.25
#: Standard deviations of a month's small step over the mean level, on the scale of ``scaled``: of 2, 4 and 8 % of a
#: count. A council of any size changes by so much in a hundred, and not by so much of its noise, which is more in a
#: hundred where children are few: on real series (origins to March 2016) that is likelier, and it is narrower where
#: few come. The first, none, has this weight (an assumption, chosen as jumps were).
_STEPS, _NO_STEPS = (0.0, 0.01, 0.02, 0.04), 0.9
#: Standard deviation of slopes a year on the log scale; a slope lasts for good (a growing area). England's trends of
#: four years have 0.06 (:data:`sufficiency.forecast.regression.TREND_SD`), and this is near it. None has this weight
#: (assumptions, chosen as jumps were). Slopes that fade are the regression's
#: (:mod:`sufficiency.forecast.regression`). Only today's slope is carried on: slopes that begin later are not drawn,
#: and what lies years ahead is a little narrow.
_SLOPES, _NO_SLOPE = (0.0, 0.07), 0.6
#: Variances of the noise over a robust one of the series.
_NOISES = (0.3, 0.45, 0.65, 0.95, 1.4, 2.0)
#: Mean square of a normal over the median of its square.
_MEDIAN_SQUARE = 0.455
_LEAST_NOISE = 0.5
#: Run lengths that are kept of each set, and sets with less weight than this are left out.
_RUNS, _LEAST_WEIGHT = 24, 2e-4
_TINY, _NARROW = 1e-300, 1e-6
_QUANTILES = np.linspace(-4.0, 4.0, 401)


@dataclass(frozen=True)
class Sets:
    """Parameters that the data allow, one row each: shape (sets,).

    Attributes
    ----------
    noise, step, jump, slope
        Variances: of a month's noise (a Poisson count has 1), of a month's small step, of a jump, of a
        slope a month.
    """

    noise: Floats
    step: Floats
    jump: Floats
    slope: Floats

    def of(self, chosen: npt.NDArray[np.bool_] | Ints) -> Sets:
        """Some of the rows."""
        return Sets(self.noise[chosen], self.step[chosen], self.jump[chosen], self.slope[chosen])


@dataclass(frozen=True)
class Runs:
    """What is believed of level and slope by set and by when the last jump was: each of shape (sets, runs).

    Attributes
    ----------
    weight
        Of each run within its set.
    level, slope
        Means.
    spread, both, steep
        Variance of the level, covariance, variance of the slope.
    age
        Months since the jump that began the run; the series' own where there was none.
    """

    weight: Floats
    level: Floats
    slope: Floats
    spread: Floats
    both: Floats
    steep: Floats
    age: Floats

    def parts(self) -> tuple[Floats, ...]:
        """All arrays, in the order of the fields."""
        return (self.weight, self.level, self.slope, self.spread, self.both, self.steep, self.age)


@dataclass(frozen=True)
class Jumping:
    """The fitted model: sets of parameters and runs, with the weight of each pair.

    Attributes
    ----------
    runs
        Weights here are over all sets and runs, and sum to 1.
    season
        Factor of each calendar month, January first.
    first_month
        Calendar month index of the first forecast month.
    """

    sets: Sets
    runs: Runs
    season: Floats
    first_month: int
    name: str
    note: str = ""

    @property
    def level(self) -> float:
        """Today's level as a count a month."""
        return float((self.runs.weight * counted(self.runs.level, self.sets.noise[:, None])).sum())

    def even(self, months: int) -> float:
        """Chance that no slope lasts and no jump lies in the last months, or in the whole series if that is shorter."""
        unbroken = self.runs.age >= min(months, int(self.runs.age.max()))
        return float(self.runs.weight[unbroken & (self.sets.slope == 0)[:, None]].sum())

    def means(self, coefficients: Floats, steps: Floats) -> Floats:
        """See :class:`~sufficiency.forecast.models.Fitted`."""
        own, run = self._picked(coefficients)
        sets, months = self.sets.of(own), steps.shape[1]
        _, level, slope, spread, both, steep, _ = (part[own, run] for part in self.runs.parts())
        root = np.sqrt(np.maximum(spread, 0.0))
        across = np.divide(both, root, out=np.zeros_like(root), where=root > 0)
        first, second = coefficients[:, STATE], coefficients[:, 0]
        start = level + root * first
        slopes = slope + across * first + np.sqrt(np.maximum(steep - across**2, 0.0)) * second
        passed = np.arange(1, months + 1)
        walk = start[:, None] + np.cumsum(self._moves(own, steps), axis=1) + slopes[:, None] * passed
        # What moves and slopes add to the mean of a square is taken off: a level goes up no more than down.
        moves = sets.step + JUMPS * sets.jump
        added = moves[:, None] * passed + steep[:, None] * passed**2
        ahead = self.first_month + np.arange(months)
        return np.asarray(counted(walk, sets.noise[:, None] - added) * self.season[ahead % MONTHS])

    def dispersions(self, coefficients: Floats) -> Floats:
        """See :class:`~sufficiency.forecast.models.Fitted`."""
        own, _ = self._picked(coefficients)
        return np.asarray(np.maximum(self.sets.noise[own] - 1, 0.0) / max(self.level, LEAST_MEAN), dtype=np.float64)

    def _picked(self, coefficients: Floats) -> tuple[Ints, Ints]:
        own, run = np.divmod(
            picked(coefficients, self.runs.weight.ravel(), PARAMETERS), np.int64(self.runs.weight.shape[1])
        )
        return own, run

    def _moves(self, own: Ints, steps: Floats) -> Floats:
        """Moves of the level month by month: a step, or with a small chance a jump; shape as ``steps``.

        One normal a move, by the inverse of the mixture's distribution function.
        """
        uniform, out = ndtr(steps), np.empty(steps.shape)
        for number in np.unique(own):
            rows = own == number
            small = max(float(np.sqrt(self.sets.step[number])), _NARROW)
            large = float(np.hypot(small, np.sqrt(self.sets.jump[number])))
            at = np.sort(np.concatenate([_QUANTILES * small, _QUANTILES * large]))
            below = (1 - JUMPS) * ndtr(at / small) + JUMPS * ndtr(at / large)
            out[rows] = np.interp(uniform[rows], below, at)
        return out


def fit_level_with_jumps(counts: Ints, first_month: int, _children: Children | None = None) -> Fitted:
    """Fit a level without a slope.

    Parameters
    ----------
    counts
        Monthly counts, oldest first.
    first_month
        Calendar month index of the first forecast month.
    """
    return _fit(counts, first_month, LEVEL, _SLOPES[:1])


def fit_trend_with_jumps(counts: Ints, first_month: int, _children: Children | None = None) -> Fitted:
    """Fit a level with a slope that lasts, or none; see :func:`fit_level_with_jumps`."""
    return _fit(counts, first_month, TREND, _SLOPES)


def _fit(counts: Ints, first_month: int, name: str, slopes: tuple[float, ...]) -> Fitted:
    if counts.sum() < FEWEST:
        return replace(historical_mean(counts, first_month), name=name, note="too few entries: the mean is used")
    season = seasonal_factors(counts, first_month)
    month = (first_month - len(counts) + np.arange(len(counts))) % MONTHS
    values = scaled(counts / season[month])
    sets, priors = _grid(values, slopes)
    runs, likelihoods = _filtered(values, sets)
    weights = posterior(likelihoods, priors)
    kept = weights > _LEAST_WEIGHT
    whole = runs.weight[kept] * weights[kept, None]
    rest = (part[kept] for part in runs.parts()[1:])
    return Jumping(sets.of(kept), Runs(whole / whole.sum(), *rest), season, first_month, name)


def _grid(values: Floats, slopes: tuple[float, ...]) -> tuple[Sets, Floats]:
    """Every set of parameters, and prior weights."""
    changes = np.square(np.diff(values))
    robust = max(float(np.median(changes)) / _MEDIAN_SQUARE / 2, _LEAST_NOISE) if len(changes) else 1.0
    mean = float(values.mean())
    rows, priors = [], []
    stepped = list(zip(_STEPS, still_or_not(len(_STEPS), _NO_STEPS), strict=True))
    sloped = list(zip(slopes, still_or_not(len(slopes), _NO_SLOPE), strict=True))
    for part, (step, still), (slope, level) in product(_NOISES, stepped, sloped):
        # A slope of the logarithm of a count is half as much on the scale of a square root, times the level.
        steep = (slope / 2 * mean / MONTHS) ** 2
        rows.append((part * robust, (step * mean) ** 2, (_JUMP * mean) ** 2, steep))
        priors.append(still * level)
    return Sets(*np.array(rows).T), np.array(priors)


def _filtered(values: Floats, sets: Sets) -> tuple[Runs, Floats]:
    """Beliefs after the last month, and the log-likelihood of each set: shape (sets,)."""
    count = len(sets.noise)
    one, none = np.ones((count, 1)), np.zeros((count, 1))
    # The first month only places the level.
    runs = Runs(one, values[0] * one, none, sets.noise[:, None] * one, none, sets.slope[:, None] * one, none)
    logs = np.zeros(count)
    for value in values[1:]:
        runs, likelihood = _seen(_ahead(runs, sets), sets, float(value))
        logs += np.log(likelihood)
        runs = _shorter(runs)
    return runs, logs


def _ahead(runs: Runs, sets: Sets) -> Runs:
    """Beliefs a month later, before its count is seen, with one run more: that which a jump begins."""
    level, slope, steep = runs.level + runs.slope, runs.slope, runs.steep
    both = runs.both + steep
    spread = runs.spread + runs.both + both + sets.step[:, None]
    # A jump is from wherever the level was, whichever run it was in: the runs' mixture, by its first two moments.
    mean, tilt = (runs.weight * level).sum(axis=1), (runs.weight * slope).sum(axis=1)
    wide = (runs.weight * (spread + level**2)).sum(axis=1) - mean**2 + sets.jump
    cross = (runs.weight * (both + level * slope)).sum(axis=1) - mean * tilt
    sheer = (runs.weight * (steep + slope**2)).sum(axis=1) - tilt**2
    started = (np.full(len(mean), JUMPS), mean, tilt, wide, cross, sheer, np.zeros(len(mean)))
    going = ((1 - JUMPS) * runs.weight, level, slope, spread, both, steep, runs.age + 1)
    return Runs(*(np.column_stack(pair) for pair in zip(going, started, strict=True)))


def _seen(runs: Runs, sets: Sets, value: float) -> tuple[Runs, Floats]:
    """Beliefs once a month's count is seen, and the likelihood of that count under each set."""
    weight, level, slope, spread, both, steep, age = runs.parts()
    total, error = spread + sets.noise[:, None], value - level
    joint = weight * np.exp(-np.square(error) / 2 / total) / np.sqrt(total) + _TINY
    likelihood = joint.sum(axis=1)
    gain, tilt = spread / total, both / total
    after = Runs(
        weight=joint / likelihood[:, None],
        level=level + gain * error,
        slope=slope + tilt * error,
        spread=spread * (1 - gain),
        both=both * (1 - gain),
        steep=steep - tilt * both,
        age=age,
    )
    return after, np.asarray(likelihood)


def _shorter(runs: Runs) -> Runs:
    """The runs without the least likely of each set, where there are too many."""
    count, many = runs.weight.shape
    if many <= _RUNS:
        return runs
    kept = np.ones((count, many), dtype=bool)
    kept[np.arange(count), runs.weight.argmin(axis=1)] = False
    weight, *rest = (part[kept].reshape(count, many - 1) for part in runs.parts())
    return Runs(weight / weight.sum(axis=1, keepdims=True), *rest)
