"""Why did it change? A forecast against last year's for the same days, and against today's number, by driver.

Both are forecasts of children in care on days ahead, and both are taken apart in the same way: from a *start*, each
driver is changed alone, with the same luck for everybody; what they do together beyond the sum of each alone has a
line of its own; and what remains belongs to the children in care today. Everything adds up to the *end*, replication
by replication.

**Against last year.** The start is the forecast made from what was known a year ago. A driver is then what is known
of it now: for entries those who came in the year since and the new forecast of those to come, for exits and moves the
year's own (a factor on today's rates for those twelve months) and today's rates after it.

**Against today.** The start is a steady world that holds today's number: rates as over all years of the returns, no
place limited, and as many entrants a month, of the mix forecast, as keep so many children in care for good. The
children in care today are put into it; they are not as old, nor as long in care, as those of a steady world, and what
that does is their *ageing*. A driver is then its forecast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.forecast import EntrantForecast, forecast_entrants
from sufficiency.history import History, build_history
from sufficiency.rates import Rates, estimate_rates
from sufficiency.returns import Returns
from sufficiency.scenario.effects import no_effects
from sufficiency.simulation import Outcome, Supply, match_places, supply_of
from sufficiency.simulation.setup import opening_stock, prepare
from sufficiency.tables import Capacity
from sufficiency.trials.arrivals import Followed, Steady, mean_entrants, month_after, seen_since
from sufficiency.trials.backtest import Asked
from sufficiency.trials.counterfactuals import YEAR, Counterfactuals
from sufficiency.trials.mixtures import (
    EXIT_CAUSES,
    MOVE_CAUSES,
    in_past,
    lately,
    of_all_years,
    with_entrants,
    with_exits,
    with_placements,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LAST_YEAR, TODAY = "last year's forecast", "today"
START, POPULATION, ENTRIES, EXITS, PLACEMENTS = "start", "population", "entries", "exits", "placements"
COHORT, TOGETHER, END = "children in care today", "together", "end"
#: Drivers that are changed alone, in the order told.
ALONE = (POPULATION, ENTRIES, EXITS, PLACEMENTS)
DRIVERS = (*ALONE, TOGETHER, COHORT)
COLUMNS = ("against", "month_end", "months_ahead", "part", "children", "se")
TOLD_COLUMNS = ("against", "what", "value")
#: Figures told beside the drivers: those of the year since, and entrants a month.
CHILDREN_FORESEEN, CHILDREN, SEEN, FORESEEN = (
    "children foreseen today",
    "children today",
    "entrants seen",
    "entrants foreseen",
)
HOLDING, FORECAST = "entrants a month that hold today's number", "entrants a month forecast"
#: Months that must have been known a year ago for a forecast made then to be worth comparing with.
LEAST_KNOWN = 36
#: Replications of every counterfactual at the most.
MOST = 200


@dataclass(frozen=True)
class Made:
    """A forecast's parts.

    Attributes
    ----------
    history
        What was known.
    children
        Child population by calendar year that the forecast of entrants knew; None without a table.
    """

    history: History
    rates: Rates
    forecast: EntrantForecast
    supply: Supply
    children: Mapping[int, float] | None = None

    def __repr__(self) -> str:
        return f"Made({dates.as_date(self.history.origin)})"

    def entrants(self, children: Mapping[int, float] | None) -> EntrantForecast:
        """The forecast of entrants with another child population; the same one where that is the same."""
        if children == self.children:
            return self.forecast
        return forecast_entrants(self.history, months=self.forecast.months, evaluate=False, children=children)


@dataclass(frozen=True)
class Drivers:
    """A forecast taken apart.

    Attributes
    ----------
    parts
        Columns :data:`COLUMNS`: children in care (means over replications) at month ends a year, two years, …
            ahead. ``part`` is the start, each driver, what they do together beyond that, the children in care today,
        and the end, which is their sum; ``se`` is the standard error of the mean by the number of replications
        (that of the steady world's level left out).
    told
        Figures to tell beside them, columns :data:`TOLD_COLUMNS`: entries and exits of the year since, as foreseen
        and as they came; entrants a month that hold today's number, and those forecast.
    """

    parts: pd.DataFrame
    told: pd.DataFrame

    def __repr__(self) -> str:
        return f"Drivers({', '.join(dict.fromkeys(self.parts['against']))})"


def a_year_before(
    returns: Returns,
    now: History,
    *,
    months: int,
    capacity: Capacity | None = None,
    children: Mapping[int, float] | None = None,
) -> Made | None:
    """What a forecast would have been made of at the month end a year before, with nothing known that came later.

    None where fewer than :data:`LEAST_KNOWN` months were known by then.

    Parameters
    ----------
    months
        Months to forecast, from that day on.
    capacity, children
        The council's tables, of which only what was known then is used.
    """
    origin = int(dates.month_start(month_after(now.origin) - YEAR)) - 1
    if month_after(origin) - month_after(now.first_day - 1) < LEAST_KNOWN:
        return None
    history = build_history(returns, origin=dates.as_date(origin))
    known = Asked(children=children).known_children(origin)
    rates = estimate_rates(history)
    forecast = forecast_entrants(history, months=months, evaluate=False, children=known)
    then = capacity.known_on(origin) if capacity is not None else None
    matched = match_places(history, supply_of(history, then), rates=rates, forecast=forecast, both_forms=False)
    return Made(history, rates, forecast, matched.supply, known)


def why_it_changed(
    now: Made, baseline: Outcome, before: Made | None = None, *, most: int = MOST, workers: int | None = None
) -> Drivers:
    """Take a forecast apart: against last year's where that is given, and against today's number.

    Parameters
    ----------
    baseline
        The forecast, simulated from ``now``; the replications used are its first ones, by its seed.
    before
        From :func:`a_year_before`; its forecast of entrants must reach as far as the baseline.
    most
        Replications of every counterfactual at the most.
    """
    asked = Counterfactuals(baseline, min(most, baseline.replications), workers)
    tables = [_against_last_year(now, before, asked)] if before is not None else []
    tables.append(_against_today(now, asked))
    return Drivers(*(pd.concat(each, ignore_index=True) for each in zip(*tables, strict=True)))


def _table(against: str, asked: Counterfactuals, parts: Mapping[str, Floats]) -> pd.DataFrame:
    """Rows of one comparison: mean and standard error of each part over replications."""
    rows = []
    many = np.sqrt(asked.replications)
    for name, paths in parts.items():
        error = paths.std(0, ddof=1) / many if asked.replications > 1 else np.full(paths.shape[1], np.nan)
        for number, day in enumerate(asked.ends.tolist()):
            ahead = int(dates.month_index(day)) + 1 - month_after(asked.baseline.origin)
            rows.append((against, day, ahead, name, float(paths[:, number].mean()), float(error[number])))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.assign(month_end=dates.to_dates(table["month_end"]))


def _split(start: Floats, base: Floats, alone: Mapping[str, Floats], every: Floats, end: Floats) -> dict[str, Floats]:
    """Parts that add up to the end.

    Parameters
    ----------
    start, base
        Where the comparison starts, and the simulation in which each driver is changed alone.
    alone, every
        Effect of each driver alone, in the order told; the simulation with all of them changed.
    """
    together = every - base - np.sum(list(alone.values()), axis=0)
    cohort = (base - start) + (end - every)
    return {START: start, **alone, TOGETHER: together, COHORT: cohort, END: end}


def _against_last_year(now: Made, before: Made, asked: Counterfactuals) -> tuple[pd.DataFrame, pd.DataFrame]:
    """From the forecast made a year ago to today's, both of the same days."""
    first, turn = month_after(before.history.origin), now.forecast.first_month
    past = turn - first
    days = int(asked.ends[-1]) - before.history.origin
    months = dates.calendar_months(before.history.origin + 1, int(asked.ends[-1]))
    none = no_effects(months, now.history.codes)
    moved, left = lately(now.history, now.rates, before.history.origin)
    moving, leaving = in_past(none, past, MOVE_CAUSES, moved), in_past(none, past, EXIT_CAUSES, left)
    old = prepare(before.history, before.rates, before.forecast, none, days=days, supply=before.supply)
    seen = seen_since(now.history, first, turn)
    came = with_entrants(before.rates, now.rates)
    old_children = replace(old, rates=came, forecast=Followed(seen, now.entrants(before.children)))
    # Young people who stay put belong to the day from which is simulated.
    supply = replace(now.supply, stayers=before.supply.stayers)
    arriving = Followed(seen, now.forecast)
    setups = {
        ENTRIES: old_children,
        POPULATION: replace(old_children, forecast=arriving),
        EXITS: replace(old, rates=with_exits(before.rates, now.rates), effects=leaving),
        PLACEMENTS: replace(old, rates=with_placements(before.rates, now.rates), effects=moving, supply=supply),
    }
    base = asked.monthly(old)
    at = dates.month_index(asked.ends) - first
    start = base[:, at]
    found = {name: asked.simulated(setup) for name, setup in setups.items()}
    every = asked.simulated(
        replace(
            old, rates=now.rates, forecast=arriving, effects=in_past(leaving, past, MOVE_CAUSES, moved), supply=supply
        )
    )
    parts = _split(start, start, _alone(found, start), every, asked.forecast)
    told = {
        CHILDREN_FORESEEN: float(base[:, past - 1].mean()),
        CHILDREN: float(len(opening_stock(now.history).key)),
        SEEN: float(seen.sum()),
        FORESEEN: float(mean_entrants(before.forecast, asked.keys, past).sum() * past),
    }
    return _table(LAST_YEAR, asked, parts), _told(LAST_YEAR, told)


def _against_today(now: Made, asked: Counterfactuals) -> tuple[pd.DataFrame, pd.DataFrame]:
    """From today's number, held by a steady world, to the forecast."""
    months, days = asked.baseline.entrants.shape[2], int(asked.ends[-1]) - now.history.origin
    flat = now.entrants(_level_after(now.children, now.history.origin))
    none = no_effects(months, now.history.codes)
    setup = prepare(now.history, now.rates, now.forecast, none, days=days, supply=now.supply)
    today = float(len(setup.stock.key))
    unlimited = replace(now.supply, rows=now.supply.rows.head(0), one_suits={}, shares={})
    always = of_all_years(now.rates, now.history)
    mix = mean_entrants(flat, asked.keys, months)
    held = asked.steady(replace(setup, rates=always, supply=unlimited), mix)
    holding = mix * (today / held if held else 0.0)
    steady = Steady(setup.forecast.first_month, months, holding)
    world = replace(setup, rates=always, supply=unlimited, forecast=steady)
    base = asked.simulated(world)
    setups = {
        ENTRIES: replace(world, forecast=flat),
        POPULATION: replace(world, forecast=now.forecast),
        EXITS: replace(world, rates=replace(always, exit_multiplier=now.rates.exit_multiplier)),
        PLACEMENTS: replace(world, rates=_with_shares(always, now.rates), supply=now.supply),
    }
    found = {name: asked.simulated(setup) for name, setup in setups.items()}
    start = np.full(base.shape, today)
    parts = _split(start, base, _alone(found, base), asked.forecast, asked.forecast)
    told = {
        HOLDING: float(holding.sum()),
        FORECAST: float(mean_entrants(now.forecast, asked.keys, months).sum()),
    }
    return _table(TODAY, asked, parts), _told(TODAY, told)


def _with_shares(rates: Rates, other: Rates) -> Rates:
    """Rates with another estimate's shares that go in house."""
    return replace(rates, in_house=other.in_house, shares=other.shares)


def _alone(found: Mapping[str, Floats], base: Floats) -> dict[str, Floats]:
    """What each driver does alone; the child population is changed once entrants are, of whose forecast it is part."""
    before = {**dict.fromkeys(found, base), POPULATION: found[ENTRIES]}
    return {name: found[name] - before[name] for name in ALONE}


def _level_after(children: Mapping[int, float] | None, origin: int) -> Mapping[int, float] | None:
    """Child population that stays as it is in the year of the origin."""
    if children is None:
        return None
    known = {year: count for year, count in children.items() if year <= dates.as_date(origin).year}
    return known or {min(children): children[min(children)]}


def _told(against: str, figures: Mapping[str, float]) -> pd.DataFrame:
    return pd.DataFrame([(against, name, value) for name, value in figures.items()], columns=list(TOLD_COLUMNS))
