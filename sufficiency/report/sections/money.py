"""What homes will cost: spend by financial year and kind, whether plans pay, and the prices behind it."""

from __future__ import annotations

import math

import pandas as pd

from sufficiency.codes import read_codes
from sufficiency.costs.savings import DEFLATOR
from sufficiency.report import figures
from sufficiency.report.book import Book
from sufficiency.report.disclosure import rounded
from sufficiency.report.finished import each, setting_label, settings, short_date
from sufficiency.report.sections.ahead import HIDDEN_FORECAST
from sufficiency.report.sections.money_ahead import budgets_ahead
from sufficiency.report.sections.money_ranges import ranges_told
from sufficiency.report.tables import Table, escape
from sufficiency.report.words import listed, money, stretched_p80
from sufficiency.tables.ages import OLDEST, ages_text


def spend_section(book: Book) -> str:
    """Spend by financial year, or why there is none."""
    lines = ["# What homes will cost {#spend}", ""]
    if not book.run.has("prices") or not book.run.has("results/spend"):
        return "\n".join(
            [
                *lines,
                (
                    "No prices were given for this run, so spend is left out. A prices table (setting, from, pounds a"
                    " week) beside the returns adds this section; with --illustrative, published prices stand in."
                ),
                "",
            ]
        )
    spend = book.future.spend
    if spend.empty:
        return "\n".join([*lines, HIDDEN_FORECAST.replace("a forecast", "spend"), ""])
    base = spend[spend["scenario"] == "baseline"]
    lines += [
        _spend_in_words(book, base),
        "",
        _prices_warning(book),
        "",
        _spend_chart(book),
        "",
        _spend_table(book),
        "",
        *_untold(book),
    ]
    lines += [
        _kinds_table(book),
        "",
        _groups_table(book),
        "",
        *ranges_told(book),
        *budgets_ahead(book),
        *_plans_pay(book),
        _prices_table(book),
        "",
    ]
    return "\n".join(lines)


def _spend_in_words(book: Book, base: pd.DataFrame) -> str:
    first, last = base.iloc[0], base.iloc[-1]
    said = f"The baseline's homes cost **about {money(int(first['p50']))}** in {first['financial_year']}"
    if len(base) > 1:
        said += f" and about {money(int(last['p50']))} in {last['financial_year']}"
    kinds = set(book.future.spend_by_kind["kind"])
    holds = "placements and fixed costs" if "fixed" in kinds else "the price of placements; no fixed costs were given"
    drawn = "and from how far prices may lie from those given" if _prices_drawn(book) else "not from prices"
    return (
        f"{said} (middle forecasts). To be 8 in 10 sure of having enough in {first['financial_year']} a budget"
        f" would need {money(int(first['p80']))}. The figures are gross, before grants and what others pay: {holds}."
        f" {_rises(book)} Their ranges come from how many children there may be and where they may live, {drawn}."
    )


def _untold(book: Book) -> list[str]:
    """Which plans' money is left out, and why."""
    names = [str(about["name"]) for about in book.run.plans if about["name"] in book.future.untold.money]
    if not names:
        return []
    titles = listed([escape(book.run.title_of(name)) for name in names])
    return [
        (
            f"What it costs is not shown for: {titles}. Nearly all of the difference is in one type of placement in"
            " which few children live, and would tell how many."
        ),
        "",
    ]


def _prices_drawn(book: Book) -> bool:
    return book.run.has("money/price_lists")


def _rises(book: Book) -> str:
    """What is said of inflation."""
    if book.run.has("money/uplifts"):
        return "Prices rise as the council's table of uplifts says."
    return "Prices hold no inflation beyond what the prices table says."


def _prices_warning(book: Book) -> str:
    kinds = sorted({str(kind) for kind in book.run.frame("prices")["status"]})
    if kinds and not set(kinds) <= {"own", "published"}:
        return (
            f"**Prices used here are {listed([kind for kind in kinds if kind not in {'own', 'published'}])}:"
            " the pounds below are no guide to any council's spend.**"
            f"{_left_out(book)}"
        )
    return "Prices and where they come from are in the last table of this section."


def _left_out(book: Book) -> str:
    """Types of placement without any price, where published ones stand in and there is none."""
    if "illustrative" not in set(book.run.frame("prices")["status"]):
        return ""
    lacking = [setting_label(name) for name in settings() if name not in set(book.run.frame("prices")["setting"])]
    return f" Nothing is published, and so nothing counted, for: {listed(lacking)}." if lacking else ""


