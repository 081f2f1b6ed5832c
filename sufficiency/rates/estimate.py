"""All rates of one authority, from its history."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sufficiency.history import History
from sufficiency.rates.exposure import Exposure, measure_exposure, observed
from sufficiency.rates.hazards import Hazards, estimate_hazards, hazard_table
from sufficiency.rates.openings import (
    Openings,
    Returning,
    estimate_openings,
    estimate_returning,
    in_house_counts,
    provider_shares,
)
from sufficiency.rates.recent import exit_multiplier


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
        In-house and all arrivals of the last year, of each type with more than one provider.
    shares
        Beta posterior of the share of arrivals that goes in house today, of the same types.
    cells
        The hazards as a tidy table (:func:`~sufficiency.rates.hazards.hazard_table`).
    """

    hazards: Hazards
    exposure: Exposure
    exit_multiplier: tuple[float, float]
    returning: Returning
    openings: Openings
    in_house: dict[str, tuple[int, int]]
    shares: dict[str, tuple[float, float]]
    cells: pd.DataFrame


def estimate_rates(history: History) -> Rates:
    """Estimate every rate from the whole observed window of a history."""
    seen = observed(history)
    exposure = measure_exposure(seen)
    hazards = estimate_hazards(exposure)
    return Rates(
        hazards=hazards,
        exposure=exposure,
        exit_multiplier=exit_multiplier(seen, hazards),
        returning=estimate_returning(history),
        openings=estimate_openings(history),
        in_house=in_house_counts(history, history.codes),
        shares=provider_shares(history, history.codes),
        cells=hazard_table(hazards, exposure, history.codes),
    )
