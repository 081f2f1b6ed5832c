"""The forecast, and how far to trust it."""

from __future__ import annotations

import pandas as pd

from sufficiency.report import figures
from sufficiency.report.book import Book
from sufficiency.report.disclosure import rounded
from sufficiency.report.finished import each, iso, long_date, setting_label, short_date
from sufficiency.report.published import SETTING_HORIZON, target_day
from sufficiency.report.sections.care import HIDDEN_NOTE
from sufficiency.report.tables import Table
from sufficiency.report.tried import to_publish
from sufficiency.report.why import why_it_changed
from sufficiency.report.words import between, number

HIDDEN_FORECAST = (
    "The number of children in care is too small for a forecast to be published: a median below six, or an opening"
    " number that is hidden, is not shown."
)
_MOST_ROWS = 16


def forecast_section(book: Book) -> str:
    """The forecast with its back-test."""
    lines = ["# The forecast, and how far to trust it {#forecast}", ""]
    if not book.future.shown:
        return "\n".join([*lines, HIDDEN_FORECAST, ""])
    fan = book.future.fan("baseline")
    lines += [*_in_words(book, fan), "", _fan_chart(book, fan), "", _fan_table(book), ""]
    lines += [
        "## Why it changed",
        "",
        *why_it_changed(book),
        "",
        "## Children who will start",
        "",
        *_starts(book),
        "",
        "## How good such forecasts have been",
        "",
        *_tested(book),
        "",
    ]
    return "\n".join(lines)


def _in_words(book: Book, fan: pd.DataFrame) -> list[str]:
    last, runs = fan.iloc[-1], int(book.run.manifest["replications"])
    return [
        (
            "The baseline says what would happen if children went on coming, moving and leaving as the returns show"
            " and nothing"
            f" else changed. The model lives through the years ahead {number(runs)} times, child by child, each"
            " time with its own"
            " chance and its own view of what is not known for sure."
        ),
        "",
        (
            f"By {long_date(last['month_end'])} the middle forecast is **about {number(int(last['p50']))} children**;"
            f" 8 in 10 forecasts lie {between(int(last['p10']), int(last['p90']))}, so 1 in 10 is lower and 1 in 10"
            " higher."
        ),
    ]


def _past(book: Book) -> pd.DataFrame:
    days = book.past.quarters
    return pd.DataFrame({"date": pd.to_datetime(list(days)), "children": [book.gap("stock", day) for day in days]})


def _fan_chart(book: Book, fan: pd.DataFrame) -> str:
    last = fan.iloc[-1]
    middle, end = int(last["p50"]), short_date(last["month_end"])
    # A middle alone, or "stays near", would say more than the band holds.
    title = (
        f"If nothing changes, about {number(middle)} children in care by {end}; 8 in 10 forecasts lie"
        f" {between(int(last['p10']), int(last['p90']))}"
    )
    unit = "children in care at quarter end; bands hold 5 and 8 in 10 forecasts; the axis does not start at nought"
    table = fan.rename(columns={"month_end": "date"})
    figure = figures.stock_and_fans(_past(book), {"Baseline": table}, book.words(title, unit))
    alternative = (
        f"Line of children in care in the past and a fan of the forecast. Middle forecast {number(middle)} at the end,"
        f" 8 in 10 forecasts {between(int(last['p10']), int(last['p90']))}."
    )
    return book.chart("forecast", figure, "Children in care, seen and forecast (baseline)", alternative)


def _fan_table(book: Book) -> str:
    fans = book.future.fans
    rows: list[list[int | str]] = []
    for scenario in book.run.scenarios:
        for row in each(fans[fans["scenario"] == scenario["name"]]):
            figures_ = [int(getattr(row, name)) for name in ("p10", "p25", "p50", "p75", "p90")]
            rows.append([_scenario(book, scenario["name"]), short_date(row.month_end), *figures_])
    names = [
        "Scenario",
        "Quarter ending",
        "1 in 10 lower (P10)",
        "1 in 4 lower (P25)",
        "Middle (P50)",
        "1 in 4 higher (P75)",
        "1 in 10 higher (P90)",
    ]
    frame = pd.DataFrame(rows, columns=names)
    march = frame["Quarter ending"].str.startswith("Mar") & (frame["Scenario"] == "Baseline")
    note = "To the nearest 5. Every quarter and every plan: tables/children_forecast.csv."
    table = Table("children_forecast", "Forecast of children in care", frame, note, words=("Quarter ending",))
    return book.table(table, frame[march].drop(columns="Scenario"))


