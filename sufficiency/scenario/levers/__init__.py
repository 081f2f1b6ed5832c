"""The levers by name: what a plan can change.

Each is a class that declares once what it is, its parameters and the evidence for it. Validation, the
reference page (``docs/levers.md``) and the annex's assumptions table are all made from these declarations.
"""

from __future__ import annotations

from sufficiency.scenario.levers import carers, entries, homes, journeys, staying, waiting
from sufficiency.scenario.levers.base import Lever, Situation

_GROUPS = (entries.LEVERS, journeys.LEVERS, carers.LEVERS, homes.LEVERS, waiting.LEVERS, staying.LEVERS)
#: In the order of the reference page.
LEVERS: dict[str, type[Lever]] = {lever.name: lever for group in _GROUPS for lever in group}

__all__ = ["LEVERS", "Lever", "Situation"]
