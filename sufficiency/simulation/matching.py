"""How well one vacancy suits: m, fitted so that simulated arrivals split between providers as observed ones did.

A share and an occupancy cannot tell apart whether an in-house service that takes half of the arrivals
is picky with many vacancies or short of them, so two forms are fitted: one in which more vacancies
suit more children, 1 − (1 − m)^v, and one in which a constant share is taken while any place is vacant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sufficiency.draws import replication_key
from sufficiency.history.stock import EVENTS
from sufficiency.simulation.counted import flow_sizes, unpack
from sufficiency.simulation.engines import engine
from sufficiency.simulation.setup import Setup
from sufficiency.simulation.supply import PlaceDraws, Supply, in_house_types
from sufficiency.simulation.world import World

#: Beyond these m is not believed, and on fewer arrivals not fitted (model §4).
LEAST, MOST, LEAST_ARRIVALS = 0.005, 0.5, 30
_WITHIN = 0.01
_CLOSE = 0.002
_HALVINGS = 14
_SWEEPS = 2
_DAYS = 365
_REPLICATIONS = 24
#: A seed of its own: the fit does not depend on that of the run.
_SEED = 20_250_331


@dataclass(frozen=True)
class Match:
    """What was fitted for one type of placement.

    Attributes
    ----------
    kind, setting
        The type and its in-house setting.
    arrivals, observed
        Arrivals of the last year, and the share of them that went in house.
    one_suits, share
        m of the first form, and the constant share of the second; None where not fitted.
    achieved
        In-house share of a simulated year with m.
    known
        Whether m is to be believed.
    why
        In words, where it is not.
    """

    kind: str
    setting: str
    arrivals: int
    observed: float
    one_suits: float | None
    share: float
    achieved: float | None
    known: bool
    why: str = ""


def fit_matching(setup: Setup, *, both_forms: bool = True) -> tuple[Supply, tuple[Match, ...]]:
    """Fit m for every limited in-house setting that the council has not given it for.

    Parameters
    ----------
    setup
        Of a plan that changes nothing; its horizon may be any, a year of it is run.
    both_forms
        Whether to fit the constant share of the second form too; without it ``share`` is the observed one.

    Returns
    -------
    The supply with what was fitted, and how well. A setting whose m cannot be known takes the
    observed share while any place is vacant.
    """
    supply, codes = setup.supply, setup.codes
    pairs = {kind: pair for kind, pair in in_house_types(codes).items() if pair[0] in supply.settings}
    wanted = {kind: pair for kind, pair in pairs.items() if pair[0] not in supply.one_suits}
    if not wanted:
        return supply, ()
    trial = _Trial(replace(setup, days=min(_DAYS, setup.days)))
    observed = {kind: setup.rates.in_house.get(kind, (0, 0)) for kind in wanted}
    shares = {pair[0]: _share(observed[kind]) for kind, pair in wanted.items()}
    fitted = replace(supply, shares={**supply.shares, **shares})
    found: dict[str, Match] = {}
    for _ in range(_SWEEPS):
        for kind, pair in wanted.items():
            found[kind] = _fit(trial, fitted, kind, pair, observed[kind])
            one = {name: m for name, m in fitted.one_suits.items() if name != pair[0]}
            m = found[kind].one_suits if found[kind].known else None
            fitted = replace(fitted, one_suits=one if m is None else {**one, pair[0]: m})
    if not both_forms:
        return fitted, tuple(found.values())
    return fitted, tuple(_with_second_form(trial, fitted, match) for match in found.values())


def second_form(supply: Supply, matches: tuple[Match, ...]) -> Supply:
    """The same places with a constant share while any place is vacant, for comparison."""
    one = {name: m for name, m in supply.one_suits.items() if name not in {match.setting for match in matches}}
    return replace(supply, one_suits=one, shares={match.setting: match.share for match in matches})


def _share(counts: tuple[int, int]) -> float:
    return (counts[0] + 0.5) / (counts[1] + 1.0)


class _Trial:
    """A simulated year under some supply, with the same luck each time."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.run = engine("compiled")
        self.keys = [replication_key(_SEED, number) for number in range(_REPLICATIONS)]
        self.worlds: list[World] = setup.worlds(self.keys, setup.forecast.counts(self.keys))

    def in_house_share(self, supply: Supply, kind: str) -> float:
        """Share of a type's simulated arrivals that went in house; 0 without any."""
        codes, first, days = self.setup.codes, self.setup.first_day, self.setup.days
        house, outside = (codes.all_settings.index(name) for name in codes.settings_of(kind)[:2])
        sizes, counts = flow_sizes(len(codes.all_settings)), np.zeros(2)
        drawn = PlaceDraws(supply, codes, first, days).draw(self.keys)
        for key, world, places in zip(self.keys, self.worlds, drawn, strict=True):
            given = replace(world, places=places)
            found = self.run(given, key, keep=False)
            _, event, _, target, *_ = unpack(found.packed, sizes)
            came = np.where(event < EVENTS.index("exit"), found.times, 0)
            counts += [came[target == house + 1].sum(), came[target == outside + 1].sum()]
        total = float(counts.sum())
        return float(counts[0]) / total if total else 0.0


def _fit(trial: _Trial, supply: Supply, kind: str, pair: tuple[str, str], counts: tuple[int, int]) -> Match:
    match = Match(kind, pair[0], counts[1], _share(counts), None, _share(counts), None, known=False)
    if counts[1] < LEAST_ARRIVALS:
        return replace(match, why=f"only {counts[1]} arrivals in the last year; {LEAST_ARRIVALS} are needed")

    def reached(m: float) -> float:
        return trial.in_house_share(replace(supply, one_suits={**supply.one_suits, pair[0]: m}), kind)

    one, achieved = _bisect(reached, match.observed, LEAST, MOST)
    if abs(achieved - match.observed) > _WITHIN:
        where = "more" if achieved < match.observed else "fewer"
        why = f"observed arrivals went in house {where} often than these places can explain"
        return replace(match, one_suits=one, achieved=achieved, why=why)
    return replace(match, one_suits=one, achieved=achieved, known=True)


def _bisect(reached: Callable[[float], float], target: float, low: float, high: float) -> tuple[float, float]:
    """Where a rising share meets its target, by halving on the logarithm, and the share there."""
    for bound in (low, high):
        share = reached(bound)
        if (share - target) * (1 if bound == low else -1) >= 0:
            return bound, share
    middle, share = low, 0.0
    for _ in range(_HALVINGS):
        middle = float(np.sqrt(low * high))
        share = reached(middle)
        if abs(share - target) <= _CLOSE:
            break
        low, high = (middle, high) if share < target else (low, middle)
    return middle, share


def _with_second_form(trial: _Trial, supply: Supply, match: Match) -> Match:
    """The constant share that gives the same split while any place is vacant."""
    one = {name: m for name, m in supply.one_suits.items() if name != match.setting}

    def reached(share: float) -> float:
        tried = replace(supply, one_suits=one, shares={**supply.shares, match.setting: share})
        return trial.in_house_share(tried, match.kind)

    return replace(match, share=_bisect(reached, match.observed, 0.01, 1.0)[0])
