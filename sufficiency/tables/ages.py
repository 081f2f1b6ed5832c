"""Ages of a price or an income: whole age bands, because nights are counted by them."""

from __future__ import annotations

import pandas as pd

from sufficiency.codes import AGE_EDGES
from sufficiency.errors import Problem
from sufficiency.tables.files import parsed

OLDEST = 20
FIRST_AGES = AGE_EDGES
LAST_AGES = (*(edge - 1 for edge in AGE_EDGES[1:]), OLDEST)


def read_age_columns(table: pd.DataFrame, file: str, problems: list[Problem]) -> tuple[list[int], list[int]]:
    """First and last age of each row; blank is the youngest and the oldest."""
    full = table.assign(**{name: table.get(name, "") for name in ("age_from", "age_to")})
    first = parsed(full, "age_from", file, problems, _first, f"one of the ages {_listed(FIRST_AGES)}, or blank")
    last = parsed(full, "age_to", file, problems, _last, f"one of the ages {_listed(LAST_AGES)}, or blank")
    problems += [
        Problem("The last age is below the first.", file, int(row), "age_to")
        for low, high, row in zip(first, last, table["row"], strict=True)
        if isinstance(low, int) and isinstance(high, int) and high < low
    ]
    return (
        [age if isinstance(age, int) else 0 for age in first],
        [age if isinstance(age, int) else OLDEST for age in last],
    )


def bands_of(age_from: int, age_to: int) -> slice:
    """Places in :data:`~sufficiency.codes.AGE_BANDS` of a row's ages.

    >>> ages = bands_of(5, 15)
    >>> ages.start, ages.stop
    (2, 4)
    """
    return slice(FIRST_AGES.index(age_from), LAST_AGES.index(age_to) + 1)


def ages_text(age_from: int, age_to: int) -> str:
    """A row's ages as a reader says them; blank for all of them.

    >>> ages_text(0, 20), ages_text(0, 0), ages_text(5, 15), ages_text(16, 20)
    ('', '0', '5 to 15', '16 and over')
    """
    if age_from == FIRST_AGES[0] and age_to == OLDEST:
        return ""
    if age_to == OLDEST:
        return f"{age_from} and over"
    return str(age_from) if age_from == age_to else f"{age_from} to {age_to}"


def _first(text: str) -> int:
    return _one_of(text, FIRST_AGES, FIRST_AGES[0])


def _last(text: str) -> int:
    return _one_of(text, LAST_AGES, OLDEST)


def _one_of(text: str, known: tuple[int, ...], blank: int) -> int:
    age = int(text) if text else blank
    if age not in known:
        raise ValueError(text)
    return age


def _listed(ages: tuple[int, ...]) -> str:
    return ", ".join(str(age) for age in ages)
