"""One run from returns to annex: the only module that knows every stage."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from sufficiency import dates
from sufficiency.codes import read_codes
from sufficiency.costs import cost
from sufficiency.errors import Finding, Problem, UserError
from sufficiency.folder import (
    BASELINE,
    fingerprint_of,
    prepare_folder,
    write,
    write_estimates,
    write_history,
    write_results,
)
from sufficiency.forecast import EntrantForecast, forecast_entrants
from sufficiency.history import History, build_history
from sufficiency.plan import same_results
from sufficiency.provenance import input_hashes, shipped, versions, write_manifest
from sufficiency.rates import Rates, estimate_rates
from sufficiency.report import Council, read_council
from sufficiency.report.findings import findings_json
from sufficiency.returns import Returns, authorities, read_returns
from sufficiency.scenario import Scenario, read_scenario
from sufficiency.simulation import Outcome, simulate
from sufficiency.simulation.replications import DEFAULT_REPLICATIONS, DEFAULT_SEED, DEFAULT_YEARS
from sufficiency.tables import Prices, prices_file, read_prices
from sufficiency.trials.backtest import backtest

_COUNCIL_FILE = "council.toml"
ALL = "all"
#: The folder's name is not used: it may say more than the annex should.
_UNNAMED = "The authority"
_BACKTEST_REPLICATIONS = 60
DEFAULT_PLANS = ("edge-of-care",)


@dataclass(frozen=True)
class Options:
    """What a run was asked for; see the command's help for each."""

    scenarios: tuple[str, ...] = ()
    tables: Path | None = None
    origin: str | None = None
    years: int = DEFAULT_YEARS
    replications: int = DEFAULT_REPLICATIONS
    seed: int = DEFAULT_SEED
    workers: int | None = None
    codes: Path | None = None
    authority: str | None = None
    until: str | None = None
    council: Path | None = None
    strict: bool = False
    report: bool = True
    out: Path | None = None
    overwrite: bool = False
    progress: bool = False


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
        By scenario name; ``spend`` is empty without prices.
    """

    folder: Path
    returns: Returns
    history: History
    outcomes: Mapping[str, Outcome]
    spend: Mapping[str, pd.DataFrame]
    findings: tuple[Finding, ...]
    annex: Mapping[str, Path] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Run({self.folder.name}: {', '.join(self.outcomes)})"


def run(returns: Path | str | None = None, options: Options | None = None) -> Run:
    """The main job: history, forecast, baseline and plans, costs, comparison, annex.

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
    given = Path(returns) if returns is not None else shipped("example") / "returns"
    clock = _Clock()
    inputs = _read_inputs(asked, given)
    folder = prepare_folder(asked.out or _default_folder(given), inputs.fingerprint, overwrite=asked.overwrite)
    clock.mark("read")
    history = build_history(inputs.returns, origin=asked.origin)
    if history.placements.empty:
        raise UserError(["No child in these returns is in care by the origin; nothing can be forecast."])
    rates = estimate_rates(history)
    forecast = forecast_entrants(history, months=_months_ahead(history, asked.years))
    clock.mark("history and rates")
    outcomes = _simulate_all(history, inputs.plans, rates, forecast, asked)
    clock.mark("simulation")
    spend = {name: cost(outcome, inputs.prices) for name, outcome in outcomes.items()} if inputs.prices else {}
    tested = backtest(
        inputs.returns,
        until=asked.origin,
        replications=_BACKTEST_REPLICATIONS,
        seed=asked.seed,
        workers=asked.workers,
    )
    clock.mark("back-test")
    findings = (*history.findings, *_run_findings(outcomes, rates, forecast))
    write_history(folder, history)
    write_estimates(folder, rates, forecast, outcomes[BASELINE], tested)
    write_results(folder, outcomes, spend, inputs.plans, inputs.prices)
    write(folder, "findings.json", findings_json(replace(inputs.returns, findings=findings)))
    clock.mark("results")
    manifest = _manifest(history, inputs, asked)
    write_manifest(folder, {**manifest, "timings": clock.timings})
    annex = _report(folder, inputs.council) if asked.report else {}
    clock.mark("report")
    write_manifest(folder, {**manifest, "timings": clock.timings})
    return Run(folder, inputs.returns, history, outcomes, spend, findings, annex)


def _report(folder: Path, council: Council) -> Mapping[str, Path]:
    """The executed notebooks and the annex."""
    # Loaded here: papermill, matplotlib and pandoc are slow to load and not wanted with --no-report.
    from sufficiency.report import write_annex  # noqa: PLC0415
    from sufficiency.report.notebooks import execute_all  # noqa: PLC0415

    execute_all(folder)
    written: Mapping[str, Path] = write_annex(folder, council=council)
    return written


def run_each(returns: Path | str | None = None, options: Options | None = None) -> Iterator[Run]:
    """One run, or with the authority ``all`` one for each authority of a region's returns.

    Each goes into a folder of its own, named after the authority, within the folder asked for.

    Raises
    ------
    UserError
        As :func:`run`; the runs finished before it stay.
    """
    asked = options or Options()
    if returns is None or asked.authority != ALL:
        yield run(returns, asked)
        return
    folder = asked.out or _default_folder(Path(returns))
    for name in authorities(returns) or [""]:
        part = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "authority"
        yield run(returns, replace(asked, authority=name or None, out=folder / part))


class _Clock:
    """Seconds that each part of a run took."""

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}
        self._last = time.perf_counter()

    def mark(self, part: str) -> None:
        now = time.perf_counter()
        self.timings[part] = round(now - self._last, 2)
        self._last = now


