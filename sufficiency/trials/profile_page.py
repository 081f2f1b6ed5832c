"""The page that holds the example against the tables it was shaped on: ``docs/example.md``.

It is made by ``python -m sufficiency.trials.profile_page docs/example.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from sufficiency import dates
from sufficiency.codes import AGE_BANDS
from sufficiency.history.stock import EVENTS, events
from sufficiency.trials import likeness
from sufficiency.trials.episodes import CONTINUES, STATUS_ONLY
from sufficiency.trials.example import YEARS, example_truth
from sufficiency.trials.invented import Invented
from sufficiency.trials.write_returns import known

COMMAND = "python -m sufficiency.trials.profile_page docs/example.md"
_HOMES = "Children's homes"
_MONTHS = ("Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar")
#: DfE, children who started to be looked after in England by month, mean of 2018 to 2020, April first.
_ENGLAND_STARTS = (2520, 2810, 2740, 2950, 2590, 2570, 2730, 2790, 2360, 2520, 2430, 2650)
_ENGLAND_STATUS_ONLY = 0.24
_LA_DISPERSION = "3.5 to 4.7"

INTRODUCTION = """\
# The example authority, held against what it was shaped on

The example is invented from end to end: a known world (`sufficiency/trials/example_world.toml`) is run
by the package's own simulation from an empty start in April 2004, and SSDA903 returns for the years
ending March 2020 to March 2026 are written from what came out. No child in it exists. Two published
sources gave it its shape: the profile that Peterborough printed in its strategy of 2016, for who is in
care on the last day, and England's statistics, for how children move.

The world was calibrated by `benchmarks/calibrate_example.py`: long means of a larger, level copy of it
were brought near the targets; then, of many seeds, the one whose last profile comes nearest was kept.
The figures of the example below are of that one seed, so they carry its luck, as a real council's do.
Where the two sources contradict each other the example lies between them: leaving care at the rate of
England's children, two in five of them at 18, needs rather more children of 16 and 17 than
Peterborough had.

This page is made by `{command}`; a test compares it.
"""
METHOD_NOTES = """\
Time in care is the truth's: the returns themselves cannot tell it of children who entered before April
2019. Peterborough's children fall off from 100 a year of time in care in the first year to 30 in the
next two, faster than any rate of leaving that fits England's would allow; the example has more children
of one to two years in care, and fewer of six to ten.