def _scenario(book: Book, name: str) -> str:
    return "Baseline" if name == "baseline" else book.run.title_of(name)


def _starts(book: Book) -> list[str]:
    table = book.future.starts
    base = table[table["scenario"] == "baseline"]
    if base.empty:
        return ["Too few children start for a forecast of starts to be published."]
    quarterly = book.past.flow_periods == book.past.quarters
    label = short_date if quarterly else str
    past = pd.DataFrame(
        {
            "date": _ends(book.past.flow_periods),
            "children": [book.gap("starts", period) for period in book.past.flow_periods],
        }
    )
    fan = base.assign(date=_ends(tuple(base["period"])))
    first = base.iloc[0]
    said = (
        f"In the {'quarter ending ' if quarterly else 'financial year '}{label(first['period'])} the middle"
        " forecast is about"
        f" {number(int(first['p50']))} starts, and 8 in 10 forecasts lie"
        f" {between(int(first['p10']), int(first['p90']))}."
        " Starts go up and down a great deal by chance alone, more than any other part of the forecast."
    )
    span = "quarter" if quarterly else "financial year"
    title = f"The middle forecast is about {number(int(base['p50'].median()))} children starting a {span}"
    figure = figures.stock_and_fans(
        past,
        {"Baseline": fan},
        book.words(
            title,
            f"children who start in each {span}; bands hold 5 and 8 in 10 forecasts; the axis does not start at nought",
        ),
    )
    chart = book.chart(
        "starts_forecast",
        figure,
        f"Children who start, by {span}, seen and forecast (baseline)",
        f"Line of children who started by {span} and a fan of the forecast. {said}",
    )
    rows = [[_scenario(book, row.scenario), label(row.period), row.p10, row.p50, row.p90] for row in each(table)]
    frame = pd.DataFrame(rows, columns=["Scenario", span.capitalize(), "P10", "P50", "P90"])
    csv = book.only_csv(
        Table(
            "starts_forecast",
            f"Forecast of children who start, by {span}, to the nearest 5",
            frame,
            words=(span.capitalize(),),
        )
    )
    return [said, "", chart, "", csv]


def _ends(periods: tuple[str, ...]) -> pd.DatetimeIndex:
    """Last days of quarters, or of financial years."""
    return pd.to_datetime([period if len(period) > 7 else f"{int(period[:4]) + 1}-03-31" for period in periods])  # noqa: PLR2004


def backtest_rows(book: Book) -> pd.DataFrame:
    """Past forecasts of the total whose outcome may be shown, rounded like other forecasts."""
    columns = ["origin", "horizon_months", "label", "actual", "p10", "p50", "p90", "naive"]
    table = to_publish(book.run)
    return _paired(book, table[table["level"] == "total"]).reindex(columns=[*columns, "key"])


def _paired(book: Book, table: pd.DataFrame) -> pd.DataFrame:
    by = ["origin", "horizon_months", "key"]
    naive = table[table["method"] == "last value"].set_index(by)["p50"]
    rows = []
    for row in each(table[table["method"] == "sufficiency"]):
        day = target_day(row.origin, row.horizon_months)
        key = ("stock", day) if row.key == "all" else ("stock", day, "setting", str(row.key))
        counts = book.past.counts
        opening = ("stock", iso(row.origin), *key[2:])
        known = not counts.is_hidden(key) and counts.value(key) == int(row.actual) and opening not in counts.hidden
        before = naive.get((row.origin, row.horizon_months, row.key), float("nan"))
        if not known or book.rules.too_few(row.p50) or pd.isna(before) or book.rules.small(before):
            continue
        marks = {name: rounded(getattr(row, name), book.rules.round_children) for name in ("p10", "p50", "p90")}
        label = f"{short_date(row.origin)}, {int(row.horizon_months)} months ahead"
        rows.append(
            {
                "origin": row.origin,
                "horizon_months": int(row.horizon_months),
                "key": str(row.key),
                "label": label,
                "actual": int(row.actual),
                **marks,
                "naive": rounded(before, book.rules.round_children),
            }
        )
    return pd.DataFrame(rows, columns=[*by, "label", "actual", "p10", "p50", "p90", "naive"])


