"""Worlds built from a few numbers, for which the answer is known apart from the simulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import CAUSES, DURATION_EDGES, HAZARD_AGES, TYPES, Codes, read_codes
from sufficiency.draws import entrant_key, stock_key
from sufficiency.rates.openings import RE_ENTRY_AGE_EDGES, RE_ENTRY_KINDS, RE_ENTRY_TIME_EDGES
from sufficiency.simulation.hazards import Hazards
from sufficiency.simulation.places import constant, no_places
from sufficiency.simulation.world import Entrants, Leavers, Stock, World

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CODES: Codes = read_codes()
NAMES = CODES.in_care
SETTINGS = len(NAMES)
FIRST_DAY = dates.day_number("2026-04-01")
#: Whoever enters at five stays a child for longer than any horizon used here.
_FIVE = 5 * 365 + 10
HOUSE, AGENCY = "in_house_fostering", "agency_fostering"


def setting(name: str) -> int:
    """A setting in care by name."""
    return NAMES.index(name)


def hazards(rates: Mapping[tuple[str, str], float | Floats]) -> Floats:
    """Hazards of (setting, cause), constant or by duration band, alike for every child."""
    table = np.zeros((SETTINGS, len(HAZARD_AGES), len(DURATION_EDGES), 2, len(CAUSES)))
    for (name, cause), rate in rates.items():
        bands = np.broadcast_to(rate, len(DURATION_EDGES))
        table[setting(name), ..., CAUSES.index(cause)] = bands[None, :, None]
    return table


def nobody() -> dict[str, Any]:
    """No stock, no leavers and no entrants, as fields of a world."""
    none = np.zeros(0, dtype=np.int64)
    words, no = none.astype(np.uint64), none.astype(bool)
    return {
        "stock": Stock(words, none, no, none, none, none),
        "leavers": Leavers(words, none, no, none, no),
        "entrants": Entrants(words, none, none, no, none),
    }


def plain_world(rates: Mapping[tuple[str, str], float | Floats], days: int, **other: Any) -> World:
    """A world without people, places or re-entries but for those given; six in ten foster in house."""
    first_types = np.zeros((5, 2, len(TYPES)))
    first_types[..., TYPES.index("fostering")] = 1.0
    fields = {
        "first_day": FIRST_DAY,
        "re_entry": np.zeros((len(RE_ENTRY_KINDS), len(RE_ENTRY_AGE_EDGES), len(RE_ENTRY_TIME_EDGES))),
        **nobody(),
        **other,
    }
    fields.setdefault("places", no_places(CODES, fields["first_day"]))
    given = {"first_types": first_types, "in_house_share": in_house(0.6, 0.6), **fields}
    return World(codes=CODES, days=days, hazards=Hazards.known(hazards(rates)), **given)


def in_house(fostering: float, home: float) -> Floats:
    """Shares of arrivals that go in house while that is not limited, by type."""
    shares = np.ones(len(TYPES))
    shares[[TYPES.index("fostering"), TYPES.index("home")]] = fostering, home
    return shares


def stock_of(counts: Mapping[str, int], first_day: int = FIRST_DAY, *, age_days: int = _FIVE) -> Stock:
    """So many children in each setting, all placed the day before the first."""
    held = np.repeat([setting(name) for name in counts], list(counts.values())).astype(np.int64)
    count = len(held)
    before = np.full(count, first_day - 1)
    born = np.full(count, first_day - age_days)
    return Stock(stock_key(np.arange(count)), born, np.zeros(count, dtype=bool), held, before, before)


def arrivals(
    random: np.random.Generator,
    per_day: float,
    days: int,
    *,
    kind: str = "fostering",
    first_day: int = FIRST_DAY,
    ages: tuple[int, int] = (_FIVE, _FIVE + 1),
) -> Entrants:
    """Poisson arrivals on every day, of a type and of ages in days from a range."""
    day = np.repeat(np.arange(days), random.poisson(per_day, days)) + first_day
    count = len(day)
    born = day - random.integers(*ages, count)
    key = entrant_key(0, 0, 0, np.arange(count))
    return Entrants(key, day, born, np.zeros(count, dtype=bool), np.full(count, TYPES.index(kind)))


def with_places(given: World, usable: Mapping[str, int], **other: Any) -> World:
    """A world with so many places throughout, which suit every child; and other fields of its places changed."""
    at = sorted(setting(name) for name in usable)
    number = {setting(name): places for name, places in usable.items()}
    limited = np.zeros(SETTINGS, dtype=bool)
    limited[at] = True
    fixed: dict[str, Any] = {
        "limited": limited,
        "change_day": np.full(len(at), given.first_day),
        "change_setting": np.array(at, dtype=np.int64),
        "change_usable": np.array([number[index] for index in at], dtype=np.int64),
        "suits": np.tile(constant(1.0, 1), (SETTINGS, 1)),
    }
    return replace(given, places=replace(no_places(CODES, given.first_day), **{**fixed, **other}))


def share(**by_setting: float) -> Floats:
    """Shares by setting that hold throughout: shape (1, settings)."""
    table = np.zeros((1, SETTINGS))
    for name, value in by_setting.items():
        table[0, setting(name)] = value
    return table
