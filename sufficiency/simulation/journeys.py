"""A child's journey through care, as a SimPy process: the definition of the model.

A child arrives in a placement and draws one exponential number E. The hazards it will meet (they
change at birthdays, at the edges of duration bands, and at months in which a scenario acts) add up
day by day; on the first day by which their sum reaches E, one day after arrival at the earliest,
the next event falls, and its cause is drawn in proportion to the hazards of the day before. A move
starts the next placement, an exit ends the period of care, the 18th birthday ends it at the latest.
Whoever has left care may come back by the same rule with the hazard of re-entry.

Every draw is keyed by child, placement number and purpose (:mod:`sufficiency.draws`).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import simpy

from sufficiency import dates
from sufficiency.codes import (
    AGED_OUT,
    CAUSES,
    DURATION_EDGES,
    EXIT_REASONS,
    HAZARD_AGE_EDGES,
    REPORTED_AGE,
    TYPES,
)
from sufficiency.draws import KeyWords, Purpose, draw
from sufficiency.history.stock import CLOSINGS, NONE, OPENINGS, REASONS, Spells
from sufficiency.rates.exposure import cause_clocks
from sufficiency.rates.openings import RE_ENTRY_AGE_EDGES, RE_ENTRY_TIME_EDGES
from sufficiency.simulation.world import World

_ENTRY, _RE_ENTRY, _MOVE = (OPENINGS.index(name) for name in ("entry", "re_entry", "move"))
_MOVED, _EXITED = (CLOSINGS.index(name) for name in ("move", "exit"))
_AGED_OUT = REASONS.index(AGED_OUT)
_HOME = EXIT_REASONS.index("returned_home")
_ADULT = dates.ADULT
_OPEN = int(dates.OPEN)


class Order(IntEnum):
    """Order of events that fall on the same day (model §7); within a class, by child."""

    CAPACITY = 0
    CHILD = 1
    ENTRY = 2


@dataclass(frozen=True)
class Person:
    """What does not change about a child: its rank in the run, key, birth and what birth fixes."""

    rank: int
    key: int
    dob: int
    uasc: int
    adult: int
    age_edges: tuple[int, ...]
    re_entry_edges: tuple[int, ...]


@dataclass
class Log:
    """The placements of a run as they end, in columns; open ones are closed off at the end."""

    rows: list[tuple[int, int, int, int, int, int, int, int, int]] = field(default_factory=list)

    def add(self, *row: int) -> None:
        """One placement: rank, placement, setting, start, end, opening, closing, reason, care start."""
        self.rows.append(row)  # type: ignore[arg-type]


class Tables:
    """A world's hazards as nested lists with totals over causes, for quick look-up by scalars."""

    def __init__(self, world: World) -> None:
        self.world = world
        clocks = cause_clocks(world.codes)
        self.on_placement = clocks.tolist()
        self.hazards = world.hazards.tolist()
        self.in_placement = _written_order_sum(world.hazards * clocks[:, None, None, None, :]).tolist()
        self.in_care = _written_order_sum(world.hazards * ~clocks[:, None, None, None, :]).tolist()
        self.month_edges: tuple[int, ...] = ()
        self.multipliers: npt.NDArray[np.float64] | None = None
        if world.multipliers is not None:
            self.multipliers, self.month_edges = _steps(world.multipliers, world.first_day)
        self._changed: dict[tuple[int, int, int, int, int, int], tuple[float, list[float]]] = {}

    def total(self, setting: int, age: int, served: tuple[int, int], uasc: int, month: int) -> float:
        """Hazard of any event in a day; ``served`` holds the duration bands (in placement, in care)."""
        if self.multipliers is None:
            both: float = self.in_placement[setting][age][served[0]][uasc] + self.in_care[setting][age][served[1]][uasc]
            return both
        return self._scaled(setting, age, served, uasc, month)[0]

    def by_cause(self, setting: int, age: int, served: tuple[int, int], uasc: int, month: int) -> list[float]:
        """The same, cause by cause in the written order."""
        if self.multipliers is None:
            cell = self.hazards[setting][age]
            on = self.on_placement[setting]
            return [cell[served[0] if on[cause] else served[1]][uasc][cause] for cause in range(len(CAUSES))]
        return self._scaled(setting, age, served, uasc, month)[1]

    def _scaled(
        self, setting: int, age: int, served: tuple[int, int], uasc: int, month: int
    ) -> tuple[float, list[float]]:
        where = (setting, age, *served, uasc, month)
        if where not in self._changed:
            cell, on = self.hazards[setting][age], self.on_placement[setting]
            factors = self.multipliers[month, setting, REPORTED_AGE[age]].tolist()  # type: ignore[index]
            each = [
                cell[served[0] if on[cause] else served[1]][uasc][cause] * factors[cause]
                for cause in range(len(CAUSES))
            ]
            # Grouped by clock as in the unscaled totals, so that factors of 1 give the same float.
            in_placement = in_care = 0.0
            for cause, hazard in enumerate(each):
                if on[cause]:
                    in_placement += hazard
                else:
                    in_care += hazard
            self._changed[where] = (in_placement + in_care, each)
        return self._changed[where]


