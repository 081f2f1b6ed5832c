"""Levers on what happens to children in care: rates of moves and of exits."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import field_validator

from sufficiency.codes import MOVE_PREFIX, TYPES, Codes, read_codes
from sufficiency.scenario.effects import CARE_BANDS, Effects, scale_hazards
from sufficiency.scenario.levers.base import Band, ChangeLever, Lever, known_settings, parameter

CauseName = Literal[
    "to_kinship",
    "to_fostering",
    "to_home",
    "to_residential_school",
    "to_supported_accommodation",
    "to_placed_with_parents",
    "to_placed_for_adoption",
    "to_secure",
    "to_other",
    "returned_home",
    "adopted",
    "special_guardianship",
    "other_order",
    "independent_living",
    "transferred",
    "other",
]

_MOVES = tuple(MOVE_PREFIX + kind for kind in TYPES)


class HazardLever(ChangeLever):
    """A lever that scales hazards of some causes in some settings and age bands."""

    causes: ClassVar[tuple[str, ...]]

    ages: tuple[Band, ...] = parameter(CARE_BANDS, "age bands", "Ages it acts on.", min_length=1, strict=False)
    settings: tuple[str, ...] | None = parameter(
        None, "settings", "Settings it acts in; every one when left out.", min_length=1, strict=False
    )

    @field_validator("settings")
    @classmethod
    def _known_settings(cls, settings: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return settings if settings is None else known_settings(settings, read_codes().in_care)

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:
        """Scale the hazards of the lever's causes."""
        chosen = codes.in_care if self.settings is None else tuple(self.settings)
        return scale_hazards(
            effects,
            self.factor(effects, start),
            causes=self._causes(),
            settings=tuple(codes.in_care.index(name) for name in chosen),
            bands=tuple(self.ages),
        )

    def _causes(self) -> tuple[str, ...]:
        return self.causes


class Reunification(HazardLever):
    """Children going home sooner."""

    name = "reunification"
    title = "Returning home"
    meaning = (
        "Children return home at a higher or lower rate. Those who go home may come back, "
        "at the rate seen in the returns."
    )
    evidence = (
        "27 % of exits are home; about 20 % of children who go home re-enter within a year "
        "and 35 % within six (Goldacre)"
    )
    grade = "W"
    causes = ("returned_home",)

    change: float = parameter(
        0.10,
        "share of the rate (0.10 is 10 % faster)",
        "Change in the rate of returning home once phased in.",
        ge=-1.0,
        le=3.0,
    )


class Permanence(HazardLever):
    """Adoption and special guardianship sooner."""

    name = "permanence"
    title = "Adoption and special guardianship"
    meaning = (
        "Adoption orders, special guardianship orders and moves to adoptive placements come sooner or later. "
        "Allowances after the order are not counted."
    )
    evidence = (
        "4,110 special guardianship and 3,040 adoption exits in England in 2024/25 (DfE); no effect size is established"
    )
    grade = "W"
    causes = ("adopted", "special_guardianship", "to_placed_for_adoption")

    change: float = parameter(
        0.10, "share of the rate (0.10 is 10 % faster)", "Change in the rates once phased in.", ge=-1.0, le=3.0
    )


class Adoption(HazardLever):
    """Adoption sooner."""

    name = "adoption"
    title = "Adoption"
    meaning = (
        "Moves to adoptive placements, and adoption orders, come sooner or later; special guardianship is left as it "
        "is. A rate 10 % higher shortens the wait by about 9 %."
    )
    evidence = "3,040 adoption exits in England in 2024/25 (DfE); no effect size is established"
    grade = "W"
    causes = ("adopted", "to_placed_for_adoption")

    change: float = parameter(
        0.10, "share of the rate (0.10 is 10 % faster)", "Change in the rates once phased in.", ge=-1.0, le=3.0
    )


