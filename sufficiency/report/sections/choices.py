"""Plans side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sufficiency.report import figures
from sufficiency.report.book import Book
from sufficiency.report.finished import each, long_date, short_date
from sufficiency.report.projections import THE_REST
from sufficiency.report.sections.ahead import HIDDEN_FORECAST
from sufficiency.report.sections.care import setting_name
from sufficiency.report.tables import Table, escape
from sufficiency.report.words import dearer, few, gain, likely, listed

MEASURES = {
    "children": "Children in care",
    "entries": "Starts",
    "exits": "Endings",
    "moves": "Moves",
    "pounds": "Gross spend, £ thousand",
}
PAIRED = (
    "Each plan is run with the same luck as the baseline: the same children come, and each child's chances are"
    " drawn the same"
    " way, so that what differs is the plan. The range holds 8 in 10 such pairs of runs: it says how the plan may"
    " turn out in one future, and not how well its average effect is known, which is far better. A range that reaches"
    " both sides of no change means that in some futures the plan ends higher and in others lower. Whether a plan's"
    " own figures come true (carers recruited, children helped) is taken as given and is in no range."
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
        said += f" Gross spend in {pounds['period']}{book.priced} would be {dearer(*figures_)}"
        # Where nothing is spent otherwise it is not lower in any run, nor higher: that would be misread.
        said += f"; it is lower in {likely(float(pounds['share_lower']))}." if any(figures_) else "."
    return said


def _largest_moves(book: Book, scenario: str) -> str:
    table = book.future.by_group
    own = table[(table["scenario"] == scenario) & (table["difference"] != 0)]
    sure = own[(own["low"] > 0) | (own["high"] < 0)]
    if sure.empty:
        return "No single type of placement shows a clear change."
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
            title,
            "children in care at quarter end; bands: 5 and 8 in 10 forecasts of the baseline; thin lines: 8 in 10 of"
            " each plan; the axis does not start at nought",
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
        f"Each plan against the baseline{book.priced if (table['measure'] == 'pounds').any() else ''}",
        frame,
        note,
        (0.25, 0.18, 0.1, 0.09, 0.09, 0.11, 0.09, 0.09),
        ("Measure", "Period"),
    )
    shown = frame[last]
    if len(book.run.plans) == 1:
        shown = shown.drop(columns="Plan")
    return book.table(whole, shown)
