"""Posterior hazards: each cell's own events and child-days, with borrowing from wider cells.

A hazard is events per child-day of one cause. What setting, age, duration and UASC do to it is fitted
cause by cause (:mod:`~sufficiency.rates.effects`); a cell's own factor around that is a gamma whose
weight is found from the data (empirical Bayes). A cell's posterior is a gamma again, whose
variance adds up the cell's own, given the effects, and what the effects do not know of it.

Cells that share effects are wrong together. Drawing each on its own would let those errors cancel, so
what the effects do not know is drawn for all cells of a cause at once, as a factor by setting, age,
duration and UASC with the covariance that the fit gives them, and only the rest cell by cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import gamma

from sufficiency.codes import CAUSES, DURATION_BANDS, HAZARD_AGES, TYPES, Codes
from sufficiency.rates.effects import AXES, HALF_EVENT, TERMS, Design, Fitted, Terms, cell_variance, design, fit
from sufficiency.rates.exposure import Exposure

Floats = npt.NDArray[np.float64]

#: An event that keeps the factor on a total near 1 where there are few.
_FEW = 1.0
#: What is shared is drawn as a factor by setting, age, duration and UASC.
_MARGINS = tuple((axis,) for axis in AXES)
#: Lets a level without events, of which nothing is known, have no factor; and a covariance its root.
_RIDGE, _JITTER = 1e-6, 1e-6
#: A cell's shared factor varies no more than this; the rest of its variance is its own.
_MOST_SHARED = 1.0
#: A cell's mean lies above its mode by no more than this, on the log scale (an assumption: the round trip of
#: small authorities shows more to give too many events to cells that have none).
_MOST_SKEW = 0.5
#: The terms' variances rest on the same events. Where these are few, what the effects do not know is more than
#: the fit says: by this over the events of the cause (an assumption, set by the round trip of small authorities:
#: ``docs/validation/round-trip.md``).
_MORE_UNKNOWN = 5.0
_LEAST_FACTOR = 0.05


@dataclass(frozen=True)
class Hazards:
    """Gamma posteriors of every hazard.

    Attributes
    ----------
    shape, rate
        Shape (settings in care, 6 ages, 6 durations, 2, 16 causes); mean = shape / rate, in events
        per child-day.
    apart
        Shape of the part of each cell's gamma that is drawn apart from all others; as ``shape``.
    shared
        By cause, the root of the covariance of an intercept and of the log factors of each setting, age,
        duration and UASC that its cells share: shape (16 causes, 15 + settings, 15 + settings).
    prior_weight
        Events that a cell's own prior would count for if its effects were known, by cause.
    """

    shape: Floats
    rate: Floats
    apart: Floats
    shared: Floats
    prior_weight: dict[str, float]

    @property
    def mean(self) -> Floats:
        """Posterior mean hazard of every cell, per child-day."""
        return self.shape / self.rate

    @cached_property
    def shared_variance(self) -> Floats:
        """Variance of each cell's shared factor, in the shape of ``shape``."""
        columns = self._margins.columns
        cells = [cell_variance(root @ root.T, columns) for root in self.shared]
        return np.stack(cells, axis=-1).reshape(self.shape.shape)

    def factors(self, normals: Floats) -> Floats:
        r"""What cells share in some draws: factors of mean 1 on every hazard, shape (draws, \*shape of ``shape``).

        A sum of normals is turned to the gamma of its variance by the cube of Wilson and Hilferty
        (*Proceedings of the National Academy of Sciences* 17, 1931).

        Parameters
        ----------
        normals
            Standard normals, shape (draws, causes, directions of ``shared``).
        """
        many = len(normals)
        logs = np.zeros((many, self.shared.shape[1], len(CAUSES)))
        # One by one, so that a draw does not depend on how many are drawn with it.
        for direction in range(self.shared.shape[2]):
            logs += self.shared[:, :, direction].T * normals[:, None, :, direction]
        root = logs[:, 0].reshape(many, *(1,) * len(AXES), len(CAUSES))
        for axis, places in enumerate(self._margins.places):
            own = logs[:, places]
            root = root + own.reshape(many, *(1,) * axis, -1, *(1,) * (len(AXES) - 1 - axis), len(CAUSES))
        middle, slope = self._cube
        root = root * slope
        root += middle
        np.maximum(root, _LEAST_FACTOR, out=root)
        return np.asarray(root * root * root)

    def variance_of_total(self, expected: Floats) -> float:
        """Relative variance of the sum of events over cells, by what draws of the hazards differ in.

        Parameters
        ----------
        expected
            Events expected of each cell, in the shape of ``shape``; 0 for what is not counted. None at all vary by 0.

        Where few events were seen the draws themselves, whose tails are cut, vary a little less than this.
        """
        if expected.sum() <= 0:
            return 0.0
        columns, size = self._margins.columns, self.shared.shape[1]
        cells = expected.reshape(-1, len(CAUSES))
        moved = np.stack([np.bincount(columns.ravel(), np.repeat(own, columns.shape[1]), size) for own in cells.T])
        together = np.einsum("ci,cij->cj", moved, self.shared)
        return float((np.square(together).sum() + (expected**2 / self.apart).sum()) / expected.sum() ** 2)

    @property
    def _margins(self) -> Design:
        return design(self.shape.shape[:-1], _MARGINS)

    @cached_property
    def _cube(self) -> tuple[Floats, Floats]:
        """Of each cell: where the cube's root is centred, and how much of the normal it takes."""
        variance = self.shared_variance
        taken = np.minimum(variance, _MOST_SHARED)
        return 1 - taken / 9, np.sqrt(np.divide(taken, variance, out=np.ones_like(taken), where=variance > 0)) / 3


