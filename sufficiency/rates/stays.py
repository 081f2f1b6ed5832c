"""How long children seeking asylum are expected to stay in care, from the hazards alone.

A child's chance of still being in care falls day by day by the hazard of leaving at its age and time
in care, averaged over the settings in which such children were seen; nobody stays beyond 18. That
is close to what the simulation does, child by child and setting by setting, and needs no simulation.
Coming back after leaving is not counted.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import CAUSES, DURATION_EDGES, HAZARD_AGE_EDGES, REPORTED_AGE, TYPES
from sufficiency.rates.estimate import Rates

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_UASC = 1
#: Child-days with which a cell's mix of settings borrows from that of its age, and an age's from that of all ages.
_BORROWED_DAYS = 365.0
_YEAR = 365.25


def leaving_hazards(rates: Rates, factors: Floats) -> Floats:
    """Hazard per day of leaving care of a child seeking asylum, by month, hazard age and time in care.

    Parameters
    ----------
    factors
        Of a plan on the hazards, shape (months, settings in care, 5 age bands, 16 causes).

    Returns
    -------
    Shape (months, 6 ages, 6 durations).
    """
    exits = slice(len(TYPES), len(CAUSES))
    observed, expected = rates.exit_multiplier
    hazards = rates.hazards.mean[:, :, :, _UASC, exits] * (observed / expected)
    mix = _setting_mix(rates.exposure.child_days[:, :, :, _UASC, len(TYPES)])
    changed = factors[:, :, list(REPORTED_AGE), exits]
    return np.asarray(np.einsum("sad,sadc,msac->mad", mix, hazards, changed))


def _setting_mix(days: Floats) -> Floats:
    """Share of each setting in the days of an age and duration: shape (settings, ages, durations), sums to 1."""
    everyone = days.sum((1, 2)) + 1.0
    overall = everyone / everyone.sum()
    by_age = days.sum(2) + _BORROWED_DAYS * overall[:, None]
    by_age = by_age / by_age.sum(0)
    cells = days + _BORROWED_DAYS * by_age[:, :, None]
    return np.asarray(cells / cells.sum(0))


def still_in_care(hazards: Floats, months: Ints, dob: Ints, care_start: Ints, first: Ints | int) -> Floats:
    """Chance that each child is still in care on the last day of each month.

    Parameters
    ----------
    hazards
        From :func:`leaving_hazards`.
    months
        First days of the months and of the one after, shape (months + 1,).
    dob, care_start
        Day numbers, shape (children,).
    first
        Day from which the child is followed: in care on it for certain.

    Returns
    -------
    Shape (children, months); nought before ``first``.
    """
    days = np.arange(months[0], months[-1])
    month = np.searchsorted(months, days, side="right") - 1
    since = np.broadcast_to(first, dob.shape)[:, None]
    adult = dates.birthday(dob, dates.ADULT)[:, None]
    at_risk = days >= since
    birthdays = dates.birthday(dob[:, None], HAZARD_AGE_EDGES[1:])
    age = (days[:, None] >= birthdays[:, None, :]).sum(-1)
    served = np.searchsorted(DURATION_EDGES, days - care_start[:, None], side="right") - 1
    daily = hazards[month, age, np.maximum(served, 0)] * at_risk
    # A child counts on a day if nothing ended its care by then; the first event may fall on the day after the first.
    survived = np.exp(-(np.cumsum(daily, axis=1) - daily)) * at_risk * (days < adult)
    ends = months[1:] - 1 - months[0]
    return np.asarray(survived[:, ends])
