"""Plans side by side, and what homes will cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sufficiency.codes import read_codes
from sufficiency.report import figures
from sufficiency.report.book import Book
from sufficiency.report.finished import each, long_date, setting_label, settings, short_date
from sufficiency.report.projections import THE_REST
from sufficiency.report.sections.ahead import HIDDEN_FORECAST
from sufficiency.report.sections.care import setting_name
from sufficiency.report.tables import Table, escape
from sufficiency.report.words import dearer, few, gain, likely, listed, money

MEASURES = {
    "children": "Children in care",
    "entries": "Starts",
    "exits": "Endings",
    "moves": "Moves",
    "pounds": "Spend on placements, £ thousand",
}
PAIRED = (
    "Each plan is run with the same luck as the baseline: the same children come, and each child's chances are"
    " drawn the same"
    " way, so that what differs is the plan. The range holds 8 in 10 such pairs of runs. A range that reaches"
    " both sides of"
    " no change means that the plan's effect cannot be told from none."
)


def plans_section(book: Book) -> str:
    """Plans side by side."""
    lines = ["# Plans side by side {#plans}", ""]
    if not book.run.plans:
        return "\n".join([*lines, "No plan was compared with the baseline in this run.", ""])
    if not book.future.shown:
        return "\n".join([*lines, HIDDEN_FORECAST, ""])
    count = few(len(book.run.plans), "plan is", "plans are")
    lines += [f"{count[:1].upper()}{count[1:]} compared with the baseline. {PAIRED}", ""]
    for about in book.run.plans:
        lines += [_plan(book, about), ""]
    lines += [_fans_chart(book), "", _table(book), ""]
    return "\n".join(lines)


def _plan(book: Book, about: Mapping[str, Any]) -> str:
    title = book.run.title_of(about["name"])
    question = str(about.get("question") or "").strip()
    asked = f"*{escape(question)}* " if question else ""
    said = asked + plan_in_words(book, str(about["name"]))
    return "\n".join([f"## {escape(title)}", "", said, "", _by_group(book, str(about["name"]), title)])


def at_the_end(book: Book, scenario: str, measure: str) -> pd.Series | None:
    """The last period's comparison of one measure, or None where it is not shown."""
    table = book.future.plans
    own = table[(table["scenario"] == scenario) & (table["measure"] == measure)]
    return None if own.empty else own.sort_values("period").iloc[-1]


def plan_in_words(book: Book, scenario: str) -> str:
    """A plan's effect on children and on spend, in two or three sentences."""
    row = at_the_end(book, scenario, "children")
    if row is None:
        return "The numbers are too small for the difference to be published."
    effect = gain(int(row["difference"]), int(row["low"]), int(row["high"]))
    said = f"By {long_date(row['period'])} the plan means {effect}."
    moved = _largest_moves(book, scenario)
    said += f" {moved}" if moved else ""
    pounds = at_the_end(book, scenario, "pounds")
    if pounds is not None and not book.future.spend.empty:
        figures_ = [int(pounds[name]) for name in ("difference", "low", "high")]
        said += (
            f" Spend on placements in {pounds['period']} would be {dearer(*figures_)}; it is lower in"
            f" {likely(float(pounds['share_lower']))}."
        )
    return said


def _largest_moves(book: Book, scenario: str) -> str:
    table = book.future.by_group
    own = table[(table["scenario"] == scenario) & (table["difference"] != 0)]
    sure = own[(own["low"] > 0) | (own["high"] < 0)]
    if sure.empty:
        return "No single type of placement changes by enough to be sure of."
    told = [
        f"{_group_name(row.group)} {'up' if row.difference > 0 else 'down'} by about {abs(row.difference):,}"
        for row in each(sure.sort_values("difference", key=abs, ascending=False))
    ]
    return f"The clearest changes are {listed(told)}." if len(told) > 1 else f"The clearest change is {told[0]}."


def _group_name(label: str) -> str:
    return label[:1].lower() + label[1:]