def _steps(multipliers: npt.NDArray[np.float64], first_day: int) -> tuple[npt.NDArray[np.float64], tuple[int, ...]]:
    """Only the months at which a factor changes, and the days on which they begin."""
    differs = (multipliers[1:] != multipliers[:-1]).any(axis=(1, 2, 3))
    months = np.flatnonzero(differs) + 1
    first = int(dates.month_index(first_day))
    return multipliers[np.concatenate(([0], months))], tuple(dates.month_start(first + months).tolist())


def _written_order_sum(table: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sum over causes one by one in their written order (NumPy's own sum pairs them up)."""
    total = np.zeros(table.shape[:-1])
    for cause in range(table.shape[-1]):
        total = total + table[..., cause]
    return total


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


class Journeys:
    """All children of one replication, run to the horizon by SimPy."""

    def __init__(self, world: World, key: KeyWords) -> None:
        self.world = world
        self.key = key
        self.tables = Tables(world)
        self.log = Log()
        self.end = world.last_day + 1
        self.first_types = world.first_types.tolist()
        self.shares = world.in_house_share.tolist()
        codes = world.codes
        names = codes.in_care
        self.kind_settings = [[names.index(name) for name in codes.settings_of(kind)] for kind in TYPES]
        self.report_index = [codes.all_settings.index(name) for name in names]
        dob = np.concatenate([world.stock.dob, world.leavers.dob, world.entrants.dob])
        ages = (*HAZARD_AGE_EDGES[1:], _ADULT, *RE_ENTRY_AGE_EDGES[1:])
        self._turns = dates.birthday(dob[:, None], ages).tolist()
        self._rank_bits = max(len(dob), 1).bit_length()
        self.environment = simpy.Environment()

    def run(self) -> Spells:
        """Simulate and return every placement that lies in the horizon or was open at the origin."""
        for process in (*self._stock(), *self._leavers(), *self._entrants()):
            self.environment.process(process)
        self.environment.run()
        return self._spells()

    # SimPy's clock has no tie-breaking key, so the class and the child's rank are an exact binary
    # fraction of the day.
    def _moment(self, day: int, order: Order, rank: int) -> float:
        fraction = (order << self._rank_bits) | rank
        return (day - self.world.first_day) + math.ldexp(fraction, -(self._rank_bits + 2))

    def _until(self, day: int, order: Order, rank: int) -> simpy.Timeout:
        return self.environment.timeout(max(self._moment(day, order, rank) - self.environment.now, 0.0))

    def _person(self, rank: int, key: int, dob: int, uasc: bool) -> Person:
        turns = self._turns[rank]
        ages = len(HAZARD_AGE_EDGES) - 1
        return Person(rank, key, dob, int(uasc), turns[ages], tuple(turns[:ages]), tuple(turns[ages + 1 :]))

    def _stock(self) -> list[Generator[simpy.Event, None, None]]:
        stock = self.world.stock
        columns = zip(
            *(
                getattr(stock, name).tolist()
                for name in ("key", "dob", "uasc", "setting", "placement_start", "care_start")
            ),
            strict=True,
        )
        return [
            self._in_care(self._person(rank, key, dob, uasc), 0, setting, placed, care, _MOVE, self.world.first_day - 1)
            for rank, (key, dob, uasc, setting, placed, care) in enumerate(columns)
        ]

    def _leavers(self) -> list[Generator[simpy.Event, None, None]]:
        left = self.world.leavers
        base = len(self.world.stock.key)
        columns = zip(
            *(getattr(left, name).tolist() for name in ("key", "dob", "uasc", "exit_day", "home")), strict=True
        )
        return [
            self._after_care(self._person(base + number, key, dob, uasc), 0, day, home, self.world.first_day - 1)
            for number, (key, dob, uasc, day, home) in enumerate(columns)
        ]

    def _entrants(self) -> list[Generator[simpy.Event, None, None]]:
        new = self.world.entrants
        base = len(self.world.stock.key) + len(self.world.leavers.key)
        columns = zip(*(getattr(new, name).tolist() for name in ("key", "day", "dob", "uasc", "kind")), strict=True)
        return [
            self._enter(self._person(base + number, key, dob, uasc), day, kind)
            for number, (key, day, dob, uasc, kind) in enumerate(columns)
            if self.world.first_day <= day < self.end
        ]

    def _enter(self, person: Person, day: int, kind: int) -> Generator[simpy.Event, None, None]:
        yield self._until(day, Order.ENTRY, person.rank)
        setting = self._provider(person, 0, kind)
        yield from self._in_care(person, 0, setting, day, day, _ENTRY, day)

    def _in_care(
        self, person: Person, placement: int, setting: int, start: int, care_start: int, opening: int, now: int
    ) -> Generator[simpy.Event, None, None]:
        """A period of care from one placement on; ``now`` is the last day whose events are past."""
        while True:
            first, second = draw(self.key, person.key, placement, Purpose.EVENT)
            day = self._event_day(person, setting, start, care_start, now, -math.log(1.0 - first))
            if day > self.end - 1:
                self.log.add(person.rank, placement, setting, start, _OPEN, opening, NONE, NONE, care_start)
                return
            yield self._until(day, Order.CHILD, person.rank)
            if day >= person.adult:
                self.log.add(person.rank, placement, setting, start, day, opening, _EXITED, _AGED_OUT, care_start)
                return
            cause = self._cause(person, setting, day - 1, (start, care_start), second)
            if cause >= len(TYPES):
                reason = cause - len(TYPES)
                self.log.add(person.rank, placement, setting, start, day, opening, _EXITED, reason, care_start)
                yield from self._after_care(person, placement + 1, day, reason == _HOME, day)
                return
            self.log.add(person.rank, placement, setting, start, day, opening, _MOVED, NONE, care_start)
            placement += 1
            setting = self._provider(person, placement, cause)
            start, now, opening = day, day, _MOVE

    def _event_day(self, person: Person, setting: int, start: int, care_start: int, now: int, threshold: float) -> int:
        """Day of the next event, from the day after the last one whose events are past.

        Opening stock starts on the origin with the durations it has served: nothing of E is spent
        on days already lived.
        """
        edges = (
            person.age_edges,
            tuple(start + edge for edge in DURATION_EDGES[1:]),
            tuple(care_start + edge for edge in DURATION_EDGES[1:]),
            self.tables.month_edges,
        )

        def hazard_on(day: int) -> float:
            return self.tables.total(setting, *self._cell(person, day, (start, care_start)))

        return next_event(edges, now, min(person.adult, self.end), threshold, hazard_on)

    def _cell(self, person: Person, day: int, starts: tuple[int, int]) -> tuple[int, tuple[int, int], int, int]:
        age = bisect_right(person.age_edges, day)
        served = (
            bisect_right(DURATION_EDGES, day - starts[0]) - 1,
            bisect_right(DURATION_EDGES, day - starts[1]) - 1,
        )
        return age, served, person.uasc, bisect_right(self.tables.month_edges, day)

    def _cause(self, person: Person, setting: int, day: int, starts: tuple[int, int], uniform: float) -> int:
        each = self.tables.by_cause(setting, *self._cell(person, day, starts))
        total = 0.0
        for hazard in each:
            total += hazard
        target, gathered, last = uniform * total, 0.0, 0
        for cause, hazard in enumerate(each):
            if hazard > 0.0:
                gathered += hazard
                last = cause
                if target < gathered:
                    return cause
        return last

    def _provider(self, person: Person, placement: int, kind: int) -> int:
        """Setting within a type: in-house with the authority's share while no place is limited."""
        settings = self.kind_settings[kind]
        if len(settings) == 1:
            return settings[0]
        suits, _ = draw(self.key, person.key, placement, Purpose.MATCH)
        return settings[0] if suits < self.shares[kind] else settings[1]

    def _after_care(
        self, person: Person, placement: int, exit_day: int, home: bool, now: int
    ) -> Generator[simpy.Event, None, None]:
        """Out of care, and perhaps back; ``placement`` is the number that the next one will have."""
        first, _ = draw(self.key, person.key, placement, Purpose.RE_ENTRY)
        table = self.world.re_entry[0 if home else 1]
        edges = (person.re_entry_edges, tuple(exit_day + edge for edge in RE_ENTRY_TIME_EDGES[1:]))

        def hazard_on(day: int) -> float:
            age = bisect_right(person.re_entry_edges, day)
            return float(table[age, bisect_right(RE_ENTRY_TIME_EDGES, day - exit_day) - 1])

        limit = min(person.adult, self.end)
        day = next_event(edges, now, limit, -math.log(1.0 - first), hazard_on)
        if day >= limit:
            return
        yield self._until(day, Order.ENTRY, person.rank)
        kind = self._first_type(person, placement, day)
        setting = self._provider(person, placement, kind)
        yield from self._in_care(person, placement, setting, day, day, _RE_ENTRY, day)

    def _first_type(self, person: Person, placement: int, day: int) -> int:
        uniform, _ = draw(self.key, person.key, placement, Purpose.FIRST_TYPE)
        band = REPORTED_AGE[bisect_right(person.age_edges, day)]
        gathered = 0.0
        chances = self.first_types[band][person.uasc]
        for kind, chance in enumerate(chances):
            gathered += chance
            if uniform < gathered:
                return kind
        return max(kind for kind, chance in enumerate(chances) if chance > 0)

    def _spells(self) -> Spells:
        world = self.world
        rows = np.array(sorted(self.log.rows), dtype=np.int64).reshape(-1, 9)
        rank, _, setting, start, end, opening, closing, reason, care_start = rows.T
        dob = np.concatenate([world.stock.dob, world.leavers.dob, world.entrants.dob])
        uasc = np.concatenate([world.stock.uasc, world.leavers.uasc, world.entrants.uasc])
        reported = np.array(self.report_index)[setting] if len(setting) else setting
        born, alone = dob[rank], uasc[rank].astype(bool)
        return Spells(rank, reported, start, end, born, alone, opening, closing, reason, care_start)


def simulate_journeys(world: World, key: KeyWords) -> Spells:
    """Run one replication; the placements of every child, in order of child and placement.

    A child's number is its place in stock, leavers, entrants, in that order. The first placement of
    the opening stock keeps its true start, before day 0.
    """
    return Journeys(world, key).run()
