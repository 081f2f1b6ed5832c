"""A third accounting of places and children, apart from both engines: from the log and the world alone.

Plain loops over children and days; slow, and easy to believe.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, AGE_EDGES
from sufficiency.history.stock import CLOSINGS, NONE, OPENINGS, REASONS, Spells, child_days, stock_at
from sufficiency.simulation import World
from sufficiency.simulation.register import Simulated

Ints = npt.NDArray[np.int64]
ENTRY, RE_ENTRY, MOVE, STAY = (OPENINGS.index(name) for name in ("entry", "re_entry", "move", "stay_put"))
MOVED, EXITED, STAY_ENDED = (CLOSINGS.index(name) for name in ("move", "exit", "stay_put_end"))
AGED_OUT = REASONS.index("aged_out")
OPEN = int(dates.OPEN)


@dataclass(frozen=True)
class Row:
    """One placement of the log; ``holds`` is the setting in care whose place it takes up."""

    child: int
    setting: int
    start: int
    end: int
    dob: int
    uasc: bool
    opening: int
    closing: int
    reason: int
    care_start: int
    holds: int


def rows_of(world: World, spells: Spells) -> list[Row]:
    """The log, row by row; who stays put holds the place of the placement before it."""
    first_stayer = len(world.stock.key) + len(world.leavers.key)
    in_care = [world.codes.all_settings.index(name) for name in world.codes.in_care]
    columns = zip(*(getattr(spells, name).tolist() for name in Spells.__dataclass_fields__), strict=True)
    rows: list[Row] = []
    for child, setting, *others in columns:
        if setting in in_care:
            holds = in_care.index(setting)
        elif rows and rows[-1].child == child:
            holds = rows[-1].holds
        else:
            holds = int(world.stayers.setting[child - first_stayer])
        rows.append(Row(*(child, setting, *others, holds)))
    return rows


def held_and_usable(world: World, rows: list[Row]) -> tuple[Ints, Ints]:
    """Places held and usable at the end of every day: each of shape (days, settings in care)."""
    settings = len(world.codes.in_care)
    held, usable = (np.zeros((world.days, settings), dtype=np.int64) for _ in range(2))
    for row in rows:
        begin = max(row.start - world.first_day, 0)
        held[begin : max(min(row.end, world.last_day + 1) - world.first_day, 0), row.holds] += 1
    changes = (world.places.change_day, world.places.change_setting, world.places.change_usable)
    for day, setting, places in zip(*(column.tolist() for column in changes), strict=True):
        if day <= world.last_day:
            usable[day - world.first_day :, setting] = places
    return held, usable


def audit(world: World, given: Simulated) -> None:
    """Everything below, of one replication."""
    rows = rows_of(world, given.spells)
    check_journeys(world, rows)
    check_ages(world, rows)
    check_conservation(world, rows)
    check_stock_and_days(world, rows, given.spells)
    check_places(world, rows, given)
    check_counts(world, rows, given)


def check_journeys(world: World, rows: list[Row]) -> None:
    """Placements follow each other, at most one event a child and day, and nothing is left open but at the end."""
    for row in rows:
        assert row.start < row.end
        assert (row.end == OPEN) == (row.closing == NONE)
        assert row.end == OPEN or world.first_day <= row.end <= world.last_day
        assert row.start <= world.last_day
        assert (row.reason != NONE) == (row.closing == EXITED)
        assert row.opening not in (ENTRY, RE_ENTRY) or row.start == row.care_start >= world.first_day
    for before, row in pairwise(rows):
        if before.child != row.child:
            continue
        assert before.end != OPEN
        if row.opening == MOVE:
            assert (before.end, before.closing, before.care_start) == (row.start, MOVED, row.care_start)
        elif row.opening == STAY:
            assert (before.end, before.closing, before.reason) == (row.start, EXITED, AGED_OUT)
            assert (before.care_start, row.setting) == (row.care_start, world.codes.after_18[before.holds])
        else:
            assert row.opening == RE_ENTRY
            assert row.start > before.end
    happened = [(row.child, row.end) for row in rows if row.end != OPEN]
    happened += [(row.child, row.start) for row in rows if row.opening in (ENTRY, RE_ENTRY)]
    assert len(set(happened)) == len(happened)


def check_ages(world: World, rows: list[Row]) -> None:
    """In care under 18, staying put from 18 to 20; ageing out falls on the birthday."""
    for row in rows:
        adult, limit = (int(dates.birthday(row.dob, age)) for age in (18, 21))
        ends = min(row.end, world.last_day + 1)
        if row.opening == STAY:
            assert row.start >= adult
            assert ends <= limit
            assert row.closing in (NONE, STAY_ENDED)
        else:
            assert row.start < adult
            assert ends <= adult
            assert (row.end == adult) == (row.reason == AGED_OUT)
            assert row.closing in (NONE, MOVED, EXITED)


def check_conservation(world: World, rows: list[Row]) -> None:
    """Opening stock + entries + re-entries − exits = stock, on every day; the same for staying put."""
    change = np.zeros((2, world.days), dtype=np.int64)
    daily = np.zeros((2, world.days), dtype=np.int64)
    opening = [len(world.stock.key), len(world.stayers.key)]
    for row in rows:
        side = int(row.opening == STAY)
        if row.opening != MOVE and row.start >= world.first_day:
            change[side, row.start - world.first_day] += 1
        if row.closing in (EXITED, STAY_ENDED):
            change[side, row.end - world.first_day] -= 1
        begin = max(row.start - world.first_day, 0)
        daily[side, begin : min(row.end - world.first_day, world.days)] += 1
    for side in (0, 1):
        assert (opening[side] + np.cumsum(change[side]) == daily[side]).all()


def check_stock_and_days(world: World, rows: list[Row], spells: Spells) -> None:
    """The package's stock at month ends and child-days are those of counting child by child and day by day."""
    cuts = dates.month_edges(world.first_day, world.last_day)
    names, ends = len(world.codes.all_settings), cuts[1:] - 1
    stock = np.zeros((len(ends), names, len(AGE_BANDS), 2), dtype=np.int64)
    days = np.zeros_like(stock)
    for row in rows:
        lived = np.arange(max(row.start, world.first_day), min(row.end, world.last_day + 1))
        band = dates.band_of(dates.age_on(row.dob, lived), AGE_EDGES)
        month = np.searchsorted(ends, lived)
        for day, at, age in zip(lived.tolist(), month.tolist(), band.tolist(), strict=True):
            days[at, row.setting, age, int(row.uasc)] += 1
            stock[at, row.setting, age, int(row.uasc)] += day == ends[at]
    assert np.array_equal(stock, stock_at(spells, ends, names))
    assert np.array_equal(days, child_days(spells, cuts, names))