def _by_group(book: Book, scenario: str, title: str) -> str:
    table = book.future.by_group
    own = table[table["scenario"] == scenario]
    if own.empty:
        return ""
    total = at_the_end(book, scenario, "children")
    rows = own.rename(columns={"group": "label"})
    if total is not None:
        whole = pd.DataFrame(
            [{"label": "All children in care", **{name: int(total[name]) for name in ("difference", "low", "high")}}]
        )
        rows = pd.concat([whole, rows[["label", "difference", "low", "high"]]], ignore_index=True)
    end = long_date(book.future.fans["month_end"].max())
    heading = f"{title}: what it changes by {end}"
    figure = figures.differences(
        rows, book.words(heading, "children in care, plan less baseline; dot: mean; line: 8 in 10 paired runs")
    )
    told = "; ".join(
        f"{row.label}: {row.difference:+,} ({row.low:+,} to {row.high:+,})".replace("-", "−") for row in each(rows)
    )
    name = f"plan_{_plain(scenario)}"
    frame = pd.DataFrame(
        [[row.group, row.baseline, row.plan, row.difference, row.low, row.high] for row in each(own)],
        columns=["Type of placement", "Baseline", "Plan", "Difference", "Low (P10)", "High (P90)"],
    )
    note = (
        "Means over replications to the nearest 5; the difference is rounded from exact figures, so it may"
        " not be the difference of the rounded ones."
    )
    if book.future.grouped:
        note += f" {THE_REST}: {listed([setting_name(one) for one in book.future.grouped])}."
    chart = book.chart(
        name,
        figure,
        f"{title}: difference from the baseline by type of placement, {end}",
        f"Dots with intervals by type of placement. {told}.",
    )
    return "\n".join([chart, "", book.table(Table(name, f"{title}: children in care by {end}", frame, note))])


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def _fans_chart(book: Book) -> str:
    past = pd.DataFrame(
        {
            "date": pd.to_datetime(list(book.past.quarters)),
            "children": [book.gap("stock", day) for day in book.past.quarters],
        }
    )
    names = [str(about["name"]) for about in book.run.scenarios][:4]
    labels = ["Baseline" if name == "baseline" else book.run.title_of(name) for name in names]
    fans = {
        label: book.future.fan(name).rename(columns={"month_end": "date"})
        for label, name in zip(labels, names, strict=True)
    }
    title = "Children in care: the baseline and the plans"
    figure = figures.stock_and_fans(
        past,
        fans,
        book.words(
            title, "children in care at quarter end; bands hold 8 in 10 forecasts; the axis does not start at nought"
        ),
    )
    told = "; ".join(f"{label}: about {int(fan['p50'].iloc[-1]):,}" for label, fan in fans.items())
    return "## All plans together\n\n" + book.chart(
        "plans",
        figure,
        "Children in care, seen and forecast, under the baseline and each plan",
        f"Line of the past and a fan for each plan. Median at the end: {told}.",
    )


def _table(book: Book) -> str:
    table = book.future.plans
    ends = table["period"].str.len() <= 7  # noqa: PLR2004 - a financial year
    march = table["period"].str.endswith("03-31")
    table = table[(table["measure"].isin(list(MEASURES))) & (ends | march | (table["measure"] != "children"))]
    rows = []
    for row in each(table):
        unit = 1000 if row.measure == "pounds" else 1
        period = short_date(row.period) if len(row.period) > 7 else row.period  # noqa: PLR2004
        cells = [round(getattr(row, name) / unit) for name in ("baseline", "plan", "difference", "low", "high")]
        rows.append([book.run.title_of(row.scenario), MEASURES[row.measure], period, *cells])
    names = ["Plan", "Measure", "Period", "Baseline", "With the plan", "Difference", "Low (P10)", "High (P90)"]
    frame = pd.DataFrame(rows, columns=names)
    last = frame.groupby(["Plan", "Measure"], sort=False)["Period"].transform("last") == frame["Period"]
    note = (
        "Means over replications, children to the nearest 5 and pounds to the nearest thousand. Every year:"
        " tables/plans.csv."
    )
    whole = Table(
        "plans",
        "Each plan against the baseline",
        frame,
        note,
        (0.25, 0.18, 0.1, 0.09, 0.09, 0.11, 0.09, 0.09),
        ("Measure", "Period"),
    )
    shown = frame[last]
    if len(book.run.plans) == 1:
        shown = shown.drop(columns="Plan")
    return book.table(whole, shown)


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
