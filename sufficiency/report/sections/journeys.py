"""Who comes and goes, where children live, and how settled they are."""

from __future__ import annotations

import math

import pandas as pd

from sufficiency.report import figures
from sufficiency.report.book import Book
from sufficiency.report.finished import each, long_date, setting_label, settings, short_date
from sufficiency.report.projections import THE_REST
from sufficiency.report.published import REASONS
from sufficiency.report.sections.care import HIDDEN_NOTE, bars_in_words, setting_name
from sufficiency.report.tables import Table
from sufficiency.report.words import changed, few, listed, number

REASON_LABELS = {
    "returned_home": "Returned home or to relatives",
    "adopted": "Adopted",
    "special_guardianship": "Special guardianship order",
    "other_order": "Child arrangements order",
    "independent_living": "Independent living before 18",
    "transferred": "Care taken over by another authority",
    "other": "Other reasons",
    "aged_out": "Turned 18",
}
TOO_FEW = "Too few children start and leave for the numbers to be published."


def flows_section(book: Book) -> str:
    """Entries and exits."""
    lines = ["# Children who start and leave {#flows}", ""]
    if not book.past.flow_periods:
        return "\n".join([*lines, TOO_FEW, ""])
    lines += [*_flows_in_words(book), "", _flow_chart(book), ""]
    lines += [_starts_table(book), "", _reasons_table(book), ""] if book.past.years else []
    return "\n".join(lines)


def _flows_in_words(book: Book) -> list[str]:
    years = book.past.years
    if not years:
        return ["The returns do not hold a whole financial year, so starts and leavers are shown by quarter only."]
    year = years[-1]
    started, left = book.value("starts", year), book.value("exits", year)
    if started is None or left is None:
        return [f"Too few children started or left in {year} for the numbers to be published."]
    said = f"In {year}, **{number(started)}** periods of care began and **{number(left)}** ended."
    if len(years) > 1:
        before = years[-2]
        said += (
            f" Starts {changed(book.value('starts', before), started)} on the year before, and endings"
            f" {changed(book.value('exits', before), left)}."
        )
    again = book.value("starts", year, "event", "re_entry")
    if again is not None:
        said += (
            f" Of those who started, {number(again) if again else 'none'} had been in care before and come back,"
            " as far as these returns reach."
        )
    share = book.share(("exits", year, "reason", "aged_out"), ("exits", year))
    if share.endswith("%"):
        said += f" Turning 18 made up {share} of endings: these are known years ahead from dates of birth."
    return [said]


def _flow_chart(book: Book) -> str:
    periods = book.past.flow_periods
    quarterly = periods == book.past.quarters
    labels = [short_date(period) if quarterly else period for period in periods]
    columns = {
        name: [book.gap(key, period) for period in periods] for name, key in (("started", "starts"), ("left", "exits"))
    }
    table = pd.DataFrame({"period": labels, **columns})
    both = table.dropna()
    more = int((both["started"] > both["left"]).sum())
    unit = "quarters" if quarterly else "years"
    title = (
        f"More children started than left in {more} of {len(both)} {unit}"
        if len(both)
        else "Children who started and left"
    )
    figure = figures.entries_and_exits(
        table, book.words(title, f"children, by {unit[:-1]}{' ending' if quarterly else ''}")
    )
    alternative = f"Paired bars of children who started and left, by {unit[:-1]}. {title}."
    return book.chart("starts_and_leavers", figure, f"Children who started and who left, by {unit[:-1]}", alternative)


def _starts_table(book: Book) -> str:
    years = book.past.years
    rows: list[list[int | str]] = [["All starts", *[book.shown("starts", year) for year in years]]]
    if "breakdowns" in book.past.detail:
        parts = [("event", "entry", "First time in care"), ("event", "re_entry", "In care before")]
        parts += [
            ("age_band", band, f"Aged {band}" if band != "0" else "Aged under 1")
            for band in book.past.dimensions.get("age_band", ())
        ]
        parts += [("uasc", "Seeking asylum", "Seeking asylum without a parent")]
        rows += [[label, *[book.shown("starts", year, name, value) for year in years]] for name, value, label in parts]
    frame = pd.DataFrame(rows, columns=["Periods of care that began", *years])
    return book.table(Table("starts", "Children who started, by financial year", frame, HIDDEN_NOTE))


def _reasons_table(book: Book) -> str:
    years = book.past.years
    rows: list[list[int | str]] = [["All who left", *[book.shown("exits", year) for year in years]]]
    if "breakdowns" in book.past.detail:
        rows += [
            [REASON_LABELS[reason], *[book.shown("exits", year, "reason", reason) for year in years]]
            for reason in REASONS
        ]
    frame = pd.DataFrame(rows, columns=["Periods of care that ended", *years])
    return book.table(Table("leavers", "Children who left, by reason and financial year", frame, HIDDEN_NOTE))


