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
from sufficiency.costs import count_money, price_a_night
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
from sufficiency.forecast import EntrantForecast, forecast_entrants
from sufficiency.history import History, build_history
from sufficiency.inputs import Inputs, Options, options_text, read_inputs
from sufficiency.plan import Means, find_gaps, same_results
from sufficiency.provenance import shipped, versions, write_manifest
from sufficiency.rates import Rates, estimate_rates
from sufficiency.report import Council
from sufficiency.report.findings import findings_json
from sufficiency.returns import Returns
from sufficiency.scenario import Scenario
from sufficiency.simulation import Matched, Outcome, match_places, supply_of
from sufficiency.simulation.findings import exposure_findings, lever_findings, place_findings, without_effect
from sufficiency.simulation.kept import Kept
from sufficiency.simulation.matching import second_form
from sufficiency.simulation.precision import Precision, Reached, placement_spend, reached
from sufficiency.simulation.replications import simulate_plans
from sufficiency.simulation.results import by_year
from sufficiency.simulation.workers import Workers
from sufficiency.tables import Prices
from sufficiency.trials.backtest import backtest, default_origins
from sufficiency.trials.drivers import Drivers, Made, a_year_before, why_it_changed

__all__ = ["Options", "Run", "open_workers", "run", "run_read"]

#: The back-test of a run: quicker than the command's, from fewer origins.
_BACKTEST_REPLICATIONS, _BACKTEST_ORIGINS = 100, 4
#: Replications of the baseline with the other form of matching, which is run for comparison only.
_SECOND_REPLICATIONS = 100
#: Replications of which the journeys are made for the indicators of plans; they are slow to look through.
_INDICATOR_REPLICATIONS = 20
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
    rates = estimate_rates(history)
    children = inputs.tables.population
    forecast = forecast_entrants(history, months=_months_ahead(history, asked.years), children=children)
    clock.mark("history and rates")
    estimates = _Estimates(rates, forecast, _matched(history, inputs, rates, forecast))
    clock.mark("matching")
    kept = partial_results(folder)
    outcomes = _simulate_all(
        history, inputs.plans, estimates, _Means(asked, workers, kept.part("plans"), inputs.tables.prices)
    )
    clock.mark("simulation")
    prices = inputs.tables.prices
    money = count_money(history, outcomes, inputs.tables)
    tested = backtest(
        inputs.returns,
        origins=default_origins(history.first_day, history.origin, _BACKTEST_ORIGINS),
        until=asked.origin,
        replications=_BACKTEST_REPLICATIONS,
        seed=asked.seed,
        workers=asked.workers,
        capacity=inputs.tables.capacity,
        children=children,
    )
    clock.mark("back-test")
    changed = _changed(inputs, Made(history, rates, forecast, estimates.matched.supply, children), outcomes, asked)
    clock.mark("why it changed")
    findings = (*history.findings, *_run_findings(outcomes, estimates), *_unpriced(outcomes[BASELINE], prices))
    findings = (*findings, *money.findings)
    write_history(folder, history, inputs.returns, inputs.tables.population, inputs.comparators)
    write_estimates(folder, history, rates, forecast, outcomes[BASELINE], tested)
    write_drivers(folder, changed)
    write_results(folder, outcomes, money.spend, inputs.plans)
    write_money(folder, money, inputs.tables)
    write_comparisons(folder, outcomes, money)
    other = _Means(replace(asked, progress=False), workers, kept.part("second form"), prices)
    write_places(folder, history, outcomes, _other_form(history, outcomes[BASELINE], estimates, other))
    if len(inputs.plans) > 1:
        write_indicators(folder, _with_journeys(history, inputs.plans, estimates, other))
    write_gaps(folder, find_gaps([*outcomes.values()], _companions(history, estimates, asked, workers, kept)))
    write(folder, "findings.json", findings_json(replace(inputs.returns, findings=findings)))
    clock.mark("results")
    precise = _precision(asked, history, prices)
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


def _months_ahead(history: History, years: int) -> int:
    first, last = history.origin + 1, dates.add_years(history.origin, years)
    return dates.calendar_months(first, last)


@dataclass(frozen=True)
class _Estimates:
    """What is estimated once and used by every plan."""

    rates: Rates
    forecast: EntrantForecast
    matched: Matched


