"""Posterior hazards: each cell's own events and child-days, with borrowing from wider cells.

A hazard is events per child-day of one cause. The prior of a cell is a Gamma whose mean is the
rate of its setting × age times a duration profile and a UASC factor pooled over settings, and
whose weight is estimated from the data by maximising the negative-binomial likelihood of the
events (empirical Bayes; Clayton and Kaldor, Biometrics 43, 1987). What
the prior's mean itself does not know (it rests on so many events) lessens that weight. The
posterior is then Gamma with the events added to its shape and the child-days to its rate.

Cells that borrow from the same wider cell are wrong together. Drawing each on its own would let
those errors cancel, so each setting and cause also has a factor of mean 1 that makes up, in the
total of its cells, the variance of one over the events seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import gammaln
from scipy.stats import gamma

from sufficiency.codes import CAUSES, DURATION_BANDS, HAZARD_AGES, Codes
from sufficiency.rates.exposure import Exposure

Floats = npt.NDArray[np.float64]

#: Weight of a prior, in events: searched between these, with a weak pull to the middle (log-normal
#: around 5 events, standard deviation 1.5 on the log scale; an assumption, felt only where a cause
#: has too few events to tell).
_LEAST_WEIGHT, _MOST_WEIGHT = 0.3, 2000.0
_MIDDLE, _SPREAD = np.log(5.0), 1.5
#: Events that a cause never seen is given over the whole exposure (Jeffreys' half).
_HALF_EVENT = 0.5
_FEW = 5.0


@dataclass(frozen=True)
class Hazards:
    """Gamma posteriors of every hazard.

    Attributes
    ----------
    shape, rate
        Shape (settings in care, 6 ages, 6 durations, 2, 16 causes); mean = shape / rate, in events
        per child-day.
    common_variance
        Variance of the factor of mean 1 that the cells of a setting and cause share, shape
        (settings in care, 16 causes).
    prior_weight
        Events that the prior of each cause would count for if its mean were known.
    """

    shape: Floats
    rate: Floats
    common_variance: Floats
    prior_weight: dict[str, float]

    @property
    def mean(self) -> Floats:
        """Posterior mean hazard of every cell, per child-day."""
        return self.shape / self.rate


def estimate_hazards(exposure: Exposure) -> Hazards:
    """Posterior hazards of every cell from occurrence and exposure."""
    shape = np.empty_like(exposure.events)
    rate = np.empty_like(exposure.events)
    weights = {}
    for number, cause in enumerate(CAUSES):
        events, days = exposure.events[..., number], exposure.child_days[..., number]
        prior, behind = _prior_mean(events, days)
        weights[cause] = _prior_weight(events, days * prior)
        weight = _together(np.asarray(weights[cause]), behind)
        shape[..., number] = weight + events
        rate[..., number] = weight / prior + days
        rate[..., number] /= _correction(events, days * shape[..., number] / rate[..., number])
    common = _common_variance(exposure, shape, rate)
    return Hazards(shape=shape, rate=rate, common_variance=common, prior_weight=weights)


def _correction(events: Floats, expected: Floats) -> Floats:
    """Factor on a cause's posterior means, by setting and UASC, that gives the events seen in total.

    Where the truth is no product of setting, age and duration, shrinking each cell towards such a
    product loses events on balance: cells with more than expected give some up that the others do
    not get. Five events expected and seen keep the factor near 1 where there are few.
    """
    by_setting = (events.sum((1, 2, 3)) + _FEW) / (expected.sum((1, 2, 3)) + _FEW)
    factor = by_setting[:, None, None, None]
    by_side = (events.sum((0, 1, 2)) + _FEW) / ((expected * factor).sum((0, 1, 2)) + _FEW)
    corrected: Floats = factor * by_side
    return corrected


def _common_variance(exposure: Exposure, shape: Floats, rate: Floats) -> Floats:
    """Variance, relative to a setting's total events of a cause, that independent cells leave out."""
    expected = exposure.child_days * shape / rate
    cells = (1, 2, 3)
    total = np.maximum(expected.sum(cells), 1e-12)
    apart = (np.square(expected) / shape).sum(cells) / np.square(total)
    wanted = 1 / np.maximum(exposure.events.sum(cells), 1.0)
    left_out: Floats = np.clip(wanted - apart, 0.0, 1.0)
    return left_out


