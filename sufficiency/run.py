"""One run from returns to annex: the only module that knows every stage."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from sufficiency import dates
from sufficiency.costs import count_money
from sufficiency.errors import Finding, UserError
from sufficiency.folder import (
    BASELINE,
    default_folder,
    drop_partial,
    partial_results,
    prepare_folder,
    write,
    write_comparisons,
    write_drivers,
    write_estimates,
    write_gaps,
    write_history,
    write_indicators,
    write_money,
    write_places,
    write_results,
)
from sufficiency.forecast import EntrantForecast
from sufficiency.history import History, build_history
from sufficiency.inputs import Inputs, Options, options_text, read_inputs
from sufficiency.plan import Means, estimate_means, find_gaps, same_results
from sufficiency.provenance import shipped, versions, write_manifest
from sufficiency.rates import Rates
from sufficiency.report import Council
from sufficiency.report.findings import findings_json
from sufficiency.returns import Returns
from sufficiency.scenario import Scenario
from sufficiency.simulated import Simulations, precision_asked
from sufficiency.simulation import Outcome
from sufficiency.simulation.findings import exposure_findings, lever_findings, place_findings, without_effect
from sufficiency.simulation.precision import Reached, reached
from sufficiency.simulation.results import by_year
from sufficiency.simulation.workers import Workers
from sufficiency.tables import Prices
from sufficiency.trials.backtest import backtest, default_origins
from sufficiency.trials.drivers import Drivers, Made, a_year_before, why_it_changed

__all__ = ["Options", "Run", "open_workers", "run", "run_read"]

#: The back-test of a run: quicker than the command's, from fewer origins.
_BACKTEST_REPLICATIONS, _BACKTEST_ORIGINS = 100, 4
_A_YEAR = 12


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    folder
        Where everything was written.
    annex
        The annex's files by format; empty with ``report=False``.
    outcomes, spend
        By scenario name; ``spend`` is empty without prices. Journeys are not kept: they hold dates of birth.
    precision
        What was reached, where a precision was asked for.
    """

    folder: Path
    returns: Returns
    history: History
    outcomes: Mapping[str, Outcome]
    spend: Mapping[str, pd.DataFrame]
    findings: tuple[Finding, ...]
    annex: Mapping[str, Path] = field(default_factory=dict)
    precision: Reached | None = None

    def __repr__(self) -> str:
        return f"Run({self.folder.name}: {', '.join(self.outcomes)})"


def run(returns: Path | str | None = None, options: Options | None = None) -> Run:
    """The main job: history, forecast, baseline and plans, costs, comparison, annex.

    A run that was stopped goes on where it was when it is called again with the same inputs,
    options and version: finished blocks of replications are not simulated again.

    Parameters
    ----------
    returns
        Folder or file of SSDA903 returns; None runs the invented example authority.
    options
        What is asked for; defaults throughout when left out.

    Raises
    ------
    UserError
        When nothing can be read, or a table, a scenario or an option is wrong: every problem found.
    """
    asked = options or Options()
    with open_workers(asked) as workers:
        return run_read(returns, asked, workers)


@contextmanager
def open_workers(asked: Options) -> Iterator[int | Workers | None]:
    """Whoever does the simulating: threads of this machine, or a cluster for as long as it is needed."""
    if asked.cluster is None:
        yield asked.workers
        return
    # Loaded here: only those who ask for a cluster have its libraries.
    from sufficiency.simulation.cluster import open_cluster  # noqa: PLC0415

    with open_cluster(asked.cluster, asked.workers) as cluster:
        yield cluster


def run_read(
    returns: Path | str | None, asked: Options, workers: int | Workers | None, read: Returns | None = None
) -> Run:
    """As :func:`run`, by workers that are there already and with returns that may have been read already."""
    given = Path(returns) if returns is not None else shipped("example") / "returns"
    clock = _Clock()
    inputs = read_inputs(asked, given, read)
    folder = prepare_folder(asked.out or default_folder(given), inputs.fingerprint, overwrite=asked.overwrite)
    clock.mark("read")
    history = build_history(inputs.returns, origin=asked.origin)
    if history.placements.empty:
        raise UserError(["No child in these returns is in care by the origin; nothing can be forecast."])
    tables, engine_name = inputs.tables, asked.engine
    means = estimate_means(
        history, tables, years=asked.years, evaluate=True, workers=workers, engine_name=engine_name, mark=clock.mark
    )
    rates, forecast, prices = means.rates, means.forecast, inputs.tables.prices
    simulations = Simulations(means, asked, partial_results(folder))
    outcomes = simulations.plans(inputs.plans)
    clock.mark("simulation")
    by_chance = simulations.by_chance(outcomes[BASELINE]) if prices else None
    money = count_money(history, outcomes, inputs.tables, by_chance=by_chance)
    clock.mark("money")
    tested = backtest(
        inputs.returns,
        origins=default_origins(history.first_day, history.origin, _BACKTEST_ORIGINS),
        until=asked.origin,
        replications=_BACKTEST_REPLICATIONS,
        seed=asked.seed,
        workers=asked.workers,
        capacity=inputs.tables.capacity,
        children=inputs.tables.population,
    )
    clock.mark("back-test")
    changed = _changed(inputs, means, outcomes, asked)
    clock.mark("why it changed")
    findings = (*history.findings, *_run_findings(outcomes, rates, forecast), *_unpriced(outcomes[BASELINE], prices))
    findings = (*findings, *money.findings)
    write_history(folder, history, inputs.returns, inputs.tables.population, inputs.comparators)
    write_estimates(folder, history, rates, forecast, outcomes[BASELINE], tested)
    write_drivers(folder, changed)
    write_results(folder, outcomes, money.spend, inputs.plans)
    write_money(folder, money, inputs.tables)
    write_comparisons(folder, outcomes, money)
    write_places(folder, history, outcomes, simulations.other_form(outcomes[BASELINE]))
    if len(inputs.plans) > 1:
        write_indicators(folder, simulations.with_journeys(inputs.plans))
    write_gaps(folder, find_gaps([*outcomes.values()], simulations.companions()))
    write(folder, "findings.json", findings_json(replace(inputs.returns, findings=findings)))
    clock.mark("results")
    precise = precision_asked(asked, history, prices)
    base, *others = outcomes.values()
    found = reached(base, precise, asked.replications, others if precise.of_differences else ()) if precise else None
    manifest = _manifest(history, inputs, asked, outcomes[BASELINE], found)
    annex = _reported(folder, inputs.council, {**manifest, "timings": clock.timings}) if asked.report else {}
    clock.mark("report")
    write_manifest(folder, {**manifest, "timings": clock.timings})
    drop_partial(folder)
    return Run(folder, inputs.returns, history, outcomes, money.spend, findings, annex, found)