A move is a change of setting or of carer; changes of status only are left out. Durations are those of
placements that ended in the seven years, whether by a move or by leaving care. DfE's durations count
status-only changes as ends too, ours do not. The share of status-only changes is counted among all
changes of placement recorded in the returns, as DfE counts it.
"""


def page() -> str:
    """The page's Markdown, made anew from the example's truth."""
    truth = example_truth()
    parts = [
        INTRODUCTION.format(command=COMMAND),
        *_profile(truth),
        *_dynamics(truth),
        "## Method\n",
        METHOD_NOTES,
        "## Sources\n",
        f"- {likeness.PETERBOROUGH}; counts scaled to {likeness.CHILDREN} children.",
        f"- {likeness.DFE}: moves by placement changes less status-only and exits over children in care, 2025;",
        "  durations and reasons for change 2023/24; starts by month 2018 to 2020; variance / mean of starts by",
        "  authority computed from its tables. Contains public sector information licensed under the Open",
        "  Government Licence v3.0.",
        "",
    ]
    return "\n".join(parts)


def write_page(path: Path | str) -> Path:
    """Write the page and give its path."""
    out = Path(path)
    out.write_text(page(), encoding="utf-8", newline="\n")
    return out


def _table(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    align = ["---", *["---:"] * (len(heading) - 1)]
    lines = [heading, align, *rows]
    return ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines] + [""]


def _profile(truth: Invented) -> list[str]:
    last = truth.world.last_day
    codes = truth.codes
    named = {name: _HOMES if name == "homes" else codes.label(name) for name in likeness.PETERBOROUGH_SETTINGS}
    settings = {named[name]: count for name, count in likeness.settings_on(truth, last).items()}
    goal = {named[name]: count for name, count in likeness.PETERBOROUGH_SETTINGS.items()}
    ages = {_aged(band): count for band, count in likeness.ages_on(truth, last).items()}
    total = sum(settings.values())
    return [
        f"## Children in care on {dates.as_date(last)}\n",
        f"The example has {total} children in care, Peterborough's table {likeness.CHILDREN}.\n",
        *_compared("Where they live", settings, goal),
        *_compared("Age", ages, {_aged(band): count for band, count in likeness.PETERBOROUGH_AGES.items()}),
        *_compared("Time in care", likeness.times_on(truth, last), likeness.PETERBOROUGH_TIMES),
    ]


def _aged(band: str) -> str:
    return "Under 1" if band == AGE_BANDS[0] else band


def _compared(what: str, ours: Mapping[str, int], theirs: Mapping[str, int]) -> list[str]:
    fit = likeness.CHILDREN / sum(theirs.values())
    rows = [(name, count, f"{theirs[name] * fit:.0f}") for name, count in ours.items()]
    return _table((what, "Example", "Peterborough, May 2016"), rows)


def _dynamics(truth: Invented) -> list[str]:
    first = dates.year_bounds(YEARS[0])[0]
    last = truth.world.last_day
    found = likeness.dynamics(truth, first, last)
    starts = likeness.starts_by_year(truth, YEARS[0], YEARS[-1])
    counts = list(starts.values())
    spread = float(np.var(counts, ddof=1) / np.mean(counts))
    rows = [
        ("Moves for each child-year in care", f"{found.moves:.2f}", f"{likeness.ENGLAND_MOVES}"),
        ("Exits for each child-year in care", f"{found.exits:.2f}", f"{likeness.ENGLAND_EXITS}"),
        ("Share of exits at 18", f"{found.at_18:.0%}", f"{likeness.ENGLAND_AT_18:.0%}"),
        ("Status-only share of placement changes", f"{_status_only(truth):.0%}", f"{_ENGLAND_STATUS_ONLY:.0%}"),
        ("Variance / mean of annual starts", f"{spread:.1f}", f"{_LA_DISPERSION} (median authority)"),
    ]
    return [
        "## How children move, April 2019 to March 2026\n",
        *_table(("Measure", "Example", "England"), rows),
        *_table(("Year ending March", "Starts in the example"), starts.items()),
        *_lengths(found),
        *_season(truth),
    ]


def _lengths(found: likeness.Dynamics) -> list[str]:
    rows = []
    for name, (share, mean, median) in found.durations.items():
        whole, days, middle = likeness.ENGLAND_DURATIONS[name]
        rows.append((name, f"{share:.0%}", f"{whole:.0%}", f"{mean:.0f}", days, f"{median:.0f}", middle))
    heading = ("Placements that ended", "Share", "England", "Mean days", "England", "Median days", "England")
    return _table(heading, rows)


def _season(truth: Invented) -> list[str]:
    """Entries by month over the whole simulated time (one council's seven years are too few to show a season)."""
    found = events(truth.journeys, truth.world.first_day, truth.world.last_day)
    entered = found.event == EVENTS.index("entry")
    april = 3
    month = (dates.month_index(found.day[entered]) - april) % len(_MONTHS)
    ours = np.bincount(month, minlength=len(_MONTHS)) / entered.sum()
    theirs = np.array(_ENGLAND_STARTS) / sum(_ENGLAND_STARTS)
    rows = [(name, f"{a:.1%}", f"{b:.1%}") for name, a, b in zip(_MONTHS, ours, theirs, strict=True)]
    return [
        "First entries by month, over all 22 simulated years:\n",
        *_table(("Month", "Example", "England, starts 2018 to 2020"), rows),
    ]


def _status_only(truth: Invented) -> float:
    """Share of recorded changes of placement in the returns' years that were of status only."""
    first, last = dates.year_bounds(YEARS[0])[0], truth.world.last_day
    changes = [
        row.reason == STATUS_ONLY
        for rows in known(truth, first).episodes.values()
        for row in rows
        if row.rec == CONTINUES and row.reason and first <= row.end <= last
    ]
    return sum(changes) / len(changes)


if __name__ == "__main__":
    write_page(*sys.argv[1:2])
