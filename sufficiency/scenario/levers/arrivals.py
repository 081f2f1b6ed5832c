"""Levers on children seeking asylum, and on who is placed with relatives or friends first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sufficiency.codes import Codes
from sufficiency.scenario.demand_effects import Threshold
from sufficiency.scenario.effects import CARE_BANDS, Effects, scale_entries
from sufficiency.scenario.levers.base import Band, ChangeLever, Lever, parameter


class KinshipFirst(Lever):
    """Relatives or friends before foster carers."""

    name = "kinship_first"
    title = "Relatives and friends first"
    meaning = (
        "A share of the children who would come into care to foster carers, and of those who would move to foster "
        "carers, go to relatives or friends instead, and then stay, move and leave as others there do. It acts on "
        "first entries of children who do not seek asylum, and on moves of all; children who come back into care are "
        "placed as before."
    )
    evidence = (
        "15.6 % of children in care lived with relatives or friends in September 2024 (freedom-of-information requests "
        "to 150 authorities); Ofsted counted 8,755 such households in March 2025; no effect size is established"
    )
    grade = "W"

    share: float = parameter(
        0.05,
        "share of the children (0.05 is 1 in 20)",
        "Of the children who would enter fostering, so many go to relatives or friends.",
        ge=0.0,
        le=1.0,
    )
    move_share: float = parameter(
        0.05,
        "share of the moves (0.05 is 1 in 20)",
        "Of the moves to fostering, so many go to relatives or friends.",
        ge=0.0,
        le=1.0,
    )
    ages: tuple[Band, ...] = parameter(CARE_BANDS, "age bands", "Ages it acts on.", min_length=1, strict=False)

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:  # noqa: ARG002 - as every lever
        """Add to the shares; those of two such levers follow one another."""
        acting = np.array([band in self.ages for band in CARE_BANDS], dtype=np.float64)
        part = self.parts(effects.months, start)[:, None] * acting
        demand = effects.demand
        entry = 1 - (1 - demand.kin_at_entry) * (1 - self.share * part)
        moves = 1 - (1 - demand.kin_at_moves) * (1 - self.move_share * part)
        return replace(effects, demand=replace(demand, kin_at_entry=entry, kin_at_moves=moves))


class UascArrivals(ChangeLever):
    """More or fewer children seeking asylum."""

    name = "uasc_arrivals"
    title = "Arrivals of children seeking asylum"
    meaning = "More or fewer unaccompanied asylum-seeking children come into care than forecast, of any age."
    evidence = (
        "England: 2,800 started in 2020/21, 7,330 in 2023/24, 6,950 in 2024/25 (DfE): arrivals follow policy and world "
        "events, which no past series foretells"
    )
    grade = "assumption"

    change: float = parameter(
        0.20, "share of the forecast (0.20 is 20 % more)", "Change in arrivals once phased in.", ge=-1.0, le=5.0
    )

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:  # noqa: ARG002 - as every lever
        """Scale the entries of children seeking asylum."""
        return scale_entries(effects, self.factor(effects, start), bands=CARE_BANDS, sides=(True,))


class UascThreshold(Lever):
    """Children seeking asylum at the National Transfer Scheme's threshold."""

    name = "uasc_threshold"
    title = "Children seeking asylum at the transfer scheme's threshold"
    meaning = (
        "From its first month on, so many children seeking asylum come into care as bring their expected number there "
        "to a share of the child population by the end of the ramp, and then keep it there: more than forecast where "
        "the council is below, fewer where it is above (none, until enough have left). Worked out month by month from "
        "the children in care now and from how long they stay. Other levers on entries act on top."
    )
    evidence = (
        "The National Transfer Scheme's threshold has been 0.1 % of the child population since 24 August 2022, 0.07 % "
        "before (Home Office); England as a whole is at about half of it (6,540 against 12,183)"
    )
    grade = "P"

    ramp_months: int = parameter(
        12, "months", "The number in care gets there by equal monthly steps over this long.", ge=0, le=120
    )
    share: float = parameter(
        0.001, "share of the child population (0.001 is 0.1 %)", "Where the number in care is held.", ge=0.0, le=0.01
    )
    child_population: float | None = parameter(
        None,
        "children of 0 to 17",
        "Children who live in the area; those of the council's population table when left out.",
        ge=100.0,
        le=1e7,
    )
    reach: float = parameter(
        1.0,
        "share, 0 to 1",
        "How far to go from arrivals as forecast (0) to those needed (1).",
        ge=0.0,
        le=1.0,
    )

    @property
    def needs_population(self) -> bool:
        """A share of the children who live here: their number must be known."""
        return self.child_population is None and self.reach > 0

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:  # noqa: ARG002 - as every lever
        """Set the threshold; of two, the later one counts."""
        way = self.parts(effects.months, start)
        threshold = Threshold(self.share, way, np.where(way > 0, self.reach, 0.0), self.child_population)
        return replace(effects, demand=replace(effects.demand, threshold=threshold))


LEVERS: tuple[type[Lever], ...] = (KinshipFirst, UascArrivals, UascThreshold)
