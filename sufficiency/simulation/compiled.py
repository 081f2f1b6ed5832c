"""The compiled engine: a world laid out as arrays for :mod:`~sufficiency.simulation.kernel`, and what comes back.

The arrays hold what :class:`~sufficiency.simulation.world.World` and its parts hold; the kernel reads
nothing else.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, CAUSES, TYPES, Codes
from sufficiency.draws import KeyWords, Words
from sufficiency.history.stock import EVENTS, NONE, REASONS, STAY, STAY_END, Spells
from sufficiency.rates.exposure import cause_clocks
from sufficiency.simulation import kernel
from sufficiency.simulation.counted import Counted, flow_sizes, pack
from sufficiency.simulation.places import Stayers, Tally, Together
from sufficiency.simulation.world import Leavers, Stock, World, kind_settings, steps

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Small = npt.NDArray[np.int32]


class Plan(NamedTuple):
    """A world's tables as the kernel reads them (see :class:`~sufficiency.simulation.world.World`).

    ``shape``, ``rate`` and ``scale`` are those of the hazards, ``causes`` how many causes run on each clock
    of a setting and which; ``waits`` holds the shares who wait to step across and to step down; ``own`` the
    chance that one vacancy suits and the three rates of ending staying put, by setting; ``kinds`` the in-house
    and the other setting of each type and its cascade; ``turned`` numbers by which ages are told, from the day
    before the first; ``kinds_at`` and ``kind_codes`` where flows are counted and how they are packed.
    """

    shape: Floats
    rate: Floats
    scale: Floats
    clocks: Bools
    causes: Ints
    factors: Floats
    factor_days: Ints
    re_entry: Floats
    first_types: Floats
    shares: Floats
    kinds: Ints
    change_day: Ints
    change_setting: Ints
    change_usable: Ints
    suits: Floats
    own: Floats
    wait_day: Ints
    waits: Floats
    stay_day: Ints
    uptake: Floats
    real: Floats
    month_of: Ints
    month_start: Ints
    turned: Small
    kinds_at: Ints
    kind_codes: Ints


class State(NamedTuple):
    """What changes as a run goes on, and what has been counted; rows and columns are named in the kernel.

    ``known`` and ``new`` hold who takes part; ``key``, ``second``, ``child`` and ``small`` are one table with a
    line for each child, read as words of 8, 8, 4 and 2 bytes; ``due`` is the end of each day's list in
    ``chunks``; ``today`` and ``digits`` serve to sort it; ``hazards`` those met so far, and ``totals`` their
    sums by clock (below 0 until they are met); ``tallied`` the flows of a month where ``seen``.
    """

    n: Ints
    known: Ints
    new: Ints
    key: Words
    second: Floats
    child: Small
    small: npt.NDArray[np.int16]
    place: Ints
    due: Small
    chunks: Small
    today: Ints
    digits: Ints
    work: Ints
    hazards: Floats
    totals: Floats
    lanes: Floats
    present: Ints
    part: Ints
    seen: npt.NDArray[np.int8]
    tallied: Small
    flows: Ints
    times: Small
    rows: Ints
    days: Ints
    unmet: Ints


@dataclass(frozen=True, eq=False)
class Layout:
    """What the replications of one authority share: the codes' own tables and the calendar."""

    clocks: Bools
    causes: Ints
    providers: Ints
    place: Ints
    month_of: Ints
    month_start: Ints
    turned: Small
    kinds_at: Ints
    kind_codes: Ints
    month_codes: int
    names: int

    def __repr__(self) -> str:
        return f"Layout({len(self.month_start) - 1} months)"


