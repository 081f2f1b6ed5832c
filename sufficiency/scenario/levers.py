"""The levers: each a class that declares once what it is, its parameters and the evidence for it.

Validation, the reference page (``docs/levers.md``) and the annex's assumptions table are all made
from these declarations.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from sufficiency.codes import MOVE_PREFIX, TYPES, Codes, read_codes
from sufficiency.errors import nearest
from sufficiency.scenario.effects import CARE_BANDS, Effects, phased, scale_entries, scale_hazards

Band = Literal["0", "1 to 4", "5 to 9", "10 to 15", "16 to 17"]
Children = Literal["all", "uasc", "not uasc"]
Grade = Literal["P", "S", "D", "W", "assumption"]

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

_SIDES: dict[str, tuple[bool, ...]] = {"all": (False, True), "uasc": (True,), "not uasc": (False,)}
_MOVES = tuple(MOVE_PREFIX + kind for kind in TYPES)


def parameter(default: Any, unit: str, meaning: str, **limits: Any) -> Any:
    """A lever's parameter with its unit and what it means."""
    return Field(default, description=meaning, json_schema_extra={"unit": unit}, **limits)


class Lever(BaseModel, ABC):
    """What every lever has: when it starts, how it is phased in, and when it ends."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: ClassVar[str]
    title: ClassVar[str]
    meaning: ClassVar[str]
    evidence: ClassVar[str]
    grade: ClassVar[Grade]

    starts: int | None = parameter(
        None, "months after the origin", "First month; the scenario's own start when left out.", ge=0, le=240
    )
    ramp_months: int = parameter(
        0, "months", "Phased in by equal monthly steps over this long; 0 is at once.", ge=0, le=120
    )
    months: int | None = parameter(None, "months", "How long it lasts; to the end when left out.", ge=1, le=240)
    change: float

    @abstractmethod
    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:
        """The effects with this lever's own on top.

        Parameters
        ----------
        start
            The scenario's first month, counted from that of the day after the origin.
        """

    def first_month(self, start: int) -> int:
        """The lever's first month, counted from that of the day after the origin."""
        return start if self.starts is None else self.starts

    def _factor(self, effects: Effects, start: int) -> Any:
        months = effects.entries.shape[1]
        return phased(self.change, months, self.first_month(start), self.ramp_months, self.months)


class Entries(Lever):
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
        return scale_entries(effects, self._factor(effects, start), bands=tuple(self.ages), sides=_SIDES[self.children])


class _HazardLever(Lever):
    """A lever that scales hazards of some causes in some settings and age bands."""

    causes: ClassVar[tuple[str, ...]]

    ages: tuple[Band, ...] = parameter(CARE_BANDS, "age bands", "Ages it acts on.", min_length=1, strict=False)
    settings: tuple[str, ...] | None = parameter(
        None, "settings", "Settings it acts in; every one when left out.", min_length=1, strict=False
    )

    @field_validator("settings")
    @classmethod
    def _known_settings(cls, settings: tuple[str, ...] | None) -> tuple[str, ...] | None:
        valid = read_codes().in_care
        for name in settings or ():
            if name not in valid:
                msg = f"'{name}' is not a setting.{nearest(name, valid)}"
                raise ValueError(msg)
        return settings

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:
        """Scale the hazards of the lever's causes."""
        chosen = codes.in_care if self.settings is None else tuple(self.settings)
        return scale_hazards(
            effects,
            self._factor(effects, start),
            causes=self._causes(),
            settings=tuple(codes.in_care.index(name) for name in chosen),
            bands=tuple(self.ages),
        )

    def _causes(self) -> tuple[str, ...]:
        return self.causes


class Reunification(_HazardLever):
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


class Permanence(_HazardLever):
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


class Stability(_HazardLever):
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


class HazardMultiplier(_HazardLever):
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


LEVERS: dict[str, type[Lever]] = {
    lever.name: lever for lever in (Entries, Reunification, Permanence, Stability, HazardMultiplier)
}
