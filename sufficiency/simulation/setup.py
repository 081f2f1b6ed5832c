"""From history, rates, forecast and a plan to the world of one replication."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, gammaincinv

from sufficiency import dates
from sufficiency.codes import CAUSES, TYPES, Codes
from sufficiency.draws import KeyWords, Purpose, draw, other_key, stock_key
from sufficiency.forecast import EntrantForecast
from sufficiency.history import History
from sufficiency.rates import Rates
from sufficiency.rates.openings import leavers
from sufficiency.scenario import Effects
from sufficiency.simulation.supply import PlaceDraws, Supply, supply_of
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
    supply
        Places, and who stays on after 18.
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
    supply: Supply
    parameters: Parameters = "draw"

    def __repr__(self) -> str:
        return f"Setup({len(self.stock.key):,} children in care, {self.days:,} days)"

    def world(self, key: KeyWords, counts: Ints | None = None) -> World:
        """The world of one replication, with its own hazards, shares, places and entrants.

        Parameters
        ----------
        counts
            First entrants of this replication, shape (groups, months); drawn when not given.
        """
        drawn = key if self.parameters == "draw" else None
        arriving = self.forecast.counts([key])[0] if counts is None else counts
        return World(
            codes=self.codes,
            first_day=self.first_day,
            days=self.days,
            hazards=_hazards(self.rates, drawn),
            re_entry=_re_entry(self.rates, drawn),
            first_types=self.rates.openings.first_types,
            in_house_share=_in_house_share(self.rates, drawn),
            stock=self.stock,
            leavers=self.leavers,
            entrants=draw_entrants(self, key, arriving),
            multipliers=self.effects.hazards if self.effects.changes_hazards else None,
            places=self.places.draw(key),
            stayers=self.supply.stayers,
        )

    @cached_property
    def places(self) -> PlaceDraws:
        """The supply laid out for this horizon, to draw from."""
        return PlaceDraws(self.supply, self.codes, self.first_day, self.days)

    @cached_property
    def calendar(self) -> Ints:
        """First days of the months of the horizon and of the one after."""
        return dates.month_start(self.forecast.first_month + np.arange(self.effects.entries.shape[1] + 1))

    @cached_property
    def ages(self) -> tuple[Ints, Ints]:
        """Ages at entry of every group end to end, and where each group begins: shapes (ages,), (groups + 1,)."""
        ages = self.rates.openings.ages
        return np.concatenate(ages), np.cumsum([0, *(len(own) for own in ages)])


def prepare(
    history: History,
    rates: Rates,
    forecast: EntrantForecast,
    effects: Effects,
    *,
    days: int,
    supply: Supply | None = None,
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
        supply=supply or supply_of(history),
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


def _hazards(rates: Rates, key: KeyWords | None) -> Floats:
    observed, expected = rates.exit_multiplier
    if key is None:
        hazards: Floats = rates.hazards.shape / rates.hazards.rate
        multiplier = observed / expected
    else:
        hazards = _gammas(rates.hazards.shape, rates.hazards.rate, key, Purpose.HAZARD)
        hazards *= _common_factor(rates.hazards.common_variance, key)[:, None, None, None, :]
        uniform, _ = draw(key, int(other_key(0)), 0, Purpose.EXIT_MULTIPLIER)
        multiplier = float(gammaincinv(observed, uniform) / expected)
    hazards[..., len(TYPES) : len(CAUSES)] *= multiplier
    return hazards


def _re_entry(rates: Rates, key: KeyWords | None) -> Floats:
    returning = rates.returning
    return returning.mean if key is None else _gammas(returning.shape, returning.rate, key, Purpose.RE_ENTRY_HAZARD)


def _gammas(shape: Floats, rate: Floats, key: KeyWords, purpose: Purpose, first: int = 0) -> Floats:
    """A draw of every Gamma of a table; the last axis numbers the draws, from ``first``."""
    # Loaded here: the compiler is slow to load and not wanted with --help.
    from sufficiency.simulation import kernel  # noqa: PLC0415

    out = np.empty((shape.size // shape.shape[-1], shape.shape[-1]))
    words = np.uint64(key[0]), np.uint64(key[1])
    kernel.draw_gammas(*words, int(purpose), first, shape.reshape(out.shape), rate.reshape(out.shape), out)
    return out.reshape(shape.shape)


def _common_factor(variance: Floats, key: KeyWords) -> Floats:
    """Gamma factor of mean 1 shared by the cells of a setting and cause: shape (settings, causes)."""
    shape = 1 / np.maximum(variance, 1e-12)
    # Numbered from 1000, clear of the causes that number the cells' own draws.
    return np.where(variance > 0, _gammas(shape, shape, key, Purpose.HAZARD, 1000), 1.0)


def _in_house_share(rates: Rates, key: KeyWords | None) -> Floats:
    """Share of each type's arrivals that go in house: a Beta with half an arrival either way, 0 where none did."""
    shares = np.ones(len(TYPES))
    for kind, (in_house, all_arrivals) in rates.in_house.items():
        number = TYPES.index(kind)
        if in_house == 0 and all_arrivals > 0:
            # Nobody went in house: there may be no such home at all.
            shares[number] = 0.0
            continue
        first, second = in_house + 0.5, all_arrivals - in_house + 0.5
        if key is None:
            shares[number] = first / (first + second)
        else:
            uniform, _ = draw(key, int(other_key(number)), 0, Purpose.PROVIDER_SHARE)
            shares[number] = betaincinv(first, second, uniform)
    return shares


def draw_entrants(setup: Setup, key: KeyWords, counts: Ints) -> Entrants:
    """First entrants of one replication under the plan's factors, in order of key.

    Entrant k of a group and month exists when k is below the path's count; under a factor f layer
    j (0, 1, …) of entrant k exists when its uniform is below f − j, so that f < 1 keeps some of the
    same children and f > 1 adds others to all of them.
    """
    from sufficiency.simulation import kernel  # noqa: PLC0415 - slow to load

    factors = setup.effects.entries
    layers = max(int(np.ceil(factors.max())), 1)
    own = np.ascontiguousarray(counts[:, : factors.shape[1]])
    out = np.empty((5, int(own.sum()) * layers), dtype=np.int64)
    window = (setup.first_day, setup.first_day + setup.days - 1)
    words = np.uint64(key[0]), np.uint64(key[1])
    first_types = setup.rates.openings.first_types
    found = kernel.draw_entrants(*words, own, factors, layers, setup.calendar, window, *setup.ages, first_types, out)
    keys, day, dob, uasc, kind = out[:, :found].copy()
    return Entrants(key=keys.view(np.uint64), day=day, dob=dob, uasc=uasc.astype(bool), kind=kind)
