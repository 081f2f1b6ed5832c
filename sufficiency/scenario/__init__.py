"""What-ifs: scenario files, their levers and what those do."""

from __future__ import annotations

from sufficiency.scenario.effects import Effects
from sufficiency.scenario.levers import LEVERS, Lever, Situation
from sufficiency.scenario.reference import assumptions, lever_page
from sufficiency.scenario.schema import Investment, Scenario, read_scenario, scenario_files, zero_effect_arms

__all__ = [
    "LEVERS",
    "Effects",
    "Investment",
    "Lever",
    "Scenario",
    "Situation",
    "assumptions",
    "lever_page",
    "read_scenario",
    "scenario_files",
    "zero_effect_arms",
]