def estimate_hazards(exposure: Exposure, terms: Terms = TERMS) -> Hazards:
    """Posterior hazards of every cell from occurrence and exposure.

    Parameters
    ----------
    terms
        Of the log hazard, over the axes setting, age, duration and uasc.
    """
    cells = exposure.events.shape[:-1]
    given, margins = design(cells, terms), design(cells, _MARGINS)
    around = _profiles(exposure, given, terms)
    shape, rate, apart = (np.empty_like(exposure.events) for _ in range(3))
    shared = np.zeros((len(CAUSES), margins.size, margins.size))
    weights = {}
    for number, cause in enumerate(CAUSES):
        events, days = exposure.events[..., number], exposure.child_days[..., number]
        if events.sum() == 0:
            shape[..., number] = apart[..., number] = weights[cause] = HALF_EVENT
            rate[..., number] = max(days.sum(), 1.0)
            continue
        fitted = fit(events.ravel(), days.ravel(), given, around[number])
        mean, own, variance = _posterior(events, days, fitted)
        shared[number] = _shared(days * mean, own, fitted, margins) * np.sqrt(_inflation(events))
        together = cell_variance(shared[number] @ shared[number].T, margins.columns).reshape(cells)
        rest = variance - np.minimum(together, _MOST_SHARED)
        shape[..., number] = 1 / variance
        rate[..., number] = 1 / (variance * mean)
        apart[..., number] = 1 / np.maximum(rest, 1 / (fitted.weight + events))
        weights[cause] = fitted.weight
    return Hazards(shape=shape, rate=rate, apart=apart, shared=shared, prior_weight=weights)


def _profiles(exposure: Exposure, given: Design, terms: Terms) -> list[Floats]:
    """What duration does to all moves, and to all exits, as an offset for each cause in turn.

    A cause with few events so borrows the profile of its kind, not a level one; one with many departs
    from it as far as its own events say.
    """
    cells = exposure.events.shape[:-1]
    duration = np.indices(cells)[AXES.index("duration")].ravel()
    offsets: list[Floats] = []
    for first, last in ((0, len(TYPES)), (len(TYPES), len(CAUSES))):
        events, days = exposure.events[..., first:last].sum(-1), exposure.child_days[..., first]
        offset = np.zeros(events.size)
        if events.sum() > 0 and ("duration",) in terms:
            fitted = fit(events.ravel(), days.ravel(), given)
            offset = fitted.level_effects(terms.index(("duration",)))[duration]
        offsets += [offset] * (last - first)
    return offsets


