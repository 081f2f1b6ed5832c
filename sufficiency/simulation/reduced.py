"""One replication reduced to what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sufficiency.history.stock import Spells
from sufficiency.simulation.counted import Counted
from sufficiency.simulation.world import World

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]

#: Of so many replications every table is kept; of those above, stock and nights, which stay per replication.
DETAILED = 500


@dataclass(frozen=True)
class Replication:
    """One replication, reduced: counts without scenario and number.

    ``nights`` are child-days by month and setting; ``entrants`` has shape (groups, months). The others
    are empty above :data:`DETAILED` replications: ``child_days`` by age band and UASC too; ``flows``,
    distinct packed events, and ``times``, how often each fell; ``places``, held, vacant, full and waiting
    days, unmet first choices, turned away and stepped, shape (7, months, settings in care); ``unmet``, those
    first choices by age band; ``usable``, from which day of the simulation a setting in care has how many usable
    places, as drawn, shape (3, changes); ``held``, places held in the settings watched as each day ended, young
    people staying put counted in, shape (watched, days).
    """

    number: int
    stock: Small
    nights: Small
    entrants: Ints
    child_days: Small
    flows: Ints
    times: Small
    places: Small
    unmet: Small
    usable: Small
    held: Small
    journeys: Spells | None

    def __repr__(self) -> str:
        return f"Replication({self.number})"


@dataclass(frozen=True)
class Wanted:
    """What is kept of a plan's replications beside their counts: journeys of the first ones, and settings watched.

    ``watched`` are numbers of settings in care whose places held are counted day by day.
    """

    journeys: int
    watched: tuple[int, ...] = ()

    def spells(self, number: int) -> bool:
        """Whether a replication's placements are needed."""
        return bool(self.watched) or number < self.journeys


def reduced(number: int, given: Counted, entrants: Ints, world: World, wanted: Wanted) -> Replication:
    """One replication as small arrays, above :data:`DETAILED` only those that stay per replication."""
    tally = given.tally
    days = (tally.occupied_days, tally.vacant_days, tally.full_days, tally.waiting_days)
    tables = (*days, tally.unmet.sum(axis=2), tally.turned_away, tally.stepped)
    places = np.array(tables, dtype=np.int32)
    detail = slice(None) if number < DETAILED else slice(0)
    changes = (world.places.change_day - world.first_day, world.places.change_setting, world.places.change_usable)
    return Replication(
        number=number,
        stock=given.stock.astype(np.int32),
        nights=given.child_days.sum(axis=(2, 3), dtype=np.int32),
        entrants=entrants,
        child_days=given.child_days[detail].astype(np.int32),
        flows=given.packed[detail].copy(),
        times=given.times[detail].astype(np.int32),
        places=places[:, detail],
        unmet=tally.unmet[detail].astype(np.int32),
        usable=np.array(changes, dtype=np.int32)[:, detail],
        held=_held(given.spells, world, wanted.watched)[:, detail],
        journeys=given.spells if number < wanted.journeys else None,
    )


def _held(given: Spells | None, world: World, watched: tuple[int, ...]) -> Small:
    """Places held as each day ended, shape (watched, days)."""
    codes = world.codes
    held = np.zeros((len(watched), world.days + 1 if watched else 0), dtype=np.int32)
    if given is None:
        return held[:, :-1]
    begin = np.clip(given.start - world.first_day, 0, world.days)
    end = np.clip(given.end - world.first_day, 0, world.days)
    for row, setting in enumerate(watched):
        own = np.isin(given.setting, (codes.all_settings.index(codes.in_care[setting]), codes.after_18[setting]))
        np.add.at(held[row], begin[own], 1)
        np.add.at(held[row], end[own], -1)
    return np.cumsum(held[:, :-1], axis=1, dtype=np.int32)
