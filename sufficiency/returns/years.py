"""Which collection year each file is of: by its dates, or by the episodes file it goes with."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np

from sufficiency import dates
from sufficiency.dates import OPEN
from sufficiency.errors import Finding
from sufficiency.returns import marks
from sufficiency.returns.columns import read_dates
from sufficiency.returns.files import SourceFile
from sufficiency.returns.layout import EPISODES
from sufficiency.returns.rules import finding

#: A year counts as covered when its dates are at least this share of the fullest year's.
_SHARE = 0.2
#: Ends of care in an earlier year, at least, before a file is taken to cover that year too.
_ENOUGH_EXITS = 20
_CONTINUES = "X1"
_IN_NAME = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_TABLE_WORDS = re.compile(
    r"sw[ _-]*episodes?|episodes?|header|uasc|reviews?|oc2|oc3|ad1|missing|previous[ _-]*permanence"
    r"|prev[ _-]*perm|placed[ _-]*(?:for[ _-]*)?adoption|sbpfa|ssda903|ssda|903"
)


@dataclass(frozen=True)
class Covered:
    """First and last collection year that an episodes file covers (mostly the same)."""

    first: int
    last: int


def _counts(days: dates.Days) -> dict[int, int]:
    years, counts = np.unique(dates.collection_year(days[days != OPEN]), return_counts=True)
    low, high = marks.YEARS
    return {int(year): int(count) for year, count in zip(years, counts, strict=True) if low <= year <= high}


def covered(file: SourceFile) -> Covered | None:
    """Years that an episodes file covers; None where it holds no usable date.

    A return of one year holds the episodes that were open in it, so most of its ends, and more
    starts than in any other year, lie in that year; a stray date does not outweigh them.
    """
    starts, ends = read_dates(file.frame["DECOM"]).days, read_dates(file.frame["DEC"]).days
    ended, began = _counts(ends), _counts(starts)
    both = {year: ended.get(year, 0) + began.get(year, 0) for year in ended.keys() | began.keys()}
    if not both:
        return None
    weighed = ended or both
    last = max(year for year in weighed if both[year] >= _SHARE * max(both[other] for other in weighed))
    left = _counts(ends[(file.frame["REC"] != _CONTINUES).to_numpy(bool)])
    wanted = max(_ENOUGH_EXITS, _SHARE * left.get(last, 0))
    first = last
    while left.get(first - 1, 0) >= wanted:
        first -= 1
    return Covered(first, last)


def _mark(file: SourceFile) -> str:
    """What is left of a file's name without the words for tables: the mark of its return."""
    return re.sub(r"[^a-z0-9]", "", _TABLE_WORDS.sub("", file.path.stem.lower()))


def _likeness(one: str, other: str) -> int:
    """Letters that two names share from their start and from their end."""
    return _shared(one, other) + _shared(one[::-1], other[::-1])


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def named_years(path: Path, folders: int | None = None) -> frozenset[int]:
    """Years in the name of a file, or else in that of the nearest of so many folders that has one in its name."""
    for text in (path.stem, *path.parent.parts[::-1][:folders]):
        if found := _IN_NAME.findall(text):
            return frozenset(map(int, found))
    return frozenset()


def _year_beside(file: SourceFile, anchors: Sequence[SourceFile]) -> int | None:
    """Year of a table without a year of its own: by its folder's name, or that of the episodes file it travels with."""
    named = named_years(file.path)
    others = [named_years(anchor.path) for anchor in anchors]
    apart = all(anchor.path.parent != file.path.parent for anchor in anchors)
    if apart and named and anchors and all(others) and named not in others:
        # A folder of a year without episodes: its name says the year as those of the others do.
        later = Counter(anchor.year - max(years) for anchor, years in zip(anchors, others, strict=True))
        return max(named) + later.most_common(1)[0][0]
    anchor = _goes_with(file, anchors)
    return anchor.year if anchor else None