def _spend_chart(book: Book) -> str:
    table = book.future.spend
    known = set(table["scenario"])
    names = [str(about["name"]) for about in book.run.scenarios if about["name"] in known][:4]
    series = {
        "Baseline" if name == "baseline" else book.run.title_of(name): table[table["scenario"] == name]
        for name in names
    }
    base = table[table["scenario"] == "baseline"]
    title = (
        f"Homes in the baseline cost about {money(int(base['p50'].iloc[0]))} in"
        f" {base['financial_year'].iloc[0]} and {money(int(base['p50'].iloc[-1]))} in"
        f" {base['financial_year'].iloc[-1]}"
    )
    figure = figures.spend(
        series,
        book.words(
            title,
            f"gross spend{book.priced}; mark: P50, thick: to P80, thin: P10 to P90; the axis does not start at nought",
        ),
    )
    told = "; ".join(
        f"{row.financial_year}: {money(row.p50)} ({money(row.p10)} to {money(row.p90)})" for row in each(base)
    )
    return book.chart(
        "spend",
        figure,
        f"Gross spend by financial year, with ranges{book.priced}",
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
            f"Gross spend, £ thousand{book.priced}",
            frame,
            "To the nearest £1,000; placements, fixed costs, and what the plan itself invests."
            f" {stretched_p80(book.trust.widening)}",
            (0.36, 0.16, 0.12, 0.12, 0.12, 0.12),
            ("Financial year",),
        )
    )


def _ordered(book: Book, table: pd.DataFrame) -> pd.DataFrame:
    order = {str(about["name"]): place for place, about in enumerate(book.run.scenarios)}
    return table.assign(order=table["scenario"].map(order)).sort_values(["order", "financial_year"], kind="stable")


_KINDS = {
    "placement": "Placements",
    "fixed": "Fixed costs",
    "investment": "Investment",
    "income": "Less income (grants and joint funding)",
    "net": "Net of income",
}


