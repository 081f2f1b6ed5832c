"""The tables that an engine reads: one authority, one replication, as checked arrays.

Setting axes follow :attr:`Codes.in_care`, types :data:`codes.TYPES`, causes :data:`codes.CAUSES`.
Simulation day 0 is ``first_day``, the day after the origin; all days here are day numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, CAUSES, DURATION_EDGES, HAZARD_AGES, TYPES, Codes
from sufficiency.draws import Words
from sufficiency.rates.openings import GROUP_BANDS, RE_ENTRY_AGE_EDGES, RE_ENTRY_KINDS, RE_ENTRY_TIME_EDGES
from sufficiency.simulation.hazards import Hazards
from sufficiency.simulation.places import NOWHERE, STAY_LIMIT, Places, Stayers, no_stayers

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


#: Nobody of fewer days is 18.
_SURELY_YOUNGER = 18 * 365
#: Days of the longest simulation: what an offer's draw has bits for (22 years).
MOST_DAYS = 2**13 - 1


@dataclass(frozen=True, eq=False)
class Stock:
    """Children in care at the origin, one element each."""

    key: Words
    dob: Ints
    uasc: Bools
    setting: Ints
    placement_start: Ints
    care_start: Ints

    def __repr__(self) -> str:
        return f"Stock({len(self.key):,} children)"


@dataclass(frozen=True, eq=False)
class Leavers:
    """Children who left care before the origin and may come back; those of 18 by day 0 never do."""

    key: Words
    dob: Ints
    uasc: Bools
    exit_day: Ints
    home: Bools

    def __repr__(self) -> str:
        return f"Leavers({len(self.key):,} children)"


@dataclass(frozen=True)
class Entrants:
    """Forecast first entrants of one replication; ``kind`` indexes TYPES."""

    key: Words
    day: Ints
    dob: Ints
    uasc: Bools
    kind: Ints

    def __repr__(self) -> str:
        return f"Entrants({len(self.key):,} children)"

    @classmethod
    def of(cls, table: Ints) -> Entrants:
        """Entrants of a table of whole numbers, shape (5, entrants): rows in the order of the attributes."""
        own = np.ascontiguousarray(table)
        found = cls(own[0].view(np.uint64), own[1], own[2], own[3].astype(bool), own[4])
        found.__dict__["table"] = own
        return found

    @cached_property
    def table(self) -> Ints:
        """All of it as whole numbers, shape (5, entrants), in the order of the attributes."""
        return np.stack([self.key.view(np.int64), self.day, self.dob, self.uasc.astype(np.int64), self.kind])


@dataclass(frozen=True)
class World:
    """Everything one replication needs.

    Attributes
    ----------
    first_day, days
        Simulation day 0 as a day number; days simulated.
    hazards
        Events per child-day.
    re_entry
        Per child-day, shape (2 kinds of leaver, 4 ages, 4 times since exit).
    first_types
        Probabilities of the first type, shape (5 age bands, 2, 9 types).
    in_house_share
        Chance that an arrival in a type goes to its in-house setting while that is not limited,
        shape (9 types); used for types with more than one provider.
    multipliers
        Factors on hazards by calendar month from that of day 0, shape (months, settings, 5
        reported age bands, 16 causes); None where a scenario changes none.
    places
        Limited places (:func:`~sufficiency.simulation.places.no_places`: nothing is).
    stayers
        Young people already staying put; nobody when left out.

    Raises
    ------
    ValueError
        If a table has another shape or an impossible number, or somebody's care or staying put would
        have ended before day 0, by the 18th or the 21st birthday. A birthday on day 0 is allowed.
    """

    codes: Codes
    first_day: int
    days: int
    hazards: Hazards
    re_entry: Floats
    first_types: Floats
    in_house_share: Floats
    stock: Stock
    leavers: Leavers
    entrants: Entrants
    places: Places
    multipliers: Floats | None = None
    stayers: Stayers = field(default_factory=no_stayers)

    def __post_init__(self) -> None:
        settings = len(self.codes.in_care)
        cells = (settings, len(HAZARD_AGES), len(DURATION_EDGES), 2, len(CAUSES))
        if self.hazards.posterior.shape.shape != cells:
            msg = f"hazards have shape {self.hazards.posterior.shape.shape}, not {cells}"
            raise ValueError(msg)
        _check("first_types", self.first_types, (len(GROUP_BANDS), 2, len(TYPES)))
        if self.multipliers is not None:
            shape = (self.multipliers.shape[0], settings, len(AGE_BANDS) - 1, len(CAUSES))
            _check("multipliers", self.multipliers, shape)
        if not 1 <= self.days <= MOST_DAYS:
            msg = f"a simulation lasts from one day to {MOST_DAYS:,}"
            raise ValueError(msg)
        self.places.check(settings, self.first_day)
        drawn = self.hazards.scale[None], self.re_entry[None], self.in_house_share[None]
        check_draws(self.codes, *drawn, self.entrants)
        self._check_ages()

    def drawn(
        self, *, hazards: Hazards, re_entry: Floats, in_house_share: Floats, places: Places, entrants: Entrants
    ) -> World:
        """Another replication of the same authority, of draws that :func:`check_draws` has seen.

        Parameters
        ----------
        places
            From :meth:`~sufficiency.simulation.places.Places.drawn` of those of this world.
        """
        other = object.__new__(World)
        own = {"re_entry": re_entry, "in_house_share": in_house_share, "places": places, "entrants": entrants}
        other.__dict__.update(self.__dict__, hazards=hazards, **own)
        return other

    def _check_ages(self) -> None:
        # An engine has no day before day 0 for what such a birthday ends. The oldest alone is looked at:
        # birthdays come in the order of births.
        born = [group.dob.min(initial=dates.OPEN) for group in (self.stock, self.stayers)]
        adult, limit = dates.birthday(born, (dates.ADULT, STAY_LIMIT)).tolist()
        late = {
            f"stock holds a child whose {dates.ADULT}th birthday": adult,
            f"stayers hold a young person whose {STAY_LIMIT}st birthday": limit,
        }
        found = [f"{who} lies before the first simulated day" for who, day in late.items() if day < self.first_day]
        if found:
            raise ValueError("; ".join(found))

    @property
    def last_day(self) -> int:
        """Last simulated day, as a day number."""
        return self.first_day + self.days - 1


def check_draws(codes: Codes, scale: Floats, re_entry: Floats, in_house_share: Floats, entrants: Entrants) -> None:
    """Refuse what some replications have drawn; tables have the axis of replications in front.

    Raises
    ------
    ValueError
        If a table has another shape or an impossible number, or an entrant is 18.
    """
    many = len(scale)
    _check("scale", scale, (many, len(codes.in_care), len(CAUSES)))
    edges = (len(RE_ENTRY_KINDS), len(RE_ENTRY_AGE_EDGES), len(RE_ENTRY_TIME_EDGES))
    _check("re_entry", re_entry, (many, *edges))
    _check("in_house_share", in_house_share, (many, len(TYPES)))
    old = entrants.day - entrants.dob >= _SURELY_YOUNGER
    if old.any() and (dates.birthday(entrants.dob[old], dates.ADULT) <= entrants.day[old]).any():
        msg = f"an entrant is {dates.ADULT} or older"
        raise ValueError(msg)


def _check(name: str, table: Floats, shape: tuple[int, ...]) -> None:
    if table.shape != shape:
        msg = f"{name} has shape {table.shape}, not {shape}"
        raise ValueError(msg)
    # Written so that a missing number fails too.
    if table.size and not (table.min() >= 0 and table.max() < np.inf):
        msg = f"{name} holds a negative or missing number"
        raise ValueError(msg)


def kind_settings(codes: Codes) -> list[tuple[int, int]]:
    """In-house setting of each type, and its other or only one; NOWHERE where it has none."""
    table = codes.settings[codes.settings["in_care"]]
    house, outside = [NOWHERE] * len(TYPES), [NOWHERE] * len(TYPES)
    for setting, (kind, provider) in enumerate(zip(table["type"], table["provider"], strict=True)):
        (house if provider == "in_house" else outside)[TYPES.index(kind)] = setting
    return list(zip(house, outside, strict=True))


def steps(multipliers: Floats, first_day: int) -> tuple[Floats, Ints]:
    """Only the months in which a factor changes, and the days on which they begin."""
    months = np.flatnonzero((multipliers[1:] != multipliers[:-1]).any(axis=(1, 2, 3))) + 1
    first = int(dates.month_index(first_day))
    return np.ascontiguousarray(multipliers[np.concatenate(([0], months))]), dates.month_start(first + months)
