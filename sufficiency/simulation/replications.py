"""Many replications of plans, on one core, several or a cluster, with the same results either way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from tqdm import tqdm

from sufficiency import dates
from sufficiency.errors import Problem, UserError, gathering
from sufficiency.forecast import EntrantForecast, forecast_entrants
from sufficiency.history import History
from sufficiency.rates import Rates, estimate_rates
from sufficiency.scenario import Effects, Scenario, read_scenario
from sufficiency.scenario.effects import no_effects
from sufficiency.simulation.blocks import Task, blocks_of
from sufficiency.simulation.demand import planned_demand
from sufficiency.simulation.engines import EngineName
from sufficiency.simulation.kept import Kept
from sufficiency.simulation.matching import Match, fit_matching
from sufficiency.simulation.precision import Precision, watched_values
from sufficiency.simulation.reduced import Replication, Wanted
from sufficiency.simulation.result_tables import Frame
from sufficiency.simulation.results import Outcome, combine
from sufficiency.simulation.setup import Parameters, opening_leavers, opening_stock, prepare
from sufficiency.simulation.supply import Supply, supply_of, without_limit
from sufficiency.simulation.workers import Workers, local_workers

#: Journeys of this many replications are kept (model §8).
JOURNEYS_KEPT = 50
DEFAULT_REPLICATIONS = 200
DEFAULT_YEARS = 5
DEFAULT_SEED = 2026


def simulate(  # noqa: PLR0913 - named options
    history: History,
    scenario: Scenario | str | Path = "baseline",
    *,
    replications: int = DEFAULT_REPLICATIONS,
    precision: Precision | None = None,
    seed: int = DEFAULT_SEED,
    years: int = DEFAULT_YEARS,
    parameters: Parameters = "draw",
    workers: int | Workers | None = None,
    rates: Rates | None = None,
    forecast: EntrantForecast | None = None,
    matched: Matched | None = None,
    engine_name: EngineName = "compiled",
    journeys: int = JOURNEYS_KEPT,
    kept: Kept | None = None,
    progress: bool = False,
) -> Outcome:
    """Simulate every child's journey under a plan, many times over.

    Parameters
    ----------
    history
        Children in care and their past, to the origin.
    scenario
        A plan, the name of a shipped one, or a file.
    replications, seed
        How many times, and the seed of every draw. Replication r of one seed has the same luck in
        every plan, whatever the number of replications or workers.
    precision
        Stop as soon as this is reached; ``replications`` are then the most.
    years
        How far ahead, to the same calendar day.
    parameters
        "draw" (each replication draws its rates, and those of entrants, from what the data leave open) or
        "mean": all are at their means, and futures differ by chance alone.
    workers
        Threads (processes, with the reference engine); None takes one a core. Or a cluster
        (:func:`~sufficiency.simulation.cluster.open_cluster`).
    rates, forecast
        Estimated from the history when not given; hand them in to compare plans quickly.
    matched
        Places and how well they suit, from :func:`match_places`; inferred from the history when not given.
    engine_name
        "compiled", or "reference": the same numbers some hundred times slower, by code that an analyst can read.
    journeys
        Replications whose placements are kept.
    kept
        Folder of finished blocks: those found there are not simulated again (but for their
        journeys, which are never written), those simulated are written there.
    progress
        Whether to show a progress bar with the time left, on standard error.

    Raises
    ------
    UserError
        When the scenario does not exist, is wrong, or lies outside the years simulated; when the
        forecast given ends before them.
    """
    return simulate_plans(
        history,
        [scenario],
        replications=replications,
        precision=precision,
        seed=seed,
        years=years,
        parameters=parameters,
        workers=workers,
        rates=rates,
        forecast=forecast,
        matched=matched,
        engine_name=engine_name,
        journeys=journeys,
        kept=kept,
        progress=progress,
    )[0]


def simulate_plans(  # noqa: PLR0913 - named options
    history: History,
    scenarios: Sequence[Scenario | str | Path],
    *,
    replications: int = DEFAULT_REPLICATIONS,
    precision: Precision | None = None,
    seed: int = DEFAULT_SEED,
    years: int = DEFAULT_YEARS,
    parameters: Parameters = "draw",
    workers: int | Workers | None = None,
    rates: Rates | None = None,
    forecast: EntrantForecast | None = None,
    matched: Matched | None = None,
    engine_name: EngineName = "compiled",
    journeys: int = JOURNEYS_KEPT,
    kept: Kept | None = None,
    progress: bool = False,
    watched: Sequence[str] = (),
    unlimited: str | None = None,
) -> list[Outcome]:
    """Simulate several plans; workers go from one to the next without waiting.

    See :func:`simulate`. A ``precision`` is decided by the first plan, or by the differences of the others
    from it, and every plan gets the number of replications that it needed, so that they stay paired.
    Of the settings ``watched`` the places held are counted day by day (``Outcome.held``). One limited setting may be
    ``unlimited``: it alone has places for everybody, whatever the plan does to it.
    """
    first, last = history.origin + 1, dates.add_years(history.origin, years)
    months = dates.calendar_months(first, last)
    plans = [one if isinstance(one, Scenario) else read_scenario(one) for one in scenarios]
    effects, problems = [], list[Problem]()
    for plan in plans:
        with gathering(problems):
            effects.append(plan.effects(first, months, history.codes))
    if precision is not None and precision.of_differences and len(plans) == 1:
        problems.append(Problem("The precision of a difference needs a plan beside the baseline."))
    if forecast is None or forecast.area is None:
        problems += [problem for plan in plans for problem in plan.unknown_population()]
    if problems:
        raise UserError(problems)
    arriving = forecast or forecast_entrants(history, months=months, evaluate=False)
    if arriving.months < months or arriving.first_month != dates.month_index(first):
        raise UserError(["The forecast of entrants does not cover the months to be simulated; make it again."])
    if parameters == "mean":
        arriving = arriving.at_its_means()
    estimated = rates or estimate_rates(history)
    demands = _demands(history, effects, estimated, arriving)
    places = matched or match_places(history, rates=estimated, forecast=arriving)

    wanted = Wanted(journeys, tuple(history.codes.in_care.index(name) for name in watched))

    def planned(number: int) -> _Planned:
        (settled, coming), days = demands[number], last - first + 1
        setup = prepare(history, estimated, coming, settled, days=days, supply=places.supply, parameters=parameters)
        if unlimited is not None:
            setup = replace(setup, supply=without_limit(setup.supply, unlimited, len(setup.stock.key), first))
        frame = Frame(plans[number], history.codes, seed, (first, last), setup.supply, places.matches, parameters)
        return _Planned(frame, Task(setup, seed, wanted, engine_name))

    every = [planned(number) for number in range(len(plans))]
    shown = _Work(workers, kept, progress)
    if precision is None:
        found = shown.run(every, replications)
    else:
        deciding = len(every) if precision.of_differences else 1
        found = shown.run(every[:deciding], replications, _enough(precision, every[0].frame))
        found += shown.run(every[deciding:], len(found[0]))
    return [combine(one.frame, parts) for one, parts in zip(every, found, strict=True)]


def _demands(
    history: History, effects: Sequence[Effects], rates: Rates, forecast: EntrantForecast
) -> list[tuple[Effects, EntrantForecast]]:
    """Each plan's effects and entrants for this authority."""
    known = opening_stock(history), opening_leavers(history)
    return [planned_demand(one, rates, forecast, *known) for one in effects]


