"""The register of places: who holds one, who waits for one, and who is offered one that falls vacant.

Plain Python, without a clock: the engine says what happens on which day, in order, and the register
answers where a child goes. It tells the engine of every child whom it moves from a waiting list.
A place is taken before the old one is given back, and a place given back is offered afterwards.
Fewer places than children evicts nobody.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from sufficiency import dates
from sufficiency.codes import AGED_OUT
from sufficiency.draws import KeyWords, Purpose, draw
from sufficiency.history.stock import CLOSINGS, NONE, OPENINGS, REASONS, STAY, STAY_END, Spells
from sufficiency.simulation.ledger import Ledger, Log
from sufficiency.simulation.places import NOWHERE, Tally
from sufficiency.simulation.rates_ahead import Person, Resident
from sufficiency.simulation.world import World, kind_settings

_MOVE, _STAY = OPENINGS.index("move"), OPENINGS.index(STAY)
_MOVED, _EXITED, _STAY_ENDED = (CLOSINGS.index(name) for name in ("move", "exit", STAY_END))
_AGED_OUT = REASONS.index(AGED_OUT)
_OPEN = int(dates.OPEN)
#: The key of an offer's draws holds the day and, in its last bits, the number of the day's offer.
_OFFER_BITS = 11


@dataclass(frozen=True)
class Simulated:
    """What one replication gives: every placement, and the places month by month."""

    spells: Spells
    tally: Tally

    def __repr__(self) -> str:
        return f"Simulated({len(self.spells.child):,} placements, {self.tally.events:,} events)"


class Register:
    """Places and the people who hold them or wait for them, in one replication.

    Parameters
    ----------
    world, key
        Its tables, and the key words of the replication.
    on_step
        Told of every child who takes a place it waited for: its pending event is void.
    """

    def __init__(self, world: World, key: KeyWords, on_step: Callable[[Resident], None]) -> None:
        places, settings = world.places, range(len(world.codes.in_care))
        self.world, self.places, self.key, self.on_step = world, places, key, on_step
        self.limited = places.limited.tolist()
        self.limited_settings = [setting for setting in settings if self.limited[setting]]
        self.suits, self.one_suits = places.suits.tolist(), places.one_suits.tolist()
        self.wait_days, self.across, self.down = (getattr(places, n).tolist() for n in ("wait_day", "across", "down"))
        self.choices: list[tuple[int, ...]] = [
            (kind, *(other for other in row if other != NOWHERE)) for kind, row in enumerate(places.cascade.tolist())
        ]
        self.kind_settings = kind_settings(world.codes)
        self.kind_of = {at: kind for kind, pair in enumerate(self.kind_settings) for at in pair if at != NOWHERE}
        self.shares = world.in_house_share.tolist()
        self.least_wait = max(places.after_days, 1)
        changes = zip(*(getattr(places, f"change_{n}").tolist() for n in ("day", "setting", "usable")), strict=True)
        self.changes: dict[int, list[tuple[int, int]]] = {}
        for day, setting, usable in changes:
            self.changes.setdefault(day, []).append((setting, usable))
        self.held = [0 for _ in settings]
        self.usable = [0 for _ in settings]
        # In order of joining; a child is in one queue at most.
        self.queues: list[dict[int, Resident]] = [{} for _ in settings]
        self.residents: dict[int, Resident] = {}
        self.offers_made: Counter[tuple[int, int]] = Counter()
        self.ledger = Ledger(world)
        self.log = Log(world.codes)

    # What the engine says.

    def hold(self, child: Resident) -> None:
        """Somebody who holds a place before the first day."""
        self.residents[child.person.rank] = child
        self.held[child.setting] += 1

    def enter(self, person: Person, placement: int, kind: int, day: int, opening: int) -> Resident:
        """A child comes into care, in a placement of a type if there is one."""
        self.ledger.events += 1
        setting = self._choose(person, placement, kind, NOWHERE)
        child = Resident(person, placement, setting, day, day, opening)
        self._count_choice(child, kind, day)
        self.residents[person.rank] = child
        self._take(setting, day)
        self._decide_waiting(child, day)
        return child

    def move(self, child: Resident, kind: int, day: int) -> None:
        """A child moves to a placement of a type; its own place counts as vacant."""
        self.ledger.events += 1
        self._leave_queue(child, day)
        own = child.setting
        setting = self._choose(child.person, child.placement + 1, kind, own)
        self._rehouse(child, setting, day)
        self._count_choice(child, kind, day)
        self._decide_waiting(child, day)
        if setting != own:
            self._offer_freed(own, day)

    def leave(self, child: Resident, day: int, reason: int) -> None:
        """A child leaves care and gives its place back."""
        self._go(child, day, _EXITED, reason)

    def stay_put(self, child: Resident, day: int) -> None:
        """A young person leaves care at 18 and stays in the same place."""
        self.ledger.events += 1
        self._leave_queue(child, day)
        self.log.close(child, day, _EXITED, _AGED_OUT)
        child.placement += 1
        child.start, child.opening, child.staying = day, _STAY, True

    def end_staying(self, child: Resident, day: int) -> None:
        """A young person who stayed put moves on."""
        self._go(child, day, _STAY_ENDED, NONE)

    def change_usable(self, day: int) -> None:
        """Usable places change, or the shares of children who wait, and places so come free to offer."""
        self.ledger.events += 1
        anew = day in self.wait_days
        before = [0 if anew else max(self._vacant(setting), 0) for setting in range(len(self.held))]
        for setting, usable in self.changes.get(day, ()):
            self._count_days(setting, day)
            self.usable[setting] = usable
        if anew:
            for rank in sorted(self.residents):
                self._decide_waiting(self.residents[rank], day)
        for setting in self.limited_settings:
            self._offer(setting, max(self._vacant(setting), 0) - before[setting], day)

    def finish(self) -> tuple[list[tuple[int, ...]], Tally]:
        """Rows of the log and the tally, once the last day is over.

        Raises
        ------
        RuntimeError
            If the engine has lost a place or a child.
        """
        self.check()
        for setting in self.limited_settings:
            self._count_days(setting, self.world.last_day + 1)
        for child in self.residents.values():
            self.log.close(child, _OPEN, NONE, NONE)
        return self.log.rows, self.ledger.tally()

    def check(self) -> None:
        """Every place held is held by somebody, and whoever waits is on the waiting list.

        Raises
        ------
        RuntimeError
            If that is not so.
        """
        holders = Counter(child.setting for child in self.residents.values())
        waiting = {rank: child for rank, child in self.residents.items() if child.waits_for != NOWHERE}
        listed = [(rank, setting) for setting, queue in enumerate(self.queues) for rank in queue]
        if self.held != [holders[setting] for setting in range(len(self.held))]:
            msg = "places held are not those of the people who hold one"
            raise RuntimeError(msg)
        if sorted(listed) != sorted((rank, child.waits_for) for rank, child in waiting.items()):
            msg = "waiting lists are not those of the children who wait"
            raise RuntimeError(msg)

    # Places.

    def _vacant(self, setting: int) -> int:
        """Usable places that nobody holds; below 0 where more children than places are there."""
        return self.usable[setting] - self.held[setting]

    def _count_days(self, setting: int, day: int) -> None:
        """Count how the days up to yesterday ended, before something changes today."""
        if self.limited[setting]:
            waiting = len(self.queues[setting])
            self.ledger.count_days(setting, day, self.held[setting], self.usable[setting], waiting)

    def _take(self, setting: int, day: int) -> None:
        self._count_days(setting, day)
        self.held[setting] += 1

    def _give_back(self, setting: int, day: int) -> None:
        self._count_days(setting, day)
        self.held[setting] -= 1

    def _rehouse(self, child: Resident, setting: int, day: int) -> None:
        """Begin the next placement: take the new place, give back the old, log it."""
        self.log.close(child, day, _MOVED, NONE)
        self._take(setting, day)
        self._give_back(child.setting, day)
        child.placement += 1
        child.setting, child.start, child.opening, child.wanted = setting, day, _MOVE, NONE

    def _go(self, child: Resident, day: int, closing: int, reason: int) -> None:
        self.ledger.events += 1
        self._leave_queue(child, day)
        self._give_back(child.setting, day)
        self.log.close(child, day, closing, reason)
        del self.residents[child.person.rank]
        self._offer_freed(child.setting, day)

    # Matching on arrival.

    def _choose(self, person: Person, placement: int, kind: int, own: int) -> int:
        """In house if that has room and suits, else the external provider, else the next type."""
        for step, choice in enumerate(self.choices[kind]):
            house, outside = self.kind_settings[choice]
            if house != NOWHERE:
                uniform, _ = draw(self.key, person.key, placement, Purpose.MATCH, step)
                if uniform < self._house_chance(choice, own):
                    return house
            if outside != NOWHERE and (not self.limited[outside] or self._vacant(outside) + (own == outside) > 0):
                return outside
        return self.places.last_resort

    def _house_chance(self, kind: int, own: int) -> float:
        house, outside = self.kind_settings[kind]
        share: float = self.shares[kind]
        if not self.limited[house]:
            return 1.0 if outside == NOWHERE else share
        vacant = self._vacant(house) + (own == house)
        row: list[float] = self.suits[house]
        return row[min(vacant, len(row) - 1)] if vacant > 0 else 0.0

    def _count_choice(self, child: Resident, kind: int, day: int) -> None:
        """Whether the placement just begun is what was asked for."""
        month = self.ledger.month(day)
        house, outside = self.kind_settings[kind]
        if house != NOWHERE and self.limited[house] and child.setting != house:
            self.ledger.turned_away[month][house] += 1
        if self.kind_of[child.setting] != kind:
            child.wanted = kind
            first_choice = house if outside == NOWHERE else outside
            self.ledger.unmet[month][first_choice][child.person.band_on(day)] += 1

    # Waiting lists.

    def _decide_waiting(self, child: Resident, day: int) -> None:
        """Join the waiting list of the place wished for; who is on it already keeps its turn."""
        target, steps_down = self._wish(child, day)
        if target != child.waits_for:
            self._leave_queue(child, day)
            if target != NOWHERE:
                self._count_days(target, day)
                self.queues[target][child.person.rank] = child
        child.waits_for, child.steps_down = target, steps_down

    def _wish(self, child: Resident, day: int) -> tuple[int, bool]:
        """Limited setting that a child waits for, or NOWHERE; and whether that is a step down.

        First comes the type that could not be had, then a step down, then a step across from an
        external provider to the in-house one.
        """
        if child.staying or not self.limited_settings:
            return NOWHERE, False
        first, second = draw(self.key, child.person.key, child.placement, Purpose.WAIT)
        shares = bisect_right(self.wait_days, day) - 1
        if child.wanted != NONE:
            house, outside = self.kind_settings[child.wanted]
            target = outside if house == NOWHERE else house
            if self.limited[target] and first < self.places.wait_unmet:
                return target, False
        setting, down_to = child.setting, self.places.down_to
        if down_to not in (NOWHERE, setting) and self.limited[down_to] and second < self.down[shares][setting]:
            return down_to, True
        house, _ = self.kind_settings[self.kind_of[setting]]
        if house not in (NOWHERE, setting) and self.limited[house] and first < self.across[shares][setting]:
            return house, False
        return NOWHERE, False

    def _leave_queue(self, child: Resident, day: int) -> None:
        if child.waits_for != NOWHERE:
            self._count_days(child.waits_for, day)
            del self.queues[child.waits_for][child.person.rank]
            child.waits_for = NOWHERE

    # Offers of vacant places.

    def _offer_freed(self, setting: int, day: int) -> None:
        if self.limited[setting] and self._vacant(setting) > 0:
            self._offer(setting, 1, day)

    def _offer(self, setting: int, number: int, day: int) -> None:
        """Offer vacant places to those who wait; a place that a taker frees is offered after them."""
        work = deque([(setting, number)])
        while work:
            house, vacancies = work.popleft()
            for _ in range(vacancies):
                # Whoever joins a list that is empty now arrives today, and is offered nothing today.
                if self._vacant(house) <= 0 or not self.queues[house]:
                    break
                freed = self._offer_one(house, day)
                if freed != NOWHERE and self.limited[freed] and self._vacant(freed) > 0:
                    work.append((freed, 1))

    def _offer_one(self, house: int, day: int) -> int:
        """Offer one vacancy once to each who waits, in turn; the setting that its taker leaves, or NOWHERE."""
        number = self.offers_made[house, day] % 2**_OFFER_BITS
        self.offers_made[house, day] += 1
        vacancy = (day - self.world.first_day) << _OFFER_BITS | number
        for child in list(self.queues[house].values()):
            # Whoever turns 18 today leaves care today: one event a day.
            if day - child.start < self.least_wait or day >= child.person.adult:
                continue
            suits, succeeds = draw(self.key, child.person.key, child.placement, Purpose.OFFER, vacancy)
            if suits >= self.one_suits[house]:
                continue
            self._leave_queue(child, day)
            if child.steps_down and succeeds >= self.places.success:
                continue
            return self._step(child, house, day)
        return NOWHERE

    def _step(self, child: Resident, house: int, day: int) -> int:
        """A child moves from the waiting list into a place; the setting it leaves."""
        self.ledger.events += 1
        left = child.setting
        self._rehouse(child, house, day)
        self.ledger.stepped[self.ledger.month(day)][house] += 1
        self.on_step(child)
        self._decide_waiting(child, day)
        return left
