"""From history, rates, forecast and a plan to the world of one replication."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, gammaincinv

from sufficiency import dates
from sufficiency.codes import CAUSES, TYPES, Codes
from sufficiency.draws import KeyWords, Purpose, cell_key, draws, entrant_key, other_key, stock_key
from sufficiency.forecast import EntrantForecast
from sufficiency.history import History
from sufficiency.rates import GROUPS, Rates
from sufficiency.rates.openings import leavers
from sufficiency.scenario import Effects
from sufficiency.simulation.world import Entrants, Leavers, Stock, World

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Parameters = Literal["draw", "mean"]


@dataclass(frozen=True)
class Setup:
    """What every replication of one plan shares.

    Attributes
    ----------
    first_day, days
        Simulation day 0 (the day after the origin) and the days simulated.
    parameters
        "draw": each replication draws its hazards, shares and re-entry from their posteriors; "mean":
        all use the means. Entrants are drawn either way.
    """

    codes: Codes
    rates: Rates
    forecast: EntrantForecast
    effects: Effects
    stock: Stock
    leavers: Leavers
    first_day: int
    days: int
    parameters: Parameters = "draw"

    def __repr__(self) -> str:
        return f"Setup({len(self.stock.key):,} children in care, {self.days:,} days)"

    def world(self, key: KeyWords) -> World:
        """The world of one replication, with its own hazards, shares and entrants."""
        drawing = self.parameters == "draw"
        return World(
            codes=self.codes,
            first_day=self.first_day,
            days=self.days,
            hazards=_hazards(self.rates, key if drawing else None),
            re_entry=_gammas(
                self.rates.returning.shape, self.rates.returning.rate, key if drawing else None, Purpose.RE_ENTRY_HAZARD
            ),
            first_types=self.rates.openings.first_types,
            in_house_share=_in_house_share(self.rates, key if drawing else None),
            stock=self.stock,
            leavers=self.leavers,
            entrants=draw_entrants(self, key),
            multipliers=self.effects.hazards if self.effects.changes_hazards else None,
        )


def prepare(
    history: History,
    rates: Rates,
    forecast: EntrantForecast,
    effects: Effects,
    *,
    days: int,
    parameters: Parameters = "draw",
) -> Setup:
    """Gather what the replications of a plan share.

    The key of a child known at the origin is its rank by identifier, which depends neither on the
    order of rows nor on the plan.
    """
    return Setup(
        codes=history.codes,
        rates=rates,
        forecast=forecast,
        effects=effects,
        stock=opening_stock(history),
        leavers=opening_leavers(history),
        first_day=history.origin + 1,
        days=days,
        parameters=parameters,
    )


def opening_stock(history: History) -> Stock:
    """Children in care at the origin (inclusive), with the durations they have served."""
    table = history.placements
    is_open = table["end"].isna() & (dates.to_days(table["start"]) <= history.origin)
    present = table[is_open]
    names = list(history.codes.in_care)
    return Stock(
        key=stock_key(present["child"].to_numpy(np.int64)),
        dob=dates.to_days(present["dob"]),
        uasc=present["uasc"].to_numpy(bool),
        setting=present["setting"].map(names.index).to_numpy(np.int64),
        placement_start=dates.to_days(present["start"]),
        care_start=dates.to_days(present["care_start"]),
    )


def opening_leavers(history: History) -> Leavers:
    """Children under 18 at the origin who left care in the window and have not come back."""
    left = leavers(history)
    away = (left["back"] == dates.OPEN).to_numpy()
    young = dates.birthday(left["dob"].to_numpy(), dates.ADULT) > history.origin + 1
    kept = left[away & young]
    return Leavers(
        key=stock_key(kept["child"].to_numpy(np.int64)),
        dob=kept["dob"].to_numpy(np.int64),
        uasc=kept["uasc"].to_numpy(bool),
        exit_day=kept["day"].to_numpy(np.int64),
        home=kept["home"].to_numpy(bool),
    )


def _gammas(shape: Floats, rate: Floats, key: KeyWords | None, purpose: Purpose) -> Floats:
    """A draw (or, without a key, the mean) of every Gamma of a table; the last axis numbers the draws."""
    if key is None:
        mean: Floats = shape / rate
        return mean
    cells = np.arange(int(np.prod(shape.shape[:-1]))).reshape(*shape.shape[:-1], 1)
    uniform, _ = draws(key, cell_key(cells), np.arange(shape.shape[-1]), purpose)
    drawn: Floats = gammaincinv(shape, uniform) / rate
    return drawn


def _hazards(rates: Rates, key: KeyWords | None) -> Floats:
    hazards = _gammas(rates.hazards.shape, rates.hazards.rate, key, Purpose.HAZARD).copy()
    observed, expected = rates.exit_multiplier
    multiplier = observed / expected
    if key is not None:
        hazards *= _common_factor(rates.hazards.common_variance, key)[:, None, None, None, :]
        uniform, _ = draws(key, other_key(0), 0, Purpose.EXIT_MULTIPLIER)
        multiplier = float(gammaincinv(observed, uniform) / expected)
    hazards[..., len(TYPES) : len(CAUSES)] *= multiplier
    return hazards


def _common_factor(variance: Floats, key: KeyWords) -> Floats:
    """Gamma factor of mean 1 shared by the cells of a setting and cause: shape (settings, causes)."""
    settings, causes = variance.shape
    # Numbered from 1000, clear of the causes that number the cells' own draws.
    uniform, _ = draws(key, cell_key(np.arange(settings))[:, None], 1000 + np.arange(causes), Purpose.HAZARD)
    shape = 1 / np.maximum(variance, 1e-12)
    return np.where(variance > 0, gammaincinv(shape, uniform) / shape, 1.0)


def _in_house_share(rates: Rates, key: KeyWords | None) -> Floats:
    """Share of arrivals in each type that go in house: a Beta with half an arrival either way added."""
    shares = np.ones(len(TYPES))
    for kind, (in_house, all_arrivals) in rates.in_house.items():
        number = TYPES.index(kind)
        first, second = in_house + 0.5, all_arrivals - in_house + 0.5
        if key is None:
            shares[number] = first / (first + second)
        else:
            uniform, _ = draws(key, other_key(number), 0, Purpose.PROVIDER_SHARE)
            shares[number] = betaincinv(first, second, float(uniform))
    return shares


def draw_entrants(setup: Setup, key: KeyWords) -> Entrants:
    """First entrants of one replication under the plan's factors, in order of key.

    Entrant k of a group and month exists when k is below the path's count; under a factor f layer
    j (0, 1, …) of entrant k exists when its uniform is below f − j, so that f < 1 keeps some of the
    same children and f > 1 adds others to all of them.
    """
    months = setup.effects.entries.shape[1]
    counts = setup.forecast.counts(key)[:, :months]
    if setup.effects.changes_entries:
        factor = setup.effects.entries
        parts = [_kept(counts, factor, layer, key) for layer in range(int(np.ceil(factor.max())))]
    else:
        parts = [_candidates(counts, 0)]
    group, month, layer, number = (np.concatenate([part[axis] for part in parts]) for axis in range(4))
    keys = entrant_key(group, month, layer, number)
    day = _entry_day(setup, key, keys, month)
    kept = (day >= setup.first_day) & (day < setup.first_day + setup.days)
    keys, group, day = keys[kept], group[kept], day[kept]
    uasc = group % 2 == 1
    dob = _under_age(day - _age_at_entry(setup, key, keys, group), day)
    kind = _first_kind(setup, key, keys, group)
    order = np.argsort(keys, kind="stable")
    return Entrants(key=keys[order], day=day[order], dob=dob[order], uasc=uasc[order], kind=kind[order])


def _under_age(dob: Ints, day: Ints) -> Ints:
    """Births moved on by the day or two that keep a child of the oldest ages under 18 on entry.

    Ages are carried in days, and 18 years are not always the same number of days.
    """
    for _ in range(2):
        past = day - dates.birthday(dob, dates.ADULT)
        dob = dob + np.where(past >= 0, past + 1, 0)
    return dob


def _candidates(counts: Ints, layer: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Group, month, layer and number of every entrant of a path."""
    group, month = np.nonzero(counts)
    each = counts[group, month]
    number = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
    return np.repeat(group, each), np.repeat(month, each), np.full(len(number), layer), number


