"""How the invented council's prices rise and spread: fee uplifts, deflators, pay awards, lists of placements."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import date
from statistics import NormalDist

from sufficiency.draws import KeyWords, Purpose, draw, other_key
from sufficiency.tables.uplifts import EVERY
from sufficiency.trials.entrants import About

#: Rises of the financial years after that of the last price, by setting: month in which they begin (4 is April), per
#: cent of each year, and what they were shaped on.
UPLIFTS: dict[str, tuple[int, tuple[float, ...], str]] = {
    EVERY: (4, (3.0, 2.5, 2.5, 2.5), "invented: allowances and fees of all other settings"),
    "agency_fostering": (
        4,
        (3.5, 3.5, 3.0, 3.0),
        "invented, shaped on Coventry strategy: 3.7 % a year from 2017/18 to 2022/23",
    ),
    "in_house_home": (4, (4.0, 3.5, 3.0, 3.0), "invented: pay of residential workers"),
    "external_home": (
        4,
        (6.0, 5.0, 5.0, 4.0),
        "invented, shaped on Coventry strategy: 10.6 % a year from 2017/18 to 2022/23, taken to ease",
    ),
    "residential_school": (9, (5.0, 5.0, 4.0, 4.0), "invented: fees of a school year, from September"),
    "supported_accommodation": (7, (4.0, 4.0, 3.0, 3.0), "invented: framework agreed anew each July"),
}
#: The target for consumer prices stands in for a forecast of the GDP deflator.
_DEFLATORS = (2.0, 2.0, 2.0, 2.0, 2.0)
_DEFLATOR_SOURCE = "assumption: the government's target for consumer prices, in place of a forecast of the GDP deflator"
#: Rise of fixed costs each April after the first year ahead: mostly pay.
PAY_AWARDS = (0.03, 0.03, 0.03, 0.03)
#: Settings with a list of placements' prices, and the standard deviation of their logarithms: at 0.45 about one in nine
#: children's homes costs more than £10,000 a week.
SPREADS = {"external_home": 0.45, "agency_fostering": 0.22}
_APRIL = 4
_STEP = 5


def uplifts(first: int) -> Iterator[tuple[object, ...]]:
    """Rows of the uplifts table.

    Parameters
    ----------
    first
        Calendar year in which the first financial year with an uplift begins.
    """
    for setting, (month, percents, source) in UPLIFTS.items():
        for year, percent in enumerate(percents, start=first):
            start = "" if month == _APRIL else date(year, month, 1)
            yield setting, f"{year}-{(year + 1) % 100:02d}", percent, start, source


def deflators(first: int) -> Iterator[tuple[object, ...]]:
    """Rows of the deflators table, from the financial year that begins in a calendar year."""
    for year, percent in enumerate(_DEFLATORS, start=first):
        yield f"{year}-{(year + 1) % 100:02d}", percent, _DEFLATOR_SOURCE


def risen(pounds: int, first: date) -> Iterable[tuple[date, date | str, int]]:
    """A fixed cost from year to year: first day, last day (blank for the last) and pounds a year.

    Parameters
    ----------
    first
        First day; it holds for two financial years, and rises each April after.
    """
    begins, amount = first, float(pounds)
    for number, award in enumerate(PAY_AWARDS, start=2):
        ends = date(first.year + number, 3, 31)
        yield begins, ends, round(amount)
        begins, amount = date(first.year + number, _APRIL, 1), amount * (1.0 + award)
    yield begins, "", round(amount)


def listed(key: KeyWords, setting: str, mean: float, placements: int) -> list[int]:
    """Pounds a week of a setting's placements: one from each part of a lognormal distribution, to £5.

    Parameters
    ----------
    mean
        Of the distribution.
    placements
        How many; each is drawn within its own share of the distribution, so that a short list has the tail too.
    """
    spread, number = SPREADS[setting], list(SPREADS).index(setting)
    middle, normal = math.log(mean) - spread**2 / 2, NormalDist()
    found = []
    for place in range(placements):
        uniform, _ = draw(key, int(other_key(number)), About.PRICE_LIST, Purpose.WORLD, place)
        share = (place + 0.1 + 0.8 * uniform) / placements
        found.append(round(math.exp(middle + spread * normal.inv_cdf(share)) / _STEP) * _STEP)
    return found
