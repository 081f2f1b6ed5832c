"""Levers on who comes into care."""

from __future__ import annotations

from typing import Literal

from sufficiency.codes import Codes
from sufficiency.scenario.effects import CARE_BANDS, Effects, scale_entries
from sufficiency.scenario.levers.base import Band, ChangeLever, Lever, parameter

Children = Literal["all", "uasc", "not uasc"]

_SIDES: dict[str, tuple[bool, ...]] = {"all": (False, True), "uasc": (True,), "not uasc": (False,)}


class Entries(ChangeLever):
    """Entries of some groups up or down."""

    name = "entries"
    title = "Children entering care"
    meaning = (
        "More or fewer first entries than forecast, for some ages and for children seeking asylum or not: "
        "edge-of-care work, growth in demand, or a shock of some months."
    )
    evidence = (
        "Edge-of-care effects are before-and-after claims (Coventry −15 % in three years; Hertfordshire); "
        "test a zero effect too"
    )
    grade = "W"

    change: float = parameter(
        -0.10, "share of the forecast (−0.10 is 10 % fewer)", "Change in first entries once phased in.", ge=-1.0, le=3.0
    )
    ages: tuple[Band, ...] = parameter(CARE_BANDS, "age bands at entry", "Ages it acts on.", min_length=1, strict=False)
    children: Children = parameter(
        "not uasc",
        "all, uasc or not uasc",
        "Whether it acts on unaccompanied asylum-seeking children, on others, or on all.",
    )

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:  # noqa: ARG002 - as every lever
        """Scale the entries of the chosen groups."""
        return scale_entries(effects, self.factor(effects, start), bands=tuple(self.ages), sides=_SIDES[self.children])


class Population(ChangeLever):
    """More or fewer children in the area."""

    name = "population"
    title = "Children who live in the area"
    meaning = (
        "More or fewer children of some ages live in the area than the forecast takes for granted (new housing, a "
        "falling birth rate); those who do not seek asylum enter care in proportion. A steady 1 % a year for five "
        "years is change = 0.05 with ramp_months = 60."
    )
    evidence = "Office for National Statistics projections, or the council's own; that entries follow is an assumption"
    grade = "assumption"

    change: float = parameter(
        0.05, "share of the children (0.05 is 5 % more)", "Change in the number of children.", ge=-0.5, le=1.0
    )
    ages: tuple[Band, ...] = parameter(CARE_BANDS, "age bands", "Ages it acts on.", min_length=1, strict=False)

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:  # noqa: ARG002 - as every lever
        """Scale the entries of the chosen ages."""
        return scale_entries(effects, self.factor(effects, start), bands=tuple(self.ages), sides=_SIDES["not uasc"])


LEVERS: tuple[type[Lever], ...] = (Entries, Population)
