"""Children who come back but look new: they left before the first return, and no return tells that they were here.

First entries of the first years hold most of them, later ones fewer, so that a steady series looks like one that
falls, a growing one like one that grows less, and the mean of all years is too high for the years to come. How many
are to be expected is told by those who left within the window: what they do later, those before them did. Whoever is
still to come left longer ago than the window is long; how often that happens is carried on from shorter times.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.history import History
from sufficiency.rates.openings import RE_ENTRY_AGE_EDGES, RE_ENTRY_TIME_EDGES, estimate_returning, leavers

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: As many as left in these first months of the window are taken to have left in any such stretch before it, of the
#: same ages (an assumption).
_LEFT_MONTHS = 24
_MONTHS, _DAYS_A_MONTH = 12, 365.25 / 12
_LONGEST = _MONTHS * dates.ADULT


def returns_unseen(history: History, months: int) -> Floats:
    """Returns to be expected of children who left before the window, who look like first entries.

    Parameters
    ----------
    months
        From the month of the window's first day.

    Returns
    -------
    Expected number by whether the child sought asylum and month: shape (2, months).
    """
    left = leavers(history)
    whole = (history.origin + 1 - history.first_day) / _DAYS_A_MONTH
    taken = min(whole, float(_LEFT_MONTHS))
    early = left[left["day"] < history.first_day + taken * _DAYS_A_MONTH]
    age = (early["day"] - early["dob"]).to_numpy(np.float64) / _DAYS_A_MONTH
    kind = np.where(early["home"].to_numpy(), 0, 1)
    coming = _coming_back(estimate_returning(history).mean, kind, age)
    # Those who left in each month before have all that comes later than the months since.
    later = np.cumsum(coming[:, ::-1], axis=1)[:, ::-1] / taken
    found = np.zeros((2, max(months, _LONGEST)))
    for side in (0, 1):
        found[side, : _LONGEST - 1] = later[early["uasc"].to_numpy() == bool(side), 1:].sum(axis=0)
    return found[:, :months]


def _coming_back(hazards: Floats, kind: Ints, age: Floats) -> Floats:
    """Chance that each leaver comes back in each month after leaving: shape (leavers, 216 months).

    Parameters
    ----------
    hazards
        Per child-day, shape (2 kinds, 4 ages, 4 times since exit).
    kind, age
        Of each leaver; age in months on leaving.
    """
    since = np.arange(_LONGEST) + 0.5
    older = age[:, None] + since
    band = dates.band_of(older / _MONTHS, RE_ENTRY_AGE_EDGES)
    time = dates.band_of(since * _DAYS_A_MONTH, RE_ENTRY_TIME_EDGES)
    rates = hazards[kind[:, None], band, time] * _DAYS_A_MONTH * (older < _LONGEST)
    away = np.exp(-np.cumsum(rates, axis=1))
    return np.asarray(-np.diff(away, axis=1, prepend=1.0))
