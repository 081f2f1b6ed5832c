"""Levers' parameters as knobs that a search turns, and other inputs that sensitivity turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sufficiency.errors import UserError, nearest
from sufficiency.scenario import LEVERS, Lever, Scenario

#: Ranges up to so wide are stepped by hundredths, and not by ones, unless only whole numbers are taken.
_SHARES = 10.0
_HUNDREDTH = 0.01
_PHASING = ("starts", "ramp_months", "months")


@dataclass(frozen=True)
class Knob:
    """A lever's parameter that is searched over.

    Attributes
    ----------
    lever, parameter
        Names.
    low, high, step
        The range searched, ends included, and what apart its values lie.
    neutral
        The value that changes nothing.
    price
        Pounds that one unit of it costs, over the whole horizon; 0 where nothing is known of that.
    """

    lever: str
    parameter: str
    low: float
    high: float
    step: float
    neutral: float = 0.0
    price: float = 0.0

    @property
    def name(self) -> str:
        """``recruit_foster_carers.households_per_year``."""
        return f"{self.lever}.{self.parameter}"

    def value(self, steps: int) -> float:
        """The value so many steps above the neutral one."""
        return round(self.neutral + steps * self.step, 10)

    def ends(self) -> tuple[int, int]:
        """Steps from the neutral value down to the low end (0 or below) and up to the high one."""
        slack = 1e-9
        down = int(np.ceil((self.low - self.neutral) / self.step - slack))
        return min(down, 0), max(int(np.floor((self.high - self.neutral) / self.step + slack)), 0)


def read_knob(
    text: str, *, low: float | None = None, high: float | None = None, step: float | None = None, price: float = 0.0
) -> Knob:
    """A lever's parameter by ``LEVER.PARAMETER``, its range and step from the lever's declaration.

    Raises
    ------
    UserError
        When there is no such lever or parameter, with the nearest; when it is no number, or has no range and none
        is given; when the range given goes beyond the lever's.
    """
    lever, _, parameter = text.partition(".")
    if lever not in LEVERS:
        raise UserError([f"There is no lever '{lever}'.{nearest(lever, list(LEVERS))}"])
    numbers = number_parameters(LEVERS[lever])
    if parameter not in numbers:
        raise UserError([f"'{parameter}' is no number of lever '{lever}'.{nearest(parameter, list(numbers))}"])
    bottom, top, whole = numbers[parameter]
    ends = (bottom if low is None else low, top if high is None else high)
    if None in ends:
        raise UserError([f"{text} has no range of its own: give one with --range LOW:HIGH."])
    least, most = float(ends[0] or 0.0), float(ends[1] or 0.0)
    beyond = (bottom is not None and least < bottom) or (top is not None and most > top)
    if beyond or least >= most:
        raise UserError([f"The range of {text} lies within {bottom:g} to {top:g}, its low end first."])
    size = step or (_HUNDREDTH if not whole and most - least <= _SHARES else 1.0)
    # No change is nought, or the end of the range next to it.
    return Knob(lever, parameter, least, most, size, neutral=min(max(0.0, bottom or 0.0), most), price=price)


def number_parameters(lever: type[Lever]) -> dict[str, tuple[float | None, float | None, bool]]:
    """A lever's parameters that are numbers, phasing apart: least, most, whether only whole numbers."""
    found = {}
    for name, about in lever.model_fields.items():
        kinds = {about.annotation} if about.annotation in {int, float} else set()
        if not kinds or name in _PHASING:
            continue
        limits = {key: getattr(limit, key) for limit in about.metadata for key in ("ge", "le") if hasattr(limit, key)}
        found[name] = (limits.get("ge"), limits.get("le"), about.annotation is int)
    return found


def with_values(plan: Scenario, knobs: Sequence[Knob], values: Sequence[float]) -> Scenario:
    """A plan with some parameters set; a lever that it lacks is added with its defaults.

    Of several tables of one lever the first is set.
    """
    levers = list(plan.levers)
    for knob, value in zip(knobs, values, strict=True):
        kind = LEVERS[knob.lever]
        set_to = round(value) if number_parameters(kind)[knob.parameter][2] else float(value)
        at = next((place for place, lever in enumerate(levers) if lever.name == knob.lever), None)
        base = {} if at is None else levers[at].model_dump(exclude_unset=True)
        changed = kind.model_validate({**base, knob.parameter: set_to})
        levers = [*levers, changed] if at is None else [*levers[:at], changed, *levers[at + 1 :]]
    return plan.model_copy(update={"levers": tuple(levers)})
