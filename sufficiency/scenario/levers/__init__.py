"""The levers by name: what a plan can change.

Each is a class that declares once what it is, its parameters and the evidence for it. Validation, the
reference page (``docs/levers.md``) and the annex's assumptions table are all made from these declarations.
"""

from __future__ import annotations

from sufficiency.scenario.levers import arrivals, carers, entries, homes, journeys, money, staying, waiting
from sufficiency.scenario.levers.base import WEAK, Lever, Situation

#: In the order of the reference page.
_GROUPS = (entries, arrivals, journeys, carers, homes, waiting, staying, money)
LEVERS: dict[str, type[Lever]] = {lever.name: lever for group in _GROUPS for lever in group.LEVERS}

__all__ = ["LEVERS", "WEAK", "Lever", "Situation"]
