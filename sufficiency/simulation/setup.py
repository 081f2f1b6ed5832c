"""From history, rates, forecast and a plan to the world of one replication."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, gammaincinv

from sufficiency import dates
from sufficiency.codes import CAUSES, TYPES, Codes
from sufficiency.draws import KeyWords, Purpose, draws, key_words, other_key, stock_key
from sufficiency.history import History
from sufficiency.rates import Rates
from sufficiency.rates.openings import leavers
from sufficiency.scenario import Effects
from sufficiency.simulation.demand import kin_first
from sufficiency.simulation.hazards import Hazards, Posterior, apart, many_gammas, shared_rates
from sufficiency.simulation.planned import living, planned
from sufficiency.simulation.supply import PlaceDraws, Supply, supply_of
from sufficiency.simulation.world import Entrants, Leavers, Stock, World, check_draws

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Parameters = Literal["draw", "mean"]


class Arriving(Protocol):
    """Whatever draws first entrants: an :class:`~sufficiency.forecast.EntrantForecast`, or what a trial supposes."""

    @property
    def first_month(self) -> int:
        """Calendar month (index since January 1970) of the first month drawn."""

    def counts(self, keys: Sequence[KeyWords]) -> Ints:
        """First entrants of some replications, shape (replications, groups, months)."""


@dataclass(frozen=True)
class Setup:
    """What every replication of one plan shares.

    Attributes
    ----------
    first_day, days
        Simulation day 0 (the day after the origin) and the days simulated.
    supply
        The plan's places, who waits for them, and who stays on after 18.
    parameters
        "draw": each replication draws its hazards, shares and re-entry from their posteriors; "mean":
        all use the means. How entrants are drawn is the forecast's.
    """

    codes: Codes
    rates: Rates
    forecast: Arriving
    effects: Effects
    stock: Stock
    leavers: Leavers
    first_day: int
    days: int
    supply: Supply
    parameters: Parameters = "draw"

    def __repr__(self) -> str:
        return f"Setup({len(self.stock.key):,} children in care, {self.days:,} days)"

    def world(self, key: KeyWords) -> World:
        """The world of one replication, with its own hazards, shares, places and entrants."""
        return self.worlds([key], self.forecast.counts([key]))[0]

    def worlds(self, keys: Sequence[KeyWords], counts: Ints) -> list[World]:
        """The worlds of some replications.

        Parameters
        ----------
        counts
            First entrants of the replications, shape (replications, groups, months).
        """
        drawn = keys if self.parameters == "draw" else None
        scales, re_entries = _scales(self.rates, drawn, len(keys)), _re_entry(self.rates, drawn, len(keys))
        shares, (everybody, ends) = _in_house_shares(self.rates, drawn, len(keys)), draw_entrants(self, keys, counts)
        check_draws(self.codes, scales, re_entries, shares, Entrants.of(everybody))
        came = [Entrants.of(own) for own in np.split(everybody, ends[:-1], axis=1)]
        rates = (
            [self.posterior.rate] * len(keys)
            if drawn is None
            else shared_rates(self.rates.hazards, self.posterior, keys)
        )
        parts = zip(keys, rates, scales, re_entries, shares, self.places.draw(keys), came, strict=True)
        found: list[World] = []
        for key, rate, scale, re_entry, share, places, entrants in parts:
            own = {
                "hazards": Hazards(Posterior(self.posterior.shape, rate), scale, key if drawn else None),
                "re_entry": re_entry,
                "in_house_share": share,
                "places": places,
                "entrants": entrants,
            }
            # What the replications share is checked with the first of them, all that they draw above.
            found.append(found[0].drawn(**own) if found else self._world(**own))
        return found

    def _world(self, **own: Any) -> World:
        return World(
            codes=self.codes,
            first_day=self.first_day,
            days=self.days,
            first_types=self.rates.openings.first_types,
            stock=self.stock,
            leavers=self.leavers,
            multipliers=self.effects.hazards if self.effects.changes_hazards else None,
            stayers=self.supply.stayers,
            **own,
        )

    @cached_property
    def posterior(self) -> Posterior:
        """The Gammas of what each cell's hazard has apart from all others; their means are the posterior's."""
        return apart(self.rates.hazards)

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
    forecast: Arriving,
    effects: Effects,
    *,
    days: int,
    supply: Supply | None = None,
    parameters: Parameters = "draw",
) -> Setup:
    """Gather what the replications of a plan share.

    The key of a child known at the origin is its rank by identifier, which depends neither on the
    order of rows nor on the plan.

    Parameters
    ----------
    supply
        The baseline's; the plan's effects on it are added here.
    """
    stock, first = opening_stock(history), history.origin + 1
    children = np.bincount(stock.setting, minlength=len(history.codes.in_care))
    base = supply or supply_of(history)
    now = living(base, history.codes, children, rates.in_house)
    return Setup(
        codes=history.codes,
        rates=rates,
        forecast=forecast,
        effects=effects,
        stock=stock,
        leavers=opening_leavers(history),
        first_day=first,
        days=days,
        supply=planned(base, effects.places, history.codes, first, now),
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


def _scales(rates: Rates, keys: Sequence[KeyWords] | None, size: int) -> Floats:
    """Factors on the hazards of each setting and cause, shape (replications, settings, causes): recent exits'."""
    observed, expected = rates.exit_multiplier
    settings, *_, causes = rates.hazards.shape.shape
    scale = np.ones((size, settings, causes))
    if keys is None:
        multiplier = np.full(size, observed / expected)
    else:
        uniform, _ = draws(key_words(keys), other_key(0), 0, Purpose.EXIT_MULTIPLIER)
        multiplier = gammaincinv(observed, uniform[:, 0]) / expected
    scale[..., len(TYPES) : len(CAUSES)] *= multiplier[:, None, None]
    return scale


