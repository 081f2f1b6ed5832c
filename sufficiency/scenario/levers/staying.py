"""Levers on what comes at 18: staying put with foster carers, and staying close to a home."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from sufficiency.codes import Codes
from sufficiency.scenario.effects import Effects
from sufficiency.scenario.levers.base import Lever, Situation, parameter
from sufficiency.scenario.money_effects import by_run
from sufficiency.scenario.place_effects import whole

Foster = Literal["kinship_fostering", "in_house_fostering", "agency_fostering"]
_FOSTER: tuple[Foster, ...] = ("kinship_fostering", "in_house_fostering", "agency_fostering")


class StayingPut(Lever):
    """More or fewer stay put at 18."""

    name = "staying_put"
    title = "Staying put at 18"
    meaning = (
        "Take-up of staying put by those who turn 18 with foster carers, in points on top of the baseline's, never "
        "below none or above all. Who stays keeps the place until it ends, by the 21st birthday: a place "
        "in house or with an agency, if limited, is then not there for a child. The allowance scales what "
        "staying put costs, if a price is given for it."
    )
    evidence = (
        "60 % of those who turned 18 in foster care stayed put three months on (DfE, 2021); 58 % with councils, 40 % "
        "with agencies (Ofsted, 2017-18); 34 % of carers say that they were kept from offering it (Fostering Network, "
        "2018); no effect size of an offer is established"
    )
    grade = "W"

    change: float = parameter(
        0.10, "points (0.10 is from 60 to 70 %)", "Change in take-up once phased in.", ge=-1.0, le=1.0
    )
    settings: tuple[Foster, ...] = parameter(
        _FOSTER, "settings", "Where those live who turn 18.", min_length=1, strict=False
    )
    allowance: float = parameter(
        0.0, "share of today's", "Change in the price of a night, of all who stay put there.", ge=-1.0, le=3.0
    )

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:
        """Raise take-up, and the price of staying put."""
        parts = self.parts(effects.months, start)
        uptake, fees = effects.places.uptake.copy(), effects.money.fees.copy()
        for name in self.settings:
            setting = codes.in_care.index(name)
            uptake[:, setting] += self.change * parts
            fees[:, codes.after_18[setting]] *= 1.0 + self.allowance * parts
        places, money = replace(effects.places, uptake=uptake), replace(effects.money, fees=fees)
        return replace(effects, places=places, money=money)

    def idle(self, situation: Situation) -> str:
        """Nobody turns 18 where nobody lives."""
        return "" if set(self.settings) & situation.lived else "no child lives with those foster carers"


class StayingPutLength(Lever):
    """Staying put for longer."""

    name = "staying_put_length"
    title = "How long staying put lasts"
    meaning = (
        "The shares of those staying put at 18, 19 and 20 who are still there a year later, in points on top of the "
        "baseline's. It holds for everybody who stays put in the forecast, those of the origin too: it cannot be dated."
    )
    evidence = (
        "56 % of those staying put at 18 still do at 19, and 67 % of those at 20 (from numbers by age, DfE, 2018, a "
        "synthetic cohort); no effect size is established"
    )
    grade = "W"
    throughout = True

    change: float = parameter(
        0.05, "points (0.05 is from 56 to 61 %)", "Change in each of the shares.", ge=-0.6, le=0.4
    )

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:  # noqa: ARG002 - as every lever
        """Change the shares that go on."""
        return replace(effects, places=replace(effects.places, going_on=effects.places.going_on + self.change))

    def idle(self, situation: Situation) -> str:
        """Nobody stays put."""
        return "" if situation.staying_put else "nobody stays put"


class StayingClose(Lever):
    """Support for those who leave children's homes at 18."""

    name = "staying_close"
    title = "Staying close to the home at 18"
    meaning = (
        "Places near their former home, with support, for so many young people who left children's homes at 18. "
        "They are no longer in care and hold no place that a child could have: the lever changes money alone."
    )
    evidence = (
        "£22,000 to £32,000 for each leaver (DfE programme, 2022 to 2025, indicative); an evaluation (CHI, 2025) found "
        "no strong causal conclusion"
    )
    grade = "W"

    young_people: int = parameter(4, "young people", "Supported at any one time once phased in.", ge=0, le=500)
    pounds_per_year: float = parameter(27_000.0, "£ a year", "Cost of each young person's place.", ge=0.0, le=500_000.0)

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:  # noqa: ARG002 - as every lever
        """Add the cost, place by place as they open."""
        places = whole(self.parts(effects.months, start) * self.young_people)
        costs = by_run(places, "Staying close", None, self.pounds_per_year)
        return replace(effects, money=effects.money.with_fixed(*costs))


LEVERS: tuple[type[Lever], ...] = (StayingPut, StayingPutLength, StayingClose)
