"""What lies ahead of a child: when the next event falls, and which it is.

The hazards that a child will meet change at birthdays, at the edges of duration bands, and at
months in which a scenario acts; between these days they are constant. They add up day by day, and
the event falls on the first day by which their sum reaches an exponential draw.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import CAUSES, DURATION_EDGES, HAZARD_AGE_EDGES, REPORTED_AGE
from sufficiency.draws import pick
from sufficiency.history.stock import NONE
from sufficiency.rates.exposure import cause_clocks
from sufficiency.rates.openings import RE_ENTRY_AGE_EDGES, RE_ENTRY_TIME_EDGES
from sufficiency.simulation.places import NOWHERE, STAY_AGES, STAY_LIMIT
from sufficiency.simulation.world import World, steps

Floats = npt.NDArray[np.float64]
#: Hazard age, duration bands (in placement, in care), UASC, step of the multipliers.
Cell = tuple[int, tuple[int, int], int, int]


@dataclass(frozen=True, repr=False)
class Person:
    """What does not change about a child: its rank in the run, key, and what birth fixes.

    ``adult`` and ``stay_limit`` are the 18th and 21st birthdays; the edges are the birthdays at
    which hazards change in care, of re-entry, and while staying put.
    """

    rank: int
    key: int
    uasc: int
    age_edges: tuple[int, ...]
    adult: int
    re_entry_edges: tuple[int, ...]
    stay_edges: tuple[int, ...]
    stay_limit: int

    def band_on(self, day: int) -> int:
        """Reported age band of a child in care."""
        return REPORTED_AGE[bisect_right(self.age_edges, day)]


@dataclass(repr=False)
class Resident:
    """Someone who holds a place: a child in care, or a young person staying put.

    Attributes
    ----------
    placement
        Number of the placement in the person's life.
    setting
        Setting in care whose place is held; who stays put keeps the place it had.
    start, care_start
        First days of the placement and of the period of care.
    opening
        How the placement began (index into OPENINGS).
    staying
        Whether this is staying put, which is not care.
    wanted
        Type of the first choice where the placement is not of that type, else :data:`NONE`.
    waits_for, steps_down
        Setting on whose waiting list the child is (or NOWHERE), and whether taking a place there is
        a step down, which may fail.
    """

    person: Person
    placement: int
    setting: int
    start: int
    care_start: int
    opening: int
    staying: bool = False
    wanted: int = NONE
    waits_for: int = NOWHERE
    steps_down: bool = False


def people(world: World) -> list[Person]:
    """Everyone of a run in order of rank: stock, leavers, stayers, entrants."""
    groups = (world.stock, world.leavers, world.stayers, world.entrants)
    key, dob, uasc = (np.concatenate([getattr(group, name) for group in groups]) for name in ("key", "dob", "uasc"))
    edges = (HAZARD_AGE_EDGES[1:], (dates.ADULT,), RE_ENTRY_AGE_EDGES[1:], STAY_AGES[1:], (STAY_LIMIT,))
    turns = [dates.birthday(dob[:, None], ages).tolist() for ages in edges]
    columns = zip(key.tolist(), uasc.tolist(), *turns, strict=True)
    return [
        Person(rank, key, int(uasc), tuple(ages), adult, tuple(returns), tuple(stays), limit)
        for rank, (key, uasc, ages, (adult,), returns, stays, (limit,)) in enumerate(columns)
    ]


def next_event(
    edges: tuple[tuple[int, ...], ...],
    start: int,
    end: int,
    threshold: float,
    hazard_on: Callable[[int], float],
) -> int:
    """First day by which the hazards since ``start`` add up to the threshold; ``end`` if none does.

    Parameters
    ----------
    edges
        Ascending days at which the hazard may change, as several sorted tuples.
    start, end
        Arrival, and the day on which the child leaves whatever happens (not searched).
    threshold
        E, the exponential draw.
    hazard_on
        Hazard per day on a day, constant between edges.
    """
    gathered = 0.0
    day = start
    while day < end:
        stop = end
        for row in edges:
            at = bisect_right(row, day)
            if at < len(row) and row[at] < stop:
                stop = row[at]
        hazard = hazard_on(day)
        reached = gathered + hazard * (stop - day)
        if hazard > 0.0 and reached >= threshold:
            wait = math.ceil((threshold - gathered) / hazard)
            return min(day + max(wait, 1), stop)
        gathered = reached
        day = stop
    return end


class Ahead:
    """Answers about one person's future, from the tables of a world; thresholds are exponential draws."""

    def __init__(self, world: World) -> None:
        self.hazards = HazardsInCare(world)
        self.end = world.last_day + 1
        self.re_entry = world.re_entry.tolist()
        self.first_types = world.first_types.tolist()
        self.stay_days = world.places.stay_day.tolist()
        self.uptake = world.places.uptake.tolist()
        self.stay_hazard = world.places.stay_hazard.tolist()
        self.after_18 = world.codes.after_18

    def day_in_care(self, child: Resident, now: int, threshold: float) -> int:
        """Day of a child's next event; the 18th birthday, or the horizon's end, if none comes before.

        Opening stock starts on the origin with the durations it has served: nothing of E is spent
        on days already lived.
        """
        edges = (
            child.person.age_edges,
            tuple(child.start + edge for edge in DURATION_EDGES[1:]),
            tuple(child.care_start + edge for edge in DURATION_EDGES[1:]),
            self.hazards.month_edges,
        )

        def hazard_on(day: int) -> float:
            return self.hazards.total(child.setting, self._cell(child, day))

        return next_event(edges, now, min(child.person.adult, self.end), threshold, hazard_on)

    def cause(self, child: Resident, day: int, uniform: float) -> int:
        """Which event it is, in proportion to the hazards of a day."""
        return pick(uniform, self.hazards.by_cause(child.setting, self._cell(child, day)))

    def _cell(self, child: Resident, day: int) -> Cell:
        person = child.person
        served = (
            bisect_right(DURATION_EDGES, day - child.start) - 1,
            bisect_right(DURATION_EDGES, day - child.care_start) - 1,
        )
        return bisect_right(person.age_edges, day), served, person.uasc, bisect_right(self.hazards.month_edges, day)

    def day_of_return(self, person: Person, exit_day: int, now: int, threshold: float, *, home: bool) -> int | None:
        """Day on which a leaver comes back, or None before the 18th birthday and the horizon's end."""
        table = self.re_entry[0 if home else 1]
        edges = (person.re_entry_edges, tuple(exit_day + edge for edge in RE_ENTRY_TIME_EDGES[1:]))

        def hazard_on(day: int) -> float:
            away = bisect_right(RE_ENTRY_TIME_EDGES, day - exit_day) - 1
            hazard: float = table[bisect_right(person.re_entry_edges, day)][away]
            return hazard

        limit = min(person.adult, self.end)
        day = next_event(edges, now, limit, threshold, hazard_on)
        return day if day < limit else None

    def first_type(self, person: Person, day: int, uniform: float) -> int:
        """Type of placement in which a child begins again."""
        gathered = 0.0
        chances = self.first_types[person.band_on(day)][person.uasc]
        for kind, chance in enumerate(chances):
            gathered += chance
            if uniform < gathered:
                return kind
        return max(kind for kind, chance in enumerate(chances) if chance > 0)

    def stays(self, setting: int, day: int, uniform: float) -> bool:
        """Whether someone who turns 18 in a setting stays on there."""
        row = bisect_right(self.stay_days, day) - 1
        return self.after_18[setting] != NOWHERE and bool(uniform < self.uptake[row][setting])

    def day_of_stay_end(self, child: Resident, now: int, threshold: float) -> int:
        """Day on which staying put ends: the 21st birthday at the latest, unless the horizon ends first."""
        rates, edges = self.stay_hazard[child.setting], child.person.stay_edges

        def hazard_on(day: int) -> float:
            hazard: float = rates[bisect_right(edges, day)]
            return hazard

        return next_event((edges,), now, min(child.person.stay_limit, self.end), threshold, hazard_on)