class SpecialGuardianship(HazardLever):
    """Special guardianship sooner."""

    name = "special_guardianship"
    title = "Special guardianship"
    meaning = (
        "Special guardianship orders come sooner or later; adoption is left as it is. Allowances after the order are "
        "not counted."
    )
    evidence = "4,110 special guardianship exits in England in 2024/25 (DfE); no effect size is established"
    grade = "W"
    causes = ("special_guardianship",)

    change: float = parameter(
        0.10, "share of the rate (0.10 is 10 % faster)", "Change in the rate once phased in.", ge=-1.0, le=3.0
    )


class Stability(HazardLever):
    """Fewer moves between placements."""

    name = "placement_stability"
    title = "Moves between placements"
    meaning = (
        "Children move between placements at a lower or higher rate (moves to adoptive placements apart, "
        "which are a plan and not a breakdown)."
    )
    evidence = (
        "England has 0.59 real moves a child-year (DfE, derived); −15 % is −0.09 "
        "(provider claims for support hubs, contested)"
    )
    grade = "W"
    causes = tuple(cause for cause in _MOVES if cause != "to_placed_for_adoption")

    change: float = parameter(
        -0.15, "share of the rate (−0.15 is 15 % fewer)", "Change in the rate of moves once phased in.", ge=-1.0, le=3.0
    )


class StepUp(HazardLever):
    """Fewer moves from families to homes."""

    name = "step_up"
    title = "Moves from fostering to children's homes"
    meaning = "Children in kinship or foster care move to children's homes at a lower or higher rate."
    evidence = (
        "No effect size is established; the rate is the council's own. Who stays in fostering may need more support "
        "than an ordinary fee pays for: put it under [[investment]]"
    )
    grade = "W"
    causes = ("to_home",)

    change: float = parameter(
        -0.20,
        "share of the rate (−0.20 is 20 % fewer)",
        "Change in the rate of such moves once phased in.",
        ge=-1.0,
        le=3.0,
    )
    settings: tuple[str, ...] | None = parameter(
        ("kinship_fostering", "in_house_fostering", "agency_fostering"),
        "settings",
        "Settings whose children it concerns.",
        min_length=1,
        strict=False,
    )


class SupportedAccommodation(HazardLever):
    """More or fewer moves to supported accommodation at 16 and 17."""

    name = "supported_accommodation"
    title = "Moves to supported accommodation"
    meaning = (
        "Young people of 16 and 17 move to supported accommodation at a lower or higher rate. Those who are placed "
        "there when they come into care are left as they are."
    )
    evidence = "No effect size is established; the rate is the council's own"
    grade = "W"
    causes = ("to_supported_accommodation",)

    change: float = parameter(
        -0.20,
        "share of the rate (−0.20 is 20 % fewer)",
        "Change in the rate of such moves once phased in.",
        ge=-1.0,
        le=3.0,
    )
    ages: tuple[Band, ...] = parameter(("16 to 17",), "age bands", "Ages it acts on.", min_length=1, strict=False)


class HazardMultiplier(HazardLever):
    """Any hazard, for the analyst."""

    name = "hazard_multiplier"
    title = "A rate chosen by the analyst"
    meaning = (
        "The rate of one cause (a move to a type of placement, or an exit for a reason) is scaled, "
        "in some settings and ages."
    )
    evidence = "The analyst's own; give it in the scenario's [about] evidence"
    grade = "assumption"

    change: float = parameter(
        0.0, "share of the rate (0.10 is 10 % faster)", "Change in the rate once phased in.", ge=-1.0, le=9.0
    )
    cause: CauseName = parameter("returned_home", "a cause", "A move to a type of placement, or an exit for a reason.")

    def _causes(self) -> tuple[str, ...]:
        return (str(self.cause),)


LEVERS: tuple[type[Lever], ...] = (
    Reunification,
    Permanence,
    Adoption,
    SpecialGuardianship,
    Stability,
    StepUp,
    SupportedAccommodation,
    HazardMultiplier,
)
