"""The compiled engine: a world laid out as arrays for :mod:`~sufficiency.simulation.kernel`, and what comes back.

The arrays hold what :class:`~sufficiency.simulation.world.World` and its parts hold; the kernel reads
nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, TYPES, Codes
from sufficiency.draws import KeyWords
from sufficiency.history.stock import NONE, Spells
from sufficiency.rates.exposure import cause_clocks
from sufficiency.simulation import kernel
from sufficiency.simulation.counted import Counted
from sufficiency.simulation.places import Stayers, Tally
from sufficiency.simulation.world import Entrants, Leavers, Stock, World, kind_settings, steps

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Small = npt.NDArray[np.int32]


class Plan(NamedTuple):
    """A world's tables as the kernel reads them (see :class:`~sufficiency.simulation.world.World`).

    ``shape``, ``rate`` and ``scale`` are those of the hazards; ``waits`` holds the shares who wait to step
    across and to step down; ``own`` the chance that one vacancy suits and the three rates of ending staying
    put, by setting; ``kinds`` the in-house and the other setting of each type and its cascade; ``changes``
    day, setting and usable places.
    """

    shape: Floats
    rate: Floats
    scale: Floats
    clocks: Bools
    factors: Floats
    factor_days: Ints
    re_entry: Floats
    first_types: Floats
    shares: Floats
    kinds: Ints
    changes: Ints
    suits: Floats
    own: Floats
    wait_day: Ints
    waits: Floats
    stay_day: Ints
    uptake: Floats
    real: Floats
    month_of: Ints
    month_start: Ints


class State(NamedTuple):
    """What changes as a run goes on, and what has been counted; rows and columns are named in the kernel.

    ``given`` holds who takes part, ``second`` the uniform that will decide the cause of a child's next
    event; ``due`` the first child of each day's list and ``link`` its next and prior of each child;
    ``hazards`` those met so far, and ``totals`` their sums by clock (below 0 until they are met).
    """

    n: Ints
    given: Ints
    child: Small
    second: Floats
    place: Ints
    due: Small
    link: Small
    heap: Ints
    work: Ints
    by_day: Ints
    arrivals: Ints
    hazards: Floats
    totals: Floats
    present: Ints
    part: Ints
    flows: Ints
    rows: Ints
    days: Ints
    unmet: Ints


@dataclass(frozen=True)
class Layout:
    """What the replications of one authority share: the codes' own tables and the calendar."""

    clocks: Bools
    providers: Ints
    place: Ints
    month_of: Ints
    month_start: Ints
    names: int


@lru_cache(maxsize=8)
def layout(codes: Codes, first: int, last: int) -> Layout:
    """The layout of some codes and days, both included."""
    starts = dates.month_edges(first, last)
    place = np.zeros((len(codes.in_care), kernel.PLACE_COLUMNS), dtype=np.int64)
    place[:, kernel.TYPE] = [TYPES.index(codes.type_of(name)) for name in codes.in_care]
    place[:, kernel.REPORT] = [codes.all_settings.index(name) for name in codes.in_care]
    place[:, kernel.AFTER_18] = codes.after_18
    return Layout(
        clocks=cause_clocks(codes),
        providers=np.array(kind_settings(codes), dtype=np.int64),
        place=place,
        # One day more than the horizon: its end falls in a month of its own, or in the last.
        month_of=np.searchsorted(starts, np.arange(first, last + 2), side="right") - 1,
        month_start=starts,
        names=len(codes.all_settings),
    )


def plan_of(world: World, shared: Layout) -> Plan:
    """A world's tables, laid out for the kernel."""
    places = world.places
    factors, factor_days = np.zeros((1, 1, 1, 1)), np.zeros(0, dtype=np.int64)
    if world.multipliers is not None:
        factors, factor_days = steps(world.multipliers, world.first_day)
    return Plan(
        shape=world.hazards.posterior.shape,
        rate=world.hazards.posterior.rate,
        scale=world.hazards.scale,
        clocks=shared.clocks,
        factors=factors,
        factor_days=factor_days,
        re_entry=world.re_entry,
        first_types=world.first_types,
        shares=world.in_house_share,
        kinds=np.column_stack([shared.providers, places.cascade]),
        changes=np.column_stack([places.change_day, places.change_setting, places.change_usable]),
        suits=places.suits,
        own=np.column_stack([places.one_suits, places.stay_hazard]),
        wait_day=places.wait_day,
        waits=np.stack([places.across, places.down]),
        stay_day=places.stay_day,
        uptake=places.uptake,
        real=np.array([places.success, places.wait_unmet]),
        month_of=shared.month_of,
        month_start=shared.month_start,
    )