@lru_cache(maxsize=8)
def layout(codes: Codes, first: int, last: int) -> Layout:
    """The layout of some codes and days, both included."""
    starts, clocks = dates.month_edges(first, last), cause_clocks(codes)
    place = np.zeros((len(codes.in_care), kernel.PLACE_COLUMNS), dtype=np.int64)
    place[:, kernel.TYPE] = [TYPES.index(codes.type_of(name)) for name in codes.in_care]
    place[:, kernel.REPORT] = [codes.all_settings.index(name) for name in codes.in_care]
    place[:, kernel.AFTER_18] = codes.after_18
    causes = np.zeros((*clocks.shape[:1], 2, 1 + 2 * len(CAUSES)), dtype=np.int64)
    for setting, clock in np.ndindex(causes.shape[:2]):
        own = np.flatnonzero(clocks[setting] == (clock == kernel.ON_PLACEMENT))
        causes[setting, clock, : len(own) + 1] = (len(own), *own)
    # The day before the first and the day after the last are asked for too.
    days = np.arange(first - 1, last + 2)
    year = np.searchsorted(kernel.YEAR_BEGINS, days, side="right") - 1
    turned = year << kernel.YEAR_SHIFT | days - kernel.YEAR_BEGINS[year]
    kinds_at, kind_codes = _flow_kinds(codes)
    return Layout(
        clocks=clocks,
        causes=causes,
        providers=np.array(kind_settings(codes), dtype=np.int64),
        place=place,
        # One day more than the horizon: its end falls in a month of its own, or in the last.
        month_of=np.searchsorted(starts, np.arange(first, last + 2), side="right") - 1,
        month_start=starts,
        turned=turned.astype(np.int32),
        kinds_at=kinds_at,
        kind_codes=kind_codes,
        month_codes=math.prod(flow_sizes(len(codes.all_settings))[:4]),
        names=len(codes.all_settings),
    )


def _flow_kinds(codes: Codes) -> tuple[Ints, Ints]:
    """Which flows there are, age and UASC apart, in the order of their packed numbers.

    Returns
    -------
    For each event, where its kinds begin and the steps by source, target and reason; for each kind, its
    packed number without month, age band and UASC.
    """
    names, reasons = np.arange(len(codes.all_settings)), np.arange(len(REASONS))
    after = np.full(len(names), NONE)
    after[[codes.all_settings.index(name) for name in codes.in_care]] = codes.after_18
    # By event: source, target and reason of its kinds as arrays that go together, and the steps.
    left, right = (axis.ravel() for axis in np.meshgrid(names, names, indexing="ij"))
    held, why = (axis.ravel() for axis in np.meshgrid(names, reasons, indexing="ij"))
    none = np.full(len(names), NONE)
    told = {
        "entry": ((none, names, none), (0, 1, 0)),
        "re_entry": ((none, names, none), (0, 1, 0)),
        "move": ((left, right, np.full(len(left), NONE)), (len(names), 1, 0)),
        "exit": ((held, np.full(len(held), NONE), why), (len(reasons), 0, 1)),
        STAY: ((names, after, none), (1, 0, 0)),
        STAY_END: ((names, none, none), (1, 0, 0)),
    }
    rows, packed, begins = [], [], 0
    for event, name in enumerate(EVENTS):
        (source, target, reason), steps_by = told[name]
        parts = (np.full(len(source), event), source + 1, target + 1, reason + 1)
        packed.append(pack(parts, flow_sizes(len(names))[1:4]))
        rows.append((begins, *steps_by))
        begins += len(source)
    return np.array(rows, dtype=np.int64), np.concatenate(packed)


def plan_of(world: World, shared: Layout) -> Plan:
    """A world's tables, laid out for the kernel."""
    places, given = world.places, world.places.together
    factors, factor_days = _NO_FACTORS if world.multipliers is None else steps(world.multipliers, world.first_day)
    return Plan(
        shape=world.hazards.posterior.shape,
        rate=world.hazards.posterior.rate,
        scale=world.hazards.scale,
        clocks=shared.clocks,
        causes=shared.causes,
        factors=factors,
        factor_days=factor_days,
        re_entry=world.re_entry,
        first_types=world.first_types,
        shares=world.in_house_share,
        kinds=_kinds(shared, given),
        change_day=places.change_day,
        change_setting=places.change_setting,
        change_usable=places.change_usable,
        suits=places.suits,
        own=given.own,
        wait_day=places.wait_day,
        waits=given.waits,
        stay_day=places.stay_day,
        uptake=places.uptake,
        real=given.real,
        month_of=shared.month_of,
        month_start=shared.month_start,
        turned=shared.turned,
        kinds_at=shared.kinds_at,
        kind_codes=shared.kind_codes,
    )


