"""One replication reduced to what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sufficiency.history.stock import Spells
from sufficiency.simulation.counted import Counted

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
    first choices by age band.
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
    journeys: Spells | None

    def __repr__(self) -> str:
        return f"Replication({self.number})"


def reduced(number: int, given: Counted, entrants: Ints) -> Replication:
    """One replication as small arrays, above :data:`DETAILED` only those that stay per replication."""
    tally = given.tally
    days = (tally.occupied_days, tally.vacant_days, tally.full_days, tally.waiting_days)
    tables = (*days, tally.unmet.sum(axis=2), tally.turned_away, tally.stepped)
    places = np.array(tables, dtype=np.int32)
    detail = slice(None) if number < DETAILED else slice(0)
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
        journeys=given.spells,
    )