def people_of(world: World) -> Ints:
    """Everyone in a run, in order of rank: who takes part, shape (kernel.GIVEN_ROWS, people)."""
    stock, left, stays, new = world.stock, world.leavers, world.stayers, world.entrants
    groups: tuple[Stock | Leavers | Stayers | Entrants, ...] = (stock, left, stays, new)
    sizes = [len(group.key) for group in groups]
    table = np.zeros((kernel.GIVEN_ROWS, sum(sizes)), dtype=np.int64)
    ends = np.cumsum(sizes).tolist()
    before = world.first_day - 1
    told: tuple[dict[int, npt.NDArray[Any] | int], ...] = (
        {kernel.SETTING: stock.setting, kernel.BEGUN: stock.placement_start, kernel.FIRST_CARE: stock.care_start},
        {kernel.BEGUN: left.exit_day, kernel.FIRST_CARE: left.exit_day, kernel.HOME: ~left.home},
        {kernel.SETTING: stays.setting, kernel.BEGUN: before, kernel.FIRST_CARE: before},
        {kernel.BEGUN: new.day, kernel.KIND: new.kind},
    )
    for group, own, size, end in zip(groups, told, sizes, ends, strict=True):
        part = table[:, end - size : end]
        part[kernel.KEY], part[kernel.DOB], part[kernel.ASYLUM] = group.key.view(np.int64), group.dob, group.uasc
        for row, values in own.items():
            part[row] = values
    return table


def _numbers(world: World, shared: Layout, key: KeyWords) -> Ints:
    places, hazards, groups = world.places, world.hazards, (world.stock, world.leavers, world.stayers)
    drawn = hazards.key or (0, 0)
    throughout = {
        kernel.FIRST: world.first_day,
        kernel.END: world.last_day + 1,
        kernel.DOWN_TO: places.down_to,
        kernel.LAST_RESORT: places.last_resort,
        kernel.AFTER_DAYS: places.after_days,
        kernel.SCALED: int(world.multipliers is not None),
        kernel.NAMES: shared.names,
        kernel.KEY_0: key[0],
        kernel.KEY_1: key[1],
        kernel.STOCK: len(groups[0].key),
        kernel.LEAVERS: len(groups[1].key),
        kernel.STAYERS: len(groups[2].key),
        kernel.DRAWN: int(hazards.key is not None),
        kernel.HAZARD_KEY_0: drawn[0],
        kernel.HAZARD_KEY_1: drawn[1],
    }
    table = np.zeros(kernel.NUMBERS, dtype=np.int64)
    table[list(throughout)] = list(throughout.values())
    return table


def _state(world: World, shared: Layout, key: KeyWords, *, keep: bool, room: int) -> State:
    given = people_of(world)
    people, months, cells = given.shape[1], len(shared.month_start), shared.names * len(AGE_BANDS) * 2
    settings = len(shared.place)
    place = shared.place.copy()
    place[:, kernel.LIMITED] = world.places.limited

    def ints(*shape: int) -> Ints:
        return np.zeros(shape, dtype=np.int64)

    return State(
        n=_numbers(world, shared, key),
        given=given,
        child=np.zeros((people, kernel.CHILD_COLUMNS), dtype=np.int32),
        second=np.empty(people),
        place=place,
        due=np.full(world.days, NONE, dtype=np.int32),
        link=np.empty((people, 2), dtype=np.int32),
        heap=ints(people),
        work=ints(people + 2, 2),
        by_day=ints(world.days + 1),
        arrivals=ints(people),
        hazards=np.empty(world.hazards.posterior.shape.shape),
        totals=np.full((2, *world.hazards.posterior.shape.shape[:4]), -1.0),
        present=ints(months, cells),
        part=ints(months, cells),
        flows=ints(room * 8),
        rows=ints(room * 8 if keep else 0, 9),
        days=ints(kernel.DAY_TABLES, months - 1, settings),
        unmet=ints(months - 1, settings, len(AGE_BANDS) - 1),
    )


def simulate_compiled(world: World, key: KeyWords, *, keep: bool = True) -> Counted:
    """Run one replication of a world.

    Parameters
    ----------
    keep
        Whether to keep every placement.
    """
    shared = layout(world.codes, world.first_day, world.last_day)
    plan = plan_of(world, shared)
    room = sum(len(group.key) for group in (world.stock, world.leavers, world.stayers, world.entrants)) + 64
    while True:
        state = _state(world, shared, key, keep=keep, room=room)
        kernel.run(plan, state)
        if not state.n[kernel.FULL]:
            break
        room *= 2
    shape = (len(shared.month_start) - 1, shared.names, len(AGE_BANDS), 2)
    return Counted(
        stock=state.present[:-1].reshape(shape),
        child_days=state.part[:-1].reshape(shape),
        flows=np.sort(state.flows[: state.n[kernel.FLOWS]]),
        tally=_tally(state),
        spells=_spells(state.given, state.rows[: state.n[kernel.ROWS]]) if keep else None,
    )


def _tally(state: State) -> Tally:
    held, vacant, full, waiting, turned_away, stepped = state.days
    return Tally(held, vacant, full, waiting, state.unmet, turned_away, stepped, int(state.n[kernel.DONE]))


def _spells(people: Ints, rows: Ints) -> Spells:
    ordered = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    rank, _, setting, start, end, opening, closing, reason, care_start = ordered.T.copy()
    born, alone = people[kernel.DOB, rank], people[kernel.ASYLUM, rank].astype(bool)
    return Spells(rank, setting, start, end, born, alone, opening, closing, reason, care_start)
