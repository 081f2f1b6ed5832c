"""Arrivals that hold children seeking asylum at a share of the child population.

The National Transfer Scheme moves unaccompanied asylum-seeking children to councils in which they are
fewer than 0.1 % of the children who live there (Home Office; 0.07 % before 24 August 2022). How many
arrivals that means depends on how many are in care now, and on how long they stay.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: The scheme's threshold, as a share of the children of 0 to 17 who live in the area.
SCHEME_SHARE = 0.001


def arrivals_needed(
    target: Floats, opening: Floats, staying: Floats, before: Floats, acting: npt.NDArray[np.bool_]
) -> Floats:
    """Expected arrivals of each month that bring the expected number in care to a target.

    Month by month: what is missing at the month's end, over the chance that who arrives in it is still
    there; none where nothing is missing.

    Parameters
    ----------
    target
        Number in care wanted at each month's end, shape (months,).
    opening
        Expected number of those in care at the origin who still are, shape (months,).
    staying
        Chance that a child who arrives in a month (row) is in care at a month's end (column), shape (months,
        months); nought below the diagonal.
    before
        Expected arrivals as forecast, used in months in which the target does not act.
    acting
        In which months it acts.

    Returns
    -------
    Shape (months,), from 0 up.
    """
    months = len(target)
    arrivals = np.zeros(months)
    present = opening.copy()
    for month in range(months):
        own = before[month]
        if acting[month]:
            own = max((target[month] - present[month]) / staying[month, month], 0.0)
        arrivals[month] = own
        present = present + own * staying[month]
    return arrivals


def target_path(now: float, threshold: Floats, way: Floats) -> Floats:
    """Number wanted at each month's end: from what there was to the threshold, as far as the plan has come.

    >>> target_path(10.0, np.array([20.0, 20.0, 20.0]), np.array([0.0, 0.5, 1.0])).tolist()
    [10.0, 15.0, 20.0]
    """
    return np.asarray(now + way * (threshold - now))
