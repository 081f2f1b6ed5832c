"""What the example is meant to resemble, and how like it is: measures of any truth in one form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, AGED_OUT, Codes
from sufficiency.history.days import months_between
from sufficiency.history.profile import TIME_IN_CARE
from sufficiency.history.stock import EVENTS, REASONS, Spells, child_days, events, stock_at
from sufficiency.trials.invented import Invented

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PETERBOROUGH = "Peterborough City Council, sufficiency strategy 2016 to 2019, May 2016, those aged 18 or over left out"
#: Counts by placement add up to 358, by age to 356, by time in care to 358.
PETERBOROUGH_SETTINGS = {
    "in_house_fostering": 163,
    "agency_fostering": 107,
    "kinship_fostering": 20,
    "placed_with_parents": 4,
    "supported_accommodation": 29,
    "homes": 27,
    "residential_school": 3,
    "placed_for_adoption": 4,
    "secure": 1,
    "other": 0,
}
PETERBOROUGH_AGES = dict(zip(AGE_BANDS, (19, 33, 74, 152, 78), strict=False))
PETERBOROUGH_TIMES = dict(zip(TIME_IN_CARE, (88, 50, 57, 74, 73, 15, 1), strict=True))
CHILDREN = 356

DFE = "Department for Education, children looked after in England including adoptions"
ENGLAND_MOVES = 0.59
ENGLAND_EXITS = 0.42
ENGLAND_AT_18 = 0.40
#: Share of the ends of placements, and their mean and median days: placements that ceased in 2023/24.
ENGLAND_DURATIONS = {
    "fostering": (0.502, 406, 174),
    "secure and children's homes": (0.061, 444, 263),
    "supported accommodation": (0.215, 163, 114),
    "placed with parents": (0.077, 284, 147),
    "placed for adoption": (0.031, 275, 235),
    "all placements": (1.0, 307, 139),
}
GROUPED = {
    "fostering": ("kinship_fostering", "in_house_fostering", "agency_fostering"),
    "secure and children's homes": ("in_house_home", "external_home", "secure"),
    "supported accommodation": ("supported_accommodation",),
    "placed with parents": ("placed_with_parents",),
    "placed for adoption": ("placed_for_adoption",),
}
HOMES = ("in_house_home", "external_home")
#: Time in care, in completed months, at which the bands of TIME_IN_CARE begin.
_MONTHS = (0, 7, 13, 36, 72, 132, 192)
_DAYS_IN_YEAR = 365.25


def settings_on(truth: Invented, day: int) -> dict[str, int]:
    """Children by setting on a day, the two kinds of children's home together."""
    counts = stock_at(truth.journeys, [day], len(truth.codes.all_settings))[0].sum((1, 2)).tolist()
    named = dict(zip(truth.codes.all_settings, counts, strict=True))
    named["homes"] = sum(named[home] for home in HOMES)
    return {name: named[name] for name in PETERBOROUGH_SETTINGS}


def ages_on(truth: Invented, day: int) -> dict[str, int]:
    """Children by age band on a day."""
    counts = stock_at(truth.journeys, [day], len(truth.codes.all_settings))[0].sum((0, 2)).tolist()
    return dict(zip(PETERBOROUGH_AGES, counts, strict=False))


def times_on(truth: Invented, day: int) -> dict[str, int]:
    """Children by time in care on a day."""
    here = (truth.journeys.start <= day) & (truth.journeys.end > day)
    months = months_between(care_starts(truth.journeys)[here], day)
    counts = np.bincount(dates.band_of(months, _MONTHS), minlength=len(_MONTHS)).tolist()
    return dict(zip(TIME_IN_CARE, counts, strict=True))


def care_starts(given: Spells) -> Ints:
    """Start of the period of care of each placement."""
    opens = (given.opening != _MOVE) | np.concatenate(([True], given.child[1:] != given.child[:-1]))[: len(given.child)]
    number = np.arange(len(given.child))
    starts: Ints = given.start[np.maximum.accumulate(np.where(opens, number, 0))] if len(number) else given.start
    return starts


