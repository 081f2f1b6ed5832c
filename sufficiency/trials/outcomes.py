"""The return's smaller tables: adoption, care leavers, permanence, reviews, health, missing.

Their values are invented around each child's placements so that they never contradict them; shares
are assumptions unless a source is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sufficiency.dates import as_date
from sufficiency.trials.entrants import About
from sufficiency.trials.homes import adopted_by_carer
from sufficiency.trials.legal import by_consent, legal_path
from sufficiency.trials.lives import OPEN, Life, Period, choose
from sufficiency.trials.staying import leaver_row

Row = tuple[str, ...]

_LEAVER_AGES = (17, 18, 19, 20, 21)
_ELIGIBLE_FROM, _ELIGIBLE_AFTER, _ELIGIBLE_DAYS = 14, 16, 91
_ADOPTERS = "placed_for_adoption"
_DECIDED_BEFORE_ORDER = (10, 60)
_MATCH_BEFORE = (14, 45)
_REVERSED = {"RD1": 0.5, "RD2": 0.2, "RD3": 0.2, "RD4": 0.1}
_COUPLES = {
    ("1", "M1", "L0"): 0.01,
    ("1", "F1", "L0"): 0.11,
    ("2", "MF", "L11"): 0.58,
    ("2", "MF", "L2"): 0.14,
    ("2", "MM", "L12"): 0.09,
    ("2", "FF", "L12"): 0.07,
}
_EARLIER = {"Z1": 0.955, "P1": 0.012, "P2": 0.022, "P3": 0.008, "P4": 0.003}
_FIRST_REVIEW, _SECOND_REVIEW, _LATER_REVIEWS = 26, 115, 180
_SPEAKS_FROM = 4
_REVIEW_CODES = {"PN1": 0.42, "PN2": 0.06, "PN3": 0.18, "PN4": 0.02, "PN5": 0.10, "PN6": 0.14, "PN7": 0.08}
_SDQ_AGES = (4, 16)
_SDQ_NOT = {"SDQ1": 0.2, "SDQ2": 0.2, "SDQ3": 0.3, "SDQ4": 0.1, "SDQ5": 0.2}
_CONVICTED_FROM = 10
_TEETH_FROM = 1
_MISSING_FROM = 10
_MISSING_YEARLY = (0.10, 0.04, 0.02)
_AWAY_SHARE = 0.25


@dataclass(frozen=True)
class Year:
    """A collection year with its first and last day."""

    year: int
    first: int
    last: int

    def holds(self, day: int) -> bool:
        """Whether a day lies in it."""
        return self.first <= day <= self.last


def _day(number: int) -> str:
    return "" if number == OPEN else as_date(number).strftime("%d/%m/%Y")


def _named(life: Life) -> tuple[str, str]:
    return life.child_id, _day(life.dob)


def _between(uniform: float, bounds: tuple[int, int]) -> int:
    return bounds[0] + int(uniform * (bounds[1] - bounds[0]))


# ------------------------------------------------------------------------------------- adoption


def _decision(life: Life, period: Period) -> int | None:
    """Day on which it was decided that the child should be adopted."""
    with_adopters = [placement.start for placement in period.placements if placement.setting == _ADOPTERS]
    ordered = [day for day, status in legal_path(life, period) if status == "E1"]
    if by_consent(life, period):
        ordered = []
    days = ordered or with_adopters
    if not days:
        return None
    before = _between(life.draw(About.ADOPTION, 200 + period.number)[0], _DECIDED_BEFORE_ORDER)
    return max(days[0] - before, period.start)


def _reversed(life: Life, period: Period) -> int:
    """Day on which that decision was reversed, or :data:`OPEN`."""
    path = legal_path(life, period)
    ordered = [at for at, (_, status) in enumerate(path) if status == "E1"]
    if ordered and ordered[-1] + 1 < len(path):
        return path[ordered[-1] + 1][0]
    if period.reason not in (None, "adopted") and ordered:
        return period.end
    return OPEN


def adoption_decided(life: Life, year: Year) -> Iterator[Row]:
    """Placed-for-adoption rows of children whose decision stood in the year."""
    for period in life.periods:
        decided = _decision(life, period)
        if decided is None or decided > year.last or period.end < year.first:
            continue
        ceased = _reversed(life, period)
        if ceased < year.first:
            continue
        told = ceased <= year.last
        why = life.choose(About.ADOPTION, _REVERSED, 300 + period.number) if told else ""
        yield (*_named(life), _day(decided), _day(ceased) if told else "", why)


def adopted(life: Life, year: Year) -> Iterator[Row]:
    """AD1 row of a child adopted in the year."""
    for period in life.periods:
        decided = _decision(life, period)
        if period.reason != "adopted" or not year.holds(period.end) or decided is None:
            continue
        at = max(number for number, placement in enumerate(period.placements) if placement.setting == _ADOPTERS)
        placement = period.placements[at]
        by_carer = at > 0 and adopted_by_carer(life, placement, period.placements[at - 1])
        which, when = life.draw(About.ADOPTION, 400 + period.number)
        matched = max(placement.start - _between(when, _MATCH_BEFORE), decided)
        names = list(_COUPLES)
        couple = names[int(choose(which, {str(number): _COUPLES[name] for number, name in enumerate(names)}))]
        yield (*_named(life), _day(decided), _day(matched), "1" if by_carer else "0", *couple)


# --------------------------------------------------------------------------------- care leavers


def care_leaver_age(life: Life, first: int, last: int) -> int | None:
    """Age from 17 to 21 that a care leaver reaches between two days; None for everyone else."""
    for age in _LEAVER_AGES:
        day = life.birthday(age)
        if first <= day <= last and _eligible(life, day):
            return age
    return None


def _eligible(life: Life, day: int) -> bool:
    """Thirteen weeks in care since 14, some of them at 16 or 17, and out of care on the day."""
    since, after = life.birthday(_ELIGIBLE_FROM), life.birthday(_ELIGIBLE_AFTER)
    before = [period for period in life.periods if period.start < day]
    days = sum(max(min(period.end, day) - max(period.start, since), 0) for period in before)
    left = all(period.end <= day for period in before)
    return left and days >= _ELIGIBLE_DAYS and any(period.end > after for period in before)


def leaver(life: Life, year: Year) -> Iterator[Row]:
    """OC3 row of a care leaver."""
    age = care_leaver_age(life, year.first, year.last)
    if age is not None:
        yield (*_named(life), *leaver_row(life, age))


# ----------------------------------------------------------------------- permanence and reviews


def previous_permanence(life: Life, year: Year) -> Iterator[Row]:
    """An earlier adoption or order of a child who started in the year."""
    for period in life.periods:
        if year.holds(period.start):
            code = life.choose(About.PERMANENCE, _EARLIER, period.number) if not life.uasc else "Z1"
            yield (*_named(life), code, "", "" if code == "Z1" else "zz/zz/zzzz")


def _review_days(period: Period, last: int) -> Iterator[int]:
    day = period.start + _FIRST_REVIEW
    step = _SECOND_REVIEW - _FIRST_REVIEW
    while day <= last and day < period.end:
        yield day
        day, step = day + step, _LATER_REVIEWS


def reviews(life: Life, year: Year) -> Iterator[Row]:
    """Reviews: within 20 working days, then three months later, then every six months."""
    for period in life.periods:
        for number, day in enumerate(_review_days(period, year.last)):
            if year.holds(day):
                extra = period.number * 1000 + number
                code = "PN0" if life.age(day) < _SPEAKS_FROM else life.choose(About.REVIEW, _REVIEW_CODES, extra)
                yield (*_named(life), _day(day), code)


# ------------------------------------------------------------------------------ health, missing


def health(life: Life, year: Year) -> Iterator[Row]:
    """OC2 row of a child in care for the whole year and at its end."""
    if any(period.start <= year.first and period.end > year.last for period in life.periods):
        age = life.age(year.last)
        first, second = life.draw(About.HEALTH, year.year)
        third, fourth = life.draw(About.HEALTH, 10_000 + year.year)
        score, why = "", ""
        if _SDQ_AGES[0] <= age <= _SDQ_AGES[1]:
            scored = first < 0.76  # noqa: PLR2004 - DfE: about three quarters of children have a score
            score = str(int((second + third) * 14)) if scored else ""
            why = "" if scored else choose(second, _SDQ_NOT)
        convicted = "1" if age >= _CONVICTED_FROM and third < 0.03 else "0"  # noqa: PLR2004
        misuse = age >= _CONVICTED_FROM and fourth < 0.04  # noqa: PLR2004
        yield (
            *_named(life),
            score,
            why,
            convicted,
            "1" if age < _SCHOOL_AGE else "",
            "1" if second < 0.86 else "0",  # noqa: PLR2004
            "1" if age >= _TEETH_FROM and third < 0.78 else "0",  # noqa: PLR2004
            "1" if fourth < 0.90 else "0",  # noqa: PLR2004
            "1" if misuse else "0",
            "1" if misuse and first < 0.5 else "0",  # noqa: PLR2004
            "1" if misuse and first >= 0.5 else "0",  # noqa: PLR2004
        )


_SCHOOL_AGE = 5


def missing(life: Life, year: Year) -> Iterator[Row]:
    """Times missing or away, of some of those aged 10 and over."""
    for number, share in enumerate(_MISSING_YEARLY):
        happens, when = life.draw(About.MISSING, year.year * 10 + number)
        day = year.first + int(when * (year.last - year.first - 3))
        length, away = life.draw(About.MISSING, 100_000 + year.year * 10 + number)
        until = day + 1 + int(length * length * 6)
        inside = any(period.start < day and until < period.end for period in life.periods)
        if inside and happens < share and life.age(day) >= _MISSING_FROM:
            ended = _day(until) if until <= year.last else ""
            yield (*_named(life), "A" if away < _AWAY_SHARE else "M", _day(day), ended)