class HazardsInCare:
    """A world's hazards as nested lists with totals over causes, for quick look-up by scalars."""

    def __init__(self, world: World) -> None:
        clocks = cause_clocks(world.codes)
        self.on_placement = clocks.tolist()
        self.hazards = world.hazards.table.tolist()
        self.in_placement = _written_order_sum(world.hazards.table * clocks[:, None, None, None, :]).tolist()
        self.in_care = _written_order_sum(world.hazards.table * ~clocks[:, None, None, None, :]).tolist()
        self.month_edges: tuple[int, ...] = ()
        self.multipliers: Floats | None = None
        if world.multipliers is not None:
            self.multipliers, days = steps(world.multipliers, world.first_day)
            self.month_edges = tuple(days.tolist())
        self._changed: dict[tuple[int, Cell], tuple[float, list[float]]] = {}

    def total(self, setting: int, cell: Cell) -> float:
        """Hazard of any event in a day."""
        if self.multipliers is None:
            age, served, uasc, _ = cell
            both: float = self.in_placement[setting][age][served[0]][uasc] + self.in_care[setting][age][served[1]][uasc]
            return both
        return self._scaled(setting, cell)[0]

    def by_cause(self, setting: int, cell: Cell) -> list[float]:
        """The same, cause by cause in the written order."""
        if self.multipliers is None:
            return self._unscaled(setting, cell)
        return self._scaled(setting, cell)[1]

    def _unscaled(self, setting: int, cell: Cell) -> list[float]:
        age, served, uasc, _ = cell
        rates, on = self.hazards[setting][age], self.on_placement[setting]
        return [rates[served[0] if on[cause] else served[1]][uasc][cause] for cause in range(len(CAUSES))]

    def _scaled(self, setting: int, cell: Cell) -> tuple[float, list[float]]:
        if (setting, cell) not in self._changed:
            age, _, _, month = cell
            factors = self.multipliers[month, setting, REPORTED_AGE[age]].tolist()  # type: ignore[index]
            each = [rate * factor for rate, factor in zip(self._unscaled(setting, cell), factors, strict=True)]
            # Grouped by clock as in the unscaled totals, so that factors of 1 give the same float.
            in_placement = in_care = 0.0
            for hazard, on in zip(each, self.on_placement[setting], strict=True):
                if on:
                    in_placement += hazard
                else:
                    in_care += hazard
            self._changed[setting, cell] = (in_placement + in_care, each)
        return self._changed[setting, cell]


def _written_order_sum(table: Floats) -> Floats:
    """Sum over causes one by one in their written order (NumPy's own sum pairs them up)."""
    total = np.zeros(table.shape[:-1])
    for cause in range(table.shape[-1]):
        total = total + table[..., cause]
    return total
