"""What a plan does to money alone: fees by month, and costs that do not depend on who lives where."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sufficiency.codes import Codes

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FixedCost:
    """A cost by the year, whoever lives where.

    Attributes
    ----------
    what
        In words, for tables.
    setting
        Where it is counted (in care or after 18); None for what belongs to no setting.
    first_month, last_month
        Months in which it is paid, both counted, from that of the day after the origin; a last month of None is
        the end of the horizon.
    pounds_per_year
        A twelfth each month.
    places_guaranteed
        Places that the sum pays for: so many children in the setting cost nothing more.
    use_guaranteed
        Share of those places that is paid for whether used or not (1 for what is fixed throughout).
    """

    what: str
    setting: str | None
    first_month: int
    last_month: int | None
    pounds_per_year: float
    places_guaranteed: float = 0.0
    use_guaranteed: float = 1.0


@dataclass(frozen=True)
class MoneyEffects:
    """Fees and fixed costs of a plan.

    Attributes
    ----------
    fees
        Factors on the price of a night, shape (months, all settings).
    fixed
        Fixed costs on top of the council's own.
    """

    fees: Floats
    fixed: tuple[FixedCost, ...] = ()

    @property
    def changes_fees(self) -> bool:
        """Whether any fee differs from the baseline's."""
        return bool((self.fees != 1.0).any())

    @property
    def changes_fixed(self) -> bool:
        """Whether the plan has fixed costs of its own."""
        return bool(self.fixed)

    def with_fixed(self, *costs: FixedCost) -> MoneyEffects:
        """The same with more fixed costs; those of nothing are left out."""
        return replace(
            self, fixed=(*self.fixed, *(cost for cost in costs if cost.pounds_per_year or cost.places_guaranteed))
        )


def no_money(months: int, codes: Codes) -> MoneyEffects:
    """Fees and fixed costs as in the baseline."""
    return MoneyEffects(np.ones((months, len(codes.all_settings))))


def by_run(
    places: Ints, what: str, setting: str | None, pounds_each: float, *, guaranteed: bool = False
) -> list[FixedCost]:
    """The cost of so many places month by month: one for each run of months with the same number.

    Parameters
    ----------
    places
        Whole numbers, shape (months,).
    pounds_each
        A year.
    guaranteed
        Whether the sum pays for children who live in those places, used or not.
    """
    begins = np.flatnonzero(np.diff(places, prepend=-1))
    ends = np.append(begins[1:], len(places)) - 1
    return [
        FixedCost(what, setting, first, last, number * pounds_each, float(number) if guaranteed else 0.0)
        for first, last, number in zip(begins.tolist(), ends.tolist(), places[begins].tolist(), strict=True)
        if number
    ]