@dataclass(frozen=True)
class _Inputs:
    """Everything a run was given, read and checked."""

    returns: Returns
    plans: list[Scenario]
    prices: Prices | None
    council: Council
    extra: list[Path]
    fingerprint: str


def _read_inputs(asked: Options, given: Path) -> _Inputs:
    """Read everything; the tables' and plans' problems are told before the returns are read."""
    plans, prices, prices_path = _read_plans(asked, given)
    council_path = asked.council or _beside(given, _COUNCIL_FILE)
    council = read_council(council_path) if council_path else Council()
    read = read_returns(
        given, codes=read_codes(asked.codes), strict=asked.strict, authority=asked.authority, until=asked.until
    )
    extra = [path for path in (prices_path, asked.codes, council_path) if path is not None]
    named = council if council.name else replace(council, name=asked.authority or _UNNAMED)
    deciding: list[object] = [asked.origin, asked.years, asked.replications, asked.seed, asked.authority, asked.until]
    return _Inputs(read, plans, prices, named, extra, fingerprint_of([*sorted(read.paths), *extra], plans, deciding))


def _default_folder(given: Path) -> Path:
    return Path("reports") / ("example" if given == shipped("example") / "returns" else given.resolve().name)


def _beside(given: Path, name: str) -> Path | None:
    """A file with the returns, or in the folder above them."""
    folder = given if given.is_dir() else given.parent
    return next((path for path in (folder / name, folder.parent / name) if path.is_file()), None)


def _manifest(history: History, inputs: _Inputs, asked: Options) -> dict[str, object]:
    return {
        "title": "Sufficiency annex",
        "authority": inputs.council.name,
        "invented": inputs.council.invented,
        "created": datetime.now().astimezone().isoformat(timespec="seconds"),
        "origin": str(dates.as_date(history.origin)),
        "horizon_years": asked.years,
        "replications": asked.replications,
        "seed": asked.seed,
        "scenarios": [_about(plan) for plan in inputs.plans],
        "inputs": input_hashes([*inputs.returns.paths, *inputs.extra]),
        "versions": versions(),
        "options": _options_text(asked),
        "fingerprint": inputs.fingerprint,
        "status": "complete",
    }


def _read_plans(asked: Options, given: Path) -> tuple[list[Scenario], Prices | None, Path | None]:
    """The baseline and the plans, and the prices, with the problems of all of them told at once."""
    problems: list[Problem] = []
    plans: list[Scenario] = []
    for name in dict.fromkeys((BASELINE, *(asked.scenarios or DEFAULT_PLANS))):
        try:
            plans.append(read_scenario(name))
        except UserError as error:
            problems.extend(error.problems)
    prices, path = None, _prices_path(asked, given)
    if path is not None:
        try:
            prices = read_prices(path, codes=read_codes(asked.codes))
        except UserError as error:
            problems.extend(error.problems)
    if problems:
        raise UserError(problems)
    twice = {plan.name for plan in plans if sum(other.name == plan.name for other in plans) > 1}
    if twice:
        raise UserError(
            [f"Two scenarios are called '{name}'; give their files different names." for name in sorted(twice)]
        )
    return plans, prices, path


def _prices_path(asked: Options, given: Path) -> Path | None:
    """The prices table: in ``--tables``, else beside the returns (or in ``tables`` beside them)."""
    if asked.tables is not None:
        return prices_file(asked.tables)
    beside = given if given.is_dir() else given.parent
    folders = (beside, beside.parent / "tables", beside / "tables")
    return next((path for folder in folders if (path := prices_file(folder)) is not None), None)


def _months_ahead(history: History, years: int) -> int:
    first, last = history.origin + 1, dates.add_years(history.origin, years)
    return int(dates.month_index(last) - dates.month_index(first)) + 1


def _simulate_all(
    history: History, plans: list[Scenario], rates: Rates, forecast: EntrantForecast, asked: Options
) -> dict[str, Outcome]:
    first = history.origin + 1
    problems: list[Problem] = []
    for plan in plans:
        try:
            plan.effects(first, forecast.months, history.codes)
        except UserError as error:
            problems.extend(error.problems)
    if problems:
        raise UserError(problems)
    return {
        plan.name: simulate(
            history,
            plan,
            replications=asked.replications,
            seed=asked.seed,
            years=asked.years,
            workers=asked.workers,
            rates=rates,
            forecast=forecast,
            progress=asked.progress,
        )
        for plan in plans
    }


def _run_findings(outcomes: Mapping[str, Outcome], rates: Rates, forecast: EntrantForecast) -> list[Finding]:
    """What the run itself has to tell: plans without effect, fits that fell short, exposure left out."""
    found = [Finding("forecast_note", "info", note, "kept, and told here") for note in forecast.notes]
    base = outcomes[BASELINE]
    for name, outcome in outcomes.items():
        if name != BASELINE and outcome.scenario.levers and same_results(outcome, base):
            message = f"The plan '{outcome.scenario.about.title}' changes nothing with these returns."
            found.append(Finding("plan_without_effect", "warning", message, "run and shown, equal to the baseline"))
    for clock, days in rates.exposure.left_out.items():
        if days:
            message = f"{days:,.0f} child-days have no known time in {clock} (the start lies before the first return)."
            found.append(Finding("unknown_duration", "info", message, "left out of the rates that run on it"))
    return found


def _about(plan: Scenario) -> dict[str, str]:
    return {"name": plan.name, **plan.about.model_dump(), "text": plan.text}


def _options_text(asked: Options) -> dict[str, object]:
    """The options as asked, paths by their base name only."""
    shown = {name: getattr(asked, name) for name in Options.__dataclass_fields__ if name not in ("progress", "out")}
    return {name: value.name if isinstance(value, Path) else value for name, value in shown.items()}
