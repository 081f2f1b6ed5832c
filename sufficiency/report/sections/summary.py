"""What matters first: one page, every sentence computed."""

from __future__ import annotations

from sufficiency.report.book import PAGE_BREAK, Book
from sufficiency.report.finished import long_date, settings
from sufficiency.report.sections.ahead import backtest_rows, backtest_score
from sufficiency.report.sections.care import setting_name
from sufficiency.report.sections.choices import plan_in_words
from sufficiency.report.sections.needs import gaps_in_words
from sufficiency.report.tables import escape
from sufficiency.report.words import between, children, compared, listed, money, number


def summary_section(book: Book) -> str:
    """The page that a cabinet member reads."""
    parts: tuple[tuple[str, str], ...] = (
        ("Now", _now(book)),
        ("Where they live", _homes(book)),
        ("If nothing changes", _ahead(book)),
        ("Places missing", gaps_in_words(book)),
    )
    parts += (("How far to trust this", _trust(book)), *_plans(book), ("What it costs", _cost(book)))
    lines = ["# What matters first {#summary}", ""]
    for heading, text in parts:
        if text:
            lines += [f"**{heading}.** {text}", ""]
    lines += ["**What could make this wrong.**", "", *_risks(book), "", PAGE_BREAK, ""]
    return "\n".join(lines)


def _now(book: Book) -> str:
    now = book.value("stock", book.past.origin)
    if now is None:
        return f"The number of children in care on {book.today} is too small to publish."
    said = f"On {book.today} {book.authority} looked after **{children(now)}**"
    year_ago = f"{int(book.past.origin[:4]) - 1}{book.past.origin[4:]}"
    change = compared(book.value("stock", year_ago), now)
    said += f", {change} a year before." if change else "."
    if book.past.years:
        year = book.past.years[-1]
        started, left = book.value("starts", year), book.value("exits", year)
        if started is not None and left is not None:
            said += f" In {year}, {number(started)} periods of care began and {number(left)} ended."
    return said


def _homes(book: Book) -> str:
    whole = ("stock", book.past.profile_days[-1])
    said = []
    for name in settings():
        value, share = book.value(*whole, "setting", name), book.share((*whole, "setting", name), whole)
        if value and share.endswith("%") and int(share[:-1]) >= 10:  # noqa: PLR2004 - a tenth
            said.append((value, f"{share} lived in {setting_name(name)}"))
    told = [text for _, text in sorted(said, reverse=True)]
    return f"{listed(told)}. Smaller groups are in the section on where children live." if told else ""


def _ahead(book: Book) -> str:
    if not book.future.shown:
        return "The numbers are too small for a forecast to be published."
    last = book.future.fan("baseline").iloc[-1]
    return (
        f"By {long_date(last['month_end'])} the middle forecast is **about {number(int(last['p50']))}**:"
        f" 8 in 10 forecasts lie {between(int(last['p10']), int(last['p90']))}."
    )


def _trust(book: Book) -> str:
    rows = backtest_rows(book)
    if rows.empty:
        return (
            "The forecast could not be tried on the past: the returns are too few, or the numbers too small to publish."
        )
    trials, inside, error, naive = backtest_score(rows)
    verdict = "closer than" if error < naive else ("no closer than" if error > naive else "as close as")
    return (
        f"Tried on the past, {number(inside)} of {number(trials)} forecasts held what happened within their"
        " range of 8 in 10,"
        f" and the middle forecast was out by {error:,.0f} children on average, {verdict} assuming no change"
        f" ({naive:,.0f})."
    )


def _plans(book: Book) -> list[tuple[str, str]]:
    if not book.future.shown:
        return []
    return [
        (f"Plan: {escape(book.run.title_of(about['name']))}", plan_in_words(book, str(about["name"])))
        for about in book.run.plans[:3]
    ]


def _cost(book: Book) -> str:
    spend = book.future.spend
    if spend.empty:
        return "" if book.run.has("prices") else "No prices were given, so this annex says nothing about spend."
    first = spend[spend["scenario"] == "baseline"].iloc[0]
    kinds = {str(kind) for kind in book.run.frame("prices")["status"]} - {"own", "published"}
    marked = f" Prices are {listed(sorted(kinds))}, so this is no guide to real spend." if kinds else ""
    return (
        f"Homes in the baseline cost about {money(int(first['p50']))} in {first['financial_year']}, gross; 8 in"
        " 10 forecasts"
        f" lie between {money(int(first['p10']))} and {money(int(first['p90']))}.{marked}"
    )


def _risks(book: Book) -> list[str]:
    return [
        (
            "- A change in who comes, above all in children who seek asylum without a parent, which no past year"
            " foretells."
        ),
        "- A change in practice, inspection or law, or in how placements are coded in the returns.",
        f"- Places: {_places(book)}",
        "- Small numbers: with few children, chance alone moves every figure.",
    ]


def _places(book: Book) -> str:
    """What the forecast takes for places, and what it does not know of them."""
    known = book.run.frame("places/capacity", ["setting", "inferred"]) if book.run.has("places/capacity") else None
    if known is None or known.empty:
        return (
            "this run puts no limit on places, so it shows where children would live if homes like those of the past"
            " were there."
        )
    guessed = [setting_name(name) for name in settings() if name in set(known.loc[known["inferred"], "setting"])]
    said = "the council's own are limited and other providers are taken to have room for every child"
    if guessed:
        said += f"; no figure was given for {listed(guessed)}, so the most once held stand in for it"
    return f"{said}. Whether a vacant place suits a child is only known on average."
