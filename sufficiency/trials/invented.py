"""An invented authority: a known world, run by the package's own engine from an empty start.

What comes out is the truth that returns are then written from: every child's placements, in the
form that the history stage gives to real ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGED_OUT, AGED_OUT_WINDOW_DAYS, Codes, read_codes
from sufficiency.draws import KeyWords, Words, replication_key
from sufficiency.history.stock import CLOSINGS, NONE, OPENINGS, REASONS, Spells
from sufficiency.simulation.engines import EngineName
from sufficiency.simulation.hazards import Hazards
from sufficiency.simulation.journeys import simulate_journeys
from sufficiency.simulation.places import no_places
from sufficiency.simulation.world import Leavers, Stock, World
from sufficiency.trials.entrants import Arrivals, draw_arrivals
from sufficiency.trials.known import KnownWorld

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Invented:
    """An invented authority's truth. A child's number is its place among the arrivals.

    Attributes
    ----------
    world, codes
        What it was made from.
    key
        Key words of its draws.
    arrivals
        Everyone who ever entered.
    journeys
        Every placement from the world's first day to its last.
    """

    world: KnownWorld
    codes: Codes
    key: KeyWords
    arrivals: Arrivals
    journeys: Spells

    def __repr__(self) -> str:
        return f"Invented({len(self.arrivals.family):,} children, {len(self.journeys.child):,} placements)"


def invent(
    world: KnownWorld, codes: Codes | None = None, *, replication: int = 0, engine_name: EngineName = "reference"
) -> Invented:
    """Draw the entrants of a known world and simulate their journeys.

    Both engines give the same numbers; where many worlds are wanted, "compiled" is far quicker.
    """
    used = codes or read_codes()
    key = replication_key(world.seed, replication)
    arrivals = draw_arrivals(world, key)
    journeys = _journeys(world_of(world, used, arrivals), key, engine_name)
    return Invented(world, used, key, arrivals, as_domain_says(journeys))


def _journeys(world: World, key: KeyWords, engine_name: EngineName) -> Spells:
    if engine_name == "reference":
        return simulate_journeys(world, key).spells
    # Loaded here: the compiler is slow to load.
    from sufficiency.simulation.compiled import simulate_compiled  # noqa: PLC0415

    spells = simulate_compiled(world, key).spells
    assert spells is not None  # noqa: S101 - journeys were asked for
    return spells


def world_of(world: KnownWorld, codes: Codes, arrivals: Arrivals) -> World:
    """The arrays that the simulation reads, with nobody in care on the first day."""
    none, nobody = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
    keys: Words = np.zeros(0, dtype=np.uint64)
    return World(
        codes=codes,
        first_day=world.first_day,
        days=world.last_day - world.first_day + 1,
        hazards=Hazards.known(world.hazards(codes)),
        re_entry=world.re_entry,
        first_types=world.first_types,
        in_house_share=world.in_house_share,
        stock=Stock(keys, none, nobody, none, none, none),
        leavers=Leavers(keys, none, nobody, none, nobody),
        entrants=arrivals.entrants,
        multipliers=world.multipliers(codes),
        places=no_places(codes, world.first_day),
    )


def as_domain_says(given: Spells) -> Spells:
    """An exit in the last days before 18 is ageing out, whatever hazard made it (model §2)."""
    adult = dates.birthday(given.dob, dates.ADULT)
    late = (given.closing == CLOSINGS.index("exit")) & (given.end >= adult - AGED_OUT_WINDOW_DAYS)
    return replace(given, reason=np.where(late, REASONS.index(AGED_OUT), given.reason))


def as_seen(given: Spells, first_day: int, last_day: int) -> Spells:
    """The part of a truth that returns from first_day to last_day (inclusive) can tell.

    Placements that ended before are gone, later ends are open, and a child who was last in care
    before the first day comes back as if for the first time.
    """
    kept = (given.end >= first_day) & (given.start <= last_day)
    columns = {name: getattr(given, name)[kept] for name in given.__dataclass_fields__}
    still = columns["end"] > last_day
    columns["end"] = np.where(still, dates.OPEN, columns["end"])
    columns["closing"] = np.where(still, NONE, columns["closing"])
    columns["reason"] = np.where(still, NONE, columns["reason"])
    first = np.concatenate(([True], columns["child"][1:] != columns["child"][:-1]))[: len(still)]
    returned = first & (columns["opening"] == OPENINGS.index("re_entry"))
    columns["opening"] = np.where(returned, OPENINGS.index("entry"), columns["opening"])
    return Spells(**columns)


def placements(given: Spells, codes: Codes) -> pd.DataFrame:
    """A truth as the placements table of :class:`~sufficiency.history.History` (codes of place left blank)."""
    new_child = np.concatenate(([True], given.child[1:] != given.child[:-1]))[: len(given.child)]
    new_period = new_child | (given.opening != OPENINGS.index("move"))
    number = np.arange(len(given.child))
    starts = np.maximum.accumulate(np.where(new_period, number, 0)) if len(number) else number
    firsts = np.maximum.accumulate(np.where(new_child, number, 0)) if len(number) else number
    periods = np.cumsum(new_period)
    known = np.ones(len(number), dtype=bool)
    return pd.DataFrame(
        {
            "child": given.child,
            "period": periods - periods[firsts],
            "placement": number - firsts,
            "setting": np.array(codes.all_settings, dtype=object)[given.setting],
            "start": dates.to_dates(given.start),
            "end": dates.to_dates(given.end),
            "opening": _named(given.opening, OPENINGS),
            "closing": _named(given.closing, CLOSINGS),
            "reason": _named(given.reason, REASONS),
            "care_start": dates.to_dates(given.start[starts]),
            "start_known": known,
            "care_start_known": known,
            "same_carer": ~known,
            "dob": dates.to_dates(given.dob),
            "uasc": given.uasc,
            "place": "",
            "provider": "",
            "distance_miles": np.nan,
            "location": "",
        }
    )


def _named(codes: Ints, names: tuple[str, ...]) -> npt.NDArray[np.object_]:
    return np.array([*names, None], dtype=object)[codes]