_NO_FACTORS = np.zeros((1, 1, 1, 1)), np.zeros(0, dtype=np.int64)


@lru_cache(maxsize=8)
def _kinds(shared: Layout, given: Together) -> Ints:
    return np.column_stack([shared.providers, given.cascade])


@lru_cache(maxsize=8)
def known_people(stock: Stock, left: Leavers, stays: Stayers, before: int) -> Ints:
    """Everyone known at the origin, in order of rank: shape (kernel.KNOWN_ROWS, people)."""
    groups: tuple[Stock | Leavers | Stayers, ...] = (stock, left, stays)
    told: tuple[dict[int, npt.NDArray[Any] | int], ...] = (
        {kernel.SETTING: stock.setting, kernel.BEGUN: stock.placement_start, kernel.FIRST_CARE: stock.care_start},
        {kernel.BEGUN: left.exit_day, kernel.FIRST_CARE: left.exit_day, kernel.HOME: ~left.home},
        {kernel.SETTING: stays.setting, kernel.BEGUN: before, kernel.FIRST_CARE: before},
    )
    table = np.zeros((kernel.KNOWN_ROWS, sum(len(group.key) for group in groups)), dtype=np.int64)
    end = 0
    for group, own in zip(groups, told, strict=True):
        part = table[:, end : end + len(group.key)]
        end += len(group.key)
        part[kernel.KEY], part[kernel.DOB], part[kernel.ASYLUM] = group.key.view(np.int64), group.dob, group.uasc
        for row, values in own.items():
            part[row] = values
    return table


def _numbers(world: World, shared: Layout, key: KeyWords, people: int) -> Ints:
    places, drawn = world.places, world.hazards.key
    table = np.zeros(kernel.NUMBERS, dtype=np.int64)
    table[kernel.FIRST], table[kernel.END] = world.first_day, world.first_day + world.days
    table[kernel.DOWN_TO], table[kernel.LAST_RESORT] = places.down_to, places.last_resort
    table[kernel.AFTER_DAYS], table[kernel.SCALED] = places.after_days, world.multipliers is not None
    table[kernel.KEY_0], table[kernel.KEY_1] = key
    table[kernel.STOCK], table[kernel.LEAVERS] = len(world.stock.key), len(world.leavers.key)
    table[kernel.DRAWN] = drawn is not None
    table[kernel.HAZARD_KEY_0], table[kernel.HAZARD_KEY_1] = drawn or (0, 0)
    table[kernel.RANK_BITS], table[kernel.MONTH_CODES] = people.bit_length(), shared.month_codes
    return table


