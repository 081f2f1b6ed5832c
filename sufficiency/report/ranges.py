"""What makes spend uncertain, told: in sentences, for the annex rounded and widened, and as a sheet of the workbook."""

from __future__ import annotations

import pandas as pd

from sufficiency.costs.summary import PERCENTILES
from sufficiency.report.disclosure import rounded
from sufficiency.report.finished import Finished
from sufficiency.report.projections import Projections
from sufficiency.report.words import listed, money
from sufficiency.report.workbook_paper import Column, Sheet
from sufficiency.report.workbook_spend import Spent

TABLE = "money/spend_ranges"
WIDENED = "and stretched for past forecasts"
_ADDED = {
    "parameters": "the rates of the past are known from few children",
    "prices": "prices may lie apart from those given",
    WIDENED: "ranges are stretched for how past forecasts of children did",
}


def range_words(table: pd.DataFrame) -> str:
    """What chance alone makes of the range, in the first and the last year, and what is not known adds.

    Parameters
    ----------
    table
        One scenario and basis: financial_year, includes, p10, p90 in pounds; a year's rows hold more and more.
    """
    years = list(dict.fromkeys(table["financial_year"].astype(str)))
    first, last = years[0], years[-1]
    said = (
        "If every rate and price were known, 8 in 10 futures would still lie between"
        f" {_between(table, first, alone=True)} in {first}"
    )
    said += f", and between {_between(table, last, alone=True)} in {last}" if last != first else ""
    said += ": by chance alone, in how many children come and in what happens to each."
    held = str(table["includes"].iloc[-1])
    added = [text for name, text in _ADDED.items() if name in held]
    if not added:
        return said
    later = f", and to between {_between(table, last)}" if last != first else ""
    return f"{said} What is not known widens that to between {_between(table, first)}{later}: {listed(added)}."


def _between(table: pd.DataFrame, year: str, *, alone: bool = False) -> str:
    rows = table[table["financial_year"].astype(str) == year]
    row = rows.iloc[0 if alone else -1]
    low, high = (rounded(float(row[name]), 1_000) for name in ("p10", "p90"))
    return f"{money(low)} and {money(high)}"


def of_baseline(table: pd.DataFrame, basis: str = "net") -> pd.DataFrame:
    """Rows of one basis; gross where net is not told because nothing is received."""
    known = basis if basis in set(table["basis"]) else "gross"
    return table[table["basis"] == known].reset_index(drop=True)


def published_ranges(run: Finished, future: Projections, widening: float) -> pd.DataFrame:
    """The baseline's gross spend by what its range holds, rounded; empty where its spend may not be shown.

    The last row of a year is the range that the annex shows everywhere. Where past forecasts were further out
    than their ranges said, or no closer than no change, that one is wider than what was simulated, and so
    stands below it as a source of its own.

    Returns
    -------
    financial_year, includes, p10, p50, p80, p90.
    """
    columns = ["financial_year", "includes", *PERCENTILES]
    shown = future.spend[future.spend["scenario"] == "baseline"] if len(future.spend) else future.spend
    if shown.empty or not run.has(TABLE):
        return pd.DataFrame(columns=columns)
    base = future.rules.round_pounds
    found = of_baseline(run.frame(TABLE), "gross")[columns]
    found = found.assign(**{name: [rounded(value, base) for value in found[name]] for name in PERCENTILES})
    whole = str(found["includes"].iloc[-1])
    annex = shown.assign(includes=whole if widening == 1 else f"{whole}, {WIDENED}")[columns]
    kept = found[found["includes"] != whole] if widening == 1 else found
    both = pd.concat([kept, annex], ignore_index=True)
    return both.sort_values("financial_year", kind="stable", ignore_index=True)


def range_sheet(run: Finished, spent: Spent) -> list[Sheet]:
    """What makes the baseline's spend uncertain; none where the run was made without."""
    if not run.has(TABLE):
        return []
    table = run.frame(TABLE)
    sheet = Sheet(
        "Ranges",
        "What makes spend uncertain: the baseline's total by financial year, £",
        f"{_basis(table)} spend: {range_words(of_baseline(table))} Chance alone is a run of its own, with every rate at"
        " its mean and the same luck. None of this follows changes in other sheets. The annex tells gross spend, and"
        " may stretch its ranges for how past forecasts did: its P80 and contingency are then larger.",
        [
            Column("Scenario", "text", width=30),
            Column("Financial year", "year"),
            Column("Basis", "text", width=10),
            Column("What the range holds", "text"),
            Column("Futures", "count"),
            *(Column(name, "pounds") for name in ("Mean", *(name.upper() for name in PERCENTILES))),
            *(Column(f"Error of the {name}", "pounds") for name in ("mean", "P10", "P50", "P80", "P90")),
        ],
    )
    figures = ["mean", *PERCENTILES, "mean_error", *(f"{name}_error" for name in PERCENTILES)]
    for row in table.to_dict("records"):
        about = [spent.scenarios[str(row["scenario"])], str(row["financial_year"]), str(row["basis"])]
        sheet.rows.append(
            [*about, str(row["includes"]), float(row["replications"]), *(float(row[name]) for name in figures)]
        )
    return [sheet]


def _basis(table: pd.DataFrame) -> str:
    return str(of_baseline(table)["basis"].iloc[0]).capitalize()
