"""What makes spend uncertain: chance, the model's parameters, prices, and how past forecasts did."""

from __future__ import annotations

import pandas as pd

from sufficiency.report.book import Book
from sufficiency.report.disclosure import rounded
from sufficiency.report.finished import each
from sufficiency.report.ranges import TABLE, of_baseline, published_ranges, range_words
from sufficiency.report.tables import Table
from sufficiency.report.words import money


def ranges_told(book: Book) -> list[str]:
    """Sentences and a table of what each source adds to the range; nothing where spend is not shown."""
    table = published_ranges(book.run, book.future, book.trust.widening)
    if table.empty:
        return []
    rows = [
        [
            f"{row.includes[:1].upper()}{row.includes[1:]}",
            row.financial_year,
            *[getattr(row, name) // 1000 for name in ("p10", "p50", "p80", "p90")],
        ]
        for row in each(table)
    ]
    frame = pd.DataFrame(rows, columns=["What the range holds", "Financial year", "P10", "P50 (middle)", "P80", "P90"])
    ends = table["financial_year"].isin([table["financial_year"].iloc[0], table["financial_year"].iloc[-1]])
    return [
        "## How sure is that? {#spend-ranges}",
        "",
        range_words(table),
        "",
        book.table(
            Table(
                "spend_ranges",
                f"Baseline gross spend by what its range holds, £ thousand{book.priced}",
                frame,
                "Chance alone: every rate at its mean, and only what happens to children by chance. Each line below"
                " lets more vary; the last of a year is the range used in this annex. Years in between are in"
                f" tables/spend_ranges.csv.{_simulated_error(book)}",
                (0.42, 0.14, 0.11, 0.11, 0.11, 0.11),
                ("Financial year",),
            ),
            frame[ends.to_numpy()],
        ),
        "",
    ]


def _simulated_error(book: Book) -> str:
    """How far the luck of so many futures alone moves an end."""
    table = of_baseline(book.run.frame(TABLE), "gross")
    last = table.drop_duplicates("financial_year", keep="last")
    errors = [money(rounded(float(last["p80_error"].iloc[place]), 10_000)) for place in (0, -1)]
    years = [str(last["financial_year"].iloc[place]) for place in (0, -1)]
    return (
        f" With {int(last['replications'].iloc[0])} futures a P80 is known to about {errors[0]} in {years[0]} and"
        f" {errors[1]} in {years[1]} (one standard error), so ends of lines may cross."
    )
