"""How children move: hazards of every move and exit, who enters, and who comes back."""

from __future__ import annotations

from sufficiency.rates.estimate import Rates, estimate_rates
from sufficiency.rates.hazards import Hazards, hazard_table
from sufficiency.rates.openings import GROUPS, Openings, Returning

__all__ = ["GROUPS", "Hazards", "Openings", "Rates", "Returning", "estimate_rates", "hazard_table"]
