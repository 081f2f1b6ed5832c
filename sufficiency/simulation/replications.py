"""Many replications of one plan, on one core or several, with the same results either way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from joblib import Parallel, cpu_count, delayed
from tqdm import tqdm

from sufficiency import dates
from sufficiency.draws import replication_key
from sufficiency.errors import UserError
from sufficiency.forecast import EntrantForecast, forecast_entrants
from sufficiency.history import History
from sufficiency.rates import Rates, estimate_rates
from sufficiency.scenario import Scenario, read_scenario
from sufficiency.simulation.journeys import simulate_journeys
from sufficiency.simulation.results import Outcome, Replication, combine, tabulate
from sufficiency.simulation.setup import Parameters, Setup, prepare

#: Journeys of this many replications are kept (model §8).
JOURNEYS_KEPT = 50
_BLOCK = 5
DEFAULT_REPLICATIONS = 200
DEFAULT_YEARS = 5
DEFAULT_SEED = 2026


def simulate(
    history: History,
    scenario: Scenario | str | Path = "baseline",
    *,
    replications: int = DEFAULT_REPLICATIONS,
    seed: int = DEFAULT_SEED,
    years: int = DEFAULT_YEARS,
    parameters: Parameters = "draw",
    workers: int | None = None,
    rates: Rates | None = None,
    forecast: EntrantForecast | None = None,
    journeys: int = JOURNEYS_KEPT,
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
    years
        How far ahead, to the same calendar day.
    parameters
        "draw" (each replication draws its hazards from their posteriors) or "mean"; entrants are
        drawn either way.
    workers
        Processes; None takes one a core, 1 stays in this process.
    rates, forecast
        Estimated from the history when not given; hand them in to compare plans quickly.
    journeys
        Replications whose placements are kept.
    progress
        Whether to show a progress bar with the time left, on standard error.

    Raises
    ------
    UserError
        When the scenario does not exist, is wrong, or lies outside the years simulated; when the
        forecast given ends before them.
    """
    plan = scenario if isinstance(scenario, Scenario) else read_scenario(scenario)
    first, last = history.origin + 1, dates.add_years(history.origin, years)
    months = int(dates.month_index(last) - dates.month_index(first)) + 1
    effects = plan.effects(first, months, history.codes)
    arriving = forecast or forecast_entrants(history, months=months)
    if arriving.months < months or arriving.first_month != dates.month_index(first):
        raise UserError(["The forecast of entrants does not cover the months to be simulated; make it again."])
    setup = prepare(
        history,
        rates or estimate_rates(history),
        arriving,
        effects,
        days=last - first + 1,
        parameters=parameters,
    )
    blocks = [range(low, min(low + _BLOCK, replications)) for low in range(0, replications, _BLOCK)]
    parts: list[Replication] = []
    with tqdm(total=replications, desc=plan.about.title[:40], unit="run", disable=not progress) as bar:
        for block in _blocks(setup, seed, blocks, journeys, workers):
            parts.extend(block)
            bar.update(len(block))
    return combine(plan, history.codes, seed, (first, last), parts)


def _blocks(
    setup: Setup, seed: int, blocks: list[range], journeys: int, workers: int | None
) -> Iterator[list[Replication]]:
    processes = min(workers or cpu_count(), len(blocks))
    if processes <= 1:
        return (run_block(setup, seed, block, journeys) for block in blocks)
    # No array is memory-mapped: children's dates stay out of every file (max_nbytes=None).
    pool = Parallel(n_jobs=processes, return_as="generator", max_nbytes=None)
    done: Iterator[list[Replication]] = pool(delayed(run_block)(setup, seed, block, journeys) for block in blocks)
    return done


def run_block(setup: Setup, seed: int, numbers: Iterable[int], journeys: int) -> list[Replication]:
    """Run some replications of a plan."""
    return [_replicate(setup, seed, number, keep=number < journeys) for number in numbers]


def _replicate(setup: Setup, seed: int, number: int, *, keep: bool) -> Replication:
    key = replication_key(seed, number)
    world = setup.world(key)
    given = simulate_journeys(world, key)
    window = (setup.first_day, setup.first_day + setup.days - 1)
    return tabulate(number, given, setup.forecast.counts(key), window, setup.codes, keep=keep)
