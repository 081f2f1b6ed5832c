"""Children in care: how many, how we got here, and who they are."""

from __future__ import annotations

import pandas as pd

from sufficiency.report import figures
from sufficiency.report.book import Book
from sufficiency.report.finished import long_date, setting_label, short_date
from sufficiency.report.tables import Table
from sufficiency.report.words import changed, children

DIMENSIONS = {
    "age_band": "Age",
    "sex": "Sex",
    "ethnicity": "Ethnic group",
    "uasc": "Seeking asylum without a parent",
    "legal_status": "Legal status",
    "time_in_care": "Time in care",
    "provider": "Who provides the placement",
}
#: Values that read better written out.
VALUES = {
    "own": "The council's own",
    "own provision or with parents": "The council's own, or with parents",
    "other public": "Another public body",
    "private": "Private provider",
    "voluntary": "Voluntary provider",
    "Seeking asylum": "Yes",
    "0": "Under 1",
}
HIDDEN_NOTE = "c: hidden, because the number is from 1 to 5 or would give such a number away."


def children_section(book: Book) -> str:
    """Children in care now and how we got here."""
    days = book.past.quarters or book.past.profile_days
    table = pd.DataFrame({"date": pd.to_datetime(list(days)), "children": [book.gap("stock", day) for day in days]})
    first, before = days[0], _a_year_before(book)
    now = book.value("stock", book.past.origin)
    lines = ["# Children in care now, and how we got here {#children}", "", _opening(book, now, first, before), ""]
    title = f"Children in care {_way(book.value('stock', first), now)} since {short_date(first)}"
    figure = figures.stock_and_fans(
        table, {}, book.words(title, "children in care at the end of each quarter; the axis does not start at nought")
    )
    lines += [
        book.chart(
            "children_in_care", figure, "Children in care at the end of each quarter", _trend_in_words(book, days)
        ),
        "",
        _by_quarter(book),
        "",
    ]
    return "\n".join(lines)


def _way(before: int | None, now: int | None) -> str:
    if before is None or now is None or before == now:
        return "have changed little" if before == now else "over time"
    return "have risen" if now > before else "have fallen"


def _a_year_before(book: Book) -> str | None:
    day = f"{int(book.past.origin[:4]) - 1}{book.past.origin[4:]}"
    return day if ("stock", day) in book.past.counts.values else None


def _opening(book: Book, now: int | None, first: str, before: str | None) -> str:
    if now is None:
        return f"The number of children in care on {book.today} is too small to publish."
    said = f"On {book.today} {book.authority} looked after **{children(now)}**."
    if before is not None:
        said += f" The number {changed(book.value('stock', before), now)} over the last year"
        said += f" and {changed(book.value('stock', first), now)} since {long_date(first)}."
    highest = _highest(book)
    return f"{said} {highest}" if highest else said


def _highest(book: Book) -> str:
    seen = {day: value for day in book.past.quarters if (value := book.value("stock", day)) is not None}
    if len(seen) < 4 or len(seen) < len(book.past.quarters):  # noqa: PLR2004 - a year of quarters
        return ""
    top, bottom = max(seen, key=lambda day: seen[day]), min(seen, key=lambda day: seen[day])
    return (
        f"At the ends of quarters it was highest in {short_date(top)} ({seen[top]:,}) and lowest in "
        f"{short_date(bottom)} ({seen[bottom]:,})."
    )


def _trend_in_words(book: Book, days: tuple[str, ...]) -> str:
    ends = [day for day in days if day.endswith("03-31")] or [days[0], days[-1]]
    told = [f"{value:,} in {short_date(day)}" for day in ends if (value := book.value("stock", day)) is not None]
    return f"Line chart of children in care at the end of each quarter: {', '.join(told)}."


def _by_quarter(book: Book) -> str:
    periods = {day: short_date(day) for day in book.past.quarters}
    with_flows = book.past.flow_periods == book.past.quarters
    rows = []
    for day, label in periods.items():
        row: list[int | str] = [label, book.shown("stock", day)]
        if with_flows:
            row += [book.shown("starts", day), book.shown("exits", day)]
        rows.append(row)
    names = ["Quarter ending", "Children in care at its end", *(["Started", "Left"] if with_flows else [])]
    frame = pd.DataFrame(rows, columns=names)
    note = (
        f"{HIDDEN_NOTE} Earlier quarters are in tables/children_by_quarter.csv." if len(frame) > _ROWS else HIDDEN_NOTE
    )
    table = Table("children_by_quarter", "Children in care at the end of each quarter", frame, note)
    return book.table(table, frame.tail(_ROWS))


_ROWS = 9


def profile_section(book: Book) -> str:
    """Who the children are, and what a plan cannot say about equality."""
    days = book.past.profile_days
    last = days[-1]
    lines = ["# Who the children are {#profile}", "", _ages_in_words(book, last), "", _age_chart(book, last), ""]
    lines += [_time_chart(book, last), "", _profile_table(book), "", "## Equality", "", *_equality(book)]
    return "\n".join(lines)


