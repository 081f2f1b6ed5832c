"""Both engines held against answers that are known apart from them (model page, how we know it is right).

Each case is a world for which the exact answer can be written down (:mod:`~sufficiency.trials.exact`),
run many times over; each figure is compared by z, the difference in standard errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

from sufficiency import dates
from sufficiency.codes import DURATION_EDGES, MOVE_PREFIX
from sufficiency.draws import replication_key
from sufficiency.history.stock import OPENINGS
from sufficiency.simulation.counted import Counted
from sufficiency.simulation.engines import EngineName, engine
from sufficiency.simulation.places import Tally
from sufficiency.simulation.world import World
from sufficiency.trials import ciw_network, exact, known_worlds
from sufficiency.trials.known_worlds import AGENCY, CODES, FIRST_DAY, HOUSE, NAMES, SETTINGS, setting

Floats = npt.NDArray[np.float64]

SEED = 41
#: Places, arrivals a day per place times mean stay, and mean days of a stay, of the loss system and the waiting list.
PLACES = 20
LOSS_LOAD, WAIT_LOAD = 22.0, 16.0
STAY = 120
YEARS = 8
#: The months of the horizon in which limited places are compared, and the one from which they are taken as settled.
MONTHS, SETTLED = (0, 3, 11), 36
#: Hazard a day by duration band, falling with time: stays far from exponential.
FALLING = np.array([0.012, 0.008, 0.003, 0.002, 0.004, 0.01])


@dataclass(frozen=True)
class Check:
    """One figure: simulated, with its standard error; and the exact answer, or another program's with its error."""

    case: str
    quantity: str
    simulated: float
    error: float
    answer: float
    answer_error: float = 0.0

    @property
    def z(self) -> float:
        """Difference in standard errors."""
        apart = self.simulated - self.answer
        error = float(np.hypot(self.error, self.answer_error))
        return apart / error if error > 0 else (0.0 if apart == 0 else float("inf"))


Case = Callable[[EngineName, int], list[Check]]


def replicated(name: EngineName, replications: int, made: Callable[[int], World]) -> Iterator[tuple[World, Counted]]:
    """Each replication of a world made anew for it."""
    run = engine(name)
    for number in range(replications):
        world = made(number)
        yield world, run(world, replication_key(SEED, number))


def _check(case: str, quantity: str, sample: Floats, answer: float) -> Check:
    return Check(case, quantity, float(sample.mean()), float(sample.std(ddof=1) / np.sqrt(len(sample))), answer)


# Unlimited places, constant hazards.

RATES = {
    (HOUSE, "to_fostering"): 0.0010,
    (HOUSE, "to_home"): 0.0003,
    (HOUSE, "returned_home"): 0.0012,
    (AGENCY, "to_fostering"): 0.0008,
    (AGENCY, "to_home"): 0.0006,
    (AGENCY, "returned_home"): 0.0009,
    ("in_house_home", "to_fostering"): 0.0020,
    ("in_house_home", "returned_home"): 0.0010,
    ("external_home", "to_fostering"): 0.0030,
    ("external_home", "to_placed_with_parents"): 0.0017,
    ("placed_with_parents", "returned_home"): 0.0100,
}
_IN_HOUSE = 0.6


def chain_rates() -> Floats:
    """Intensities of :data:`RATES` between settings and out of care (the last state)."""
    table = np.zeros((SETTINGS + 1, SETTINGS + 1))
    for (name, cause), rate in RATES.items():
        source, targets = setting(name), {SETTINGS: 1.0}
        if cause.startswith(MOVE_PREFIX):
            targets = _split(cause.removeprefix(MOVE_PREFIX))
        for target, share in targets.items():
            # A move within a setting changes nothing that is counted here, but it is an event.
            table[source, target] += rate * share
    return table


def _split(kind: str) -> dict[int, float]:
    names = CODES.settings_of(kind)
    shares = [1.0] if len(names) == 1 else [_IN_HOUSE, 1.0 - _IN_HOUSE]
    return {setting(name): share for name, share in zip(names, shares, strict=True)}


