"""Young people of 18 to 20 who are staying put with former foster carers at the origin."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sufficiency.codes import Codes, read_codes
from sufficiency.errors import Problem, UserError, nearest, shown
from sufficiency.tables.capacity import read_whole
from sufficiency.tables.files import parsed, read_table

FILE = "staying_put.csv"
AGES = (18, 19, 20)


def read_staying_put(path: Path | str, *, codes: Codes | None = None) -> pd.DataFrame:
    """Read a table of young people staying put.

    Parameters
    ----------
    path
        A CSV with setting (one of those after 18), age (18, 19 or 20), young_people and, if wished,
        source; or its folder.

    Returns
    -------
    Columns setting, age, young_people, source.

    Raises
    ------
    UserError
        With every problem: other settings or ages, numbers below zero or not whole, two rows of one
        setting and age, no rows at all.
    """
    given = Path(path)
    file = given / FILE if given.is_dir() else given
    table = read_table(file, ("setting", "age", "young_people"))
    chosen = codes or read_codes()
    known = chosen.all_settings[len(chosen.in_care) :]
    problems = [
        Problem(f"{shown(name)} is not a setting after 18.{nearest(name, known)}", file.name, int(row), "setting")
        for name, row in zip(table["setting"], table["row"], strict=True)
        if name not in known
    ]
    ages = parsed(table, "age", file.name, problems, _age, "an age of 18, 19 or 20")
    people = parsed(table, "young_people", file.name, problems, read_whole, "a whole number, 0 or more")
    read = pd.DataFrame({"setting": table["setting"], "age": ages, "young_people": people})
    problems += [
        Problem("This setting and age has another row.", file.name, int(row), "age")
        for row in table.loc[read.duplicated(["setting", "age"]) & read["age"].notna(), "row"]
    ]
    if table.empty:
        problems.append(Problem("The table has no rows; write 0 where nobody is staying put.", file.name))
    if problems:
        raise UserError(problems)
    kinds = {"age": "int64", "young_people": "int64"}
    whole: pd.DataFrame = read.astype(kinds).assign(source=table.get("source", ""))
    return whole


def _age(text: str) -> int:
    value = int(text)
    if value not in AGES:
        raise ValueError(text)
    return value
