"""Small random worlds with limited places, waiting lists and staying put, for the tests of both engines."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from small_world import CODES, SETTINGS, world

from sufficiency import dates
from sufficiency.codes import CAUSES, DURATION_EDGES, HAZARD_AGES, TYPES
from sufficiency.draws import KeyWords, entrant_key, replication_key, stock_key
from sufficiency.simulation import World
from sufficiency.simulation.hazards import Hazards, Posterior
from sufficiency.simulation.places import (
    NOWHERE,
    STAY_AGES,
    Places,
    Stayers,
    constant,
    fallback_table,
    no_places,
    saturating,
)
from sufficiency.simulation.world import Entrants, Leavers, Stock

Floats = npt.NDArray[np.float64]
Generator = np.random.Generator
HUGE = 1_000_000
#: More places than there are children, yet few enough to be offered one by one.
PLENTY = 200
MOST_VACANT = 40
FIRST_DAYS = tuple(dates.day_number(day) for day in ("2024-03-01", "2026-04-01", "2023-12-17", "2024-02-29"))


def setting(name: str) -> int:
    """A setting in care by name."""
    return CODES.in_care.index(name)


HOUSES = (setting("in_house_fostering"), setting("in_house_home"))
LIMITS = (
    *HOUSES,
    *(setting(name) for name in ("agency_fostering", "external_home", "kinship_fostering", "supported_accommodation")),
    setting("other"),
)
STAY_SETTINGS = np.array([index != NOWHERE for index in CODES.after_18])


def with_places(given: World, usable: dict[str, int] | None = None, **other: Any) -> World:
    """A world with these usable places throughout, and other fields of its places changed."""
    named = {setting(name): places for name, places in (usable or {}).items()}
    base = no_places(CODES, given.first_day)
    limited = base.limited.copy()
    limited[list(named)] = True
    order = sorted(named)
    fixed: dict[str, Any] = {
        "limited": limited,
        "change_day": np.full(len(order), given.first_day),
        "change_setting": np.array(order, dtype=np.int64),
        "change_usable": np.array([named[index] for index in order], dtype=np.int64),
        "suits": np.tile(constant(1.0, 1), (SETTINGS, 1)),
    }
    chosen = {"across": base.across, "down": base.down, **fixed, **other}
    for name in ("across", "down"):
        chosen[name] = np.broadcast_to(chosen[name], (len(chosen.get("wait_day", base.wait_day)), SETTINGS))
    return replace(given, places=replace(base, **chosen))


def shares(**by_setting: float) -> Floats:
    """A table of one step with these shares by setting: shape (1, settings)."""
    table = np.zeros((1, SETTINGS))
    for name, share in by_setting.items():
        table[0, setting(name)] = share
    return table


def _births(random: Generator, count: int, first_day: int, *, all_seventeen: bool) -> npt.NDArray[np.int64]:
    low = 17 * 365 + 10 if all_seventeen else 30
    return first_day - random.integers(low, 18 * 365 - 5, count)


def _stock(random: Generator, count: int, first_day: int, *, all_seventeen: bool) -> Stock:
    dob = _births(random, count, first_day, all_seventeen=all_seventeen)
    care = first_day - 1 - (random.random(count) ** 2 * (first_day - 1 - dob)).astype(np.int64)
    placed = first_day - 1 - (random.random(count) * (first_day - 1 - care)).astype(np.int64)
    held = random.choice([*LIMITS, *LIMITS, *range(SETTINGS)], count)
    return Stock(stock_key(np.arange(count)), dob, random.random(count) < 0.2, held, placed, care)


def _leavers(random: Generator, count: int, first_day: int) -> Leavers:
    dob = _births(random, count, first_day, all_seventeen=False)
    left = first_day - 1 - (random.random(count) * np.minimum(first_day - 1 - dob, 900)).astype(np.int64)
    key = stock_key(1000 + np.arange(count))
    return Leavers(key, dob, random.random(count) < 0.2, left, random.random(count) < 0.5)


def _stayers(random: Generator, count: int, first_day: int) -> Stayers:
    dob = first_day - random.integers(18 * 365 + 10, 21 * 365 - 5, count)
    held = random.choice(np.flatnonzero(STAY_SETTINGS), count)
    return Stayers(stock_key(2000 + np.arange(count)), dob, random.random(count) < 0.2, held)


def _entrants(random: Generator, count: int, first_day: int, days: int) -> Entrants:
    day = np.sort(first_day + random.integers(0, days, count))
    dob = day - random.integers(0, 18 * 365 - 5, count)
    kind = random.choice([TYPES.index(name) for name in ("fostering", "fostering", "home", *TYPES)], count)
    return Entrants(entrant_key(0, 0, 0, np.arange(count)), day, dob, random.random(count) < 0.2, kind)


def _hazards(random: Generator, per_day: float, key: KeyWords | None) -> Hazards:
    """Hazards of many sizes, some of them nothing; drawn from Gammas of few and of many events, or certain."""
    table = random.random((SETTINGS, len(HAZARD_AGES), len(DURATION_EDGES), 2, len(CAUSES))) ** 4
    likely = np.ones(len(CAUSES))
    likely[[TYPES.index("fostering"), TYPES.index("home")]] = 6.0
    table = table * likely * (random.random((SETTINGS, 1, 1, 1, len(CAUSES))) < 0.7)
    table *= per_day / max(float(table.sum(-1).mean()), 1e-9)
    exposure = 10 ** (4 * random.random(table.shape))
    return Hazards(Posterior(table * exposure, exposure), 0.5 + random.random((SETTINGS, len(CAUSES))), key)


def _changes(random: Generator, limited: list[int], first_day: int, days: int, *, plenty: bool) -> dict[str, Any]:
    rows = {(first_day, index): PLENTY if plenty else int(random.integers(0, 16)) for index in limited}
    for index in limited:
        for day in first_day + random.integers(0, days, random.integers(0, 5)):
            rows.setdefault((int(day), index), int(random.choice([0, *range(20)])))
    order = sorted(rows)
    return {
        "change_day": np.array([day for day, _ in order], dtype=np.int64),
        "change_setting": np.array([index for _, index in order], dtype=np.int64),
        "change_usable": np.array([rows[at] for at in order], dtype=np.int64),
    }


def _steps(random: Generator, first_day: int, days: int) -> npt.NDArray[np.int64]:
    later = np.unique(first_day + 1 + random.integers(0, days, random.integers(0, 3)))
    return np.concatenate(([first_day], later)).astype(np.int64)


def _suits(random: Generator) -> Floats:
    rows = [
        saturating(random.random() * 0.5, MOST_VACANT) if random.random() < 0.5 else constant(random.random(), 1)
        for _ in range(SETTINGS)
    ]
    return np.array([np.concatenate((row, np.full(MOST_VACANT + 1 - len(row), row[-1]))) for row in rows])


def _places(random: Generator, limited: list[int], first_day: int, days: int, *, plenty: bool) -> Places:
    wait, stay = _steps(random, first_day, days), _steps(random, first_day, days)
    choice = random.random(8)
    mask = np.zeros(SETTINGS, dtype=bool)
    mask[limited] = True
    fallbacks: list[dict[str, tuple[str, ...]] | None] = [
        {"fostering": ("home",)},
        {"kinship": ("fostering", "home"), "home": ("secure", "fostering")},
        None,
    ]
    return Places(
        limited=mask,
        **_changes(random, limited, first_day, days, plenty=plenty),
        suits=_suits(random),
        one_suits=random.choice([0.05, 0.4, 1.0], SETTINGS),
        cascade=fallback_table(fallbacks[int(choice[0] * 3)]),
        last_resort=setting("other"),
        wait_day=wait,
        across=random.random((len(wait), SETTINGS)) * (choice[1] < 0.7),
        down=random.random((len(wait), SETTINGS)) * (choice[2] < 0.7),
        down_to=setting("in_house_fostering") if choice[3] < 0.8 else NOWHERE,
        success=float(choice[4]),
        after_days=int(random.choice([0, 1, 30, 180])),
        wait_unmet=float(choice[5]) if choice[6] < 0.7 else 0.0,
        stay_day=stay,
        uptake=random.random((len(stay), SETTINGS)) * STAY_SETTINGS,
        stay_hazard=random.random((SETTINGS, len(STAY_AGES))) * 0.004 * (choice[7] < 0.8),
    )


@dataclass(frozen=True, repr=False)
class SmallWorld(World):
    """A world that shows what it was made of, so that a failing one can be made again."""

    made_of: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"random_world(**{self.made_of})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002  # Hypothesis's own printer
        printer.text(repr(self))


def random_world(**made_of: Any) -> SmallWorld:
    """A world from a seed and what Hypothesis chooses; see :func:`_made`."""
    made = _made(**made_of)
    named = {each.name: getattr(made, each.name) for each in fields(World)}
    return SmallWorld(**named, made_of=made_of)


def _made(
    *,
    luck: int,
    first_day: int,
    days: int,
    children: int,
    arriving: int,
    per_day: float,
    limited: set[int],
    all_seventeen: bool,
    plenty: bool,
    multiplied: bool,
) -> World:
    random = np.random.default_rng(luck)
    base = world(days=days, first_day=first_day)
    months = dates.calendar_months(first_day, base.last_day)
    factors = np.repeat(random.random((2, SETTINGS, 5, len(CAUSES))) * 2, (months + 1) // 2 + 1, axis=0)[:months]
    return replace(
        base,
        hazards=_hazards(random, per_day, replication_key(luck, 1) if luck % 2 else None),
        re_entry=random.random((2, 4, 4)) * 0.004,
        stock=_stock(random, children, first_day, all_seventeen=all_seventeen),
        leavers=_leavers(random, children // 4, first_day),
        entrants=_entrants(random, arriving, first_day, days),
        stayers=_stayers(random, children // 6, first_day),
        multipliers=factors if multiplied else None,
        places=_places(random, sorted(limited), first_day, days, plenty=plenty),
    )


WORLDS = st.builds(
    random_world,
    luck=st.integers(0, 2**32),
    first_day=st.sampled_from(FIRST_DAYS),
    days=st.integers(365, 1095),
    children=st.integers(5, 60),
    arriving=st.one_of(st.just(0), st.integers(10, 120)),
    per_day=st.floats(0.001, 0.02),
    limited=st.one_of(st.just(set(HOUSES)), st.sets(st.sampled_from(LIMITS))),
    all_seventeen=st.booleans(),
    plenty=st.sampled_from([False, False, False, True]),
    multiplied=st.booleans(),
)
