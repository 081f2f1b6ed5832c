"""Small known worlds for the tests: constant hazards, a handful of settings, no returns needed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import CAUSES, DURATION_EDGES, HAZARD_AGES, TYPES, Codes, read_codes
from sufficiency.draws import entrant_key, replication_key, stock_key
from sufficiency.history import History
from sufficiency.history.stock import Spells
from sufficiency.simulation import World, placements_frame, simulate_journeys
from sufficiency.simulation.hazards import Hazards
from sufficiency.simulation.places import no_places
from sufficiency.simulation.world import Entrants, Leavers, Stock
from sufficiency.trials.invented import as_seen, placements

CODES: Codes = read_codes()
FIRST_DAY = dates.day_number("2019-04-01")
SETTINGS = len(CODES.in_care)


def constant_hazards(rates: dict[tuple[str, str], float]) -> npt.NDArray[np.float64]:
    """Hazards that depend on the setting alone: {(setting, cause): per day}."""
    table = np.zeros((SETTINGS, len(HAZARD_AGES), len(DURATION_EDGES), 2, len(CAUSES)))
    for (setting, cause), rate in rates.items():
        table[CODES.in_care.index(setting), ..., CAUSES.index(cause)] = rate
    return table


PLAIN = {
    ("in_house_fostering", "to_fostering"): 0.0010,
    ("in_house_fostering", "to_home"): 0.0003,
    ("in_house_fostering", "returned_home"): 0.0012,
    ("agency_fostering", "to_fostering"): 0.0008,
    ("agency_fostering", "to_home"): 0.0006,
    ("agency_fostering", "returned_home"): 0.0009,
    ("external_home", "to_fostering"): 0.0010,
    ("external_home", "to_supported_accommodation"): 0.0007,
    ("in_house_home", "to_fostering"): 0.0010,
    ("in_house_home", "returned_home"): 0.0010,
    ("supported_accommodation", "independent_living"): 0.0030,
    ("kinship_fostering", "special_guardianship"): 0.0020,
    ("kinship_fostering", "to_placed_with_parents"): 0.0005,
    ("placed_with_parents", "returned_home"): 0.0030,
}


def no_stock() -> Stock:
    nothing = np.zeros(0, dtype=np.int64)
    return Stock(nothing.astype(np.uint64), nothing, nothing.astype(bool), nothing, nothing, nothing)


def no_leavers() -> Leavers:
    nothing = np.zeros(0, dtype=np.int64)
    return Leavers(nothing.astype(np.uint64), nothing, nothing.astype(bool), nothing, nothing.astype(bool))


def children(count: int, *, setting: str, age_days: int, first_day: int = FIRST_DAY, offset: int = 0) -> Stock:
    """Children of one age in one setting, placed the day before the simulation starts."""
    rank = np.arange(offset, offset + count)
    dob = np.full(count, first_day - age_days) - rank % 28
    start = np.full(count, first_day - 1)
    return Stock(
        key=stock_key(rank),
        dob=dob,
        uasc=np.zeros(count, dtype=bool),
        setting=np.full(count, CODES.in_care.index(setting)),
        placement_start=start,
        care_start=start,
    )


def entrants(
    days: int, per_day: float, *, first_day: int = FIRST_DAY, kinds: tuple[str, ...] = ("fostering", "home", "kinship")
) -> Entrants:
    """Entrants evenly spread over the days, of ages 0 to 17, a tenth of them seeking asylum."""
    count = int(days * per_day)
    number = np.arange(count)
    day = first_day + (number * days) // max(count, 1)
    age = (number * 911) % (17 * 365)
    uasc = number % 10 == 3
    age = np.where(uasc, 16 * 365 + number % 300, age)
    kind = np.array([TYPES.index(name) for name in kinds])[number % len(kinds)]
    return Entrants(entrant_key(0, 0, 0, number), day, day - age, uasc, kind)


def world(
    *,
    days: int = 365,
    first_day: int = FIRST_DAY,
    rates: dict[tuple[str, str], float] | None = None,
    stock: Stock | None = None,
    arriving: Entrants | None = None,
    re_entry: float = 0.0005,
    in_house: float = 0.6,
    multipliers: npt.NDArray[np.float64] | None = None,
) -> World:
    """A world with constant hazards."""
    share = np.ones(len(TYPES))
    share[[TYPES.index("fostering"), TYPES.index("home")]] = in_house
    types = np.zeros((5, 2, len(TYPES)))
    types[..., TYPES.index("fostering")] = 0.7
    types[..., TYPES.index("kinship")] = 0.3
    return World(
        codes=CODES,
        first_day=first_day,
        days=days,
        hazards=Hazards.known(constant_hazards(PLAIN if rates is None else rates)),
        re_entry=np.full((2, 4, 4), re_entry),
        first_types=types,
        in_house_share=share,
        stock=no_stock() if stock is None else stock,
        leavers=no_leavers(),
        entrants=entrants(days, 0.4, first_day=first_day) if arriving is None else arriving,
        multipliers=multipliers,
        places=no_places(CODES, first_day),
    )


def run(given: World, replication: int = 0, seed: int = 1) -> Spells:
    return simulate_journeys(given, replication_key(seed, replication)).spells


def as_history(given: Spells, *, first_day: int, origin: int) -> History:
    """A history whose placements are simulated ones."""
    return _history(placements_frame(given, CODES), first_day, origin)


def _history(table: pd.DataFrame, first_day: int, origin: int) -> History:
    people = table.groupby("child")[["dob", "uasc"]].first().reset_index()
    everyone = people.assign(sex="F", ethnicity="White")
    legal = pd.DataFrame({"child": [], "start": [], "end": [], "status": [], "group": []})
    return History(everyone, table, legal, first_day, origin, CODES, pd.DataFrame(), ())


def known_history(
    *, years: int = 7, per_day: float = 0.4, warm_up: int = 6, rates: dict[tuple[str, str], float] | None = None
) -> History:
    """Seven observed years of a known world, after some unobserved ones, as returns show them.

    A child who left before the first year and comes back looks as if it came for the first time.
    """
    first = dates.day_number("2019-04-01")
    begin = dates.add_years(first, -warm_up)
    end = dates.add_years(first, years)
    days = end - begin
    given = run(world(days=days, first_day=begin, rates=rates, arriving=entrants(days, per_day, first_day=begin)))
    seen = given.end > first
    fields = {name: getattr(given, name)[seen] for name in Spells.__dataclass_fields__}
    return as_history(as_seen(Spells(**fields), first, end - 1), first_day=first, origin=end - 1)


def returned_history(truth: Spells, first_day: int, origin: int) -> History:
    """What returns of those days tell of an invented authority's journeys."""
    return _history(placements(as_seen(truth, first_day, origin), CODES), first_day, origin)