def homes_section(book: Book) -> str:
    """Where they live now, how that has changed, and how it may change."""
    last = book.past.profile_days[-1]
    lines = ["# Where children live {#homes}", "", _homes_in_words(book, last), "", _homes_chart(book, last), ""]
    lines += [_panels(book), ""] if book.future.groups else []
    lines += [_homes_table(book), "", _homes_forecast(book), ""]
    lines += [
        (
            "The returns show where children were placed, which depends on what was free; they do not show what"
            " each child needed. Distance from home is not used in this version."
        ),
        "",
    ]
    return "\n".join(lines)


def _homes_in_words(book: Book, day: str) -> str:
    whole = ("stock", day)
    seen = {name: value for name in settings() if (value := book.value(*whole, "setting", name))}
    ranked = sorted(seen, key=lambda name: -seen[name])[:3]
    if not ranked:
        return f"On {long_date(day)} no type of placement held enough children to be shown."
    told = []
    for name in ranked:
        share = book.share((*whole, "setting", name), whole)
        told.append(f"{setting_name(name)} ({number(seen[name])}{f', {share}' if share.endswith('%') else ''})")
    hidden = sum(book.value(*whole, "setting", name) is None for name in settings())
    said = f"On {long_date(day)} most children lived in {listed(told)}."
    if hidden:
        said += (
            f" {few(hidden, 'type', 'types').capitalize()} of placement {'is' if hidden == 1 else 'are'}"
            " hidden because few children live there."
        )
    return said


def _homes_chart(book: Book, day: str) -> str:
    table = pd.DataFrame(
        {
            "label": [setting_label(name) for name in settings()],
            "value": [book.gap("stock", day, "setting", name) for name in settings()],
        }
    )
    seen = table.dropna()
    title = "Where children live"
    if len(seen) and seen["value"].max() > 0:
        top = seen.sort_values("value", kind="stable").iloc[-1]
        title = f"{top['label']} is home to more children than any other type of placement"
    figure = figures.bars(table, book.words(title, f"children in care on {long_date(day)}, by type of placement"))
    told = bars_in_words(table)
    return book.chart(
        "where_children_live",
        figure,
        f"Children in care by type of placement, {long_date(day)}",
        f"Bar chart of children by type of placement. {told}.",
    )


def _panels(book: Book) -> str:
    past = pd.DataFrame(
        [
            (group, pd.Timestamp(day), group_gap(book, day, group))
            for group in book.future.groups
            for day in book.past.profile_days
        ],
        columns=["group", "date", "children"],
    )
    table = book.future.settings
    ahead = table[table["scenario"] == "baseline"].rename(columns={"month_end": "date"})
    title = "Past and baseline forecast by type of placement, each on its own scale"
    figure = figures.panels(
        past,
        ahead,
        book.words(title, "children in care on 31 March; dots: seen; dashed: middle forecast; band: 8 in 10 forecasts"),
    )
    last = ahead[ahead["date"] == ahead["date"].max()]
    told = "; ".join(f"{row.group}: about {row.p50:,}" for row in each(last))
    alternative = (
        "Small line charts, one for each type of placement: dots are counts of the past, the dashed line the median"
        f" forecast and the band 8 in 10 forecasts. Median at the end: {told}."
    )
    return book.chart(
        "types_of_placement",
        figure,
        "Children in care by type of placement on 31 March, seen and forecast (baseline)",
        alternative,
    )


def group_gap(book: Book, day: str, group: str) -> float:
    """A group's count on a day for a chart; the rest is what the others leave of the total."""
    names = book.future.groups[group]
    if group != THE_REST:
        return book.gap("stock", day, "setting", names[0])
    others = [
        book.gap("stock", day, "setting", one[0]) for label, one in book.future.groups.items() if label != THE_REST
    ]
    left = book.gap("stock", day) - sum(others)
    return float("nan") if book.rules.small(left) else left


def _homes_table(book: Book) -> str:
    days = book.past.profile_days
    rows: list[list[int | str]] = [["All children", *[book.shown("stock", day) for day in days]]]
    rows += [[setting_label(name), *[book.shown("stock", day, "setting", name) for day in days]] for name in settings()]
    frame = pd.DataFrame(rows, columns=["Type of placement", *[short_date(day) for day in days]])
    return book.table(Table("homes", "Children in care on 31 March, by type of placement", frame, HIDDEN_NOTE))