def _goes_with(file: SourceFile, anchors: Sequence[SourceFile]) -> SourceFile | None:
    """The episodes file that a file travels with: of the nearest folder, of its year or name, or the only one."""
    deepest = max((_together(anchor, file) for anchor in anchors), default=0)
    near = [anchor for anchor in anchors if _together(anchor, file) == deepest]
    near = [anchor for anchor in near if named_years(anchor.path) == named_years(file.path)] or near
    if len(near) == 1:
        return near[0]
    same = [anchor for anchor in near if _mark(anchor) == _mark(file)]
    if same and len({anchor.year for anchor in same}) == 1:
        return same[0]
    ranked = sorted(near, key=lambda anchor: _of(anchor, file))
    if len(ranked) > 1 and _of(ranked[-1], file) > _of(ranked[-2], file):
        return ranked[-1]
    return None


def _together(one: SourceFile, other: SourceFile) -> int:
    """How many folders two files share."""
    return _shared(one.path.parent.parts, other.path.parent.parts)


def _of(anchor: SourceFile, file: SourceFile) -> int:
    return _likeness(file.path.stem.lower(), anchor.path.stem.lower())


@dataclass(frozen=True)
class Dated:
    """Files with their collection years, and the years that the episodes files cover."""

    files: tuple[SourceFile, ...]
    years: tuple[int, ...]
    first_years: dict[int, int]
    findings: tuple[Finding, ...]


def date_files(files: Sequence[SourceFile]) -> Dated:
    """Give every file its collection year.

    ``first_years`` gives, by position of an episodes file, the first year that it covers.
    """
    told: list[Finding] = []
    spans: dict[int, Covered] = {}
    for at, file in enumerate(files):
        if file.table is not None and file.table.name == EPISODES and (span := covered(file)) is not None:
            spans[at] = span
    labelled = _labelled_years(files, spans, told)
    spans = {at: _span(files[at], span, labelled) for at, span in spans.items()}
    latest = max((span.last for span in spans.values()), default=0)
    anchors = [files[at].of_year(span.last) for at, span in spans.items()]
    dated = []
    for at, file in enumerate(files):
        if file.table is None:
            dated.append(file)
        elif at in spans:
            dated.append(file.of_year(spans[at].last))
        elif file.label in labelled:
            dated.append(file.of_year(labelled[file.label]))
        else:
            year = _year_beside(file, anchors)
            dated.append(file.of_year(year or latest))
            told += [] if year or not len(file.frame) else [finding("year_unknown", file=file.name)]
    told += _about_years(files, spans)
    years = sorted({year for span in spans.values() for year in range(span.first, span.last + 1)})
    return Dated(tuple(dated), tuple(years), {at: span.first for at, span in spans.items()}, tuple(told))


def _span(file: SourceFile, span: Covered, labelled: dict[str, int]) -> Covered:
    """Years of an episodes file: that of its YEAR column where it has several years, else those of its dates."""
    year = labelled.get(file.label)
    return span if year is None else Covered(year, year)


def _labelled_years(files: Sequence[SourceFile], spans: dict[int, Covered], told: list[Finding]) -> dict[str, int]:
    """Collection year of each value of the YEAR columns.

    Two years with a stroke (2023/24) are plain. A single number may be the year in which the
    collection year ends or the one in which it begins: the dates of most rows say which.
    """
    named = {file.label for file in files if file.label}
    plain = {label: int(label[:4]) + 1 for label in named if "/" in label}
    single = {label: int(label) for label in named if "/" not in label}
    votes = {0: 0, 1: 0}
    for at, span in spans.items():
        later = span.last - single.get(files[at].label, 0)
        if later in votes:
            votes[later] += len(files[at].frame)
    begins = votes[1] > votes[0]
    if begins:
        told.append(finding("year_column", column="YEAR"))
    return plain | {label: year + begins for label, year in single.items()}


def _about_years(files: Sequence[SourceFile], spans: dict[int, Covered]) -> list[Finding]:
    told = []
    seen: dict[int, str] = {}
    for at, span in spans.items():
        name = files[at].name
        if span.last in seen:
            message = f"{seen[span.last]} and {name} are both of the year ending March {span.last}."
            told.append(finding("two_files_one_year", message, file=name))
        seen[span.last] = name
        if span.first < span.last:
            message = f"The file holds ends of care of each year from {span.first} to {span.last}."
            told.append(finding("several_years", message, file=name))
    years = {year for span in spans.values() for year in range(span.first, span.last + 1)}
    told += [
        finding("year_missing", f"There is no return for the year ending March {year}.")
        for year in range(min(years, default=0), max(years, default=0))
        if year not in years
    ]
    return told
