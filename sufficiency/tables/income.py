"""What others pay towards placements: grants by the night or by the year, and shares of a placement's cost."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sufficiency.codes import Codes, read_codes
from sufficiency.errors import Problem, UserError
from sufficiency.tables.ages import read_age_columns
from sufficiency.tables.files import check_names, parsed, read_month_start, read_pounds, read_share, read_table
from sufficiency.tables.fixed_costs import read_month_end, read_words

FILE = "income.csv"
#: The three ways of saying how much: just one stands in a row.
WAYS = ("pounds_per_night", "share", "pounds_per_year")
COLUMNS = ("what", "from", "to", *WAYS, "setting", "uasc", "age_from", "age_to", "source")
_OPTIONAL = ("to", "share", "pounds_per_year", "setting", "uasc", "age_from", "age_to")
_YES, _NO = ("1", "yes", "true"), ("0", "no", "false")


def read_income(path: Path | str, *, codes: Codes | None = None) -> pd.DataFrame:
    """Read a table of income.

    Parameters
    ----------
    path
        A CSV with what, from (the first of a month), pounds_per_night and, if wished, to (the last day of a
        month), share (of the cost of the placements, 0.2), pounds_per_year, setting (blank: all in care),
        uasc (1: children who seek asylum alone, 0: others alone), age_from, age_to and source; or its folder.

    Returns
    -------
    :data:`COLUMNS`: amounts NaN where blank, uasc as -1 (all), 0 or 1.

    Raises
    ------
    UserError
        With every problem; a row without just one amount is one.
    """
    given = Path(path)
    file = given / FILE if given.is_dir() else given
    table = read_table(file, ("what", "from", "pounds_per_night"), _OPTIONAL)
    table = table.assign(**{name: table.get(name, "") for name in _OPTIONAL})
    problems: list[Problem] = []
    check_names(table, "setting", (codes or read_codes()).all_settings, "a setting", file.name, problems, blank=True)
    low, high = read_age_columns(table, file.name, problems)
    read = pd.DataFrame(
        {
            "what": parsed(table, "what", file.name, problems, read_words, "a few words"),
            "from": parsed(table, "from", file.name, problems, read_month_start, "the first of a month"),
            "to": parsed(table, "to", file.name, problems, read_month_end, "the last day of a month, or blank"),
            "pounds_per_night": _amounts(table, "pounds_per_night", file.name, problems),
            "share": parsed(table, "share", file.name, problems, _share, "a share above 0 and up to 1, or blank"),
            "pounds_per_year": _amounts(table, "pounds_per_year", file.name, problems),
            "setting": table["setting"],
            "uasc": parsed(table, "uasc", file.name, problems, _uasc, "1 (seeking asylum), 0 (others) or blank"),
            "age_from": low,
            "age_to": high,
            "source": table.get("source", ""),
        }
    )
    given_ways = (table[list(WAYS)] != "").sum(axis=1)
    told = "Give just one of pounds_per_night, share and pounds_per_year."
    problems += [Problem(told, file.name, int(row), WAYS[0]) for row in table.loc[given_ways != 1, "row"]]
    whole_year = read["pounds_per_year"].notna() & ((read["uasc"] != -1) | (table["age_from"] + table["age_to"] != ""))
    told = "An amount a year does not follow children; leave uasc and ages blank."
    problems += [Problem(told, file.name, int(row), "pounds_per_year") for row in table.loc[whole_year, "row"]]
    if problems:
        raise UserError(problems)
    kinds = {"from": "datetime64[s]", "to": "datetime64[s]", "uasc": "int64"} | dict.fromkeys(WAYS, "float64")
    whole: pd.DataFrame = read.astype(kinds)[list(COLUMNS)]
    return whole


def _amounts(table: pd.DataFrame, column: str, file: str, problems: list[Problem]) -> list[object]:
    def read(text: str) -> float:
        return read_pounds(text) if text else float("nan")

    return parsed(table, column, file, problems, read, "an amount in pounds, 0 or more, or blank")


def _share(text: str) -> float:
    return read_share(text) if text else float("nan")


def _uasc(text: str) -> int:
    plain = text.lower()
    if plain and plain not in (*_YES, *_NO):
        raise ValueError(text)
    return -1 if not plain else int(plain in _YES)
