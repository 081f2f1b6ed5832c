"""Demand against places, by setting."""

from __future__ import annotations

import pandas as pd

from sufficiency.plan.gaps import ANOTHER_PROVIDER
from sufficiency.report.book import Book
from sufficiency.report.disclosure import percent
from sufficiency.report.figures_gaps import demand_against_places
from sufficiency.report.finished import each, long_date, short_date
from sufficiency.report.gaps import EVERYBODY, SHARE, PublishedGaps, last_of, marches, publish_gaps, to_another_provider
from sufficiency.report.sections.ahead import HIDDEN_FORECAST
from sufficiency.report.tables import Table
from sufficiency.report.words import listed, number

INTRODUCTION = (
    "Demand for a setting is the number of places that would be held in it if it alone had no limit: the baseline is"
    " run again with the same luck and with more places there than anybody could fill. It is set against the places"
    " that can be used: approved places, less those that are not available, less those that stand empty because they"
    " suit no child who needs one. Young people who stay put after 18 hold places and are counted in."
)
TWO_READINGS = (
    "The returns do not say whether children go to other providers because the council's own places are full, or"
    f" because they do not suit. So demand has two readings. *{EVERYBODY.capitalize()}*: with places enough, everybody"
    f" who comes for that kind of placement could be placed in house. *{SHARE.capitalize()}*: the same share of"
    " arrivals would go in house as does now, and places are missing only where those run out. What is needed lies"
    " between."
)
CAUTION = "Returns show where a child was put, which supply shaped, and not what the child needed."
SURE = (
    "*80% sure* means: in 8 of 10 simulated futures there was a place for everybody at the end of every day of that"
    " quarter, looked at by itself. On any one day fewer would do: that is the P80 of demand. Needed and missing are"
    " places that can be used and that suit: more must be approved where some cannot be used or suit nobody. As many"
    " are missing as must be added to places that come and go from month to month, which may be some more than the"
    " needed less the places of an average day."
)
_NAMES = {
    "label": "Setting",
    "demand": "Demand is",
    "quarter": "Quarter ending",
    "approved": "Approved places",
    "after_matching": "Can be used and suit",
    "p50": "Demand P50",
    "p80": "P80",
    "p90": "P90",
    "short": "Short on some day",
    "needed_80": "Needed, 80% sure",
    "needed_90": "90% sure",
    "gap_80": "Missing, 80% sure",
    "gap_90": "Missing, 90% sure",
}
_SHOWN = ("label", "demand", "quarter", "after_matching", "p50", "p80", "short", "needed_80", "needed_90", "gap_80")


def gaps_section(book: Book) -> str:
    """Demand against places by setting."""
    lines = ["# Demand against places {#gaps}", ""]
    if not book.future.shown:
        return "\n".join([*lines, HIDDEN_FORECAST, ""])
    gaps = publish_gaps(book.run, book.future, book.rules, book.trust.widening)
    if gaps.places.empty:
        return "\n".join([*lines, _nothing(gaps), ""])
    lines += [INTRODUCTION, "", TWO_READINGS, "", f"{CAUTION} {SURE}", ""]
    for setting in dict.fromkeys(gaps.places["setting"]):
        lines += [_in_words(gaps, str(setting)), ""]
    lines += [_chart(book, gaps), "", _table(book, gaps), ""]
    lines += [_elsewhere(book, gaps), ""]
    if gaps.hidden:
        lines += [f"Not shown, because few children live there: {listed(list(gaps.hidden))}.", ""]
    return "\n".join(lines)


def gaps_in_words(book: Book) -> str:
    """What is missing by the end, a sentence for each setting shown; blank where there is none."""
    if not book.future.shown:
        return ""
    gaps, told = publish_gaps(book.run, book.future, book.rules, book.trust.widening), []
    for setting in dict.fromkeys(gaps.places["setting"]):
        rows = [last_of(gaps.places, str(setting), meant) for meant in (SHARE, EVERYBODY)]
        known = [row for row in rows if row is not None]
        missing = [number(max(int(row["gap_80"]), 0)) for row in known]
        name = str(known[0]["label"])
        said = f"{name}: {missing[0]}" if len(missing) == 1 else f"{name}: {missing[0]} to {missing[1]}"
        told.append(said)
    if not told:
        return ""
    last = long_date(gaps.places["quarter"].max())
    both = " (fewer if the same share goes in house as today, more if all who come were to)" if _two(gaps) else ""
    return (
        f"To be 80% sure of a place on every day of the quarter to {last}, so many are missing{both}:"
        f" {'; '.join(told)}."
    )


def _two(gaps: PublishedGaps) -> bool:
    """Whether demand has two readings anywhere."""
    return SHARE in set(gaps.places["demand"])


