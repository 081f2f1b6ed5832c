"""Fixed and stepped costs, block contracts and retainers, month by month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.costs.nights import Counted
from sufficiency.scenario.money_effects import FixedCost

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_MONTHS = 12
#: A step is begun by a whole place more, not by the last figure of a floating number.
_SLACK = 1e-9


@dataclass(frozen=True)
class Standing:
    """One fixed cost as it is paid.

    Attributes
    ----------
    setting
        Blank: no one setting's.
    held
        Months in which it is in force (bool).
    per, step
        As in the fixed costs table.
    block, use
        Places that the sum pays for (0: no block contract), and the share paid whether used or not.
    """

    setting: str
    held: npt.NDArray[np.bool_]
    pounds_per_year: float
    per: str = ""
    step: float = float("nan")
    block: float = 0.0
    use: float = 1.0


def standing_costs(table: pd.DataFrame | None, plan: Iterable[FixedCost], counted: Counted) -> list[Standing]:
    """The council's own fixed costs, and those that a plan adds."""
    months, number = counted.months, np.arange(len(counted.months))
    added = [
        Standing(
            setting=one.setting or "",
            held=(number >= one.first_month) & (number <= (len(months) if one.last_month is None else one.last_month)),
            pounds_per_year=one.pounds_per_year,
            block=one.places_guaranteed,
            use=one.use_guaranteed,
        )
        for one in plan
    ]
    return [*_own_costs(table, months), *added]


def _own_costs(table: pd.DataFrame | None, months: Ints) -> list[Standing]:
    """Rows of the fixed costs table over some calendar months."""
    rows = [] if table is None else table.to_dict("records")
    return [
        Standing(
            setting=str(row["setting"]),
            held=(months >= dates.month_index(dates.day_number(row["from"])))
            & (pd.isna(row["to"]) or months <= _last(row["to"])),
            pounds_per_year=float(row["pounds_per_year"]),
            per=str(row["per"]),
            step=float(row["step"]),
            block=float(np.nan_to_num(row["places_guaranteed"])),
            use=1.0 if pd.isna(row["use_guaranteed"]) else float(row["use_guaranteed"]),
        )
        for row in rows
    ]


def _last(day: pd.Timestamp) -> int:
    return int(dates.month_index(dates.day_number(day)))


def nights_beyond_blocks(table: pd.DataFrame | None, nights: Floats, months: Ints, days: Ints, codes: Codes) -> Floats:
    """Nights that no block contract of the council's has paid for, shape (months, settings in care).

    Parameters
    ----------
    nights
        Of the past, shape (months, settings in care).
    months, days
        Calendar months since January 1970, and the days counted in each.
    """
    left = nights.copy()
    for one in _own_costs(table, months):
        if one.block and one.setting in codes.in_care:
            place = codes.in_care.index(one.setting)
            left[:, place] -= np.minimum(left[:, place], one.block * days * one.held)
    return left


def fixed_pounds(costs: list[Standing], counted: Counted) -> tuple[Floats, Floats]:
    """What fixed costs come to, and what is left for placements to pay.

    A cost is a twelfth of its year each month, and of a month that is simulated in part its part. A block
    contract of so many places takes in nights up to places × days of the month, the contracts of a setting
    one after the other: those nights cost nothing more, and the contract is paid for the greater of the
    share used and the share guaranteed.

    Returns
    -------
    Pounds of shape (replications, months, all settings and one for no setting), and the share of each
    setting's nights that is priced by the night, of shape (replications, months, all settings).
    """
    nights, names = counted.nights, counted.codes.all_settings
    pounds = np.zeros((*nights.shape[:2], len(names) + 1))
    left = nights.copy()
    for one in costs:
        place = names.index(one.setting) if one.setting else len(names)
        monthly = np.where(one.held, one.pounds_per_year / _MONTHS * counted.part, 0.0)
        if one.block:
            room = one.block * counted.days * one.held
            used = np.minimum(left[:, :, place], room)
            left[:, :, place] -= used
            share = np.divide(used, room, out=np.zeros_like(used), where=room > 0)
            pounds[:, :, place] += monthly * np.maximum(share, one.use)
        else:
            pounds[:, :, place] += monthly * _count(one, counted)
    by_night = np.divide(left, nights, out=np.ones_like(nights), where=nights > 0)
    return pounds, by_night


def _count(one: Standing, counted: Counted) -> Floats | float:
    """How many times a cost is paid, by replication and month; whole steps begun where it has steps."""
    if not one.per:
        return 1.0
    if one.per == "child":
        number = counted.nights[:, :, counted.codes.all_settings.index(one.setting)] / counted.days
    else:
        number = counted.places_of(one.setting, vacant=one.per == "vacant_place")
    return number if np.isnan(one.step) else np.ceil(number / one.step - _SLACK)