def backtest_score(rows: pd.DataFrame) -> tuple[int, int, float, float]:
    """Trials, those inside P10 to P90, and mean errors of the forecast and of "no change"."""
    inside = (rows["actual"] >= rows["p10"]) & (rows["actual"] <= rows["p90"])
    errors = [(rows[name] - rows["actual"]).abs().mean() for name in ("p50", "naive")]
    return len(rows), int(inside.sum()), float(errors[0]), float(errors[1])


def _tested(book: Book) -> list[str]:
    rows = backtest_rows(book)
    if rows.empty:
        return [
            (
                "There are too few years of returns to hold some back and try the forecast on them, or the numbers"
                " are too small to"
                " publish. Treat the ranges above as a guide only."
            )
        ]
    trials, inside, error, naive = backtest_score(rows)
    better = "closer than" if error < naive else ("further off than" if error > naive else "as close as")
    said = (
        "The forecast was made again as it would have been made in the past, with only the returns known then,"
        " and compared"
        f" with what came. In {number(trials)} such trials what happened lay within the range of 8 in 10 forecasts"
        f" {number(inside)} times (about {number(round(0.8 * trials))} would be expected). The middle forecast"
        " was out by"
        f" {error:,.0f} children on average, {better} assuming no change, which was out by {naive:,.0f}."
    )
    caution = "Trials from the same date share their luck, so they are fewer than they look."
    found = book.trust
    verdict = (
        ""
        if found.beats_no_change
        else (
            " **Do not lean on the middle forecast where it differs from today's number: assuming no change has been no"
            " further off.**"
        )
    )
    if found.widening > 1:
        verdict += (
            f" The ranges of children and of spend in this annex are therefore {found.widening:.2f} times as wide as"
            " those of the simulation alone."
        )
    chosen = (
        rows[rows["horizon_months"].isin([SETTING_HORIZON, 2 * SETTING_HORIZON])] if len(rows) > _MOST_ROWS else rows
    )
    chosen = (chosen if len(chosen) else rows).tail(_MOST_ROWS)
    held, low, off, _ = backtest_score(chosen)
    title = f"What happened lay within the forecast range in {low} of the {held} trials shown"
    figure = figures.backtest_dots(
        chosen,
        book.words(
            title, "children in care; each row is a forecast made at that date; the axis does not start at nought"
        ),
    )
    alternative = (
        f"Rows of past forecasts with the outcome as a dot. {title}; the middle forecast was out by"
        f" {off:,.0f} on average."
    )
    return [
        said + " " + caution + verdict,
        "",
        book.chart("backtest", figure, "Past forecasts of children in care beside what happened", alternative),
        "",
        _tested_table(book, rows),
        "",
        _by_setting(book),
    ]


def _tested_table(book: Book, rows: pd.DataFrame) -> str:
    frame = pd.DataFrame(
        [
            [short_date(row.origin), row.horizon_months, row.actual, row.p10, row.p50, row.p90, row.naive]
            for row in each(rows)
        ],
        columns=["Forecast made", "Months ahead", "What happened", "P10", "P50", "P90", "No change"],
    )
    note = f"Forecasts to the nearest 5. {HIDDEN_NOTE}"
    table = Table("backtest", "Past forecasts of children in care, and what happened", frame, note)
    far = frame[frame["Months ahead"].isin([SETTING_HORIZON, 2 * SETTING_HORIZON])]
    return book.table(table, far if len(frame) > _MOST_ROWS and len(far) else None)


def _by_setting(book: Book) -> str:
    table = to_publish(book.run)
    rows = _paired(book, table[(table["level"] == "setting") & (table["horizon_months"] == SETTING_HORIZON)])
    if rows.empty:
        return (
            "By type of placement the numbers are too small, or the history too short, for past forecasts to"
            " be published."
        )
    frame = pd.DataFrame(
        [
            [setting_label(row.key), short_date(row.origin), row.actual, row.p10, row.p50, row.p90, row.naive]
            for row in each(rows)
        ],
        columns=["Type of placement", "Forecast made", "What happened", "P10", "P50", "P90", "No change"],
    )
    title = "Past forecasts by type of placement, twelve months ahead, and what happened"
    csv = book.only_csv(
        Table(
            "backtest_by_setting", title, frame, f"Forecasts to the nearest 5. {HIDDEN_NOTE}", words=("Forecast made",)
        )
    )
    trials, inside, error, naive = backtest_score(rows)
    return (
        f"By type of placement, twelve months ahead, what happened lay within the range in {inside} of {trials}"
        " trials that can be"
        f" shown; the middle forecast was out by {error:,.1f} children on average and no change by {naive:,.1f}. {csv}"
    )