def chain(name: EngineName, replications: int) -> list[Check]:
    """Mean stock of every setting at four month ends against the exact daily chain."""
    days, case = 365, "Constant hazards, unlimited places"
    arriving = known_worlds.arrivals(np.random.default_rng(SEED), 0.3, days)
    stock = known_worlds.stock_of({AGENCY: 60, "external_home": 25})
    world = known_worlds.plain_world(RATES, days, stock=stock, entrants=arriving)
    opening, coming = np.zeros(SETTINGS + 1), np.zeros((days, SETTINGS + 1))
    np.add.at(opening, stock.setting, 1.0)
    for target, part in _split("fostering").items():
        coming[:, target] = part * np.bincount(arriving.day - FIRST_DAY, minlength=days)
    expected = exact.daily_stock(exact.daily_matrix(chain_rates()), opening, coming)[:, :SETTINGS]
    found = [out.stock[:, :SETTINGS].sum((2, 3)) for _, out in replicated(name, replications, lambda _: world)]
    sample, ends = np.array(found, dtype=float), dates.month_edges(FIRST_DAY, world.last_day)[1:] - FIRST_DAY - 1
    checks = []
    for month in (0, 2, 5, 11):
        after = f"after {ends[month] + 1} days"
        checks.append(_check(case, f"children {after}", sample[:, month].sum(1), expected[ends[month]].sum()))
        for at in np.flatnonzero(expected[ends[month]] > 0):
            label = CODES.label(NAMES[at])
            checks.append(_check(case, f"{label}, {after}", sample[:, month, at], expected[ends[month], at]))
    return checks


# Limited places.


def _limited(load: float, *, waits: bool) -> Callable[[int], World]:
    days = dates.add_years(FIRST_DAY, YEARS) - FIRST_DAY
    rates = {(HOUSE, "returned_home"): 1.0 / STAY}
    if not waits:
        rates[AGENCY, "returned_home"] = 1.0 / STAY
    across = known_worlds.share(**{AGENCY: float(waits)})
    empty = known_worlds.with_places(known_worlds.plain_world(rates, days), {HOUSE: PLACES}, across=across)

    def made(number: int) -> World:
        arriving = known_worlds.arrivals(np.random.default_rng([SEED, number]), load / STAY, days)
        return replace(empty, entrants=arriving)

    return made


def loss(name: EngineName, replications: int) -> list[Check]:
    """A limited setting with overflow to an agency: the exact daily loss chain."""
    case = f"{PLACES} places, overflow to the agency"
    return _limited_checks(case, name, replications, waits=False)


def waiting_list(name: EngineName, replications: int) -> list[Check]:
    """Children who find no place wait with an agency, in order, until one falls vacant: the exact daily chain."""
    case = f"{PLACES} places, waiting with the agency"
    return _limited_checks(case, name, replications, waits=True)


def _limited_checks(case: str, name: EngineName, replications: int, *, waits: bool) -> list[Check]:
    load, house = WAIT_LOAD if waits else LOSS_LOAD, setting(HOUSE)
    made = _limited(load, waits=waits)
    tallies = [out.tally for _, out in replicated(name, replications, made)]
    found = {
        "places held": np.array([each.occupied_days[:, house] for each in tallies]),
        "share of days without a place left": np.array([each.full_days[:, house] for each in tallies]),
        "arrivals turned away a day": np.array([each.turned_away[:, house] for each in tallies]),
        "children waiting": np.array([each.waiting_days[:, house] for each in tallies]),
    }
    edges = dates.month_edges(FIRST_DAY, made(0).last_day) - FIRST_DAY
    room = 150 if waits else 0
    chained = exact.queue(PLACES, load / STAY, 1.0 / STAY, int(edges[-1]), waiting_room=room)
    exactly = (chained.held, chained.full, chained.refused, chained.waiting)
    spans = {f"month {month + 1}": (month, month + 1) for month in MONTHS}
    spans[f"years {SETTLED // 12 + 1} to {YEARS}"] = (SETTLED, len(edges) - 1)
    checks = []
    for (what, table), daily in zip(found.items(), exactly, strict=True):
        if what == "children waiting" and not waits:
            continue
        for when, (low, high) in spans.items():
            length = edges[high] - edges[low]
            sample = table[:, low:high].sum(1) / length
            if daily[edges[low] : edges[high]].sum() * replications > 20:  # noqa: PLR2004  # enough events for a z
                checks.append(_check(case, f"{what}, {when}", sample, daily[edges[low] : edges[high]].mean()))
    if waits:
        checks.append(_stepped(case, tallies, chained))
    return checks


def _stepped(case: str, tallies: list[Tally], chained: exact.Queue) -> Check:
    """Everyone who was turned away and no longer waits has stepped across."""
    sample = np.array([each.stepped.sum() for each in tallies], dtype=float)
    return _check(case, "children who stepped across", sample, float(chained.refused.sum() - chained.waiting[-1]))


# Stays of any distribution.


