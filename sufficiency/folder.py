"""What a run leaves in its folder: the tables of every stage, and what decides whose run it is."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from sufficiency import __version__, dates
from sufficiency.costs import summarise_spend
from sufficiency.errors import UserError
from sufficiency.forecast import EntrantForecast, summarise_entrants
from sufficiency.history import History, indicators, profile
from sufficiency.history.stock import child_days_table, flow_table, spells, stock_table
from sufficiency.plan import compare
from sufficiency.provenance import file_hash, read_manifest
from sufficiency.rates import Rates
from sufficiency.scenario import Scenario, assumptions
from sufficiency.simulation import Outcome
from sufficiency.simulation.results import RESULT_TABLES
from sufficiency.tables import Prices

BASELINE = "baseline"


def fingerprint_of(paths: Iterable[Path], plans: list[Scenario], options: list[object]) -> str:
    """Hash of everything that decides the results: inputs, plans, options and version."""
    content = {
        "version": __version__,
        "inputs": [file_hash(path) for path in paths],
        "plans": [(plan.name, plan.text) for plan in plans],
        "options": options,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def prepare_folder(folder: Path, fingerprint: str, *, overwrite: bool) -> Path:
    """Make a run's folder ready: new, empty, or of a run of the same inputs, options and version.

    Raises
    ------
    UserError
        When it holds anything else and may not be written over.
    """
    if (folder / "manifest.json").is_file():
        try:
            before = read_manifest(folder).get("fingerprint")
        except ValueError:
            before = None
        if before != fingerprint and not overwrite:
            other = f"The folder {folder} holds a run of other inputs, options or version"
            raise UserError([f"{other}; add --overwrite, or another --out."])
    elif folder.exists() and any(folder.iterdir()) and not overwrite:
        raise UserError(
            [f"The folder {folder} holds other files. Name an empty or new one with --out, or add --overwrite."]
        )
    for part in ("publish", "internal"):
        shutil.rmtree(folder / part, ignore_errors=True)
        (folder / part).mkdir(parents=True)
    return folder


def write(folder: Path, name: str, content: pd.DataFrame | str) -> None:
    """Write a table (Parquet) or a text into the run's ``internal`` folder."""
    path = folder / "internal" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8", newline="\n")
    else:
        content.to_parquet(path, index=False)


def write_history(folder: Path, history: History) -> None:
    """Counts of the past: stock, flows, child-days, profiles at each 31 March, indicators."""
    given, codes = spells(history.placements, history.codes), history.codes
    cuts = dates.month_edges(history.first_day, history.origin)
    write(folder, "history/stock.parquet", stock_table(given, cuts[1:] - 1, codes))
    write(folder, "history/flows.parquet", flow_table(given, history.first_day, history.origin, codes))
    write(folder, "history/child_days.parquet", child_days_table(given, cuts, codes))
    years = range(int(dates.collection_year(history.first_day)), int(dates.collection_year(history.origin)) + 1)
    days = sorted({min(dates.year_bounds(year)[1], history.origin) for year in years})
    profiles = [profile(history, day).assign(as_at=dates.to_dates([day])[0]) for day in days]
    write(folder, "history/profile.parquet", pd.concat(profiles)[["as_at", "dimension", "value", "children"]])
    write(folder, "history/indicators.parquet", indicators(history))


def write_estimates(
    folder: Path, rates: Rates, forecast: EntrantForecast, baseline: Outcome, tested: pd.DataFrame
) -> None:
    """Rates by cell, the forecast of entrants with its scores, and the back-test."""
    write(folder, "rates/cells.parquet", rates.cells)
    write(folder, "forecast/entrants.parquet", summarise_entrants(baseline.entrants, forecast.first_month))
    write(folder, "forecast/scores.parquet", forecast.scores)
    write(folder, "forecast/backtest.parquet", tested)


def write_results(
    folder: Path,
    outcomes: Mapping[str, Outcome],
    spend: Mapping[str, pd.DataFrame],
    plans: list[Scenario],
    prices: Prices | None,
) -> None:
    """The tables of model §8, what they cost, how plans compare, and what they assume."""
    for name in RESULT_TABLES:
        write(folder, f"results/{name}.parquet", pd.concat([getattr(one, name) for one in outcomes.values()]))
    if spend and prices is not None:
        paid = pd.concat(spend.values(), ignore_index=True)
        write(folder, "results/spend.parquet", paid)
        write(folder, "spend.parquet", summarise_spend(paid))
        write(folder, "prices.parquet", prices.table)
    base = outcomes[BASELINE]
    compared = [
        compare(outcome, base, spend=spend.get(name), baseline_spend=spend.get(BASELINE))
        for name, outcome in outcomes.items()
        if name != BASELINE
    ]
    if compared:
        write(folder, "plan/comparison.parquet", pd.concat(compared, ignore_index=True))
    write(folder, "assumptions.parquet", assumptions(plans))