def _nothing(gaps: PublishedGaps) -> str:
    if gaps.hidden:
        return f"The settings with a limited number of places are too small to be shown: {listed(list(gaps.hidden))}."
    return "No setting has a limited number of places in this run, so no gap can be told."


def _in_words(gaps: PublishedGaps, setting: str) -> str:
    rows = {meant: last_of(gaps.places, setting, meant) for meant in (EVERYBODY, SHARE)}
    told = [_reading(meant, row) for meant, row in rows.items() if row is not None]
    row = next(row for row in rows.values() if row is not None)
    places = f"about {number(int(row['after_matching']))} of {number(int(row['approved']))} places can be used and suit"
    inferred = " (the places are inferred from the most once held)" if row["inferred"] else ""
    said = f"**{row['label']}.** In the quarter to {long_date(row['quarter'])} {places}{inferred}. {' '.join(told)}"
    away = to_another_provider(gaps, setting)
    return said if away is None else f"{said} In the first year about {number(away)} arrivals go to another provider."


def _reading(meant: str, row: pd.Series) -> str:
    missing = int(row["gap_80"])
    gap = f"about {number(missing)} are missing" if missing > 0 else "none is missing"
    needed = f"{number(int(row['needed_80']))} would be needed to be 80% sure; {gap}"
    return f"By the reading *{meant}* demand is about {number(int(row['p50']))} on a middle day; {needed}."


def _chart(book: Book, gaps: PublishedGaps) -> str:
    base = gaps.places[gaps.places["scenario"] == "baseline"]
    table = base.assign(
        group=base["label"] + ": " + base["demand"],
        date=pd.to_datetime(base["quarter"]),
        places=base["after_matching"],
    )
    title = "Demand against the places that can be used, if nothing else changes"
    figure = demand_against_places(
        table, book.words(title, "places by quarter, baseline; each setting on its own scale")
    )
    last = table.sort_values("quarter").groupby("group", sort=False).last().reset_index()
    told = "; ".join(
        f"{row.group}: places {row.places:,}, demand P50 {row.p50:,} and P80 {row.p80:,}" for row in each(last)
    )
    caption = "Demand (P50 to P90) and the places that can be used and suit, by quarter (baseline)"
    return book.chart("gaps", figure, caption, f"Bands of demand and a line of places. At the end, {told}.")


def _table(book: Book, gaps: PublishedGaps) -> str:
    told = gaps.places.assign(
        short=[percent(round(100 * share), 100) for share in gaps.places["short_any_day"]],
        quarter=[short_date(day) for day in gaps.places["quarter"]],
    )
    names = [book.run.title_of(str(name)) for name in told["scenario"]]
    frame = told[list(_NAMES)].rename(columns=_NAMES)
    frame.insert(0, "Scenario", names)
    yearly = marches(gaps.places.assign(short=told["short"]))
    shown = yearly.assign(quarter=[short_date(day) for day in yearly["quarter"]])[list(_SHOWN)].rename(columns=_NAMES)
    note = (
        "To the nearest 5, but for approved places that are the council's own figure and shares. Every quarter and"
        " every plan: tables/gaps.csv."
    )
    words = ("Demand is", "Quarter ending")
    widths = (0.15, 0.13, 0.11, 0.1, 0.09, 0.07, 0.1, 0.09, 0.08, 0.08)
    return book.table(Table("gaps", "Demand against places (baseline)", frame, note, widths, words), shown)


def _elsewhere(book: Book, gaps: PublishedGaps) -> str:
    if gaps.elsewhere.empty:
        return "Too few children a year are given another placement than their first choice to be shown."
    rows = [
        [book.run.title_of(row.scenario), row.label, row.given, row.financial_year, row.p10, row.p50, row.p90]
        for row in each(gaps.elsewhere)
    ]
    names = ["Scenario", "First choice", "Given instead", "Year", "P10", "P50", "P90"]
    frame = pd.DataFrame(rows, columns=names)
    base = frame[frame["Scenario"] == book.run.title_of("baseline")].drop(columns="Scenario")
    note = (
        f"Arrivals a financial year, to the nearest 5. *{ANOTHER_PROVIDER.capitalize()}*: no place in house, or none"
        " that suited. Every plan: tables/first_choices.csv."
    )
    title = "First choices that could not be met (baseline)"
    words = ("Given instead", "Year")
    parts = ["## Who lives elsewhere", "", book.table(Table("first_choices", title, frame, note, words=words), base)]
    if len(gaps.ages):
        ages = [[row.label, row.given, row.ages, row.children] for row in each(gaps.ages)]
        by_age = pd.DataFrame(ages, columns=["First choice", "Given instead", "Age", "Children a year"])
        title = "First choices that could not be met, by age, a year on average (baseline)"
        few = "To the nearest 5; ages of which few are meant stand together."
        table = Table("first_choices_by_age", title, by_age, few, words=("Given instead", "Age"))
        parts += ["", book.table(table)]
    return "\n".join(parts)
