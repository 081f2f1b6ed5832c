"""A child's journey through care, as a SimPy process: the definition of the model.

A child arrives in a placement and draws one exponential number E. The hazards it will meet (they
change at birthdays, at the edges of duration bands, and at months in which a scenario acts) add up
day by day; on the first day by which their sum reaches E, one day after arrival at the earliest,
the next event falls, and its cause is drawn in proportion to the hazards of the day before. A move
starts the next placement, an exit ends the period of care, the 18th birthday ends it at the latest.
Whoever has left care may come back by the same rule with the hazard of re-entry; who turns 18 may
stay put in the same place until the 21st birthday.

Where a child goes is for the register of places to say (:mod:`sufficiency.simulation.register`);
it also moves children from its waiting lists, and then the event that a child was heading for is
void and the next is drawn anew. What lies ahead of a child is reckoned in
:mod:`sufficiency.simulation.rates_ahead`.

Every draw is keyed by child, placement number and purpose (:mod:`sufficiency.draws`).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from enum import IntEnum

import numpy as np
import simpy

from sufficiency.codes import AGED_OUT, EXIT_REASONS, TYPES
from sufficiency.draws import KeyWords, Purpose, draw
from sufficiency.history.stock import OPENINGS, REASONS, STAY, Spells
from sufficiency.simulation.rates_ahead import Ahead, Person, Resident, people
from sufficiency.simulation.register import Register, Simulated
from sufficiency.simulation.world import World

_ENTRY, _RE_ENTRY, _MOVE, _STAY = (OPENINGS.index(name) for name in ("entry", "re_entry", "move", STAY))
_AGED_OUT = REASONS.index(AGED_OUT)
_HOME = EXIT_REASONS.index("returned_home")

Life = Generator[simpy.Event, None, None]


class Order(IntEnum):
    """Order of events that fall on the same day (model §7); within a class, by child."""

    CAPACITY = 0
    CHILD = 1
    ENTRY = 2


class Journeys:
    """All children of one replication, run to the horizon by SimPy."""

    def __init__(self, world: World, key: KeyWords) -> None:
        self.world = world
        self.key = key
        self.ahead = Ahead(world)
        self.register = Register(world, key, self._stepped)
        self.people = people(world)
        self.before = world.first_day - 1
        self._rank_bits = max(len(self.people), 1).bit_length()
        self.environment = simpy.Environment()
        self.environment.process(self._capacity())
        lives = (*self._stock(), *self._leavers(), *self._stayers(), *self._entrants())
        self.lives = [self.environment.process(life) for life in lives]

    def run(self) -> Simulated:
        """Simulate; every placement that lies in the horizon or was open at the origin, and the places."""
        self.environment.run()
        rows, tally = self.register.finish()
        return Simulated(self._spells(rows), tally)

    # SimPy's clock has no tie-breaking key, so the class and the child's rank are an exact binary
    # fraction of the day.
    def _until(self, day: int, order: Order, rank: int = 0) -> simpy.Event:
        """Wait for a moment; one beyond the last day never comes."""
        if day > self.world.last_day:
            return self.environment.event()
        fraction = (order << self._rank_bits) | rank
        moment = (day - self.world.first_day) + math.ldexp(fraction, -(self._rank_bits + 2))
        return self.environment.timeout(max(moment - self.environment.now, 0.0))

    def _stepped(self, child: Resident) -> None:
        """The register has moved a child: it wakes at once and draws its next event."""
        self.lives[child.person.rank].interrupt()

    def _threshold(self, person: Person, number: int, purpose: Purpose) -> tuple[float, float]:
        """An exponential number, and a second uniform for whatever goes with it."""
        first, second = draw(self.key, person.key, number, purpose)
        return -math.log(1.0 - first), second

    # Everyone's life, in order of rank; a life that begins before the first day holds its place from then.

    def _stock(self) -> Iterator[Life]:
        stock = self.world.stock
        columns = (getattr(stock, name).tolist() for name in ("setting", "placement_start", "care_start"))
        for person, setting, placed, care in zip(self.people, *columns, strict=False):
            child = Resident(person, 0, setting, placed, care, _MOVE)
            self.register.hold(child)
            yield self._in_care(child)

    def _leavers(self) -> Iterator[Life]:
        left = self.world.leavers
        those = self.people[len(self.world.stock.key) :]
        for person, day, home in zip(those, left.exit_day.tolist(), left.home.tolist(), strict=False):
            yield self._after_care(person, 0, day, self.before, home=home)

    def _stayers(self) -> Iterator[Life]:
        those = self.people[len(self.world.stock.key) + len(self.world.leavers.key) :]
        for person, setting in zip(those, self.world.stayers.setting.tolist(), strict=False):
            child = Resident(person, 0, setting, self.before, self.before, _STAY, staying=True)
            self.register.hold(child)
            yield self._staying_put(child)

    def _entrants(self) -> Iterator[Life]:
        new = self.world.entrants
        those = self.people[len(self.people) - len(new.key) :]
        for person, day, kind in zip(those, new.day.tolist(), new.kind.tolist(), strict=True):
            yield self._entering(person, day, kind)

    # What happens in a life.

    def _capacity(self) -> Life:
        """Days on which the number of usable places, or the shares of children who wait, change."""
        places = self.world.places
        for day in sorted({*places.change_day.tolist(), *places.wait_day.tolist()}):
            yield self._until(day, Order.CAPACITY)
            self.register.change_usable(day)

    def _entering(self, person: Person, day: int, kind: int) -> Life:
        if day < self.world.first_day:
            return
        yield self._until(day, Order.ENTRY, person.rank)
        yield from self._in_care(self.register.enter(person, 0, kind, day, _ENTRY))

    def _in_care(self, child: Resident) -> Life:
        """A period of care, placement by placement, and whatever comes after it."""
        person = child.person
        while True:
            threshold, uniform = self._threshold(person, child.placement, Purpose.EVENT)
            day = self.ahead.day_in_care(child, max(child.start, self.before), threshold)
            try:
                yield self._until(day, Order.CHILD, person.rank)
            except simpy.Interrupt:
                continue
            if day >= person.adult:
                yield from self._adult(child, day)
                return
            cause = self.ahead.cause(child, day - 1, uniform)
            if cause >= len(TYPES):
                reason = cause - len(TYPES)
                self.register.leave(child, day, reason)
                yield from self._after_care(person, child.placement + 1, day, day, home=reason == _HOME)
                return
            self.register.move(child, cause, day)

    def _adult(self, child: Resident, day: int) -> Life:
        """The 18th birthday: care ends, and some stay on in the same place."""
        uniform, _ = draw(self.key, child.person.key, child.placement, Purpose.STAYING_PUT)
        if not self.ahead.stays(child.setting, day, uniform):
            self.register.leave(child, day, _AGED_OUT)
            return
        self.register.stay_put(child, day)
        yield from self._staying_put(child)

    def _staying_put(self, child: Resident) -> Life:
        threshold, _ = self._threshold(child.person, child.placement, Purpose.STAYING_PUT_LENGTH)
        day = self.ahead.day_of_stay_end(child, child.start, threshold)
        yield self._until(day, Order.CHILD, child.person.rank)
        self.register.end_staying(child, day)

    def _after_care(self, person: Person, placement: int, exit_day: int, now: int, *, home: bool) -> Life:
        """Out of care, and perhaps back; ``placement`` is the number that the next one will have."""
        threshold, _ = self._threshold(person, placement, Purpose.RE_ENTRY)
        day = self.ahead.day_of_return(person, exit_day, now, threshold, home=home)
        if day is None:
            return
        yield self._until(day, Order.ENTRY, person.rank)
        uniform, _ = draw(self.key, person.key, placement, Purpose.FIRST_TYPE)
        kind = self.ahead.first_type(person, day, uniform)
        yield from self._in_care(self.register.enter(person, placement, kind, day, _RE_ENTRY))

    def _spells(self, rows: list[tuple[int, ...]]) -> Spells:
        world = self.world
        table = np.array(sorted(rows), dtype=np.int64).reshape(-1, 9)
        rank, _, setting, start, end, opening, closing, reason, care_start = table.T
        groups = (world.stock, world.leavers, world.stayers, world.entrants)
        dob = np.concatenate([group.dob for group in groups])
        uasc = np.concatenate([group.uasc for group in groups])
        born, alone = dob[rank], uasc[rank].astype(bool)
        return Spells(rank, setting, start, end, born, alone, opening, closing, reason, care_start)


def simulate_journeys(world: World, key: KeyWords) -> Simulated:
    """Run one replication: the placements of every child, and the places month by month.

    Placements come in order of child and placement. A child's number is its place in stock,
    leavers, stayers, entrants, in that order. The first placement of the opening stock keeps its
    true start, before day 0.
    """
    return Journeys(world, key).run()