def _homes_forecast(book: Book) -> str:
    ahead = book.future.settings
    if ahead.empty:
        return "The groups are too small for a forecast by type of placement to be published."
    base = ahead[ahead["scenario"] == "baseline"]
    ends = sorted(base["month_end"].unique())
    rows = []
    for group in book.future.groups:
        mine = base[base["group"] == group].set_index("month_end")
        cells = [f"{mine.loc[end, 'p50']:,} ({mine.loc[end, 'p10']:,} to {mine.loc[end, 'p90']:,})" for end in ends]
        rows.append([group, *cells])
    frame = pd.DataFrame(rows, columns=["Type of placement", *[short_date(end) for end in ends]])
    together = listed([setting_name(name) for name in book.future.grouped])
    note = (
        "Median, and in brackets the range of 8 in 10 forecasts, to the nearest 5. Ranges of parts do not"
        " add up to the range of the whole."
    )
    if together:
        note += f" {THE_REST}: {together}, shown together because few children live in some of them."
    return book.table(
        Table("homes_forecast", "Baseline forecast of children in care on 31 March, by type of placement", frame, note)
    )


MEASURES = {
    "moves_per_child_year": ("Moves between placements for each child-year in care", "rate"),
    "three_or_more_placements": ("Three or more placements in the year, of children in care on 31 March", "share"),
    "two_years_same_placement": (
        "Two years or more in the same placement, of children under 16 in care for two and a half years or more",
        "share",
    ),
    "exits_per_child_year": ("Endings of care for each child-year in care", "rate"),
    "exits_at_18_share": ("Endings of care that were at 18", "share"),
    "mean_days_in_care_31_march": (
        "Average days in care so far, of children in care on 31 March whose start these returns hold",
        "mean",
    ),
}


def stability_section(book: Book) -> str:
    """Stability and permanence."""
    lines = ["# Stability and permanence {#stability}", ""]
    years = book.past.years
    if not years:
        return "\n".join([*lines, "The measures need a whole financial year of returns that may be published.", ""])
    frame, year = _measures(book), years[-1]
    cell = frame.set_index("Measure")[year].to_dict()
    moves = cell.get(MEASURES["moves_per_child_year"][0], book.rules.symbol)
    settled = cell.get(MEASURES["two_years_same_placement"][0], book.rules.symbol)
    said = []
    if moves != book.rules.symbol:
        said.append(
            f"In {year} there were **{moves} moves for each child-year** in care, changes of legal status left out."
        )
    if str(settled).endswith("%"):
        said.append(
            f"Of children under 16 who had been in care for two and a half years or more, **{settled}** had"
            " lived in one placement for two years."
        )
    permanent = [book.value("exits", year, "reason", reason) for reason in ("adopted", "special_guardianship")]
    if all(value is not None for value in permanent):
        said.append(
            f"{permanent[0] or 'No'} {'child was' if permanent[0] == 1 else 'children were'} adopted and"
            f" {permanent[1] or 'no'} left to special guardians."
        )
    lines += [" ".join(said) or "The numbers behind these measures are too small to publish for the last year.", ""]
    note = (
        f"{HIDDEN_NOTE} A percentage is hidden with the number behind it, or with the number that it leaves"
        " over. The average time in care grows as the returns reach further back."
    )
    lines += [
        book.table(
            Table("stability", "Stability and permanence, by financial year", frame, note, _wide_first(len(years)))
        ),
        "",
    ]
    return "\n".join(lines)


def _wide_first(years: int) -> tuple[float, ...]:
    """Widths that give sentences in the first column their room."""
    return (0.4, *[0.6 / years] * years)


def _measures(book: Book) -> pd.DataFrame:
    table = book.run.frame("history/indicators")
    years = book.past.years
    rows = []
    for measure, (label, kind) in MEASURES.items():
        own = table[table["measure"] == measure].set_index("financial_year")
        cells = [
            _measure(book, own.loc[[year]].iloc[0], measure, kind, year) if year in own.index else "z" for year in years
        ]
        rows.append([label, *cells])
    return pd.DataFrame(rows, columns=["Measure", *years])


def _measure(book: Book, row: pd.Series, measure: str, kind: str, year: str) -> str:
    value, over, under = (float(row[name]) for name in ("value", "numerator", "denominator"))
    if math.isnan(value):
        return "z"
    if kind == "share":
        stem = ("share", year, measure)
        return book.share((*stem, "yes"), (*stem, "all"))
    if kind == "rate":
        key = ("moves" if measure.startswith("moves") else "exits", year)
        return book.rules.symbol if book.past.counts.is_hidden(key) or book.rules.small(over) else f"{value:.2f}"
    stock = book.past.counts.is_hidden(("stock", f"{int(year[:4]) + 1}-03-31"))
    return book.rules.symbol if stock or book.rules.too_few(under) else f"{value:,.0f}"
