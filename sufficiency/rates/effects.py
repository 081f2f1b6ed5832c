"""What setting, age, duration and UASC do to one cause's hazard: a count regression with random effects.

The logarithm of a cell's hazard is a sum of effects, one for each level of each term, and the cell's
own gamma factor of mean 1 and shape ``weight`` (events are then negative binomial). Each term's effects
are normal around nought with a variance of their own, found from the data, so that a term that tells
nothing vanishes and a level with few events borrows from the others. Variances are found by EM on the
Laplace approximation, the weight by maximising its marginal likelihood (Breslow and Clayton, *Journal
of the American Statistical Association* 88, 1993; Clayton and Kaldor, *Biometrics* 43, 1987).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Axes of a table of cells, and the terms that hazards are sums of by default (chosen by held-out
#: likelihood: ``docs/validation/rates-choice.md``).
AXES = ("setting", "age", "duration", "uasc")
Terms = tuple[tuple[str, ...], ...]
TERMS: Terms = (("setting",), ("age",), ("duration",), ("uasc",), ("setting", "duration"))

#: Weak prior on each term's variance: as if one effect more had been seen, of this square (an assumption,
#: felt where a cause has few events).
_PRIOR_EFFECTS, _PRIOR_VARIANCE = 1.0, 0.25
#: Weight of a cell's own factor, in events: searched between these, with a weak pull to the middle
#: (log-normal around 5, standard deviation 1.5 on the log scale; an assumption).
_LEAST_WEIGHT, _MOST_WEIGHT = 0.3, 2000.0
_MIDDLE, _SPREAD = np.log(5.0), 1.5
#: The intercept's precision: as good as none.
_FREE = 1e-4
#: Half an event more for a cause's overall rate at the start (Jeffreys).
HALF_EVENT = 0.5
#: Log hazards above this (7 events a day) do not happen; where the first steps would go beyond, they stop.
_MOST_LOG_HAZARD = 2.0
_LONGEST_STEP = 2.0
#: EM's steps on the log variances are lengthened by this; it is done when none moves by more than the tolerance.
_STRIDE, _TOLERANCE, _STEP_TOLERANCE = 1.6, 0.05, 0.02
_FIRST_ROUNDS, _LEAST_ROUNDS, _MOST_ROUNDS, _WEIGH_EVERY = 6, 5, 40, 4


@dataclass(frozen=True, eq=False)
class Design:
    """Which effects each cell adds up.

    Attributes
    ----------
    columns
        Shape (cells, terms + 1): the place of each of a cell's effects; the intercept is place 0.
    places
        Of each term's effects, in order of its levels.
    size, border, settings
        All effects; those that come first because they are of no one setting; and the settings, by which
        the others lie, as many for each.
    """

    columns: Ints
    places: tuple[Ints, ...]
    size: int
    border: int
    settings: int


@lru_cache(maxsize=16)
def design(shape: tuple[int, ...], terms: Terms = TERMS) -> Design:
    """The effects of a table of cells whose axes are :data:`AXES`, in its flat order."""
    at = dict(zip(AXES, (axis.ravel() for axis in np.indices(shape)), strict=True))
    levels = dict(zip(AXES, shape, strict=True))
    columns, places = [np.zeros(int(np.prod(shape)), dtype=np.int64)], list[Ints]()
    border = 1 + sum(_levels(term, levels) for term in terms if AXES[0] not in term)
    each = sum(_levels(term, levels) // shape[0] for term in terms if AXES[0] in term)
    at_border, at_setting = 1, border
    for term in terms:
        # A term's axes are in the order of AXES, so that its levels go setting by setting.
        level, count = np.zeros_like(columns[0]), _levels(term, levels)
        for axis in term:
            level = level * levels[axis] + at[axis]
        if AXES[0] in term:
            own = count // shape[0]
            place = at_setting + np.arange(count) // own * each + np.arange(count) % own
            at_setting += own
        else:
            place = at_border + np.arange(count)
            at_border += count
        places.append(place)
        columns.append(place[level])
    return Design(np.stack(columns, axis=1), tuple(places), border + shape[0] * each, border, shape[0])


def _levels(term: tuple[str, ...], levels: dict[str, int]) -> int:
    return int(np.prod([levels[axis] for axis in term]))


@dataclass(frozen=True, eq=False)
class Fitted:
    """A cause's effects, as the Laplace approximation knows them.

    Attributes
    ----------
    design
        What they are effects of.
    offset
        Of each cell, on the log scale: what was expected of it, around which the effects lie.
    effects, covariance
        Mode and covariance: shapes (size,) and (size, size).
    variances
        Of each term's effects.
    weight
        Shape of a cell's own gamma factor.
    """

    design: Design
    offset: Floats
    effects: Floats
    covariance: Floats
    variances: Floats
    weight: float

    @cached_property
    def hazard(self) -> Floats:
        """Events per child-day that the effects alone give each cell."""
        return np.exp(_log_hazard(self.effects, self.design.columns, self.offset))

    def level_effects(self, term: int) -> Floats:
        """Effects of a term's levels."""
        return np.asarray(self.effects[self.design.places[term]])

    @cached_property
    def variance(self) -> Floats:
        """Variance of each cell's sum of effects."""
        return cell_variance(self.covariance, self.design.columns)

    def gradient(self, weights: Floats, groups: Ints, count: int) -> Floats:
        """Derivative of weighted sums of cells by every effect: shape (count, size).

        Parameters
        ----------
        weights, groups
            Of every cell: what it counts for, and which sum it belongs to.
        """
        columns = self.design.columns
        place = (groups[:, None] * self.design.size + columns).ravel()
        spread = np.repeat(weights, columns.shape[1])
        return _sums(place, spread, count * self.design.size).reshape(count, self.design.size)


