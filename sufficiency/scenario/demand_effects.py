"""What a plan does to who comes and where they are first placed, beyond factors on entries and on rates.

What is said here needs the authority's rates and forecast to be worked out; that is done in
:mod:`sufficiency.simulation.demand`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Threshold:
    """Children seeking asylum held at a share of the child population.

    Attributes
    ----------
    share
        Of the children who live in the area (0.001 is the National Transfer Scheme's 0.1 %).
    way
        By month, how far the number in care has come from what it was to the threshold, 0 to 1.
    reach
        By month, how far arrivals go from those forecast to those needed: 0 where the plan does not act.
    children
        Children who live in the area; None takes the council's own population table.
    """

    share: float
    way: Floats
    reach: Floats
    children: float | None = None


@dataclass(frozen=True)
class DemandEffects:
    """Where children go first, and how many come to seek asylum.

    Attributes
    ----------
    kin_at_entry, kin_at_moves
        Share of the children who would have entered, or moved to, fostering who go to relatives or
        friends instead: shape (months, 5 age bands).
    threshold
        None leaves children seeking asylum as forecast.
    """

    kin_at_entry: Floats
    kin_at_moves: Floats
    threshold: Threshold | None = None

    @property
    def changes_anything(self) -> bool:
        """Whether any of this differs from the baseline."""
        held = self.threshold is not None and bool(self.threshold.reach.any())
        return held or bool(self.kin_at_entry.any() or self.kin_at_moves.any())


def no_demand_effects(months: int, bands: int) -> DemandEffects:
    """First placements and arrivals as in the baseline."""
    return DemandEffects(np.zeros((months, bands)), np.zeros((months, bands)))
