"""What every lever is: a class that declares once its parameters, what they mean and the evidence for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from sufficiency.codes import Codes
from sufficiency.errors import nearest
from sufficiency.scenario.effects import Effects, Floats, parts, phased

Band = Literal["0", "1 to 4", "5 to 9", "10 to 15", "16 to 17"]
Grade = Literal["P", "S", "D", "W", "assumption"]
#: The grade of evidence that should not be believed alone: a plan may be run with such a lever having no effect.
WEAK: Grade = "W"


def parameter(default: Any, unit: str, meaning: str, **limits: Any) -> Any:
    """A lever's parameter with its unit and what it means."""
    return Field(default, description=meaning, json_schema_extra={"unit": unit}, **limits)


def known_settings(names: tuple[str, ...], valid: tuple[str, ...]) -> tuple[str, ...]:
    """The names, when each is a setting.

    Raises
    ------
    ValueError
        With the nearest valid name.
    """
    for name in names:
        if name not in valid:
            msg = f"'{name}' is not a setting.{nearest(name, valid)}"
            raise ValueError(msg)
    return names


@dataclass(frozen=True)
class Situation:
    """What a lever can meet: settings in care by what is so of them.

    Attributes
    ----------
    limited, planned
        Those with a number of places in the baseline, and under the plan.
    full
        Those that were full under the plan on some day.
    lived
        Those in which somebody lives in the baseline.
    missed
        Whether anybody was given a second choice under the plan.
    staying_put
        Whether anybody stays put under the plan.
    labels
        Names for readers.
    """

    limited: frozenset[str]
    planned: frozenset[str]
    full: frozenset[str]
    lived: frozenset[str]
    missed: bool
    staying_put: bool
    labels: Mapping[str, str]

    def words(self, setting: str) -> str:
        """The setting's name within a sentence."""
        return self.labels[setting].lower()


class Lever(BaseModel, ABC):
    """What every lever has: when it starts, how it is phased in, and when it ends."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: ClassVar[str]
    title: ClassVar[str]
    meaning: ClassVar[str]
    evidence: ClassVar[str]
    grade: ClassVar[Grade]
    #: Whether it can only hold for the whole forecast: the engines have no dates for what it changes.
    throughout: ClassVar[bool] = False

    starts: int | None = parameter(
        None, "months after the origin", "First month; the scenario's own start when left out.", ge=0, le=240
    )
    ramp_months: int = parameter(
        0, "months", "Phased in by equal monthly steps over this long; 0 is at once.", ge=0, le=120
    )
    months: int | None = parameter(None, "months", "How long it lasts; to the end when left out.", ge=1, le=240)

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

    def is_dated(self, start: int) -> bool:
        """Whether it holds for less than the whole forecast."""
        return bool(self.first_month(start) or self.ramp_months > 1 or self.months is not None)

    def idle(self, situation: Situation) -> str:  # noqa: ARG002 - levers say what they need of it
        """Why it can have no effect, or not all that it says, in words; nothing if it can."""
        return ""

    @property
    def needs_population(self) -> bool:
        """Whether it cannot be worked out without the council's population table."""
        return False

    def parts(self, months: int, start: int) -> Floats:
        """Share of the lever that is in force in each month of the horizon, 0 to 1."""
        return parts(months, self.first_month(start), self.ramp_months, self.months)


class ChangeLever(Lever):
    """A lever that scales something by a share of what it is."""

    change: float

    def factor(self, effects: Effects, start: int) -> Floats:
        """The factor of each month."""
        return phased(self.change, effects.months, self.first_month(start), self.ramp_months, self.months)
