"""Rates of which one part is of one estimate and the rest of another: what a forecast would be if only that changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sufficiency.codes import CAUSES, TYPES
from sufficiency.history import History
from sufficiency.rates import Rates
from sufficiency.rates.exposure import measure_exposure, observed
from sufficiency.rates.hazards import Hazards
from sufficiency.rates.openings import in_house_counts
from sufficiency.scenario.effects import Effects

#: Causes of :data:`CAUSES` by what they are: moves to a type of placement, and exits from care.
MOVE_CAUSES, EXIT_CAUSES = range(len(TYPES)), range(len(TYPES), len(CAUSES))


def with_exits(rates: Rates, other: Rates) -> Rates:
    """Rates with another estimate's exits: their hazards and the recent multiplier on them."""
    hazards = _with_causes(rates.hazards, other.hazards, EXIT_CAUSES)
    return replace(rates, hazards=hazards, exit_multiplier=other.exit_multiplier)


def with_placements(rates: Rates, other: Rates) -> Rates:
    """Rates with another estimate's moves, first placements and shares that go in house."""
    openings = replace(rates.openings, first_types=other.openings.first_types)
    hazards = _with_causes(rates.hazards, other.hazards, MOVE_CAUSES)
    return replace(rates, hazards=hazards, openings=openings, in_house=other.in_house, shares=other.shares)


def with_entrants(rates: Rates, other: Rates) -> Rates:
    """Rates with another estimate's ages of entrants and hazards of coming back."""
    openings = replace(rates.openings, ages=other.openings.ages)
    return replace(rates, openings=openings, returning=other.returning)


def of_all_years(rates: Rates, history: History) -> Rates:
    """Rates with exits as over all years of the returns, without the recent multiplier, and so shares in house."""
    events, _ = rates.exit_multiplier
    days = history.origin - history.first_day + 1
    counts = in_house_counts(history, history.codes, days=days)
    # As uncertain as those of today, around another mean: each replication's draw is the same but for its mean.
    shares = {kind: _around(counts[kind], sum(rates.shares[kind])) for kind in counts}
    return replace(rates, exit_multiplier=(events, events), in_house=counts, shares=shares)


def _around(counts: tuple[int, int], worth: float) -> tuple[float, float]:
    """A Beta that is worth so many arrivals, with the mean of those counted."""
    mean = (counts[0] + 0.5) / (counts[1] + 1)
    return mean * worth, (1 - mean) * worth


def lately(history: History, rates: Rates, since: int) -> tuple[float, float]:
    """Moves and exits since a day over those expected of the rates, an event on either side against few.

    Parameters
    ----------
    since
        Day number; events after it are counted, up to the history's origin.
    """
    found = measure_exposure(observed(history), since, history.origin)
    seen, fewer = rates.exit_multiplier
    expected = found.child_days * rates.hazards.mean
    factors = []
    for causes, multiplier in ((MOVE_CAUSES, 1.0), (EXIT_CAUSES, seen / fewer)):
        own = slice(causes.start, causes.stop)
        events, foreseen = found.events[..., own].sum(), multiplier * expected[..., own].sum()
        factors.append(float((events + 1) / (foreseen + 1)))
    return factors[0], factors[1]


def in_past(effects: Effects, months: int, causes: range, factor: float) -> Effects:
    """Effects with the hazards of some causes multiplied in the first months, everywhere."""
    hazards = effects.hazards.copy()
    hazards[:months, :, :, causes.start : causes.stop] *= factor
    return replace(effects, hazards=hazards)


def _with_causes(hazards: Hazards, other: Hazards, causes: Sequence[int]) -> Hazards:
    """The posteriors of one estimate with those of some causes of another."""
    chosen = list(causes)
    tables = {}
    for name in ("shape", "rate", "apart"):
        tables[name] = np.array(getattr(hazards, name))
        tables[name][..., chosen] = getattr(other, name)[..., chosen]
    shared = np.array(hazards.shared)
    shared[chosen] = other.shared[chosen]
    weights = {name: (other if at in causes else hazards).prior_weight[name] for at, name in enumerate(CAUSES)}
    return Hazards(**tables, shared=shared, prior_weight=weights)