def _reported(folder: Path, council: Council, manifest: Mapping[str, object]) -> Mapping[str, Path]:
    """The report of a run whose results are complete; a report that is cut short leaves the run unfinished."""
    write_manifest(folder, manifest)
    try:
        return _report(folder, council)
    except BaseException:
        write_manifest(folder, {**manifest, "status": "running"})
        raise


def _report(folder: Path, council: Council) -> Mapping[str, Path]:
    """The workbook, the executed notebooks and the annex."""
    # Loaded here: papermill, matplotlib and pandoc are slow to load and not wanted with --no-report.
    from sufficiency.report import write_annex  # noqa: PLC0415
    from sufficiency.report.notebooks import execute_all  # noqa: PLC0415
    from sufficiency.report.workbook import write_workbook  # noqa: PLC0415

    write_workbook(folder)
    execute_all(folder)
    written: Mapping[str, Path] = write_annex(folder, council=council)
    return written


class _Clock:
    """Seconds that each part of a run took."""

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}
        self._last = time.perf_counter()

    def mark(self, part: str) -> None:
        now = time.perf_counter()
        self.timings[part] = round(now - self._last, 2)
        self._last = now


def _manifest(
    history: History, inputs: Inputs, asked: Options, baseline: Outcome, found: Reached | None
) -> dict[str, object]:
    return {
        "title": "Sufficiency annex",
        "authority": inputs.council.name,
        "invented": inputs.council.invented,
        "created": datetime.now().astimezone().isoformat(timespec="seconds"),
        "origin": str(dates.as_date(history.origin)),
        "horizon_years": asked.years,
        "replications": baseline.replications,
        "replications_in_detail": baseline.detailed,
        **({} if found is None else {"precision": asdict(found)}),
        "seed": asked.seed,
        "scenarios": [_about(plan) for plan in inputs.plans],
        "inputs": inputs.hashes,
        "versions": versions(),
        "options": options_text(asked),
        "fingerprint": inputs.fingerprint,
        "status": "complete",
    }


def _changed(inputs: Inputs, means: Means, outcomes: Mapping[str, Outcome], asked: Options) -> Drivers:
    """The baseline beside the forecast of a year ago and today's number, by driver."""
    children = inputs.tables.population
    made = Made(means.history, means.rates, means.forecast, means.matched.supply, children)
    months = dates.months_ahead(made.history.origin, asked.years) + _A_YEAR
    before = a_year_before(
        inputs.returns, made.history, months=months, capacity=inputs.tables.capacity, children=children
    )
    return why_it_changed(made, outcomes[BASELINE], before, workers=asked.workers)


def _run_findings(outcomes: Mapping[str, Outcome], rates: Rates, forecast: EntrantForecast) -> list[Finding]:
    """What the run itself has to tell: plans without effect, fits that fell short, places and exposure."""
    found = [Finding("forecast_note", "info", note, "kept, and told here") for note in forecast.notes]
    base = outcomes[BASELINE]
    for name, outcome in outcomes.items():
        if name != BASELINE and outcome.scenario.levers:
            found += lever_findings(outcome, base)
            found += without_effect(outcome) if same_results(outcome, base) else []
    return [*found, *exposure_findings(rates), *place_findings(base)]


def _unpriced(base: Outcome, prices: Prices | None) -> list[Finding]:
    """Staying put without a price: its cost is left out, and said to be."""
    if prices is None:
        return []
    later = set(base.codes.all_settings) - set(base.codes.in_care) - set(prices.table["setting"])
    lived = sorted(later & set(by_year(base)["setting"]))
    if not lived:
        return []
    message = f"The prices table has no price for: {', '.join(base.codes.label(name).lower() for name in lived)}."
    return [Finding("staying_put_unpriced", "warning", message, "left out of spend; give a price for each")]


def _about(plan: Scenario) -> dict[str, str]:
    return {"name": plan.name, **plan.about.model_dump(), "text": plan.text}
