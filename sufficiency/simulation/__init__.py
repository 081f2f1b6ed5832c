"""Every child's journey through placements, simulated many times."""

from __future__ import annotations

from sufficiency.simulation.journeys import simulate_journeys
from sufficiency.simulation.replications import simulate
from sufficiency.simulation.results import Outcome, placements_frame
from sufficiency.simulation.world import World

__all__ = ["Outcome", "World", "placements_frame", "simulate", "simulate_journeys"]