def _sums(place: Ints, values: Floats, size: int) -> Floats:
    return np.bincount(place, values, size).astype(np.float64)


def _log_hazard(effects: Floats, columns: Ints, offset: Floats) -> Floats:
    return np.asarray(np.minimum(effects[columns].sum(1) + offset, _MOST_LOG_HAZARD))


class _Counts:
    """Events and child-days of the cells that have any, and the sums over them that fitting takes."""

    def __init__(self, events: Floats, days: Floats, given: Design, offset: Floats) -> None:
        seen = days > 0
        self.events, self.days, self.offset = events[seen], days[seen], offset[seen]
        self.columns, self.size, self.parts = given.columns[seen], given.size, (given.border, given.settings)
        self.pairs = (self.columns[:, :, None] * self.size + self.columns[:, None, :]).ravel()

    def mean(self, effects: Floats) -> Floats:
        return self.days * np.exp(_log_hazard(effects, self.columns, self.offset))

    def by_effect(self, values: Floats) -> Floats:
        spread = np.repeat(values, self.columns.shape[1])
        return _sums(self.columns.ravel(), spread, self.size)

    def precision(self, mean: Floats, weight: float, prior: Floats) -> Floats:
        """Of the effects: expected information of negative-binomial counts, and the prior's."""
        information = np.repeat(mean / (1 + mean / weight), self.columns.shape[1] ** 2)
        table = _sums(self.pairs, information, self.size**2).reshape(self.size, self.size)
        return np.asarray(table + np.diag(prior))


class _Inverse:
    """Inverse of a precision in which settings meet only in the border (by its Schur complement).

    Effects of two settings have no cell in common, so that small matrices do: a table of all effects
    is quicker inverted whole only by libraries that use every processor for it, which is slow where
    many programs share them.
    """

    def __init__(self, table: Floats, border: int, settings: int) -> None:
        self.settings, self.each = settings, (len(table) - border) // settings
        first = table[:border, :border]
        self.across = table[:border, border:].reshape(border, settings, self.each).transpose(1, 0, 2)
        blocks = table[border:, border:].reshape(settings, self.each, settings, self.each)
        own = blocks[np.arange(settings), :, np.arange(settings)]
        self.blocks = np.linalg.inv(own)
        self.moved = self.blocks @ self.across.transpose(0, 2, 1)
        schur = first - (self.across @ self.moved).sum(0)
        self.border = np.linalg.inv(schur)
        self.log_determinant = float(np.linalg.slogdet(own)[1].sum() + np.linalg.slogdet(schur)[1])

    def times(self, vector: Floats) -> Floats:
        """The inverse times a vector."""
        size = len(self.border)
        rest = vector[size:].reshape(self.settings, self.each, 1)
        first = self.border @ (vector[:size] - (self.across @ (self.blocks @ rest)).sum(0)[:, 0])
        return np.concatenate([first, (self.blocks @ rest - self.moved @ first[:, None]).ravel()])

    @property
    def own(self) -> Floats:
        """Diagonal of the inverse."""
        within = np.diagonal(self.blocks, axis1=1, axis2=2) + ((self.moved @ self.border) * self.moved).sum(-1)
        return np.concatenate([np.diag(self.border), within.ravel()])

    @property
    def whole(self) -> Floats:
        """All of the inverse."""
        moved = self.moved.reshape(-1, len(self.border))
        across = np.einsum("ij,jk->ik", moved, self.border)
        rest = np.einsum("ij,kj->ik", across, moved).reshape((self.settings, self.each) * 2)
        at = np.arange(self.settings)
        rest[at, :, at] += self.blocks
        rest = rest.reshape(len(moved), len(moved))
        return np.block([[self.border, -across.T], [-across, rest]])