def _ages_in_words(book: Book, day: str) -> str:
    whole = ("stock", day)
    said = []
    for band, label in (("10 to 15", "aged 10 to 15"), ("16 to 17", "aged 16 or 17")):
        share = book.share((*whole, "age_band", band), whole)
        if share.endswith("%"):
            said.append(f"{share} were {label}")
    asylum = book.value(*whole, "uasc", "Seeking asylum")
    if asylum is not None:
        said.append(
            f"{children(asylum)} had come to seek asylum without a parent".replace("no children had", "none had")
        )
    if not said:
        return (
            f"On {long_date(day)} the groups are too small to describe one by one; the table shows what can be shown."
        )
    text = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    return f"Of the children in care on {long_date(day)}, {text}."


def _bars(book: Book, day: str, dimension: str) -> pd.DataFrame:
    values = book.past.dimensions.get(dimension, ())
    rows = [(VALUES.get(value, value), book.gap("stock", day, dimension, value)) for value in values]
    return pd.DataFrame(rows, columns=["label", "value"])


def bars_in_words(table: pd.DataFrame) -> str:
    """What a chart of bars shows, for its text alternative."""
    return "; ".join(
        f"{label}: {'hidden' if pd.isna(value) else f'{value:,.0f}'}"
        for label, value in zip(table["label"], table["value"], strict=True)
    )


def _age_chart(book: Book, day: str) -> str:
    table = _bars(book, day, "age_band")
    title = _largest(table, "Age of children in care", "is the largest age group")
    figure = figures.bars(table, book.words(title, f"children in care on {long_date(day)}, by age in years"))
    return book.chart(
        "age_profile",
        figure,
        f"Children in care by age, {long_date(day)}",
        f"Bar chart of children in care by age. {bars_in_words(table)}.",
    )


def _time_chart(book: Book, day: str) -> str:
    table = _bars(book, day, "time_in_care")
    title = _largest(table, "How long children have been in care", "is the commonest time in care so far")
    figure = figures.bars(
        table, book.words(title, f"children in care on {long_date(day)}, by time since this period of care began")
    )
    return book.chart(
        "time_in_care",
        figure,
        f"Children in care by time in care so far, {long_date(day)}",
        f"Bar chart of children by time in care. {bars_in_words(table)}.",
    )


def _largest(table: pd.DataFrame, otherwise: str, said: str) -> str:
    seen = table.dropna()
    if seen.empty or seen["value"].max() == 0 or len(seen) < 2:  # noqa: PLR2004
        return otherwise
    top = seen.sort_values("value", kind="stable").iloc[-1]
    return f"{top['label']} {said} ({top['value']:,.0f})"


def _profile_table(book: Book) -> str:
    days = book.past.profile_days
    last: tuple[str, ...] = ("stock", days[-1])
    rows: list[list[int | str]] = [["All children", *[book.shown("stock", day) for day in days], "100%"]]
    for dimension, label in DIMENSIONS.items():
        for value in book.past.dimensions.get(dimension, ()):
            if dimension == "uasc" and value != "Seeking asylum":
                continue
            name = (
                f"{label}: {VALUES.get(value, value).lower() if dimension == 'provider' else VALUES.get(value, value)}"
            )
            cells = [book.shown("stock", day, dimension, value) for day in days]
            rows.append([name, *cells, book.share((*last, dimension, value), last)])
    names = ["Group", *[short_date(day) for day in days], f"Share, {short_date(days[-1])}"]
    frame = pd.DataFrame(rows, columns=names)
    note = (
        f"{HIDDEN_NOTE} k: less than half of one per cent. z: no children. Shares are rounded. Placement types are in"
        " the section on where children live. All years are in tables/profile.csv."
    )
    table = Table(
        "profile",
        f"Children in care on 31 March: who they are (number, and share on {long_date(days[-1])})",
        frame,
        note,
    )
    keep = [names[0], *dict.fromkeys([names[1], names[-3] if len(days) > 1 else names[1], names[-2]]), names[-1]]
    return book.table(table, frame[list(dict.fromkeys(keep))])


def _equality(book: Book) -> list[str]:
    return [
        (
            f"The table shows age, sex and ethnic group as the returns record them. For {book.authority} to meet"
            " its duty to have"
            " due regard to equality, a reader should know what this annex **cannot** say:"
        ),
        "",
        (
            "- The returns hold no record of religion, sexual orientation, gender reassignment or language, and none of"
            " disability that this version uses."
        ),
        (
            "- The forecast follows age, placement and whether a child seeks asylum. It does not follow sex or"
            " ethnic group,"
            " so it cannot say whether a plan would help one group more than another."
        ),
        (
            "- Where a group is hidden, the group is small; it is not absent. Ask the data owner before drawing any"
            " conclusion."
        ),
        "- Whether placements meet children's needs for culture, faith and language must be judged from case work.",
        "",
    ]


def setting_name(setting: str) -> str:
    """A setting within a sentence: ``in-house fostering``, ``agency fostering (IFA)``."""
    label = setting_label(setting)
    return label[:1].lower() + label[1:]