def _kept(counts: Ints, factor: Floats, layer: int, key: KeyWords) -> tuple[Ints, Ints, Ints, Ints]:
    group, month, layers, number = _candidates(counts, layer)
    uniform, _ = draws(key, entrant_key(group, month, layers, number), 0, Purpose.ENTRANT_KEPT)
    stays = uniform < factor[group, month] - layer
    return group[stays], month[stays], layers[stays], number[stays]


def _entry_day(setup: Setup, key: KeyWords, keys: npt.NDArray[np.uint64], month: Ints) -> Ints:
    first = dates.month_start(setup.forecast.first_month + month)
    length = dates.month_start(setup.forecast.first_month + month + 1) - first
    uniform, _ = draws(key, keys, 0, Purpose.ENTRY_DAY)
    return first + (uniform * length).astype(np.int64)


def _age_at_entry(setup: Setup, key: KeyWords, keys: npt.NDArray[np.uint64], group: Ints) -> Ints:
    uniform, _ = draws(key, keys, 0, Purpose.ENTRANT_AGE)
    age = np.zeros(len(keys), dtype=np.int64)
    for number in range(len(GROUPS)):
        own, ages = group == number, setup.rates.openings.ages[number]
        age[own] = ages[(uniform[own] * len(ages)).astype(np.int64)]
    return age


def _first_kind(setup: Setup, key: KeyWords, keys: npt.NDArray[np.uint64], group: Ints) -> Ints:
    uniform, _ = draws(key, keys, 0, Purpose.FIRST_TYPE)
    chances = setup.rates.openings.first_types[group // 2, group % 2]
    below = np.cumsum(chances, axis=1)[:, :-1]
    kind: Ints = (uniform[:, None] >= below).sum(axis=1).astype(np.int64)
    return kind