def _re_entry(rates: Rates, keys: Sequence[KeyWords] | None, size: int) -> Floats:
    """Hazards of coming back, shape (replications, kinds of leaver, ages, times since exit)."""
    returning = rates.returning
    if keys is None:
        return np.broadcast_to(returning.mean, (size, *returning.mean.shape)).copy()
    return many_gammas(returning.shape, returning.rate, keys, Purpose.RE_ENTRY_HAZARD)


def _in_house_shares(rates: Rates, keys: Sequence[KeyWords] | None, size: int) -> Floats:
    """Share of each type's arrivals that go in house, shape (replications, types).

    The Beta posterior of today's share; 0 where none did lately.
    """
    shares = np.ones((size, len(TYPES)))
    uniform = None
    if keys is not None:
        uniform, _ = draws(key_words(keys), other_key(np.arange(len(TYPES))), 0, Purpose.PROVIDER_SHARE)
    for kind, (in_house, all_arrivals) in rates.in_house.items():
        number = TYPES.index(kind)
        first, second = rates.shares[kind]
        if in_house == 0 and all_arrivals > 0:
            # Nobody went in house: there may be no such home at all.
            shares[:, number] = 0.0
        elif uniform is None:
            shares[:, number] = first / (first + second)
        else:
            shares[:, number] = betaincinv(first, second, uniform[:, number])
    return shares


def draw_entrants(setup: Setup, keys: Sequence[KeyWords], counts: Ints) -> tuple[Ints, Ints]:
    """First entrants of some replications under the plan's factors, in order of key, and where those of each end.

    Entrant k of a group and month exists when k is below the path's count; under a factor f layer
    j (0, 1, …) of entrant k exists when its uniform is below f − j, so that f < 1 keeps some of the
    same children and f > 1 adds others to all of them.
    """
    from sufficiency.simulation import kernel  # noqa: PLC0415 - slow to load

    factors = setup.effects.entries
    layers = max(int(np.ceil(factors.max())), 1)
    own = np.ascontiguousarray(counts[:, :, : factors.shape[1]])
    out = np.empty((kernel.NEW_ROWS, int(own.sum()) * layers), dtype=np.int64)
    window = (setup.first_day, setup.first_day + setup.days - 1)
    words, ends = np.array(keys, dtype=np.uint64), np.zeros(len(keys), dtype=np.int64)
    first_types = setup.rates.openings.first_types
    kernel.draw_paths(words, own, factors, layers, setup.calendar, window, *setup.ages, first_types, ends, out)
    everybody, kin = out[:, : ends[-1]], setup.effects.demand.kin_at_entry
    return (kin_first(everybody, ends, keys, kin, setup.calendar) if kin.any() else everybody), ends
