"""Child population by month: what entries are a rate of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_MONTHS = 12
_FIRST_YEAR = 1970
#: A mid-year estimate is for 30 June: the sixth month of the year is its last before that day.
_MID_YEAR = 5.5


@dataclass(frozen=True)
class Children:
    """Children of an area at mid-years.

    Attributes
    ----------
    years
        Calendar years, ascending.
    counts
        Children aged 0 to 17 at the middle of each, above 0. Years still to come are projections.
    """

    years: tuple[int, ...]
    counts: tuple[float, ...]

    @classmethod
    def of(cls, by_year: Mapping[int, float]) -> Children:
        """From children by calendar year (mid-year estimates, and projections if wished).

        Raises
        ------
        ValueError
            When there is no year, or a count that is not above 0.
        """
        if not by_year or not all(np.isfinite(count) and count > 0 for count in by_year.values()):
            msg = "the child population needs at least one year, and each count above 0"
            raise ValueError(msg)
        years = tuple(sorted(by_year))
        return cls(years, tuple(float(by_year[year]) for year in years))

    def logs(self, month: npt.ArrayLike) -> Floats:
        """Logarithm of the children in months (index since January 1970).

        Linear between mid-years; level before the first and after the last.
        """
        middle = (np.array(self.years) - _FIRST_YEAR) * _MONTHS + _MID_YEAR
        return np.asarray(np.interp(np.asarray(month, dtype=np.float64), middle, np.log(self.counts)))
