"""Targets as a council writes them: a measure, a comparison, a value, by when, and how sure.

    agency_share <= 0.20 by 2028-03 with 0.8
    children in external_home <= 25 by 2029-03 with 0.9
    spend <= 24.5m by 2028-03
    shortfall in in_house_fostering <= 0 by 2028-03 with 0.8

The last says: in 80 of 100 replications there is a place on every day of the three months to March 2028.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.errors import Problem, UserError
from sufficiency.plan.outputs import Output, read_output

Floats = npt.NDArray[np.float64]

EXAMPLE = "agency_share <= 0.20 by 2028-03 with 0.8"
#: What is said where no probability is given: more likely than not.
DEFAULT_SURE = 0.5
_SIGNS = {"<=": "<=", "=<": "<=", "≤": "<=", ">=": ">=", "=>": ">=", "≥": ">=", "<": "<", ">": ">"}
_PARTS = re.compile(
    r"\s*(?P<name>[^\s<>=≤≥]+)(?:\s+in\s+(?P<setting>[^\s<>=≤≥]+))?\s*(?P<sign>[<>=≤≥]+)\s*(?P<value>\S+)"
    r"(?:\s+by\s+(?P<by>\S+))?(?:\s+with\s+(?P<sure>\S+))?\s*",
    re.IGNORECASE,
)
_SCALES = {"": 1.0, "k": 1e3, "m": 1e6, "%": 0.01}


@dataclass(frozen=True)
class Target:
    """One target.

    Attributes
    ----------
    output
        What is measured, and at the end of which month.
    sign, value
        The comparison that is to hold.
    sure
        In which share of replications, at least.
    """

    output: Output
    sign: str
    value: float
    sure: float

    def __str__(self) -> str:
        name, _, when = str(self.output).partition(" by ")
        by = f" by {when}" if when else ""
        return f"{name} {self.sign} {self.value:.10g}{by} with {self.sure:g}"

    def share_met(self, values: Floats) -> float:
        """Share of replications in which the comparison holds."""
        compared = {
            "<=": values <= self.value,
            ">=": values >= self.value,
            "<": values < self.value,
            ">": values > self.value,
        }
        return float(compared[self.sign].mean())

    def met(self, values: Floats) -> bool:
        """Whether it holds in enough of the replications."""
        return self.share_met(values) >= self.sure


def read_target(text: str, codes: Codes) -> Target:
    """Read a target.

    Raises
    ------
    UserError
        With everything that is wrong in it, and the nearest names.
    """
    found = _PARTS.fullmatch(text)
    if found is None:
        told = "a measure, perhaps 'in' a setting, a comparison, a value, perhaps 'by' a month and 'with' a probability"
        raise UserError([f"'{text}' is no target. It takes {told}: {EXAMPLE}"])
    problems: list[Problem] = []
    sign = _SIGNS.get(found["sign"])
    if sign is None:
        problems.append(Problem(f"'{found['sign']}' is no comparison; use <=, >=, < or >."))
    value = _number(found["value"])
    if value is None:
        problems.append(Problem(f"'{found['value']}' is no number; write 0.2, 20%, 25 or 24.5m."))
    month = _month(found["by"])
    if found["by"] and month is None:
        problems.append(Problem(f"'{found['by']}' is no month; write 2028-03."))
    sure = DEFAULT_SURE if found["sure"] is None else _number(found["sure"])
    if sure is None or not 0 < sure <= 1:
        problems.append(Problem(f"'{found['sure']}' is no probability; write 0.8 or 80%."))
    try:
        output = read_output(found["name"], found["setting"], codes, month)
    except UserError as error:
        raise UserError([*error.problems, *problems]) from None
    if problems or sign is None or value is None or sure is None:
        raise UserError(problems)
    return Target(output, sign, value, sure)


def read_targets(texts: Sequence[str], codes: Codes) -> list[Target]:
    """Several targets, with the problems of all of them told at once."""
    targets, problems = [], list[Problem]()
    for text in texts:
        try:
            targets.append(read_target(text, codes))
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(problems)
    return targets


def _number(text: str) -> float | None:
    """``0.2``, ``20%``, ``24.5m``, ``£24,500,000``, ``1_000``."""
    found = re.fullmatch(r"£?(-?[\d,_]*\.?\d+)([kKmM%]?)", text)
    if found is None:
        return None
    return float(found[1].replace(",", "").replace("_", "")) * _SCALES[found[2].lower()]


def _month(text: str | None) -> int | None:
    """Months since January 1970 of ``2028-03``, or of a day in it."""
    found = re.fullmatch(r"(\d{4})-(\d{2})(?:-\d{2})?", text or "")
    if found is None or not 1 <= int(found[2]) <= 12:  # noqa: PLR2004 - months
        return None
    return int(dates.month_index(dates.day_number(f"{found[1]}-{found[2]}-01")))
