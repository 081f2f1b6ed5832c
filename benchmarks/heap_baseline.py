"""The model without limited places as a plain event loop over a heap: what a careful hour of Python gives.

It reads the same world, takes the same draws (in bulk, by NumPy, for the first placements of every child)
and hands its log to the same accounting, so that its stock, flows and child-days are those of both engines.
It knows no limited places, no waiting lists, no staying put and no scenario.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from heapq import heappop, heappush

import numpy as np

from sufficiency import dates
from sufficiency.codes import CAUSES, DURATION_EDGES, EXIT_REASONS, HAZARD_AGE_EDGES, REPORTED_AGE, TYPES
from sufficiency.draws import KeyWords, Purpose, draw, draws, pick
from sufficiency.history.stock import CLOSINGS, NONE, OPENINGS, REASONS, Spells
from sufficiency.rates.exposure import cause_clocks
from sufficiency.rates.openings import RE_ENTRY_AGE_EDGES, RE_ENTRY_TIME_EDGES
from sufficiency.simulation.counted import Counted, counted
from sufficiency.simulation.places import Tally
from sufficiency.simulation.world import World, kind_settings

_ENTRY, _RE_ENTRY, _MOVE = (OPENINGS.index(name) for name in ("entry", "re_entry", "move"))
_MOVED, _EXITED = (CLOSINGS.index(name) for name in ("move", "exit"))
_AGED_OUT, _HOME = REASONS.index("aged_out"), EXIT_REASONS.index("returned_home")
_SERVED = tuple(DURATION_EDGES[1:])
_CHILD, _ENTERS = 1, 2
#: Placements of every child whose draws are made in bulk.
_BULK = 4


class Luck:
    """Draws of every child, in bulk for the first placements and one by one after."""

    def __init__(self, key: KeyWords, keys: np.ndarray, purpose: Purpose) -> None:
        self.key, self.keys, self.purpose = key, keys.tolist(), purpose
        both = [draws(key, keys, number, purpose) for number in range(_BULK)]
        self.bulk = [(first.tolist(), second.tolist()) for first, second in both]

    def __call__(self, rank: int, number: int) -> tuple[float, float]:
        """Two uniforms of a child's placement."""
        if number < _BULK:
            first, second = self.bulk[number]
            return first[rank], second[rank]
        return draw(self.key, self.keys[rank], number, self.purpose)


