"""Why the forecast changed, as the annex shows it: by driver, rounded so that it adds up, and only where it may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import pandas as pd

from sufficiency.report.book import Book
from sufficiency.report.disclosure import rounded
from sufficiency.report.finished import Finished, iso, long_date, short_date
from sufficiency.report.tables import Table
from sufficiency.report.words import listed, number
from sufficiency.trials.drivers import (
    COHORT,
    COLUMNS,
    DRIVERS,
    END,
    ENTRIES,
    EXITS,
    FORECAST,
    FORESEEN,
    HOLDING,
    LAST_YEAR,
    PLACEMENTS,
    POPULATION,
    SEEN,
    START,
    TODAY,
    TOGETHER,
)

_TABLE, _TOLD = "forecast/drivers", "forecast/drivers_told"
LABELS: Mapping[str, str] = {
    POPULATION: "Child population of the area",
    ENTRIES: "Children who come",
    EXITS: "How soon children leave",
    PLACEMENTS: "Where children are placed",
    TOGETHER: "Several of these together",
    COHORT: "The children in care today",
}
_READ = (
    "Each driver is what would change if it alone were as it is now known to be, everything else being left and every"
    " child meeting the same chance. Against last year's forecast that is what the year since has shown and what is now"
    " expected. Against today's number it is what differs from a steady world, in which just so many children came as"
    " hold that number for good; the children in care today are older or younger, and longer or shorter in care, than"
    " those of a steady world."
)
HIDDEN = "Why the forecast changed is not shown here: too few children came, left or were in care."
#: A part smaller than this does not take what rounding leaves over.
_LEAST = 0.5
_YEAR = 12


def drivers_of(run: Finished) -> pd.DataFrame:
    """A run's forecast by driver; no rows where it has none."""
    return run.frame(_TABLE) if run.has(_TABLE) else pd.DataFrame(columns=list(COLUMNS))


@dataclass(frozen=True)
class Compared:
    """The forecast of one day beside another number, by driver.

    Attributes
    ----------
    against
        :data:`~sufficiency.trials.drivers.LAST_YEAR` or :data:`~sufficiency.trials.drivers.TODAY`.
    day
        The month end that is forecast.
    figures
        Children by part: the start, each driver, the end.
    """

    against: str
    day: pd.Timestamp
    figures: Mapping[str, int]

    @property
    def change(self) -> int:
        """The end less the start."""
        return self.figures[END] - self.figures[START]

    def parts(self) -> str:
        """The drivers that show after rounding, the largest first: ``+15 from children who come, …``."""
        shown = sorted((name for name in DRIVERS if self.figures[name]), key=lambda name: -abs(self.figures[name]))
        if not shown:
            return "no driver alone changes it by enough to show after rounding"
        return listed([f"{signed(self.figures[name])} from {_small(LABELS[name])}" for name in shown])

    def sentence(self) -> str:
        """What the table says of this day, in words."""
        day, end, start = long_date(self.day), number(self.figures[END]), number(self.figures[START])
        lasting = self.against == LAST_YEAR
        other = "the forecast as it would have been made a year ago" if lasting else "are in care today"
        if self.change == 0:
            same = f"to the nearest 5 as many as {other}"
            return f"For {day} this forecast says {end} children in care, {same}: {self.parts()}."
        more = f"{number(abs(self.change))} {'more' if self.change > 0 else 'fewer'} than {other}"
        return f"For {day} this forecast says {end} children in care, {more} ({start}): {self.parts()}."


def _small(label: str) -> str:
    return label[:1].lower() + label[1:]


def signed(value: int) -> str:
    """A change with its sign: ``+15``, ``−5``, ``0``."""
    return f"+{number(value)}" if value > 0 else number(value)


