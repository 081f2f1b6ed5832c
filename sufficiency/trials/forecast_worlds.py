"""Known worlds to try the forecast on, and the oracle that knows their true parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import AGED_OUT, EXIT_REASONS, Codes, read_codes
from sufficiency.draws import replication_key, stock_key
from sufficiency.history.stock import CLOSINGS, REASONS, Spells
from sufficiency.simulation.engines import engine
from sufficiency.simulation.hazards import Hazards
from sufficiency.simulation.places import no_places
from sufficiency.simulation.world import Entrants, Leavers, Stock, World
from sufficiency.trials.entrants import draw_arrivals
from sufficiency.trials.invented import Invented
from sufficiency.trials.known import Change, KnownWorld, read_world
from sufficiency.trials.scoring import CARE_BANDS, Keys, Predicted, from_sample

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: The day on which the worlds with a change change.
CHANGES_ON = dates.day_number("2022-04-01")
#: A small and a large authority: England's smallest has 32 children in care, its largest 2,317 (DfE, 31 March 2025).
SMALL, LARGE = 32.0, 2_000.0
#: Children in care in the steady world, about, by which the small and the large one are scaled.
_STEADY_CHILDREN = 340.0
_TREND_A_YEAR, _TREND_FROM = 1.12, dates.day_number("2015-04-01")
#: Sizes of what changes: such that over the worlds no change is out by about as much as it was over England's
#: authorities, 5.9 % a year and 8.8 % two years ahead (DfE, stock at 31 March 2010 to 2023, 145 authorities).
_SHIFT, _SURGE, _EXITS = 2.0, 5.0, 0.4
_DISPERSED, _SEASON, _SHARPER = 4.0, 3.0, 1.8
_ORACLE_SEED = 90_210


@dataclass(frozen=True)
class ForecastWorld:
    """A known world and whether something in it changes that nobody could foresee."""

    name: str
    told: str
    world: KnownWorld
    shifts: bool = False

    def __repr__(self) -> str:
        return f"ForecastWorld({self.name})"


def forecast_worlds() -> tuple[ForecastWorld, ...]:
    """The worlds, each the example authority's with its entries at a steady level and one thing changed."""
    steady = quiet(read_world().steady())
    month = int(dates.month_index(CHANGES_ON))

    def stepped(factor: float) -> Callable[[int], float]:
        return lambda at: factor if at >= month else 1.0

    def trended(at: int) -> float:
        years = max(at - int(dates.month_index(_TREND_FROM)), 0) / 12
        return float(_TREND_A_YEAR**years)

    grown, more = steady.with_levels(trended, "other"), steady.with_levels(stepped(_SHIFT), "other")
    asylum = steady.with_levels(stepped(_SURGE), "uasc")
    slower = steady.with_change(Change(month, EXIT_REASONS, _EXITS))
    small, large = (steady.scaled(children / _STEADY_CHILDREN) for children in (SMALL, LARGE))
    made = (
        ("steady", "entries and rates as they always were", steady, False),
        ("trend", f"entries grow by {_TREND_A_YEAR - 1:.0%} a year from 2015 on", grown, False),
        ("level shift", f"entries are {_SHIFT} times as many from April 2022", more, True),
        ("exits change", f"exits are {_EXITS} times as many from April 2022", slower, True),
        ("asylum surge", f"{_SURGE:.0f} times as many children seek asylum from April 2022", asylum, True),
        ("overdispersed", f"families of a month: variance {_DISPERSED:.0f} times the mean", dispersed(steady), False),
        ("seasonal", f"{_SEASON:.0f} times the usual season", seasonal(steady), False),
        ("sharp stays", f"factors of time in care or placement to the power {_SHARPER}", sharper(steady), False),
        ("small", f"an authority of some {SMALL:.0f} children", small, False),
        ("large", f"an authority of some {LARGE:,.0f} children", large, False),
    )
    return tuple(ForecastWorld(*one) for one in made)


def quiet(world: KnownWorld) -> KnownWorld:
    """The same world with families and children seeking asylum that come as a Poisson process."""
    streams = {name: replace(stream, overdispersion=1.0) for name, stream in world.streams.items()}
    return replace(world, streams=streams)