def _matched(history: History, inputs: Inputs, rates: Rates, forecast: EntrantForecast) -> Matched:
    supply = supply_of(history, inputs.tables.capacity, inputs.tables.staying_put)
    return match_places(history, supply, rates=rates, forecast=forecast)


@dataclass(frozen=True)
class _Means:
    """How plans are simulated: what was asked for, by whom, and where finished blocks are kept."""

    asked: Options
    workers: int | Workers | None
    kept: Kept
    prices: Prices | None


def _precision(asked: Options, history: History, prices: Prices | None) -> Precision | None:
    if not asked.precision:
        return None
    apart = asked.precision_of.endswith("difference")
    if asked.precision_of.startswith("children") or prices is None:
        return Precision(asked.precision, of_differences=apart)
    days = (history.origin + 1, dates.add_years(history.origin, asked.years))
    watched = placement_spend(price_a_night(prices, history.codes, *days))
    return Precision(asked.precision, watched=watched, of_differences=apart)


def _simulate_all(history: History, plans: list[Scenario], estimates: _Estimates, means: _Means) -> dict[str, Outcome]:
    return {outcome.scenario.name: outcome for outcome in _simulated(history, plans, estimates, means)}


def _with_journeys(history: History, plans: list[Scenario], estimates: _Estimates, means: _Means) -> list[Outcome]:
    """The first replications of every plan once more, with the journeys from which indicators are found."""
    few = replace(means.asked, replications=min(means.asked.replications, _INDICATOR_REPLICATIONS), precision=None)
    unkept = replace(means, asked=few, kept=means.kept.part("journeys"))
    return _simulated(history, plans, estimates, unkept, few.replications)


def _simulated(
    history: History, plans: list[Scenario], estimates: _Estimates, means: _Means, journeys: int = 0
) -> list[Outcome]:
    asked = means.asked
    return simulate_plans(
        history,
        plans,
        replications=asked.replications,
        precision=_precision(asked, history, means.prices),
        seed=asked.seed,
        years=asked.years,
        workers=means.workers,
        rates=estimates.rates,
        forecast=estimates.forecast,
        matched=estimates.matched,
        engine_name=asked.engine,
        journeys=journeys,
        kept=means.kept,
        progress=asked.progress,
    )


def _changed(inputs: Inputs, made: Made, outcomes: Mapping[str, Outcome], asked: Options) -> Drivers:
    """The baseline beside the forecast of a year ago and today's number, by driver."""
    months = _months_ahead(made.history, asked.years) + _A_YEAR
    before = a_year_before(
        inputs.returns, made.history, months=months, capacity=inputs.tables.capacity, children=made.children
    )
    return why_it_changed(made, outcomes[BASELINE], before, workers=asked.workers)


def _other_form(history: History, baseline: Outcome, estimates: _Estimates, means: _Means) -> Outcome | None:
    """The baseline under the second form of matching; None where nothing was fitted."""
    matched = estimates.matched
    if not matched.matches:
        return None
    other = replace(estimates, matched=Matched(second_form(matched.supply, matched.matches), matched.matches))
    fewer = replace(means.asked, replications=min(baseline.replications, _SECOND_REPLICATIONS), precision=None)
    return _simulated(history, [baseline.scenario], other, replace(means, asked=fewer))[0]


def _companions(
    history: History, estimates: _Estimates, asked: Options, workers: int | Workers | None, kept: Kept
) -> Means:
    """With what the runs are made in which one setting has no limit."""
    given = (history, estimates.rates, estimates.forecast, estimates.matched)
    return Means(*given, workers=workers, engine_name=asked.engine, kept=kept.part("gaps"))


def _run_findings(outcomes: Mapping[str, Outcome], estimates: _Estimates) -> list[Finding]:
    """What the run itself has to tell: plans without effect, fits that fell short, places and exposure."""
    found = [Finding("forecast_note", "info", note, "kept, and told here") for note in estimates.forecast.notes]
    base = outcomes[BASELINE]
    for name, outcome in outcomes.items():
        if name != BASELINE and outcome.scenario.levers:
            found += lever_findings(outcome, base)
            found += without_effect(outcome) if same_results(outcome, base) else []
    return [*found, *exposure_findings(estimates.rates), *place_findings(base)]


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