class _Scratch:
    """Arrays in which a run works and no result lies: a thread uses them for one replication after another.

    To get and give back half a megabyte takes longer than a tenth of a small replication.
    """

    def __init__(self, shared: Layout, cells: tuple[int, ...], people: int, room: int) -> None:
        self.shared, self.cells, self.people, self.room = shared, cells, people, room
        kinds, days = len(shared.kind_codes), len(shared.month_of) - 1
        self.lines = np.empty((people, kernel.LINE // 8))
        words: tuple[npt.DTypeLike, ...] = (np.uint64, np.float64, np.int32, np.int16)
        self.views: tuple[npt.NDArray[Any], ...] = tuple(self.lines.view(word) for word in words)
        chunks = np.empty(((people // 8 + days + 64) * room, kernel.CHUNK), dtype=np.int32)
        # Each free one leads to the next.
        self.following = np.append(np.arange(1, len(chunks), dtype=np.int32), np.int32(NONE))
        # As many flows as there can be, but no more than a busy life of each child makes.
        flows = min(len(shared.month_start) * kinds * kernel.SIDES, (people + 64) * 8 * room)
        self.arrays: dict[str, npt.NDArray[Any]] = {
            "due": np.empty((days, 2), dtype=np.int32),
            "chunks": chunks,
            "today": np.empty((2, people), dtype=np.int64),
            "digits": np.empty(1 << kernel.DIGIT, dtype=np.int64),
            "work": np.empty((people + 2, 2), dtype=np.int64),
            "hazards": np.empty(cells),
            "totals": np.empty((2, *cells[:4])),
            "lanes": np.empty((kernel.LANE_ROWS, kernel.LANES)),
            "seen": np.empty(kinds, dtype=np.int8),
            "tallied": np.empty((kinds, kernel.SIDES), dtype=np.int32),
            "flows": np.empty(flows, dtype=np.int64),
            "times": np.empty(flows, dtype=np.int32),
        }

    def __repr__(self) -> str:
        return f"_Scratch(room for {self.people:,})"

    def fits(self, shared: Layout, cells: tuple[int, ...], people: int, room: int) -> bool:
        """Whether a run of so many people can work here."""
        return (self.shared, self.cells, self.room) == (shared, cells, room) and self.people >= people

    def cleared(self, people: int) -> dict[str, npt.NDArray[Any]]:
        """The arrays as a run wants to find them."""
        self.lines[:people] = 0.0
        self.arrays["chunks"][:, 0] = self.following
        for name in ("due", "seen", "tallied"):
            self.arrays[name][:] = 0
        self.arrays["totals"][:] = -1.0
        children = zip(("key", "second", "child", "small"), self.views, strict=True)
        return self.arrays | {name: view[:people] for name, view in children}


_OF_THREAD = threading.local()
#: Above so many people nothing is held on to.
_MOST_HELD = 20_000


def _scratch(shared: Layout, cells: tuple[int, ...], people: int, room: int) -> _Scratch:
    held: _Scratch | None = getattr(_OF_THREAD, "scratch", None)
    if held is not None and held.fits(shared, cells, people, room):
        return held
    # A little more, because the next replication may have more entrants.
    made = _Scratch(shared, cells, people + people // 8, room)
    _OF_THREAD.scratch = made if made.people <= _MOST_HELD else None
    return made


def _state(world: World, shared: Layout, key: KeyWords, *, keep: bool, room: int) -> State:
    known = known_people(world.stock, world.leavers, world.stayers, world.first_day - 1)
    new, months, cells = world.entrants.table, len(shared.month_start), shared.names * len(AGE_BANDS) * 2
    people, settings = known.shape[1] + new.shape[1], len(shared.place)
    place = shared.place.copy()
    place[:, kernel.LIMITED] = world.places.limited
    return State(
        n=_numbers(world, shared, key, people),
        known=known,
        new=new,
        place=place,
        present=np.zeros((months, cells), dtype=np.int64),
        part=np.zeros((months, cells), dtype=np.int64),
        rows=np.empty(((people + 64) * 8 * room if keep else 0, 9), dtype=np.int64),
        days=np.zeros((kernel.DAY_TABLES, months - 1, settings), dtype=np.int64),
        unmet=np.zeros((months - 1, settings, len(AGE_BANDS) - 1), dtype=np.int64),
        **_scratch(shared, world.hazards.posterior.shape.shape, people, room).cleared(people),
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
    room = 1
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
        packed=state.flows[: state.n[kernel.FLOWS]].copy(),
        times=state.times[: state.n[kernel.FLOWS]].copy(),
        tally=_tally(state),
        spells=_spells(state, state.rows[: state.n[kernel.ROWS]]) if keep else None,
    )


def _tally(state: State) -> Tally:
    held, vacant, full, waiting, turned_away, stepped = state.days
    return Tally(held, vacant, full, waiting, state.unmet, turned_away, stepped, int(state.n[kernel.DONE]))


def _spells(state: State, rows: Ints) -> Spells:
    ordered = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    rank, _, setting, start, end, opening, closing, reason, care_start = ordered.T.copy()
    dob = np.concatenate([state.known[kernel.DOB], state.new[kernel.NEW_DOB]])[rank]
    alone = np.concatenate([state.known[kernel.ASYLUM], state.new[kernel.NEW_ASYLUM]])[rank].astype(bool)
    return Spells(rank, setting, start, end, dob, alone, opening, closing, reason, care_start)
