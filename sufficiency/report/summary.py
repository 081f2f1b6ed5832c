"""Ten lines on a finished run, for whoever started it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from sufficiency.report.finished import Finished, long_date, prices_in_words, read_finished, settings
from sufficiency.report.tried import stretched, trust_of
from sufficiency.trials.trust import Trust

_FORMATS = ("docx", "html", "pdf")


def summary_lines(folder: Path, annex: Mapping[str, Path]) -> list[str]:
    """What came out, in at most ten lines; totals only, never a small group."""
    run = read_finished(folder)
    found = trust_of(run)
    lines = [
        _heading(run),
        _rows(run),
        _now(run),
        _ahead(run, found),
        _entries(run),
        *[_plan(run, str(plan["name"])) for plan in run.plans[:2]],
        _money(run, found),
        _tested(run, found),
    ]
    said = [line for line in lines if line]
    places = [annex[form] for form in _FORMATS if form in annex]
    if places:
        return [*said[:9], f"Annex: {places[0]} ({', '.join(path.suffix.lstrip('.') for path in places)} beside it)"]
    return [*said[:9], f"Results: {folder / 'internal' / 'results'} (no report was asked for)"]


def _heading(run: Finished) -> str:
    marked = " (invented data)" if run.invented else ""
    runs = run.manifest["replications"]
    return f"{run.authority}{marked}: data to {long_date(run.origin)}, {runs} replications of each plan."


def _rows(run: Finished) -> str:
    found = run.findings()
    read, used = (sum(int(one[name]) for one in found["files"]) for name in ("rows_read", "rows_used"))
    kinds = pd.Series([one["severity"] for one in found["findings"]], dtype=object).value_counts()
    counts = {kind: int(kinds.get(kind, 0)) for kind in ("error", "warning")}
    said = ", ".join(f"{count:,} {kind}{'' if count == 1 else 's'}" for kind, count in counts.items())
    return f"Returns: {read:,} rows read, {used:,} used; {said} (internal/findings.json)."


def _now(run: Finished) -> str:
    stock = run.frame("history/stock")
    now = int(stock.loc[stock["month_end"] == stock["month_end"].max(), "children"].sum())
    return f"Children in care: {now:,}."


def _totals(run: Finished, scenario: str) -> pd.Series:
    """Children in care on the last simulated month end, by replication."""
    stock = run.frame("results/stock")
    own = stock[(stock["scenario"] == scenario) & (stock["month_end"] == stock["month_end"].max())]
    own = own[own["setting"].isin(settings())]
    total: pd.Series = own.groupby("replication")["children"].sum()
    return total


def _ahead(run: Finished, trusted: Trust) -> str:
    total = _totals(run, "baseline")
    found = total.quantile([0.1, 0.5, 0.9]).set_axis(["p10", "p50", "p90"]).to_frame().T
    low, middle, high = stretched(found, trusted.widening).iloc[0]
    when = run.manifest["horizon_years"]
    ahead = f"{when} year{'' if when == 1 else 's'}"
    return f"Baseline in {ahead}: {middle:,.0f} (8 in 10 between {low:,.0f} and {high:,.0f})."


def _entries(run: Finished) -> str:
    entrants = run.frame("forecast/entrants")
    own = entrants[entrants["group"] == "all"].sort_values("month")
    return f"First entries expected in the next 12 months: {own['mean'].head(12).sum():,.0f}."


def _plan(run: Finished, name: str) -> str:
    table = run.frame("plan/comparison")
    own = table[(table["scenario"] == name) & (table["measure"] == "children") & (table["setting"] == "all")]
    last = own[own["period"] == own["period"].max()]
    if last.empty:
        return ""
    row = last.iloc[0]
    title = run.title_of(name)
    said = [_signed(row[column]) for column in ("difference", "low", "high")]
    return f"Plan '{title}': {said[0]} children by then (8 in 10 replications between {said[1]} and {said[2]})."


def _signed(value: float) -> str:
    whole = round(value)
    return f"{whole:+,}" if whole else "0"


def _money(run: Finished, trusted: Trust) -> str:
    if not run.has("spend"):
        return "Spend: left out, because no prices table was given."
    spend = run.frame("spend")
    own = spend[(spend["scenario"] == "baseline") & (spend["setting"] == "all")].sort_values("financial_year")
    first = own.iloc[:1]
    low, middle, high = stretched(first[["p10", "p50", "p90"]], trusted.widening).iloc[0] / 1e6
    year = first["financial_year"].iloc[0]
    marked = f", {prices_in_words(run)} prices" if prices_in_words(run) else ""
    return f"Baseline gross spend {year}{marked}: £{middle:,.1f}m (P10 £{low:,.1f}m, P90 £{high:,.1f}m)."


def _tested(run: Finished, found: Trust) -> str:
    if not run.has("forecast/backtest"):
        return ""
    if 12 not in found.at_year:  # noqa: PLR2004 - a year
        return "Back-test: too few years of returns to hold one back."
    ours, theirs, _ = found.at_year[12]
    wider = f"; ranges widened {found.widening:.2f} times" if found.widening > 1 else ""
    return (
        f"Back-test, 12 months ahead: out by {ours:,.0f} children on average ('no change' by {theirs:,.0f}){wider} "
        "(internal/forecast/trust.md)."
    )