def check_places(world: World, rows: list[Row], given: Simulated) -> None:
    """Days by occupancy, and that nobody ever arrived where no usable place was left."""
    held, usable = held_and_usable(world, rows)
    limited, tally = world.places.limited, given.tally
    cuts = dates.month_edges(world.first_day, world.last_day) - world.first_day
    for counted, daily in (
        (tally.occupied_days, held),
        (tally.vacant_days, np.maximum(usable - held, 0)),
        (tally.full_days, (usable <= held).astype(np.int64)),
    ):
        months = np.array([daily[low:high].sum(0) for low, high in pairwise(cuts)])
        assert np.array_equal(counted, np.where(limited, months, 0))
    # Usable places change before anybody arrives, so the day's end tells.
    for row in rows:
        arrived = row.opening in (ENTRY, RE_ENTRY, MOVE) and row.start >= world.first_day
        if arrived and limited[row.holds] and row.holds != world.places.last_resort:
            day = row.start - world.first_day
            assert held[day, row.holds] <= usable[day, row.holds]


def check_counts(world: World, rows: list[Row], given: Simulated) -> None:
    """What the log can say of the counts: every event is one, and a step, a choice or a wait has a child to it."""
    places, tally, first = world.places, given.tally, world.first_day
    changes = {day for day in (*places.change_day.tolist(), *places.wait_day.tolist()) if day <= world.last_day}
    arrivals = [row for row in rows if row.opening in (ENTRY, RE_ENTRY, MOVE) and row.start >= first]
    entered = sum(row.opening != MOVE for row in arrivals)
    assert tally.events == len(changes) + entered + sum(row.closing != NONE for row in rows)
    months = len(tally.stepped)
    came = np.zeros((months, len(places.limited)), dtype=np.int64)
    moved = np.zeros_like(came)
    for row in arrivals:
        month = int(dates.month_index(row.start) - dates.month_index(first))
        came[month, row.holds] += 1
        moved[month, row.holds] += row.opening == MOVE
    assert (tally.stepped <= moved).all()
    assert (tally.unmet.sum((1, 2)) <= came.sum(1)).all()
    assert (tally.turned_away.sum(1) <= came.sum(1)).all()
    for counted in (tally.turned_away, tally.stepped, tally.waiting_days):
        assert (counted[:, ~places.limited] == 0).all()
        assert (counted >= 0).all()
    in_care = sum(min(row.end, world.last_day + 1) - max(row.start, first) for row in rows if row.opening != STAY)
    assert tally.waiting_days.sum() <= in_care