def fit(events: Floats, days: Floats, given: Design, offset: Floats | None = None) -> Fitted:
    """Effects, their variances and the cells' own weight that events and child-days make most likely.

    Parameters
    ----------
    events, days
        Of every cell, in the design's order. There must be an event.
    offset
        Added to the log hazard of each cell; nought when left out.
    """
    around = np.zeros(len(events)) if offset is None else offset
    counts = _Counts(events, days, given, around)
    effects = np.zeros(given.size)
    effects[0] = np.log((counts.events.sum() + HALF_EVENT) / (days * np.exp(around)).sum())
    variances, weight = np.ones(len(given.places)), 10.0
    for turn in range(_MOST_ROUNDS):
        prior = _precisions(variances, given)
        for _ in range(1 if turn else _FIRST_ROUNDS):
            effects, step, inverse = _newton(counts, effects, weight, prior)
        change = np.log(_variances(effects, inverse.own, given) / variances)
        if np.abs(change).max() < _TOLERANCE and step < _STEP_TOLERANCE and turn >= _LEAST_ROUNDS:
            break
        variances = variances * np.exp(_STRIDE * change)
        if turn % _WEIGH_EVERY == _WEIGH_EVERY - 1:
            weight = _weight(counts, effects, prior)
    return Fitted(given, around, effects, inverse.whole, variances, weight)


def _precisions(variances: Floats, given: Design) -> Floats:
    prior = np.full(given.size, _FREE)
    for places, variance in zip(given.places, variances, strict=True):
        prior[places] = 1 / variance
    return prior


def _newton(counts: _Counts, effects: Floats, weight: float, prior: Floats) -> tuple[Floats, float, _Inverse]:
    """One step of Fisher scoring: the effects, how far the furthest moved, and the covariance it took."""
    mean = counts.mean(effects)
    inverse = _Inverse(counts.precision(mean, weight, prior), *counts.parts)
    score = counts.by_effect(weight * (counts.events - mean) / (weight + mean)) - prior * effects
    step = inverse.times(score)
    length = float(np.abs(step).max())
    return effects + step * min(1.0, _LONGEST_STEP / max(length, _FREE)), length, inverse


def _variances(effects: Floats, own: Floats, given: Design) -> Floats:
    """EM's next variances: mean square of the effects, their own uncertainty added."""
    squares = np.square(effects) + own
    prior = _PRIOR_EFFECTS * _PRIOR_VARIANCE
    return np.array([(squares[at].sum() + prior) / (len(at) + _PRIOR_EFFECTS) for at in given.places])


def _weight(counts: _Counts, effects: Floats, prior: Floats) -> float:
    """Weight of the cells' own factors that makes the events most likely, effects integrated out."""
    mean = counts.mean(effects)

    def unlikelihood(log_weight: float) -> float:
        weight = float(np.exp(log_weight))
        lost = _Inverse(counts.precision(mean, weight, prior), *counts.parts).log_determinant / 2
        pull = 0.5 * float(np.square((log_weight - _MIDDLE) / _SPREAD))
        return lost + pull - log_likelihood(counts.events, mean, weight)

    bounds = (np.log(_LEAST_WEIGHT), np.log(_MOST_WEIGHT))
    found = minimize_scalar(unlikelihood, bounds=bounds, method="bounded", options={"xatol": 0.05})
    return float(np.exp(found.x))


def log_likelihood(events: Floats, mean: Floats, weight: Floats | float) -> float:
    """Negative-binomial log-likelihood of counts, less what does not depend on the model (log factorials).

    Parameters
    ----------
    mean, weight
        Expected counts, and shape of the gamma that mixes them.
    """
    terms = gammaln(events + weight) - gammaln(weight) - weight * np.log1p(mean / weight)
    return float((terms + events * np.log(mean / (weight + mean))).sum())


def cell_variance(covariance: Floats, columns: Ints) -> Floats:
    """Variance of each cell's sum of effects, of which ``columns`` says the places."""
    pairs = covariance[columns[:, :, None], columns[:, None, :]]
    return np.asarray(pairs.sum((1, 2)))
