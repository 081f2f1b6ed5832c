"""The levers by name: what a plan can change.

Each is a class that declares once what it is, its parameters and the evidence for it. Validation, the
reference page (``docs/levers.md``) and the annex's assumptions table are all made from these declarations.
"""

from __future__ import annotations

from sufficiency.scenario.levers import entries, journeys
from sufficiency.scenario.levers.base import Lever

#: In the order of the reference page.
LEVERS: dict[str, type[Lever]] = {lever.name: lever for group in (entries.LEVERS, journeys.LEVERS) for lever in group}

__all__ = ["LEVERS", "Lever"]