class Loop:
    """One replication."""

    def __init__(self, world: World, key: KeyWords) -> None:
        self.world, self.key = world, key
        self.end = world.last_day + 1
        groups = (world.stock, world.leavers, world.entrants)
        keys, dob, uasc = (
            np.concatenate([getattr(group, name) for group in groups]) for name in ("key", "dob", "uasc")
        )
        self.dob, self.uasc, self.keys = dob, uasc, keys
        self.side = uasc.astype(int).tolist()
        self.birthdays = dates.birthday(dob[:, None], HAZARD_AGE_EDGES[1:]).tolist()
        self.adult = dates.birthday(dob, dates.ADULT).tolist()
        self.returns = dates.birthday(dob[:, None], RE_ENTRY_AGE_EDGES[1:]).tolist()
        self.luck, self.match = Luck(key, keys, Purpose.EVENT), Luck(key, keys, Purpose.MATCH)
        self.back = Luck(key, keys, Purpose.RE_ENTRY)
        self._tables()
        count = len(keys)
        self.number, self.setting, self.start, self.care, self.opening = ([0] * count for _ in range(5))
        self.inside = [False] * count
        self.heap: list[tuple[int, int, int]] = []
        self.rows: list[tuple[int, ...]] = []
        self.events = 0

    def _tables(self) -> None:
        world, clocks = self.world, cause_clocks(self.world.codes)
        table = world.hazards.table
        on_placement, on_care = np.zeros(table.shape[:-1]), np.zeros(table.shape[:-1])
        for cause in range(len(CAUSES)):
            on = clocks[:, cause, None, None, None]
            on_placement = on_placement + table[..., cause] * on
            on_care = on_care + table[..., cause] * ~on
        self.on_placement, self.on_care = on_placement.tolist(), on_care.tolist()
        self.clocks, self.hazards, self.re_entry = clocks.tolist(), table.tolist(), world.re_entry.tolist()
        self.kinds, self.shares = kind_settings(world.codes), world.in_house_share.tolist()
        self.first_types = world.first_types.tolist()

    def run(self) -> Counted:
        """All events in order of day, class and child."""
        self._open()
        heap = self.heap
        while heap:
            day, order, rank = heappop(heap)
            self.events += 1
            if order == _CHILD:
                self._happen(rank, day)
            elif rank in self.kind_of:
                self._enter(rank, day, self.kind_of.pop(rank), _ENTRY)
            else:
                self._enter(rank, day, self._first_type(rank, day), _RE_ENTRY)
        return self._finish()

    def _open(self) -> None:
        world, before = self.world, self.world.first_day - 1
        stock, left, new = world.stock, world.leavers, world.entrants
        columns = zip(stock.setting.tolist(), stock.placement_start.tolist(), stock.care_start.tolist(), strict=True)
        for rank, (setting, start, care) in enumerate(columns):
            self.setting[rank], self.start[rank], self.care[rank], self.opening[rank] = setting, start, care, _MOVE
            self.inside[rank] = True
            self._head_for(rank, before)
        for rank, (day, home) in enumerate(
            zip(left.exit_day.tolist(), left.home.tolist(), strict=True), len(stock.key)
        ):
            self._away(rank, day, before, home=home)
        base = len(stock.key) + len(left.key)
        self.kind_of = dict(enumerate(new.kind.tolist(), base))
        for rank, day in enumerate(new.day.tolist(), base):
            if world.first_day <= day < self.end:
                heappush(self.heap, (day, _ENTERS, rank))

    def _head_for(self, rank: int, now: int) -> None:
        first, _ = self.luck(rank, self.number[rank])
        day = self._event_day(rank, now, -math.log(1.0 - first))
        if day < self.end:
            heappush(self.heap, (day, _CHILD, rank))

    def _event_day(self, rank: int, now: int, threshold: float) -> int:
        setting, start, care, side = self.setting[rank], self.start[rank], self.care[rank], self.side[rank]
        on_placement, on_care, birthdays = self.on_placement[setting], self.on_care[setting], self.birthdays[rank]
        end = min(self.adult[rank], self.end)
        age, placed = bisect_right(birthdays, now), bisect_right(_SERVED, now - start)
        cared, gathered, day = bisect_right(_SERVED, now - care), 0.0, now
        ages, bands = len(birthdays), len(_SERVED)
        while day < end:
            stop = end
            if age < ages and birthdays[age] < stop:
                stop = birthdays[age]
            if placed < bands and start + _SERVED[placed] < stop:
                stop = start + _SERVED[placed]
            if cared < bands and care + _SERVED[cared] < stop:
                stop = care + _SERVED[cared]
            hazard = on_placement[age][placed][side] + on_care[age][cared][side]
            reached = gathered + hazard * (stop - day)
            if hazard > 0.0 and reached >= threshold:
                return min(day + max(math.ceil((threshold - gathered) / hazard), 1), stop)
            gathered, day = reached, stop
            if age < ages and birthdays[age] <= day:
                age += 1
            if placed < bands and start + _SERVED[placed] <= day:
                placed += 1
            if cared < bands and care + _SERVED[cared] <= day:
                cared += 1
        return end

    def _happen(self, rank: int, day: int) -> None:
        if day >= self.adult[rank]:
            self._close(rank, day, _EXITED, _AGED_OUT)
            return
        _, second = self.luck(rank, self.number[rank])
        cause = self._cause(rank, day - 1, second)
        if cause < len(TYPES):
            self._close(rank, day, _MOVED, NONE)
            self._arrive(rank, day, cause, _MOVE)
            return
        reason = cause - len(TYPES)
        self._close(rank, day, _EXITED, reason)
        self._away(rank, day, day, home=reason == _HOME)

    def _cause(self, rank: int, day: int, uniform: float) -> int:
        setting, side = self.setting[rank], self.side[rank]
        rates = self.hazards[setting][bisect_right(self.birthdays[rank], day)]
        placed = rates[bisect_right(_SERVED, day - self.start[rank])][side]
        cared = rates[bisect_right(_SERVED, day - self.care[rank])][side]
        each = [p if on else c for p, c, on in zip(placed, cared, self.clocks[setting], strict=True)]
        return pick(uniform, each)

    def _enter(self, rank: int, day: int, kind: int, opening: int) -> None:
        self.care[rank], self.inside[rank] = day, True
        self._arrive(rank, day, kind, opening)

    def _arrive(self, rank: int, day: int, kind: int, opening: int) -> None:
        house, outside = self.kinds[kind]
        taken = outside
        if house >= 0 and (outside < 0 or self.match(rank, self.number[rank])[0] < self.shares[kind]):
            taken = house
        self.setting[rank], self.start[rank], self.opening[rank] = taken, day, opening
        self._head_for(rank, day)

    def _first_type(self, rank: int, day: int) -> int:
        uniform, _ = draw(self.key, int(self.keys[rank]), self.number[rank], Purpose.FIRST_TYPE)
        band = REPORTED_AGE[bisect_right(self.birthdays[rank], day)]
        chances, gathered = self.first_types[band][self.side[rank]], 0.0
        for kind, chance in enumerate(chances):
            gathered += chance
            if uniform < gathered:
                return kind
        return max(kind for kind, chance in enumerate(chances) if chance > 0)

    def _away(self, rank: int, left: int, now: int, *, home: bool) -> None:
        table, limit = self.re_entry[0 if home else 1], min(self.adult[rank], self.end)
        first, _ = self.back(rank, self.number[rank])
        threshold, gathered, day = -math.log(1.0 - first), 0.0, now
        while day < limit:
            age, away = bisect_right(self.returns[rank], day), bisect_right(RE_ENTRY_TIME_EDGES, day - left)
            edges = (
                *self.returns[rank][age : age + 1],
                *(left + edge for edge in RE_ENTRY_TIME_EDGES[away : away + 1]),
            )
            stop, hazard = min(limit, *edges) if edges else limit, table[age][away - 1]
            reached = gathered + hazard * (stop - day)
            if hazard > 0.0 and reached >= threshold:
                day = min(day + max(math.ceil((threshold - gathered) / hazard), 1), stop)
                break
            gathered, day = reached, stop
        if day < limit:
            heappush(self.heap, (day, _ENTERS, rank))

    def _close(self, rank: int, day: int, closing: int, reason: int) -> None:
        number = self.number[rank]
        row = (rank, number, self.setting[rank], self.start[rank], day, self.opening[rank], closing, reason)
        self.rows.append((*row, self.care[rank]))
        self.number[rank], self.inside[rank] = number + 1, closing == _MOVED

    def _finish(self) -> Counted:
        world = self.world
        for rank in np.flatnonzero(self.inside).tolist():
            self._close(rank, int(dates.OPEN), NONE, NONE)
        table = np.array(sorted(self.rows), dtype=np.int64).reshape(-1, 9)
        rank, _, setting, start, end, opening, closing, reason, care = table.T
        names = np.array([world.codes.all_settings.index(name) for name in world.codes.in_care])
        born, alone = self.dob[rank], self.uasc[rank].astype(bool)
        given = Spells(rank, names[setting], start, end, born, alone, opening, closing, reason, care)
        none = np.zeros((1, len(names)), dtype=np.int64)
        tally = Tally(none, none, none, none, none, none, none, self.events)
        return counted(given, tally, (world.first_day, world.last_day), world.codes)


def simulate_heap(world: World, key: KeyWords) -> Counted:
    """One replication of a world without limited places, staying put or a scenario."""
    places = world.places
    if places.limited.any() or len(world.stayers.key) or places.uptake.any() or world.multipliers is not None:
        msg = "the plain loop knows no limited places, no staying put and no scenario"
        raise ValueError(msg)
    return Loop(world, key).run()