def _kinds_table(book: Book) -> str:
    table = book.future.spend_by_kind
    base = table[table["scenario"] == "baseline"].assign(kind=table["kind"].astype(str))
    if set(base["kind"]) <= {"placement"}:
        return ""
    wide = base.pivot_table(index="kind", columns="financial_year", values="p50")
    kinds = [kind for kind in _KINDS if kind in wide.index and wide.loc[kind].any()]
    rows = [[_KINDS[kind], *[int(pounds) // 1000 for pounds in wide.loc[kind].to_numpy()]] for kind in kinds]
    frame = pd.DataFrame(rows, columns=["Kind of money", *[str(year) for year in wide.columns]])
    hidden = "" if "net" in kinds else " Income is left out, for it would tell how many children seek asylum alone."
    return book.table(
        Table(
            "spend_by_kind",
            f"Baseline spend by kind, middle forecast (P50), £ thousand{book.priced}",
            frame,
            f"Each line's own middle forecast, so lines do not quite add up.{hidden}",
        )
    )


def _plans_pay(book: Book) -> list[str]:
    """Whether each plan pays for itself, before and after optimism bias."""
    if not book.run.has("money/payback"):
        return []
    cases, heading = _judged(book)
    if cases.empty:
        return heading
    year = max(int(name.removeprefix("pays_within_")) for name in cases.columns if name.startswith("pays_within_"))
    rows = [
        [
            book.run.title_of(row["scenario"]),
            str(row["case"]),
            rounded(float(row["net_present_value"]), book.rules.round_pounds) // 1000,
            short_date(row["payback"]) if row["pays"] else "does not pay",
            short_date(row["payback_p90"]) if pd.notna(row["payback_p90"]) else f"not within {year} years",
            f"{row[f'pays_within_{year}']:.0%}",
            _broken_even(row["switching_value"]),
        ]
        for row in cases.to_dict("records")
    ]
    names = [
        "Plan",
        "Case",
        "Net present value",
        "Pays by (P50)",
        "9 in 10 paid by",
        f"Within {year} years",
        "Breaks even at",
    ]
    words_ = tuple(names[1:2] + names[3:])
    said = [
        f"**{escape(book.run.title_of(name))}**: {cases.loc[cases['scenario'] == name, 'verdict'].iloc[0]}"
        for name in dict.fromkeys(cases["scenario"])
    ]
    bias = cases[cases["one_off_raised"] > 0].iloc[0]
    note = (
        "Saving on placements, with income, less what the plan costs, each future against the same one without it."
        " Net present value: the mean, £ thousand at the first year's prices, 3.5 % a year real. Optimism bias: one-off"
        " cost"
        f" {bias['one_off_raised']:.0%} higher, yearly cost {bias['delivery_raised']:.0%} higher, savings"
        f" {bias['saving_lowered']:.0%} lower.{_deflated(book)}"
        " Breaks even at: share of the saving of its own row that is enough."
    )
    frame = pd.DataFrame(rows, columns=names)
    table = Table(
        "payback",
        f"Does each plan pay for itself?{book.priced}",
        frame,
        note,
        (0.22, 0.15, 0.13, 0.13, 0.14, 0.11, 0.12),
        words_,
    )
    return [*heading, *[f"- {line}" for line in said], "", book.table(table), ""]


def _judged(book: Book) -> tuple[pd.DataFrame, list[str]]:
    """Cases of the plans whose payback may be shown, and the heading, which names those whose may not."""
    cases = book.run.frame("money/payback")
    unseen = book.future.untold.payback - book.future.untold.money
    lacking = [escape(book.run.title_of(name)) for name in dict.fromkeys(cases["scenario"]) if name in unseen]
    cases = cases[~cases["scenario"].isin(list(unseen | book.future.untold.money))]
    why = (
        f"Not shown for: {listed(lacking)}. Saving holds grants, which would tell how many children seek asylum alone."
    )
    if cases.empty and not lacking:
        return cases, []
    return cases, ["## Do the plans pay? {#payback}", "", *([why, ""] if lacking else [])]


def _deflated(book: Book) -> str:
    """That prices of the whole economy are assumed, where the council gave none."""
    if not book.run.has("money/deflators"):
        return f" Prices in general are taken to rise by {DEFLATOR:g} % a year."
    table = book.run.frame("money/deflators")
    least, most = float(table["percent"].min()), float(table["percent"].max())
    percent = f"{least:g} %" if least == most else f"{least:g} to {most:g} %"
    sources = listed(list(dict.fromkeys(escape(str(source)) for source in table["source"])))
    return f" Prices in general rise by {percent} a year ({sources})."


def _broken_even(share: float) -> str:
    if math.isnan(share):
        return "no saving"
    return f"{share:.0%} of it" if share else "no cost given"


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
            f"Baseline spend on placements by type, middle forecast (P50), £ thousand{book.priced}",
            frame,
            "Of children in care: staying put after 18 is in the placements above and not here. Middle forecasts of"
            " parts do not add up to the middle forecast of the whole.",
        )
    )


def _prices_table(book: Book) -> str:
    order = {name: place for place, name in enumerate(read_codes().all_settings)}
    prices = book.run.frame("prices")
    prices = prices.assign(order=prices["setting"].map(order)).sort_values(["order", "from"], kind="stable")
    rows = []
    for row in prices.to_dict("records"):
        setting, status = str(row["setting"]), str(row["status"])
        secret = status == "own" and setting not in book.future.alone
        price: str = book.rules.symbol if secret else f"£{float(row['pounds_per_week']):,.0f}"
        source = book.rules.symbol if secret else str(row.get("source", "") or "not given")
        ages = ages_text(int(row.get("age_from", 0)), int(row.get("age_to", OLDEST)))
        name = setting_label(setting) + (f", {ages}" if ages else "")
        rows.append([name, short_date(row["from"]), price, status, source])
    frame = pd.DataFrame(rows, columns=["Type of placement", "From", "A week", "Kind of price", "Source"])
    note = (
        "A night is a week's price divided by 7. The council's own price for a type whose numbers are not"
        " shown alone is hidden (c)."
        " Prices at other dates are in tables/prices.csv."
    )
    table = Table(
        "prices",
        f"Prices used{book.priced}",
        frame,
        note,
        (0.26, 0.11, 0.1, 0.13, 0.4),
        ("From", "Kind of price", "Source"),
    )
    started = prices["from"] <= book.run.origin + pd.Timedelta(days=1)
    now = prices[started].groupby("setting")["from"].transform("max") == prices.loc[started, "from"]
    cared = prices["setting"].isin(settings())
    return book.table(table, frame[(cared & now.reindex(prices.index, fill_value=False)).to_numpy()])
