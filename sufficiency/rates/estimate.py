"""All rates of one authority, from its history."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sufficiency.codes import CAUSES, TYPES
from sufficiency.history import History
from sufficiency.rates.exposure import Exposure, Observed, measure_exposure, observed
from sufficiency.rates.hazards import Hazards, estimate_hazards, hazard_table
from sufficiency.rates.openings import (
    Openings,
    Returning,
    estimate_openings,
    estimate_returning,
    in_house_counts,
)

_HALF_LIFE_DAYS = 365
_STEP_DAYS = 91
_STEPS = 16


@dataclass(frozen=True)
class Rates:
    """What the simulation needs to know of how children move.

    Attributes
    ----------
    hazards
        Gamma posteriors of moves and exits.
    exposure
        The events and child-days behind them.
    exit_multiplier
        Shape and rate of the Gamma posterior of the recent multiplier on exits.
    returning
        Gamma posteriors of re-entry.
    openings
        Ages and first types of entrants.
    in_house
        In-house and all recent arrivals of each type with more than one provider.
    cells
        The hazards as a tidy table (:func:`~sufficiency.rates.hazards.hazard_table`).
    """

    hazards: Hazards
    exposure: Exposure
    exit_multiplier: tuple[float, float]
    returning: Returning
    openings: Openings
    in_house: dict[str, tuple[int, int]]
    cells: pd.DataFrame


def estimate_rates(history: History) -> Rates:
    """Estimate every rate from the whole observed window of a history."""
    seen = observed(history)
    exposure = measure_exposure(seen)
    hazards = estimate_hazards(exposure)
    return Rates(
        hazards=hazards,
        exposure=exposure,
        exit_multiplier=_exit_multiplier(seen, hazards),
        returning=estimate_returning(history),
        openings=estimate_openings(history),
        in_house=in_house_counts(history, history.codes),
        cells=hazard_table(hazards, exposure, history.codes),
    )


def _exit_multiplier(given: Observed, hazards: Hazards) -> tuple[float, float]:
    """Gamma posterior of recent exits over those expected from the whole window.

    Quarters (91 days) back from the origin, each ending on the day on which the next begins, weigh
    by a half-life of a year; the prior is one exit expected and one seen.
    """
    exits = slice(len(TYPES), len(CAUSES))
    mean = hazards.mean[..., exits]
    seen = expected = 1.0
    earliest, last = given.window
    for step in range(_STEPS):
        first = max(last - _STEP_DAYS, earliest)
        if first >= last:
            break
        weight = 0.5 ** ((step + 0.5) * _STEP_DAYS / _HALF_LIFE_DAYS)
        recent = measure_exposure(given, first, last)
        seen += weight * float(recent.events[..., exits].sum())
        expected += weight * float((recent.child_days[..., exits] * mean).sum())
        last = first
    return seen, expected
