"""Costs that do not follow nights: homes, teams, block contracts, retainers and staff by steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from sufficiency.codes import Codes, read_codes
from sufficiency.errors import Problem, UserError
from sufficiency.tables.files import (
    POUNDS,
    check_names,
    parsed,
    read_day,
    read_month_start,
    read_pounds,
    read_share,
    read_table,
)

FILE = "fixed_costs.csv"
#: What the pounds may be for each of, when not in all: a place, one that stands vacant, a child placed.
EACH_OF = ("place", "vacant_place", "child")
COLUMNS = (
    "what",
    "setting",
    "from",
    "to",
    "pounds_per_year",
    "places_guaranteed",
    "use_guaranteed",
    "per",
    "step",
    "source",
)
_OPTIONAL = ("places_guaranteed", "use_guaranteed", "per", "step")
_MOST_TEXT = 120
_MOST = 100_000.0


def read_fixed_costs(path: Path | str, *, codes: Codes | None = None) -> pd.DataFrame:
    """Read a table of fixed and stepped costs.

    Parameters
    ----------
    path
        A CSV with what, setting (blank: no one setting's), from (the first of a month), to (the last day of a
        month, blank: without end), pounds_per_year and, if wished, places_guaranteed and use_guaranteed (a
        block contract), per (place, vacant_place, child) and step (pounds for each so many begun), source; or
        its folder.

    Returns
    -------
    :data:`COLUMNS`; ``to`` is NaT without end, numbers NaN where blank, use_guaranteed 1 where a block says nothing.

    Raises
    ------
    UserError
        With every problem.
    """
    given = Path(path)
    file = given / FILE if given.is_dir() else given
    table = read_table(file, ("what", "setting", "from", "to", "pounds_per_year"), _OPTIONAL)
    table = table.assign(**{name: table.get(name, "") for name in _OPTIONAL})
    problems: list[Problem] = []
    check_names(table, "setting", (codes or read_codes()).all_settings, "a setting", file.name, problems, blank=True)
    check_names(table, "per", EACH_OF, "something to count", file.name, problems, blank=True)
    read = pd.DataFrame(
        {
            "what": parsed(table, "what", file.name, problems, read_words, "a few words"),
            "setting": table["setting"],
            "from": parsed(table, "from", file.name, problems, read_month_start, "the first of a month"),
            "to": parsed(table, "to", file.name, problems, read_month_end, "the last day of a month, or blank"),
            "pounds_per_year": parsed(table, "pounds_per_year", file.name, problems, read_pounds, POUNDS),
            "places_guaranteed": _numbers(
                table, "places_guaranteed", file.name, problems, "a number of places above 0"
            ),
            "use_guaranteed": _numbers(table, "use_guaranteed", file.name, problems, "a share up to 1", read_share),
            "per": table["per"],
            "step": _numbers(table, "step", file.name, problems, "a number above 0"),
            "source": table.get("source", ""),
        }
    )
    problems += _problems(read, table["row"], file.name)
    if problems:
        raise UserError(problems)
    kinds = {"from": "datetime64[s]", "to": "datetime64[s]", "pounds_per_year": "float64"}
    kinds |= dict.fromkeys(("places_guaranteed", "use_guaranteed", "step"), "float64")
    whole: pd.DataFrame = read.astype(kinds)[list(COLUMNS)]
    block = whole["places_guaranteed"].notna()
    return whole.assign(use_guaranteed=whole["use_guaranteed"].mask(block & whole["use_guaranteed"].isna(), 1.0))


def _problems(read: pd.DataFrame, rows: pd.Series, file: str) -> list[Problem]:
    """What the columns of a row say against each other."""
    found = []
    for one, row in zip(read.to_dict("records"), rows, strict=True):
        block, number = pd.notna(one["places_guaranteed"]), int(row)
        start, end = one["from"], one["to"]
        if isinstance(start, pd.Timestamp) and isinstance(end, pd.Timestamp) and end < start:
            found.append(Problem("The last day is before the first.", file, number, "to"))
        if block and not one["setting"]:
            found.append(Problem("A block contract needs the setting whose places it buys.", file, number, "setting"))
        if one["per"] and not one["setting"]:
            found.append(Problem("A cost by place or child needs a setting.", file, number, "setting"))
        if block and one["per"]:
            found.append(Problem("A block contract is paid in all; leave per blank.", file, number, "per"))
        if pd.notna(one["use_guaranteed"]) and not block:
            told = "A guaranteed use needs places_guaranteed."
            found.append(Problem(told, file, number, "use_guaranteed"))
        if pd.notna(one["step"]) and not one["per"]:
            found.append(Problem("A step needs per: what to count.", file, number, "step"))
    return found


def _numbers(
    table: pd.DataFrame,
    column: str,
    file: str,
    problems: list[Problem],
    wanted: str,
    read: Callable[[str], float] | None = None,
) -> list[object]:
    chosen = read or _above_nought

    def read_or_blank(text: str) -> float:
        return chosen(text) if text else float("nan")

    return parsed(table, column, file, problems, read_or_blank, f"{wanted}, or blank")


def _above_nought(text: str) -> float:
    value = float(text.replace(",", ""))
    if not 0 < value <= _MOST:
        raise ValueError(text)
    return value


def read_words(text: str) -> str:
    """A name for readers."""
    if not 0 < len(text) <= _MOST_TEXT:
        raise ValueError(text)
    return text


def read_month_end(text: str) -> object:
    """The last day of a month; NaT where blank."""
    if not text:
        return pd.NaT
    day = read_day(text)
    if not day.is_month_end:
        raise ValueError(text)
    return day