def _prior_mean(events: Floats, days: Floats) -> tuple[Floats, Floats]:
    """Mean hazard that wider cells suggest for each (setting, age, duration, UASC), and the events behind it.

    Setting, then setting × age, then the pooled profiles of duration and UASC; the events behind
    the mean are those whose relative variance is the sum of the parts' own.
    """
    overall = (events.sum() + _HALF_EVENT) / max(days.sum(), 1.0)
    everyone = np.full(days.shape[0], events.sum() + _HALF_EVENT)
    in_setting = events.sum((1, 2, 3)), days.sum((1, 2, 3))
    setting, behind = _shrunk(*in_setting, np.full(days.shape[0], overall), everyone)
    by_age = days.sum((2, 3))
    age, of_age = _profile(events.sum((0, 2, 3)), (by_age * setting[:, None]).sum(0))
    behind = _together(behind[:, None], of_age)
    setting_age, behind = _shrunk(events.sum((2, 3)), by_age, setting[:, None] * age, behind)
    expected = (days.sum(3) * setting_age[:, :, None]).sum((0, 1))
    duration, of_duration = _profile(events.sum((0, 1, 3)), expected)
    so_far = setting_age[:, :, None] * duration
    behind = _together(behind[:, :, None], of_duration)
    expected = (days * so_far[..., None]).sum((0, 1, 2))
    side, of_side = _profile(events.sum((0, 1, 2)), expected)
    # The larger side is what the other factors were fitted to: its own factor is 1, and certain.
    larger = expected == expected.max()
    side, of_side = np.where(larger, 1.0, side), np.where(larger, np.inf, of_side)
    return so_far[..., None] * side, _together(behind[..., None], of_side)


def _profile(events: Floats, expected: Floats) -> tuple[Floats, Floats]:
    """Ratio of observed to expected events along one axis, and the events it rests on."""
    return (events + _HALF_EVENT) / (expected + _HALF_EVENT), events + _HALF_EVENT


def _together(one: Floats, other: Floats) -> Floats:
    """Events behind a product of two estimates: relative variances add."""
    combined: Floats = 1 / (1 / one + 1 / other)
    return combined


def _shrunk(events: Floats, days: Floats, prior: Floats, behind: Floats) -> tuple[Floats, Floats]:
    """Posterior mean and shape of each wider cell."""
    shape = _together(np.asarray(_prior_weight(events, days * prior)), behind)
    return (shape + events) / (shape / prior + days), shape + events


def _prior_weight(events: Floats, expected: Floats) -> float:
    """Shape of the Gamma prior that makes the events of the cells most likely.

    Parameters
    ----------
    events, expected
        Observed events and those that the prior mean expects, of any one shape.
    """
    seen = expected > 0
    observed, mean = events[seen], expected[seen]
    if not observed.size:
        return float(np.exp(_MIDDLE))

    def unlikelihood(log_weight: float) -> float:
        weight = np.exp(log_weight)
        terms = (
            gammaln(observed + weight)
            - gammaln(weight)
            + weight * np.log(weight / (weight + mean))
            + observed * np.log(mean / (weight + mean))
        )
        return float(-terms.sum() + 0.5 * ((log_weight - _MIDDLE) / _SPREAD) ** 2)

    found = minimize_scalar(unlikelihood, bounds=(np.log(_LEAST_WEIGHT), np.log(_MOST_WEIGHT)), method="bounded")
    return float(np.exp(found.x))


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
