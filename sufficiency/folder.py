"""What a run leaves in its folder: the tables of every stage, and what decides whose run it is."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pandas as pd

from sufficiency import __version__, dates
from sufficiency.costs import Money, gross, summarise_spend
from sufficiency.errors import UserError
from sufficiency.forecast import EntrantForecast, summarise_entrants
from sufficiency.forecast.quarters import entries_by_quarter
from sufficiency.history import History
from sufficiency.plan import Gaps, between_plans, compare, compare_indicators
from sufficiency.provenance import read_manifest, shipped, versions, write_manifest
from sufficiency.rates import Rates
from sufficiency.rates.diagnostics import observed_expected
from sufficiency.rates.past import past_tables, quality_tables
from sufficiency.returns import Returns
from sufficiency.scenario import Scenario, assumptions
from sufficiency.simulation import Outcome
from sufficiency.simulation.implied import survival_check
from sufficiency.simulation.kept import Kept
from sufficiency.simulation.leavers import care_leavers
from sufficiency.simulation.result_tables import RESULT_TABLES
from sufficiency.tables import Comparators, CouncilTables
from sufficiency.trials.drivers import Drivers
from sufficiency.trials.trust_page import write_trust

BASELINE = "baseline"
#: Finished blocks of replications of a run that has not come to its end.
_PARTIAL = "partial"


def fingerprint_of(inputs: Mapping[str, str], plans: list[Scenario], options: list[object]) -> str:
    """Hash of everything that decides the results: inputs (name and hash), plans, options and version."""
    content = {
        "version": __version__,
        "inputs": inputs,
        "plans": [(plan.name, plan.text) for plan in plans],
        "options": options,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def default_folder(given: Path, kind: str = "") -> Path:
    """Where a command on some returns writes that was not told where; ``kind`` ends its name."""
    name = "example" if given == shipped("example") / "returns" else given.resolve().name
    return Path("reports") / f"{name}{kind}"


def prepare_folder(folder: Path, fingerprint: str, *, overwrite: bool) -> Path:
    """Make a run's folder ready: new, empty, or of a run of the same inputs, options and version.

    What such a run has finished of its replications stays, if the libraries are the same too, so
    that their arithmetic is. The manifest says that the run is under way.

    Raises
    ------
    UserError
        When it holds anything else and may not be written over.
    """
    before: dict[str, object] = {}
    if (folder / "manifest.json").is_file():
        with suppress(ValueError):
            before = read_manifest(folder)
        if before.get("fingerprint") != fingerprint and not overwrite:
            other = f"The folder {folder} holds a run of other inputs, options or version"
            raise UserError([f"{other}; add --overwrite, or another --out."])
    elif folder.exists() and any(folder.iterdir()) and not overwrite:
        raise UserError(
            [f"The folder {folder} holds other files. Name an empty or new one with --out, or add --overwrite."]
        )
    started: dict[str, object] = {"fingerprint": fingerprint, "versions": versions()}
    same = all(before.get(name) == value for name, value in started.items())
    _clear(folder, {_PARTIAL} if same else set())
    write_manifest(folder, {**started, "status": "running"})
    return folder


def _clear(folder: Path, spared: set[str]) -> None:
    """Empty what a run writes to, except for some folders of the internal one."""
    shutil.rmtree(folder / "publish", ignore_errors=True)
    inside = folder / "internal"
    for part in inside.iterdir() if inside.is_dir() else ():
        if part.name in spared:
            continue
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink()
    for made in (folder / "publish", inside):
        made.mkdir(parents=True, exist_ok=True)


def partial_results(folder: Path) -> Kept:
    """Where a run keeps what it has finished of its replications."""
    return Kept(folder / "internal" / _PARTIAL)


def drop_partial(folder: Path) -> None:
    """Remove what was kept, when the run has come to its end."""
    shutil.rmtree(folder / "internal" / _PARTIAL, ignore_errors=True)


def write(folder: Path, name: str, content: pd.DataFrame | str) -> None:
    """Write a table (Parquet) or a text into the run's ``internal`` folder."""
    path = folder / "internal" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8", newline="\n")
    else:
        content.to_parquet(path, index=False)


def write_history(
    folder: Path,
    history: History,
    returns: Returns,
    population: Mapping[int, float] | None = None,
    comparators: Comparators | None = None,
) -> None:
    """Tables of the past and of the returns' faults, and published figures beside them where given."""
    tables = {**past_tables(history, population), **quality_tables(returns)}
    if comparators is not None:
        tables["comparators"] = comparators.beside(history, population)
    for name, table in tables.items():
        write(folder, f"history/{name}.parquet", table)


def write_estimates(
    folder: Path,
    history: History,
    rates: Rates,
    forecast: EntrantForecast,
    baseline: Outcome,
    tested: pd.DataFrame,
) -> None:
    """Rates by cell and how they fit, the forecast of entrants with its scores, and the back-test in plain English."""
    write(folder, "rates/cells.parquet", rates.cells)
    fits = observed_expected(history, rates.hazards, rates.exposure)
    write(folder, "rates/observed_expected.parquet", fits)
    write(folder, "rates/survival_check.parquet", survival_check(history, rates))
    write(folder, "forecast/entrants.parquet", summarise_entrants(baseline.entrants, forecast.first_month))
    write(folder, "forecast/entries.parquet", entries_by_quarter(forecast, baseline.entrants))
    write(folder, "forecast/scores.parquet", forecast.scores)
    write(folder, "forecast/backtest.parquet", tested)
    write_trust(folder / "internal" / "forecast", tested)


