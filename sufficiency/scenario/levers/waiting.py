"""Levers on who waits for a better place: across from an agency, down from a home, for what was wanted first."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from sufficiency.codes import Codes
from sufficiency.scenario.effects import Effects
from sufficiency.scenario.levers.base import Lever, Situation, parameter
from sufficiency.scenario.place_effects import Floats

_TWINS = {"agency_fostering": "in_house_fostering", "external_home": "in_house_home"}
_DOWN_TO = "in_house_fostering"
_UNCOUNTED = "the council's own places that they would wait for are not counted"


def _shared(table: Floats, codes: Codes, settings: tuple[str, ...], shares: Floats) -> Floats:
    """The table with these shares by month added in some settings."""
    whole = table.copy()
    for name in settings:
        whole[:, codes.in_care.index(name)] += shares
    return np.minimum(whole, 1.0)


class StepAcross(Lever):
    """From an agency or an external home to the council's own."""

    name = "step_across"
    title = "Moving across to the council's own places"
    meaning = (
        "A share of the children with an external provider wait for a place of the same type with the council. A place "
        "that falls vacant, or is added, is offered to each in turn and suits with the chance m; whoever takes it "
        "leaves its own. Who waits is decided child by child on arrival, and for everybody on each date on which the "
        "share changes. Who left care, moved or turned 18 waits no longer."
    )
    evidence = "That a quarter could move, and after three months, is an illustration; no effect size is established"
    grade = "assumption"

    eligible_share: float = parameter(0.25, "share", "Share of the children who wait, once phased in.", ge=0.0, le=1.0)
    after_days: int = parameter(
        90,
        "days",
        "Days in a placement before anything is offered, for every waiting list of the plan and the whole forecast.",
        ge=0,
        le=1000,
    )
    settings: tuple[Literal["agency_fostering", "external_home"], ...] = parameter(
        ("agency_fostering",), "settings", "Where they live.", min_length=1, strict=False
    )

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:
        """Put the share on the waiting list."""
        shares = self.eligible_share * self.parts(effects.months, start)
        across = _shared(effects.places.across, codes, self.settings, shares)
        return replace(effects, places=replace(effects.places, across=across, after_days=max(self.after_days, 1)))

    def idle(self, situation: Situation) -> str:
        """Nobody to wait, or nothing to wait for."""
        here = [name for name in self.settings if name in situation.lived]
        if not here:
            return f"no child lives in {' or '.join(situation.words(name) for name in self.settings)}"
        return "" if any(_TWINS[name] in situation.planned for name in here) else _UNCOUNTED


class StepDown(Lever):
    """From a home to a family."""

    name = "step_down_from_residential"
    title = "Moving from homes to in-house fostering"
    meaning = (
        "A share of the children in homes wait for an in-house foster place. A place that falls vacant, or is added, "
        "is offered to each in turn and suits with the chance m; of the offers that suit, the success share becomes a "
        "move and the rest ends the child's waiting. Age and need are not looked at: choose the share so that it is of "
        "all children in homes."
    )
    evidence = "31 children in three and a half years, 64 % of them stable (Birmingham); eligibility is an illustration"
    grade = "W"

    eligible_share: float = parameter(
        0.10, "share", "Share of the children in homes who wait, once phased in.", ge=0.0, le=1.0
    )
    success_share: float = parameter(
        0.65, "share", "Share of the suitable offers that become a move, for the whole forecast.", ge=0.0, le=1.0
    )
    settings: tuple[Literal["in_house_home", "external_home"], ...] = parameter(
        ("in_house_home", "external_home"), "settings", "Where they live.", min_length=1, strict=False
    )

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:
        """Put the share on the waiting list."""
        shares = self.eligible_share * self.parts(effects.months, start)
        down = _shared(effects.places.down, codes, self.settings, shares)
        return replace(effects, places=replace(effects.places, down=down, success=self.success_share))

    def idle(self, situation: Situation) -> str:
        """Nobody to wait, or nothing to wait for."""
        if not set(self.settings) & situation.lived:
            return "no child lives in those homes"
        return "" if _DOWN_TO in situation.planned else _UNCOUNTED


class WaitForFirstChoice(Lever):
    """Children who could not have what was wanted for them."""

    name = "wait_for_first_choice"
    title = "Waiting for the first choice"
    meaning = (
        "A share of the children who were given a placement of a second choice wait for one of the first, and are "
        "offered places as they fall vacant. It comes before stepping down and across, and holds for the whole "
        "forecast: it cannot be dated."
    )
    evidence = "An illustration; returns do not say who waits"
    grade = "assumption"
    throughout = True

    share: float = parameter(0.50, "share", "Share of those children who wait.", ge=0.0, le=1.0)

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:  # noqa: ARG002 - as every lever
        """Let the share wait."""
        return replace(effects, places=replace(effects.places, wait_unmet=self.share))

    def idle(self, situation: Situation) -> str:
        """Nobody was given a second choice."""
        return "" if situation.missed else "no child was given a second choice"


LEVERS: tuple[type[Lever], ...] = (StepAcross, StepDown, WaitForFirstChoice)
