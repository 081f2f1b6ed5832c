"""Children who live in the council's area, by year and age: what rates per 10,000 are of."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pandas as pd

from sufficiency.dates import ADULT
from sufficiency.errors import Problem, UserError
from sufficiency.tables.files import parsed, read_table

FILE = "population.csv"
_YEAR = re.compile(r"(?:19|20)\d\d")
_AGES = re.compile(r"(\d{1,2})(?:\s*(?:to|-|–)\s*(\d{1,2}))?")


def read_population(path: Path | str) -> dict[int, float]:
    """Children aged 0 to 17 by calendar year of the mid-year estimate.

    Parameters
    ----------
    path
        A CSV with year, age, children and, if wished, source; or its folder. An age is a single
        year (``7``) or a band (``5 to 9``); each year's ages cover 0 to 17 once.

    Raises
    ------
    UserError
        With every problem: what is no year, age or number, ages that are missing or counted twice,
        a year without children.
    """
    given = Path(path)
    file = given / FILE if given.is_dir() else given
    table = read_table(file, ("year", "age", "children"))
    problems: list[Problem] = []
    years = parsed(table, "year", file.name, problems, _year, "a calendar year (write 2025)")
    ages = parsed(table, "age", file.name, problems, _ages, "an age from 0 to 17, nor a band of them (5 to 9)")
    children = parsed(table, "children", file.name, problems, _count, "a number of children, 0 or more")
    if not problems:
        problems += _gaps(table, years, ages, file.name)
    if problems:
        raise UserError(problems)
    totals = pd.Series(children, dtype="float64").groupby(pd.Series(years, dtype="int64")).sum()
    empty = [f"The year {year} has no children in it." for year in totals.index[totals <= 0]]
    if empty or totals.empty:
        raise UserError([Problem(message, file.name) for message in empty or ["The table has no rows."]])
    return {int(str(year)): float(total) for year, total in totals.items()}


def _year(text: str) -> int:
    if not _YEAR.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _ages(text: str) -> range:
    found = _AGES.fullmatch(text)
    if found is None:
        raise ValueError(text)
    low, high = int(found[1]), int(found[2] or found[1])
    if not low <= high < ADULT:
        raise ValueError(text)
    return range(low, high + 1)


def _count(text: str) -> float:
    value = float(text.replace(",", ""))
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def _gaps(table: pd.DataFrame, years: list[object], ages: list[object], file: str) -> list[Problem]:
    """Ages that a year counts twice, or not at all."""
    found: dict[object, Counter[int]] = {}
    problems = []
    for year, band, row in zip(years, ages, table["row"], strict=True):
        seen, new = found.setdefault(year, Counter()), Counter(band if isinstance(band, range) else ())
        if seen & new:
            problems.append(Problem(f"The year {year} has this age already.", file, int(row), "age"))
        seen.update(new)
    for year, seen in found.items():
        missing = [str(age) for age in range(ADULT) if not seen[age]]
        if missing:
            problems.append(Problem(f"The year {year} lacks the ages {', '.join(missing)}.", file, None, "age"))
    return problems