def _posterior(events: Floats, days: Floats, fitted: Fitted) -> tuple[Floats, Floats, Floats]:
    """Mean of each cell, how much of an effect's error its own events leave in it, and relative variance.

    Given the effects a cell is a gamma of shape weight + events. An error of its effects reaches it
    only by weight / (weight + expected): the more it has seen itself, the less. Few events leave the
    posterior skew, and its mean above its mode; totals stay those fitted, by setting and by UASC.
    """
    weight, cells = fitted.weight, events.shape
    hazard = fitted.hazard.reshape(cells)
    expected = days * hazard
    left = weight / (weight + expected)
    mode = hazard * (weight + events) / (weight + expected)
    effects = np.square(left) * fitted.variance.reshape(cells) * _inflation(events)
    mean = mode * np.exp(np.minimum(effects / 2, _MOST_SKEW))
    mean *= _correction(days * mode, days * mean)
    return mean, left, 1 / (weight + events) + effects


def _inflation(events: Floats) -> float:
    """Factor on what the fit says that it does not know of a cause's effects."""
    return 1 + _MORE_UNKNOWN / float(events.sum())


def _correction(wanted: Floats, given: Floats) -> Floats:
    """Factor on a cause's means, by setting and UASC, that brings total events to those wanted.

    An event on either side keeps the factor near 1 where there are few; that of all is not held back.
    """
    by_setting = (wanted.sum((1, 2, 3)) + _FEW) / (given.sum((1, 2, 3)) + _FEW)
    factor = by_setting[:, None, None, None]
    by_side = (wanted.sum((0, 1, 2)) + _FEW) / ((given * factor).sum((0, 1, 2)) + _FEW)
    total = wanted.sum() / (given * factor * by_side).sum()
    corrected: Floats = factor * by_side * total
    return corrected


def _shared(expected: Floats, left: Floats, fitted: Fitted, margins: Design) -> Floats:
    """Root of the covariance of factors by setting, age, duration and UASC that a cause's cells share.

    The factors are the nearest to what errors of the effects do to the cells, weighed by expected
    events, so that they keep the variance of the totals of each setting, age, duration and side.
    """
    weights, columns = expected.ravel(), margins.columns
    size, count = margins.size, columns.shape[1]
    pairs = (columns[:, :, None] * size + columns[:, None, :]).ravel()
    normal = np.bincount(pairs, np.repeat(weights, count**2), size**2).reshape(size, size)
    moved = weights * left.ravel()
    gradient = sum(fitted.gradient(moved, column, size) for column in columns.T)
    taken = np.linalg.solve(normal + _RIDGE * np.eye(size), gradient)
    # Not by the library's product, which would use every processor for so little.
    covariance = np.einsum("ij,kj->ik", np.einsum("ij,jk->ik", taken, fitted.covariance), taken)
    return np.linalg.cholesky((covariance + covariance.T) / 2 + _JITTER * np.eye(size) * (1 + np.trace(covariance)))


def hazard_table(hazards: Hazards, exposure: Exposure, codes: Codes) -> pd.DataFrame:
    """Tidy cells with any events or child-days.

    Columns: setting, age, duration, uasc, cause, events, expected (at the posterior mean),
    exposure (child-days), mean, p05, p95 (per child-day).
    """
    seen = np.nonzero((exposure.child_days > 0) | (exposure.events > 0))
    setting, age, duration, side, cause = seen
    shape, rate = hazards.shape[seen], hazards.rate[seen]
    days = exposure.child_days[seen]
    return pd.DataFrame(
        {
            "setting": pd.Categorical.from_codes(setting, categories=pd.Index(codes.in_care)),
            "age": pd.Categorical.from_codes(age, categories=pd.Index(HAZARD_AGES)),
            "duration": pd.Categorical.from_codes(duration, categories=pd.Index(DURATION_BANDS)),
            "uasc": side.astype(bool),
            "cause": pd.Categorical.from_codes(cause, categories=pd.Index(CAUSES)),
            "events": exposure.events[seen].astype(np.int64),
            "expected": days * shape / rate,
            "exposure": days,
            "mean": shape / rate,
            "p05": gamma.ppf(0.05, shape, scale=1 / rate),
            "p95": gamma.ppf(0.95, shape, scale=1 / rate),
        }
    )
