"""Levers on the council's own foster carers: recruiting them, keeping them, and taking them over from agencies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sufficiency.codes import Codes
from sufficiency.scenario.effects import Effects
from sufficiency.scenario.levers.base import Lever, Situation, parameter
from sufficiency.scenario.place_effects import Floats, added_to, whole

IN_HOUSE, AGENCY = "in_house_fostering", "agency_fostering"
_YEAR = 12


def households(joining: Floats, leave_per_year: float) -> Floats:
    """Households there as each month begins, of those who join during the months: shape (months,).

    Who joins in a month counts from the next; of those there a twelfth root of the yearly share stays on.

    >>> households(np.array([1.0, 1.0, 0.0, 0.0]), 0.0).tolist()
    [0.0, 1.0, 2.0, 2.0]
    """
    stays = (1.0 - leave_per_year) ** (1 / _YEAR)
    there = np.zeros(len(joining))
    for month in range(1, len(joining)):
        there[month] = there[month - 1] * stays + joining[month - 1]
    return there


class _MoreHouseholds(Lever):
    """What recruiting and taking over have in common: households that join, stay a while, and have places."""

    households_per_year: float
    places_per_household: float = parameter(
        2.0, "places", "Places that a household is approved for, on average.", ge=1.0, le=6.0
    )
    share_not_available: float = parameter(
        0.20, "share", "Share of the approved places that cannot be used at any one time.", ge=0.0, le=0.9
    )
    leave_per_year: float = parameter(
        0.12, "share a year", "Share of these households that leave again in a year.", ge=0.0, le=0.6
    )

    def _joining(self, months: int, start: int, pipeline: int = 0) -> Floats:
        """Households that join in each month of the horizon."""
        rate = self.parts(months, start) * self.households_per_year / _YEAR
        return np.concatenate((np.zeros(pipeline), rate))[:months]

    def _with_places(self, effects: Effects, codes: Codes, there: Floats) -> Effects:
        places = whole(there * self.places_per_household)
        setting = codes.in_care.index(IN_HOUSE)
        more = added_to(effects.places, setting, places, self.share_not_available)
        return replace(effects, places=more)


class RecruitFosterCarers(_MoreHouseholds):
    """More of the council's own foster carers."""

    name = "recruit_foster_carers"
    title = "Recruiting in-house foster carers"
    meaning = (
        "Households approved each year on top of those of today. Recruiting begins with the lever; its first "
        "households are approved after the pipeline, a twelfth of the year's each month, and can be used from the "
        "month after. They leave again at a yearly share; when recruiting ends, those in the pipeline are still "
        "approved and those who are there go on leaving at that share. Places are whole: households × places each, "
        "rounded down."
    )
    evidence = (
        "1.99 approved places a household and 17.9 % of places not available (Ofsted, 2018-19), 2.09 places in 2025; "
        "11 to 14 % of mainstream households leave in a year (derived); approval takes 4 to 6 months as a rule; the "
        "number that a council can recruit is its own judgement"
    )
    grade = "D"

    households_per_year: float = parameter(
        10.0, "households a year", "Households approved in a year, once phased in.", ge=0.0, le=1000.0
    )
    pipeline_months: int = parameter(6, "months", "From the start of recruiting to the first approvals.", ge=0, le=36)

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:
        """Add the places of the households that are there."""
        joining = self._joining(effects.months, start, self.pipeline_months)
        return self._with_places(effects, codes, households(joining, self.leave_per_year))


class TransferAgencyCarers(_MoreHouseholds):
    """Foster carers who come over from agencies."""

    name = "transfer_agency_carers"
    title = "Agency carers coming over to the council"
    meaning = (
        "Households that leave an agency for the council, with the children who live there. The model has no "
        "households: their places are added to the council's, in whole households, and in the month in which one "
        "comes so many children in agency fostering as live with it, on average, are put on the waiting list for an "
        "in-house place. Each takes the first vacancy of that month that suits it, with the chance m of any offer and "
        "not with certainty; one whom none suits stays with the agency. It counts as a move and begins a new "
        "placement, which in truth it is not."
    )
    evidence = (
        "Two households a year is an illustration; 1.23 children placed a household, 1.99 approved places and 17.9 % "
        "of them not available (Ofsted, 2018-19)"
    )
    grade = "W"

    households_per_year: float = parameter(
        2.0, "households a year", "Households that come over in a year, once phased in.", ge=0.0, le=500.0
    )
    children_per_household: float = parameter(
        1.2, "children", "Children who live with a household as it comes over, on average.", ge=0.0, le=4.0
    )

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:
        """Add their places and put the children who live with them on the waiting list."""
        joined = whole(households(self._joining(effects.months, start), 0.0))
        come = np.diff(joined, prepend=0)
        followers = effects.places.followers.copy()
        followers[:, codes.in_care.index(AGENCY)] += come * self.children_per_household
        there = households(np.append(come[1:], 0).astype(np.float64), self.leave_per_year)
        more = self._with_places(effects, codes, there)
        return replace(more, places=replace(more.places, followers=followers))

    def idle(self, situation: Situation) -> str:
        """Nobody comes along where nobody lives with an agency."""
        return "" if AGENCY in situation.lived else "no child lives in agency fostering, so only places come over"


class RetainFosterCarers(Lever):
    """Fewer of the council's foster carers leave."""

    name = "retain_foster_carers"
    title = "Keeping in-house foster carers"
    meaning = (
        "A change in the share of in-house households that leave in a year, in points. Today's places are taken to be "
        "steady: those that go in a year, at today's loss, are made up by those that come. So with s places for each "
        "of today's, a month later there are s × k' + (1 − k), where k and k' are the twelfth roots of what is kept in "
        "a year today and under the plan. When the lever ends, what was gained wears off at today's loss. Whole "
        "places, rounded towards none; of these the same share cannot be used as of today's."
    )
    evidence = (
        "11 to 14 % of mainstream households leave in a year (derived from Ofsted, 2018-19); that support brings 13 % "
        "down to 11 % is an illustration"
    )
    grade = "W"

    loss_per_year: float = parameter(
        0.13, "share a year", "Share of in-house households that leave in a year today.", ge=0.0, le=0.6
    )
    change: float = parameter(
        -0.02, "points (−0.02 is from 13 to 11 %)", "Change in that share once phased in.", ge=-0.6, le=0.3
    )

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:
        """Let today's places grow or shrink."""
        kept = (1.0 - self.loss_per_year) ** (1 / _YEAR)
        loss = np.clip(self.loss_per_year + self.change * self.parts(effects.months, start), 0.0, 1.0)
        then = np.where(loss == self.loss_per_year, kept, (1.0 - loss) ** (1 / _YEAR))
        growth = np.zeros(effects.months)
        for month in range(1, effects.months):
            growth[month] = growth[month - 1] * then[month - 1] + (then[month - 1] - kept)
        all_growth = effects.places.growth.copy()
        all_growth[:, codes.in_care.index(IN_HOUSE)] += growth
        return replace(effects, places=replace(effects.places, growth=all_growth))

    def idle(self, situation: Situation) -> str:
        """There is nothing to keep where there are no places."""
        return "" if IN_HOUSE in situation.limited else "there are no in-house foster places to keep"


LEVERS: tuple[type[Lever], ...] = (RecruitFosterCarers, RetainFosterCarers, TransferAgencyCarers)
