"""Every child's journey through placements, simulated many times."""

from __future__ import annotations

from sufficiency.simulation.journeys import simulate_journeys
from sufficiency.simulation.replications import Matched, match_places, simulate
from sufficiency.simulation.results import Outcome, placements_frame
from sufficiency.simulation.supply import Supply, supply_of
from sufficiency.simulation.world import World

__all__ = [
    "Matched",
    "Outcome",
    "Supply",
    "World",
    "match_places",
    "placements_frame",
    "simulate",
    "simulate_journeys",
    "supply_of",
]