def dispersed(world: KnownWorld, ratio: float = _DISPERSED) -> KnownWorld:
    """The same world with another variance over mean of monthly families."""
    other = replace(world.streams["other"], overdispersion=ratio)
    return replace(world, streams={**world.streams, "other": other})


def seasonal(world: KnownWorld, times: float = _SEASON) -> KnownWorld:
    """The same world with a season so many times as strong."""
    return replace(world, season=tuple(1 + times * (factor - 1) for factor in world.season))


def sharper(world: KnownWorld, power: float = _SHARPER) -> KnownWorld:
    """Duration factors to a power: stays less like those of a constant hazard."""

    def raised(table: Mapping[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
        return {name: tuple(float(factor**power) for factor in row) for name, row in table.items()}

    return replace(world, duration_factors={cause: raised(table) for cause, table in world.duration_factors.items()})


def arrivals_pool(world: KnownWorld, origin: int, last: int, paths: int) -> list[Entrants]:
    """True entrants after an origin, drawn so many times; they depend on the world and not on its past luck."""
    ahead = world.between(origin + 1, last)
    return [draw_arrivals(ahead, replication_key(_ORACLE_SEED, number)).entrants for number in range(paths)]


def oracle(truth: Invented, origin: int, ends: Ints, keys: Keys, pool: list[Entrants]) -> Predicted:
    """The forecast of whoever knows the true parameters and every child's true past.

    The engine itself, from the children truly in care and away at the origin, with the true hazards
    (changes included), true entries and nothing limited; chance is all that it does not know.
    """
    codes, last = truth.codes, int(ends[-1])
    ahead = truth.world.between(origin + 1, last)
    stock, leavers = true_stock(truth.journeys, origin, codes), true_leavers(truth.journeys, origin)
    run, cared = engine("compiled"), [codes.all_settings.index(name) for name in codes.in_care]
    sample = np.empty((len(pool), len(ends), len(keys)))
    at = _month_numbers(origin, ends)
    for number, entrants in enumerate(pool):
        world = World(
            codes=codes,
            first_day=origin + 1,
            days=last - origin,
            hazards=Hazards.known(ahead.hazards(codes)),
            re_entry=ahead.re_entry,
            first_types=ahead.first_types,
            in_house_share=ahead.in_house_share,
            stock=stock,
            leavers=leavers,
            entrants=entrants,
            multipliers=ahead.multipliers(codes),
            places=no_places(codes, origin + 1),
        )
        counted = run(world, replication_key(_ORACLE_SEED, number), keep=False).stock
        cells = counted[at][:, cared, : len(CARE_BANDS)].sum(-1)
        sample[number] = cells.reshape(len(ends), -1) @ keys.sums.T
    return from_sample(sample)


def _month_numbers(origin: int, ends: Ints) -> Ints:
    return np.asarray(dates.month_index(ends) - dates.month_index(origin + 1))


def true_stock(given: Spells, origin: int, codes: Codes | None = None) -> Stock:
    """Children in care at an origin, with their true days of entry."""
    used = codes or read_codes()
    at = (given.start <= origin) & (given.end > origin)
    cared = np.array([used.in_care.index(name) if name in used.in_care else -1 for name in used.all_settings])
    return Stock(
        key=stock_key(given.child[at]),
        dob=given.dob[at],
        uasc=given.uasc[at],
        setting=cared[given.setting[at]],
        placement_start=given.start[at],
        care_start=given.care_start[at],
    )


def true_leavers(given: Spells, origin: int) -> Leavers:
    """Children who have left care by an origin, are not 18 and may come back."""
    begun = np.flatnonzero(given.start <= origin)
    newest = np.append(given.child[begun][1:] != given.child[begun][:-1], True)[: len(begun)]
    last = begun[newest]
    gone = (given.end[last] <= origin) & (given.closing[last] == CLOSINGS.index("exit"))
    gone &= given.reason[last] != REASONS.index(AGED_OUT)
    gone &= dates.birthday(given.dob[last], dates.ADULT) > origin + 1
    left = last[gone]
    return Leavers(
        key=stock_key(given.child[left]),
        dob=given.dob[left],
        uasc=given.uasc[left],
        exit_day=given.end[left],
        home=given.reason[left] == REASONS.index("returned_home"),
    )
