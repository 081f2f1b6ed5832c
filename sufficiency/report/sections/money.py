"""What homes will cost: spend by financial year and type of placement, and the prices behind it."""

from __future__ import annotations

import pandas as pd

from sufficiency.codes import read_codes
from sufficiency.report import figures
from sufficiency.report.book import Book
from sufficiency.report.finished import each, setting_label, settings, short_date
from sufficiency.report.sections.ahead import HIDDEN_FORECAST
from sufficiency.report.tables import Table
from sufficiency.report.words import listed, money


def spend_section(book: Book) -> str:
    """Spend by financial year, or why there is none."""
    lines = ["# What homes will cost {#spend}", ""]
    if not book.run.has("prices") or not book.run.has("results/spend"):
        return "\n".join(
            [
                *lines,
                (
                    "No prices were given for this run, so spend is left out. A prices table (setting, from, pounds a"
                    " week) beside the returns adds this section."
                ),
                "",
            ]
        )
    spend = book.future.spend
    if spend.empty:
        return "\n".join([*lines, HIDDEN_FORECAST.replace("a forecast", "spend"), ""])
    base = spend[spend["scenario"] == "baseline"]
    lines += [_spend_in_words(base), "", _prices_warning(book), "", _spend_chart(book), "", _spend_table(book), ""]
    lines += [_groups_table(book), "", _prices_table(book), ""]
    return "\n".join(lines)


def _spend_in_words(base: pd.DataFrame) -> str:
    first, last = base.iloc[0], base.iloc[-1]
    said = f"The baseline's placements cost **about {money(int(first['p50']))}** in {first['financial_year']}"
    if len(base) > 1:
        said += f" and about {money(int(last['p50']))} in {last['financial_year']}"
    return (
        f"{said} (middle forecasts). To be 8 in 10 sure of having enough in {first['financial_year']} a budget"
        " would need"
        f" {money(int(first['p80']))}. The figures are the gross price of placements at the prices given; they hold no"
        " staff, fixed costs, income or inflation beyond what the prices table says. Their ranges come from how"
        " many children"
        " there may be and where they may live, not from prices, which are taken as known."
    )


def _prices_warning(book: Book) -> str:
    kinds = sorted({str(kind) for kind in book.run.frame("prices")["status"]})
    if kinds and not set(kinds) <= {"own", "published"}:
        return (
            f"**Prices used here are {listed([kind for kind in kinds if kind not in {'own', 'published'}])}:"
            " the pounds below are no guide to any council's spend.**"
        )
    return "Prices and where they come from are in the last table of this section."


def _spend_chart(book: Book) -> str:
    names = [str(about["name"]) for about in book.run.scenarios][:4]
    table = book.future.spend
    series = {
        "Baseline" if name == "baseline" else book.run.title_of(name): table[table["scenario"] == name]
        for name in names
    }
    base = table[table["scenario"] == "baseline"]
    title = (
        f"Placements in the baseline cost about {money(int(base['p50'].iloc[0]))} in"
        f" {base['financial_year'].iloc[0]} and {money(int(base['p50'].iloc[-1]))} in"
        f" {base['financial_year'].iloc[-1]}"
    )
    figure = figures.spend(
        series,
        book.words(
            title,
            "gross price of placements; mark: P50, thick: to P80, thin: P10 to P90; the axis does not start at nought",
        ),
    )
    told = "; ".join(
        f"{row.financial_year}: {money(row.p50)} ({money(row.p10)} to {money(row.p90)})" for row in each(base)
    )
    return book.chart(
        "spend",
        figure,
        "Spend on placements by financial year, with ranges",
        f"Spend by financial year with ranges. Baseline: {told}.",
    )


def _spend_table(book: Book) -> str:
    rows = [
        [
            "Baseline" if row.scenario == "baseline" else book.run.title_of(row.scenario),
            row.financial_year,
            *[getattr(row, name) // 1000 for name in ("p10", "p50", "p80", "p90")],
        ]
        for row in each(_ordered(book, book.future.spend))
    ]
    frame = pd.DataFrame(rows, columns=["Scenario", "Financial year", "P10", "P50 (middle)", "P80", "P90"])
    return book.table(
        Table(
            "spend",
            "Spend on placements, £ thousand",
            frame,
            "To the nearest £1,000; placements, and what the plan itself invests. P80: 8 in 10 simulated"
            " futures cost less.",
            (0.36, 0.16, 0.12, 0.12, 0.12, 0.12),
            ("Financial year",),
        )
    )


def _ordered(book: Book, table: pd.DataFrame) -> pd.DataFrame:
    order = {str(about["name"]): place for place, about in enumerate(book.run.scenarios)}
    return table.assign(order=table["scenario"].map(order)).sort_values(["order", "financial_year"], kind="stable")


def _groups_table(book: Book) -> str:
    table = book.future.spend_by_group
    base = table[table["scenario"] == "baseline"]
    if base.empty:
        return "Spend by type of placement is too small to publish."
    years = sorted(base["financial_year"].unique())
    rows = [
        [
            group,
            *[
                int(base.loc[(base["group"] == group) & (base["financial_year"] == year), "p50"].iloc[0]) // 1000
                for year in years
            ],
        ]
        for group in book.future.groups
    ]
    frame = pd.DataFrame(rows, columns=["Type of placement", *years])
    return book.table(
        Table(
            "spend_by_type",
            "Baseline spend by type of placement, middle forecast (P50), £ thousand",
            frame,
            "Middle forecasts of parts do not add up to the middle forecast of the whole.",
        )
    )


def _prices_table(book: Book) -> str:
    order = {name: place for place, name in enumerate(read_codes().all_settings)}
    prices = book.run.frame("prices")
    prices = prices.assign(order=prices["setting"].map(order)).sort_values(["order", "from"], kind="stable")
    hidden = set(book.future.grouped)
    rows = []
    for row in prices.to_dict("records"):
        setting, status = str(row["setting"]), str(row["status"])
        secret = status == "own" and setting in hidden
        price: str = book.rules.symbol if secret else f"£{float(row['pounds_per_week']):,.0f}"
        source = book.rules.symbol if secret else str(row.get("source", "") or "not given")
        rows.append([setting_label(setting), short_date(row["from"]), price, status, source])
    frame = pd.DataFrame(rows, columns=["Type of placement", "From", "A week", "Kind of price", "Source"])
    note = (
        "A night is a week's price divided by 7. The council's own price for a type in which few children live"
        " is hidden (c)."
        " Prices at other dates are in tables/prices.csv."
    )
    table = Table(
        "prices", "Prices used", frame, note, (0.26, 0.11, 0.1, 0.13, 0.4), ("From", "Kind of price", "Source")
    )
    started = prices["from"] <= book.run.origin + pd.Timedelta(days=1)
    now = prices[started].groupby("setting")["from"].transform("max") == prices.loc[started, "from"]
    cared = prices["setting"].isin(settings())
    return book.table(table, frame[(cared & now.reindex(prices.index, fill_value=False)).to_numpy()])