_MOVE = EVENTS.index("move")


@dataclass(frozen=True)
class Dynamics:
    """How children moved between two days.

    Attributes
    ----------
    stock, uasc, settings, ages, times
        Mean children in care; the share seeking asylum; shares by setting (all settings), age band
        and time in care.
    exits, moves, moves_by_age
        For each child-year; the last by age band.
    at_18
        Share of exits that were at 18.
    reasons, exit_ages
        Shares of exits by reason, and by age band among those before 18 (of all exits).
    entries, re_entries, entry_ages
        Entries a year, the share that were re-entries, and their shares by age band.
    durations
        By kind of placement: share of the ends, mean days, median days.
    """

    stock: float
    uasc: float
    settings: Floats
    ages: Floats
    times: Floats
    exits: float
    moves: float
    moves_by_age: Floats
    at_18: float
    reasons: Floats
    exit_ages: Floats
    entries: float
    re_entries: float
    entry_ages: Floats
    durations: dict[str, tuple[float, float, float]]


def dynamics(truth: Invented, first_day: int, last_day: int) -> Dynamics:
    """Measure a truth between two days, both inclusive."""
    given, codes = truth.journeys, truth.codes
    lived = child_days(given, [first_day, last_day + 1], len(codes.all_settings))[0]
    child_years = lived.sum() / _DAYS_IN_YEAR
    years = (last_day - first_day + 1) / _DAYS_IN_YEAR
    found = events(given, first_day, last_day)
    bands = len(PETERBOROUGH_AGES)

    def by_band(chosen: npt.NDArray[np.bool_]) -> Floats:
        return np.bincount(found.band[chosen], minlength=bands)[:bands].astype(np.float64)

    left, moved = found.event == EVENTS.index("exit"), found.event == _MOVE
    adult = left & (found.reason == REASONS.index(AGED_OUT))
    entered = found.event < _MOVE
    days = range(last_day, first_day, -91)
    times = np.array([list(times_on(truth, day).values()) for day in days]).sum(0)
    return Dynamics(
        stock=child_years / years,
        uasc=lived[..., 1].sum() / lived.sum(),
        settings=lived.sum((1, 2)) / lived.sum(),
        ages=lived.sum((0, 2))[:bands] / lived.sum(),
        times=times / times.sum(),
        exits=left.sum() / child_years,
        moves=moved.sum() / child_years,
        moves_by_age=by_band(moved) / (lived.sum((0, 2))[:bands] / _DAYS_IN_YEAR),
        at_18=adult.sum() / left.sum(),
        reasons=np.bincount(found.reason[left], minlength=len(REASONS)) / left.sum(),
        exit_ages=by_band(left & ~adult) / left.sum(),
        entries=entered.sum() / years,
        re_entries=(found.event == EVENTS.index("re_entry")).sum() / entered.sum(),
        entry_ages=by_band(entered) / entered.sum(),
        durations=durations(given, codes, first_day, last_day),
    )


def durations(given: Spells, codes: Codes, first_day: int, last_day: int) -> dict[str, tuple[float, float, float]]:
    """Of placements that ended between two days, by kind: share of all, mean and median days."""
    ended = (given.end >= first_day) & (given.end <= last_day)
    days, setting = (given.end - given.start)[ended], given.setting[ended]
    index = codes.all_settings.index
    chosen = {name: np.isin(setting, [index(one) for one in names]) for name, names in GROUPED.items()}
    chosen["all placements"] = np.ones(len(days), dtype=bool)
    return {
        name: (float(own.mean()), float(days[own].mean()), float(np.median(days[own])))
        for name, own in chosen.items()
        if own.any()
    }


def starts_by_year(truth: Invented, first_year: int, last_year: int) -> dict[int, int]:
    """Entries and re-entries in each collection year."""
    first, last = dates.year_bounds(first_year)[0], dates.year_bounds(last_year)[1]
    found = events(truth.journeys, first, last)
    years = dates.collection_year(found.day[found.event < _MOVE])
    return {year: int((years == year).sum()) for year in range(first_year, last_year + 1)}