def m_g_infinity(name: EngineName, replications: int) -> list[Check]:
    """Stays that are not exponential, unlimited places: Poisson stock with mean rate × mean stay."""
    case, per_day, days = "Hazards that fall with time, unlimited places (M/G/∞)", 0.15, 1826
    checks = []
    clocks = (("supported_accommodation", "time in care"), ("placed_with_parents", "time in placement"))
    for luck, (place, clock) in enumerate(clocks):
        empty = known_worlds.plain_world({(place, "returned_home"): FALLING}, days)

        def made(number: int, place: str = place, luck: int = luck, empty: World = empty) -> World:
            random = np.random.default_rng([SEED, number, luck])
            return replace(empty, entrants=known_worlds.arrivals(random, per_day, days, kind=place))

        alive = exact.survival(FALLING, DURATION_EDGES, 6000)
        sample = np.array([out.stock[-1, setting(place)].sum() for _, out in replicated(name, replications, made)])
        mean = per_day * float(alive[:days].sum())
        checks.append(_check(case, f"children at the end ({clock})", sample.astype(float), mean))
        spread = float(sample.var(ddof=1)) / mean
        # Poisson: the variance of a sample variance is (mean + 2 n mean² / (n − 1)) / n.
        error = np.sqrt((1 / mean + 2 * replications / (replications - 1)) / replications)
        checks.append(Check(case, f"variance of their number over its mean ({clock})", spread, float(error), 1.0))
        low = int(poisson.ppf(0.25, mean))
        below = (sample <= low).astype(float)
        chance = float(poisson.cdf(low, mean))
        error = np.sqrt(chance * (1 - chance) / replications)
        checks.append(Check(case, f"chance of at most {low} children ({clock})", below.mean(), float(error), chance))
    return checks


# Little's law.

_CYCLE = 1461


def little(name: EngineName, replications: int) -> list[Check]:
    """Children in care = entries a day × days in care, with moves, limited places and waiting lists on."""
    case, days = "Little’s law, with moves, limited places and waiting lists", 3 * _CYCLE
    ages = (15 * 365, 17 * 365)
    empty = known_worlds.with_places(
        known_worlds.plain_world(RATES, days),
        {HOUSE: 25, "in_house_home": 4},
        across=known_worlds.share(**{AGENCY: 0.5, "external_home": 0.5}),
        down=known_worlds.share(external_home=0.4),
        down_to=setting(HOUSE),
        success=0.7,
        after_days=28,
    )

    def made(number: int) -> World:
        random = np.random.default_rng([SEED, number, 3])
        return replace(empty, entrants=known_worlds.arrivals(random, 0.12, days, ages=ages))

    rows = [little_terms(world, out) for world, out in replicated(name, replications, made)]
    stock, product = np.array(rows).T
    difference = stock - product
    error = float(difference.std(ddof=1) / np.sqrt(replications))
    return [Check(case, "mean stock (against entries a day × mean days in care)", stock.mean(), error, product.mean())]


def little_terms(world: World, out: Counted) -> tuple[float, float]:
    """Mean stock of the later two thirds; entries a day × mean stay of those who entered in the middle one."""
    spells = out.spells
    if spells is None:
        msg = "placements were not kept"
        raise ValueError(msg)
    cut = world.first_day + _CYCLE
    entered = spells.opening == OPENINGS.index("entry")
    seen = np.minimum(spells.end, world.last_day + 1)
    begins = np.maximum(spells.start, cut)
    stock = np.maximum(seen - begins, 0).sum() / (world.last_day + 1 - cut)
    last = np.append(np.flatnonzero(np.diff(spells.child)), len(spells.child) - 1)
    stay = spells.end[last] - spells.start[entered]
    cohort = (spells.start[entered] >= cut) & (spells.start[entered] < cut + _CYCLE)
    return float(stock), float(stay[cohort].sum() / _CYCLE)


# An independent program.


def network(name: EngineName, replications: int, runs: int = 25) -> list[Check]:
    """Mean number of children in each setting of a small network, against as many runs in Ciw as are asked for."""
    case, given = "A network of three settings, against Ciw", ciw_network.Network()
    own = [CODES.all_settings.index(each) for each in ciw_network.SETTINGS]
    warm = dates.month_edges(FIRST_DAY, FIRST_DAY + given.days - 1) - FIRST_DAY
    empty = given.world()

    def made(number: int) -> World:
        return replace(empty, entrants=given.arrivals(number))

    found = [out.child_days[SETTLED:, own].sum((0, 2, 3)) for _, out in replicated(name, replications, made)]
    sample = np.array(found) / (given.days - warm[SETTLED])
    other = np.array([ciw_network.occupancy(given.run(seed), warm[SETTLED], given.days) for seed in range(runs)])
    error = other.std(0, ddof=1) / np.sqrt(runs)
    checks = []
    for at, each in enumerate(ciw_network.SETTINGS):
        mine = _check(case, f"children, {CODES.label(each)}", sample[:, at], float(other[:, at].mean()))
        checks.append(replace(mine, answer_error=float(error[at])))
    return checks


#: Every case and the replications of the compiled engine; the reference engine runs fewer.
CASES: tuple[tuple[Case, int], ...] = (
    (chain, 3000),
    (loss, 1000),
    (waiting_list, 1000),
    (m_g_infinity, 1500),
    (little, 400),
    (network, 400),
)
