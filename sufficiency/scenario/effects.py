"""What a scenario's levers do, in the model's own terms: hazards, entries, first placements, places and money."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sufficiency.codes import AGE_BANDS, CAUSES, Codes
from sufficiency.rates.openings import GROUPS
from sufficiency.scenario.demand_effects import DemandEffects, no_demand_effects
from sufficiency.scenario.money_effects import MoneyEffects, no_money
from sufficiency.scenario.place_effects import PlaceEffects, no_place_effects

Floats = npt.NDArray[np.float64]
CARE_BANDS = AGE_BANDS[:-1]


@dataclass(frozen=True)
class Effects:
    """What differs from the baseline, by calendar month from that of the day after the origin.

    Attributes
    ----------
    hazards
        Factors, shape (months, settings in care, 5 age bands, 16 causes).
    entries
        Factors, shape (10 entry groups, months).
    places
        Places, who waits for them, and staying put.
    money
        Fees and fixed costs; no child's journey depends on them.
    demand
        First placements with relatives, and children seeking asylum held at a threshold.
    """

    hazards: Floats
    entries: Floats
    places: PlaceEffects
    money: MoneyEffects
    demand: DemandEffects

    @property
    def months(self) -> int:
        """Calendar months of the horizon."""
        return int(self.entries.shape[1])

    @property
    def changes_hazards(self) -> bool:
        """Whether any hazard differs from the baseline's."""
        return bool((self.hazards != 1.0).any())

    @property
    def changes_entries(self) -> bool:
        """Whether any group's entries differ from the baseline's."""
        return bool((self.entries != 1.0).any())


def no_effects(months: int, codes: Codes) -> Effects:
    """The baseline: nothing differs."""
    return Effects(
        places=no_place_effects(months, codes),
        money=no_money(months, codes),
        demand=no_demand_effects(months, len(CARE_BANDS)),
        hazards=np.ones((months, len(codes.in_care), len(CARE_BANDS), len(CAUSES))),
        entries=np.ones((len(GROUPS), months)),
    )


def phased(change: float, months: int, start: int, ramp: int, length: int | None) -> Floats:
    """Factor of each month: 1 before the start, then in equal monthly steps to 1 + change, 1 after the end.

    >>> phased(-0.1, 5, 1, 2, 3).tolist()
    [1.0, 0.95, 0.9, 0.9, 1.0]
    """
    return 1.0 + change * parts(months, start, ramp, length)


def parts(months: int, start: int, ramp: int, length: int | None) -> Floats:
    """Share in force in each month: 0 before the start, then in equal monthly steps to 1, 0 after the end.

    >>> parts(5, 1, 2, 3).tolist()
    [0.0, 0.5, 1.0, 1.0, 0.0]
    """
    since = np.arange(months) - start
    part = np.clip((since + 1) / max(ramp, 1), 0.0, 1.0)
    acting = since >= 0
    if length is not None:
        acting &= since < length
    return np.where(acting, part, 0.0)


def scale_hazards(
    effects: Effects,
    factor: Floats,
    *,
    causes: tuple[str, ...],
    settings: tuple[int, ...],
    bands: tuple[str, ...],
) -> Effects:
    """The effects with the named causes multiplied month by month, in some settings and age bands."""
    hazards = effects.hazards.copy()
    cause = [CAUSES.index(name) for name in causes]
    band = [CARE_BANDS.index(name) for name in bands]
    axes = [np.asarray(axis, dtype=np.int64) for axis in (range(len(factor)), settings, band, cause)]
    where = np.ix_(*axes)
    hazards[where] *= factor[:, None, None, None]
    return replace(effects, hazards=hazards)


def scale_entries(effects: Effects, factor: Floats, *, bands: tuple[str, ...], sides: tuple[bool, ...]) -> Effects:
    """The effects with the entries of some groups multiplied month by month."""
    entries = effects.entries.copy()
    for number, (band, side) in enumerate(GROUPS):
        if band in bands and side in sides:
            entries[number] *= factor
    return replace(effects, entries=entries)
