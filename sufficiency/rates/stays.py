"""How many children seeking asylum are expected to be in care, from the hazards alone.

A child's chance of still being in care falls day by day by the hazard of leaving at its age and time
in care, averaged over the settings in which such children were seen; nobody stays beyond 18. Who left
may come back, month by month. That is close to what the simulation does, child by child and setting
by setting, and needs no simulation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import CAUSES, DURATION_EDGES, HAZARD_AGE_EDGES, REPORTED_AGE, TYPES
from sufficiency.rates.estimate import Rates
from sufficiency.rates.openings import RE_ENTRY_AGE_EDGES, RE_ENTRY_KINDS, RE_ENTRY_TIME_EDGES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_UASC = 1
#: Child-days with which a cell's mix of settings borrows from that of its age, and an age's from that of all ages.
_BORROWED_DAYS = 365.0
_HOME = CAUSES.index(RE_ENTRY_KINDS[0]) - len(TYPES)


@dataclass(frozen=True, eq=False)
class Stays:
    """Hazards per day of leaving care and of coming back, of children seeking asylum.

    Attributes
    ----------
    months
        First days of the months and of the one after, shape (months + 1,).
    leaving
        By kind of exit (home, elsewhere), month, hazard age and time in care: shape (2, months, 6, 6).
    returning
        By kind of exit, age and time since: shape (2, 4, 4).
    """

    months: Ints
    leaving: Floats
    returning: Floats

    def __repr__(self) -> str:
        return f"Stays({len(self.months) - 1} months)"

    def between(self, first: int, end: int) -> Stays:
        """The same for some of the months."""
        return Stays(self.months[first : end + 1], self.leaving[:, first:end], self.returning)


def stays_of(rates: Rates, factors: Floats, months: Ints) -> Stays:
    """Mean hazards of leaving and of coming back.

    Parameters
    ----------
    factors
        Of a plan on the hazards, shape (months, settings in care, 5 age bands, 16 causes).
    months
        First days of the months and of the one after.
    """
    exits = slice(len(TYPES), len(CAUSES))
    observed, expected = rates.exit_multiplier
    hazards = rates.hazards.mean[:, :, :, _UASC, exits] * (observed / expected)
    mix = _setting_mix(rates.exposure.child_days[:, :, :, _UASC, len(TYPES)])
    changed = factors[:, :, list(REPORTED_AGE), exits]
    by_cause = np.einsum("sad,sadc,msac->cmad", mix, hazards, changed)
    leaving = np.stack([by_cause[_HOME], by_cause.sum(0) - by_cause[_HOME]])
    return Stays(months, np.maximum(leaving, 0.0), rates.returning.mean)


def _setting_mix(days: Floats) -> Floats:
    """Share of each setting in the days of an age and duration: shape (settings, ages, durations), sums to 1."""
    everyone = days.sum((1, 2)) + 1.0
    overall = everyone / everyone.sum()
    by_age = days.sum(2) + _BORROWED_DAYS * overall[:, None]
    by_age = by_age / by_age.sum(0)
    cells = days + _BORROWED_DAYS * by_age[:, :, None]
    return np.asarray(cells / cells.sum(0))


def in_care(stays: Stays, dob: Ints, care_start: Ints, first: int) -> Floats:
    """Expected presence of children who are in care on a day: in care still, or again, at the end of each month.

    Parameters
    ----------
    dob, care_start
        Day numbers, shape (children,).
    first
        Day on which they are in care for certain.

    Returns
    -------
    Shape (children, months); nought before ``first``.
    """
    months = stays.months
    days = np.arange(months[0], months[-1])
    month = np.searchsorted(months, days, side="right") - 1
    at_risk = (days >= first) & (days < dates.birthday(dob, dates.ADULT)[:, None])
    age = (days[:, None] >= dates.birthday(dob[:, None], HAZARD_AGE_EDGES[1:])[:, None, :]).sum(-1)
    served = np.searchsorted(DURATION_EDGES, days - care_start[:, None], side="right") - 1
    daily = stays.leaving[:, month, age, np.maximum(served, 0)] * at_risk
    total = daily.sum(0)
    # A child counts on a day if nothing ended its care by then; the first event may fall on the day after the first.
    survived = np.exp(-(np.cumsum(total, axis=1) - total)) * at_risk
    left = np.add.reduceat(survived * daily, months[:-1] - months[0], axis=2)
    return np.asarray(survived[:, months[1:] - 1 - months[0]] + _back(stays, dob, left))


def back_in_care(stays: Stays, dob: Ints, exit_day: Ints, home: npt.NDArray[np.bool_]) -> Floats:
    """Expected presence of children who left care before the first month: shape (children, months)."""
    nobody = np.zeros((2, len(dob), len(stays.months) - 1))
    return _back(stays, dob, nobody, (exit_day, np.where(home, 0, 1)))


def _back(stays: Stays, dob: Ints, left: Floats, before: tuple[Ints, Ints] | None = None) -> Floats:
    """Expected presence at month ends of those who came back, and may leave and come back again.

    Events of a month fall in its middle, as far as times since are concerned.

    Parameters
    ----------
    left
        Expected exits from the stay that is not counted here, by kind, child and month.
    before
        Day and kind of an exit before the first month, of everyone; None where there was none.
    """
    middle, lengths = (stays.months[:-1] + stays.months[1:]) // 2, np.diff(stays.months)
    age = (middle[:, None] >= dates.birthday(dob[:, None], HAZARD_AGE_EDGES[1:])[:, None, :]).sum(-1)
    young = (middle[:, None] >= dates.birthday(dob[:, None], RE_ENTRY_AGE_EDGES[1:])[:, None, :]).sum(-1)
    minor = stays.months[1:] - 1 < dates.birthday(dob, dates.ADULT)[:, None]
    away, here, found = np.zeros(left.shape), np.zeros(left.shape[1:]), np.zeros(left.shape[1:])
    waiting = np.ones(len(dob)) if before is not None else np.zeros(len(dob))
    for now, days in enumerate(lengths):
        gaps = middle[now] - middle[:now]
        hazard = stays.returning[:, young[:, now]][:, :, dates.band_of(gaps, RE_ENTRY_TIME_EDGES)]
        going = away[:, :, :now] * -np.expm1(-hazard * days)
        away[:, :, :now] -= going
        came = going.sum((0, 2))
        if before is not None:
            since = dates.band_of(middle[now] - before[0], RE_ENTRY_TIME_EDGES)
            own = waiting * -np.expm1(-stays.returning[before[1], young[:, now], since] * days)
            waiting, came = waiting - own, came + own
        leaving = stays.leaving[:, now, age[:, now]]
        again = leaving[:, :, dates.band_of(gaps, DURATION_EDGES)]
        stay = np.exp(-again.sum(0) * days)
        gone = left[:, :, now] + (again * _per_hazard(stay, again.sum(0)) * here[:, :now]).sum(2)
        here[:, :now] *= stay
        # Half of its month is left to who leaves in it, or comes back in it.
        quick = gone * -np.expm1(-stays.returning[:, young[:, now], 0] * days / 2)
        came = came + quick.sum(0)
        stay = np.exp(-leaving[:, :, 0].sum(0) * days / 2)
        away[:, :, now] = gone - quick + leaving[:, :, 0] * _per_hazard(stay, leaving[:, :, 0].sum(0)) * came
        here[:, now] = came * stay
        found[:, now] = here[:, : now + 1].sum(1) * minor[:, now]
    return found


def _per_hazard(stay: Floats, hazard: Floats) -> Floats:
    """Share who leave, for each unit of the hazard."""
    return np.divide(1 - stay, hazard, out=np.zeros_like(stay), where=hazard > 0)