def write_drivers(folder: Path, found: Drivers) -> None:
    """Why the forecast differs from last year's and from today's number."""
    write(folder, "forecast/drivers.parquet", found.parts)
    write(folder, "forecast/drivers_told.parquet", found.told)


def write_places(folder: Path, history: History, outcomes: Mapping[str, Outcome], other: Outcome | None) -> None:
    """Care leavers, the places simulated, and how well vacancies suit under both forms of matching."""
    baseline = outcomes[BASELINE]
    later = pd.concat([care_leavers(history, outcome) for outcome in outcomes.values()], ignore_index=True)
    write(folder, "results/care_leavers.parquet", later)
    supply = baseline.supply
    rows = supply.rows.assign(**{"from": dates.to_dates(supply.rows["from"])})
    write(folder, "places/capacity.parquet", rows.assign(inferred=rows["setting"].isin(supply.inferred)))
    matches = pd.DataFrame([vars(match) for match in baseline.matches])
    if other is None or matches.empty:
        return
    last = {form: _last_stock(outcome) for form, outcome in (("children", baseline), ("children_second_form", other))}
    told = {name: matches["setting"].map(held).fillna(0.0) for name, held in last.items()}
    write(folder, "places/matching.parquet", matches.assign(**told))


def write_comparisons(folder: Path, outcomes: Mapping[str, Outcome], money: Money) -> None:
    """Plans against the baseline month by month, and against each other; pounds gross, as :func:`write_results`."""
    base, *plans = (outcomes[name] for name in sorted(outcomes, key=lambda name: name != BASELINE))
    monthly = {name: gross(costs.by_month()) for name, costs in money.costs.items()}
    paid = {name: gross(spend) for name, spend in money.spend.items()}
    months = [
        compare(
            plan,
            base,
            by="month",
            spend=monthly.get(plan.scenario.name),
            baseline_spend=monthly.get(BASELINE),
        )
        for plan in plans
    ]
    if months:
        write(folder, "plan/comparison_by_month.parquet", pd.concat(months, ignore_index=True))
    if len(plans) > 1:
        write(folder, "plan/between_plans.parquet", between_plans(plans, paid))


def write_indicators(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """Indicators of plans against those of the first, on journeys."""
    base, *plans = outcomes
    if plans:
        compared = [compare_indicators(plan, base) for plan in plans]
        write(folder, "plan/indicators.parquet", pd.concat(compared, ignore_index=True))


def write_gaps(folder: Path, gaps: Gaps) -> None:
    """Demand against places by setting and quarter, and first choices not met by year and age."""
    write(folder, "results/gaps.parquet", gaps.places)
    write(folder, "results/unmet_by_year.parquet", gaps.unmet)


def _last_stock(outcome: Outcome) -> pd.Series:
    """Mean children by setting at the last month end."""
    stock = outcome.stock[outcome.stock["month_end"] == outcome.stock["month_end"].max()]
    held: pd.Series = stock.astype({"setting": str}).groupby("setting")["children"].sum() / outcome.replications
    return held


def write_results(
    folder: Path,
    outcomes: Mapping[str, Outcome],
    spend: Mapping[str, pd.DataFrame],
    plans: list[Scenario],
) -> None:
    """The tables of model §8, what they cost, how plans compare, and what they assume."""
    for name in RESULT_TABLES:
        write(folder, f"results/{name}.parquet", pd.concat([getattr(one, name) for one in outcomes.values()]))
    if spend:
        paid = pd.concat(spend.values(), ignore_index=True)
        write(folder, "results/spend.parquet", paid)
        write(folder, "spend.parquet", summarise_spend(paid))
    base = outcomes[BASELINE]
    # Plans are compared gross, as the annex tells spend: income would tell how many children seek asylum.
    before_income = {name: gross(paid) for name, paid in spend.items()}
    compared = [
        compare(outcome, base, spend=before_income.get(name), baseline_spend=before_income.get(BASELINE))
        for name, outcome in outcomes.items()
        if name != BASELINE
    ]
    if compared:
        write(folder, "plan/comparison.parquet", pd.concat(compared, ignore_index=True))
    write(folder, "assumptions.parquet", assumptions(plans))


def write_money(folder: Path, money: Money, tables: CouncilTables) -> None:
    """The tables of finance, and the council's own that they rest on; nothing without prices."""
    if tables.prices is None:
        return
    write(folder, "prices.parquet", tables.prices.table)
    given = {
        "uplifts": tables.prices.uplifts,
        "fixed_costs": tables.fixed_costs,
        "income": tables.income,
        "budget": tables.budget,
        "ledger": tables.ledger,
        "deflators": tables.deflators,
    }
    for name, table in {**money.tables, **given}.items():
        if table is not None:
            write(folder, f"money/{name}.parquet", table)