def adding_up(parts: Mapping[str, float], base: int) -> dict[str, int]:
    """A start, drivers and an end to the nearest of a base, drivers so that they add up.

    Start and end are rounded as any other figure. What the rounded drivers leave over goes, a base each, to those
    that were rounded away from it the furthest; a driver that is nought stays nought.
    """
    out = {name: rounded(value, base) for name, value in parts.items()}
    short = out[END] - out[START] - sum(out[name] for name in DRIVERS)
    step = base if short > 0 else -base
    moved = sorted(DRIVERS, key=lambda name: (out[name] - parts[name]) * step)
    taking = [name for name in moved if abs(parts[name]) >= _LEAST] or [name for name in moved if parts[name]]
    for name in islice(cycle(taking), abs(short) // base):
        out[name] += step
    return out


def compared(table: pd.DataFrame, base: int = 1) -> list[Compared]:
    """Every day of a table of drivers, rounded to a base."""
    found = []
    for (against, day), own in table.groupby(["against", "month_end"], sort=False):
        parts = dict(zip(own["part"], own["children"], strict=True))
        found.append(Compared(str(against), pd.Timestamp(str(day)), adding_up(parts, base)))
    return found


def published_drivers(book: Book) -> list[Compared]:
    """What may be published, to the nearest five.

    Nothing where the projected number of children is not shown, or the starts or the leavers of the last year are
    hidden; nothing against last year where the number in care a year ago is.
    """
    past, rules = book.past, book.rules
    last = past.years[-1] if past.years else ""
    if not book.future.shown or any(past.counts.is_hidden((flow, last)) for flow in ("starts", "exits")):
        return []
    found = compared(drivers_of(book.run), rules.round_children)
    year_ago = iso(pd.Timestamp(past.origin) - pd.DateOffset(years=1))
    known = [day for day in past.quarters if day <= year_ago]
    if not known or past.counts.is_hidden(("stock", known[-1])):
        found = [one for one in found if one.against != LAST_YEAR]
    return [one for one in found if not rules.too_few(min(one.figures[START], one.figures[END]))]


def why_it_changed(book: Book) -> list[str]:
    """The paragraphs and the table of the annex."""
    found = published_drivers(book)
    if not found:
        return [HIDDEN] if len(drivers_of(book.run)) else ["This run did not take its forecast apart."]
    earlier = [one for one in found if one.against == LAST_YEAR]
    today = [one for one in found if one.against == TODAY]
    said = [one.sentence() for one in (*earlier[:1], *today[-1:])]
    if not earlier:
        said.append("There are too few years of returns, or too few children, to show a forecast made a year ago.")
    shown = [one for some in (earlier, today) for one in (*some[:1], *some[1:][-1:])]
    return [" ".join([*said, *_entries(book)]), "", _READ, "", _table(book, found, shown)]


def _entries(book: Book) -> list[str]:
    """First entries a year, to the nearest five, where the forecast of starts may be shown."""
    if not book.run.has(_TOLD) or book.future.starts.empty:
        return []
    told = book.run.frame(_TOLD).set_index("what")["value"].to_dict()
    a_year = {name: rounded(value * _YEAR, book.rules.round_children) for name, value in told.items()}
    holding = (
        f"To hold today's number for good about {number(a_year[HOLDING])} children a year would have to enter care for"
        f" the first time, if they stayed as over all years of the returns; about {number(a_year[FORECAST])} are"
        " forecast."
    )
    said = [holding]
    if SEEN in told:
        seen, foreseen = (rounded(told[name], book.rules.round_children) for name in (SEEN, FORESEEN))
        said.append(
            f"In the year since that earlier forecast about {number(seen)} did, and {number(foreseen)} were expected."
        )
    return said


def _table(book: Book, found: Sequence[Compared], shown: Sequence[Compared]) -> str:
    whole = drivers_of(book.run)
    known = (whole.loc[whole["part"] == POPULATION, "children"] != 0).any()
    drivers = [name for name in DRIVERS if name != POPULATION or known]
    names = [START, *drivers, END]
    labels = ["It starts from", *(LABELS[name] for name in drivers), "This forecast"]
    columns = {_heading(one): [_cell(one, name) for name in names] for one in found}
    frame = pd.DataFrame({"Children in care": labels, **columns})
    title = "Why the forecast differs from last year's and from today's number, by driver"
    note = "Means of the simulated futures, to the nearest 5, the drivers so that they add up."
    return book.table(
        Table("why_it_changed", title, frame, note), frame[["Children in care", *(_heading(one) for one in shown)]]
    )


def _heading(one: Compared) -> str:
    return f"{short_date(one.day)}, from {'last year’s forecast' if one.against == LAST_YEAR else 'today'}"


def _cell(one: Compared, name: str) -> str:
    value = one.figures[name]
    return number(value) if name in (START, END) else signed(value)