@dataclass(frozen=True)
class _Planned:
    """A plan ready to be simulated."""

    frame: Frame
    task: Task

    @property
    def name(self) -> str:
        return self.frame.scenario.name

    def __repr__(self) -> str:
        return f"_Planned({self.name})"


Enough = Callable[[list[list[Replication]]], bool]


def _enough(precision: Precision, frame: Frame) -> Enough:
    """Whether the replications of some plans, as many of each, are enough."""

    def enough(plans: list[list[Replication]]) -> bool:
        values = [precision.watched.values(parts, frame.codes, frame.window) for parts in plans]
        return all(precision.reached(own) for own in watched_values(values, precision))

    return enough


@dataclass(frozen=True)
class _Work:
    """How replications are run: by whom, what of them is kept, and whether progress is shown."""

    workers: int | Workers | None
    kept: Kept | None
    progress: bool

    def run(self, plans: Sequence[_Planned], most: int, enough: Enough | None = None) -> list[list[Replication]]:
        """Replications of each plan, up to so many, or to the end of the block after which they are enough."""
        jobs = list(product(range(len(plans)), blocks_of(most)))
        if enough is not None:
            # All plans to the end of a block, then the next.
            jobs.sort(key=lambda job: job[1].start)
        done = {job: parts for job in jobs if (parts := self._loaded(plans[job[0]], job[1])) is not None}
        pieces = [(plans[plan].task, numbers) for plan, numbers in jobs if (plan, numbers) not in done]
        found: list[list[Replication]] = [[] for _ in plans]
        before = sum(len(parts) for parts in done.values())
        bar = tqdm(desc="Simulating", total=len(plans) * most, initial=before, unit="run", disable=not self.progress)
        with bar, closing(self._workers(pieces).run(pieces)) as fresh:
            for plan, numbers in jobs:
                bar.set_description(plans[plan].frame.scenario.about.title[:40], refresh=False)
                parts = done.pop((plan, numbers), None)
                if parts is None:
                    parts = next(fresh)
                    self._save(plans[plan], parts)
                    bar.update(len(parts))
                found[plan].extend(parts)
                if enough is not None and plan == len(plans) - 1 and enough(found):
                    break
        return found

    def _loaded(self, plan: _Planned, numbers: range) -> list[Replication] | None:
        if self.kept is None or numbers.start < plan.task.wanted.journeys:
            return None
        return self.kept.load(plan.name, numbers)

    def _save(self, plan: _Planned, parts: list[Replication]) -> None:
        if self.kept is not None:
            self.kept.save(plan.name, parts)

    def _workers(self, pieces: Sequence[tuple[Task, range]]) -> Workers:
        if self.workers is None or isinstance(self.workers, int):
            engine_name: EngineName = pieces[0][0].engine_name if pieces else "compiled"
            return local_workers(engine_name, self.workers, len(pieces))
        return self.workers


@dataclass(frozen=True)
class Matched:
    """The places of an authority with their matching fitted: see :func:`match_places`."""

    supply: Supply
    matches: tuple[Match, ...] = ()


def match_places(
    history: History,
    supply: Supply | None = None,
    *,
    rates: Rates | None = None,
    forecast: EntrantForecast | None = None,
    both_forms: bool = True,
) -> Matched:
    """Fit how well a vacancy suits to the last year's arrivals, by simulating a year of the baseline.

    Parameters
    ----------
    supply
        The places (:func:`~sufficiency.simulation.supply.supply_of`); inferred when not given.
    both_forms
        Whether to fit the second form of matching too, which is only compared with the first.
    """
    last = dates.add_years(history.origin, 1)
    months = dates.calendar_months(history.origin + 1, last)
    arriving = forecast or forecast_entrants(history, months=months, evaluate=False)
    effects, given = no_effects(months, history.codes), supply or supply_of(history)
    days = last - history.origin
    setup = prepare(history, rates or estimate_rates(history), arriving, effects, days=days, supply=given)
    return Matched(*fit_matching(setup, both_forms=both_forms))
