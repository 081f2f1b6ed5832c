"""The council's budget and ledger by financial year and setting, and the prices of the whole economy."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sufficiency.codes import Codes, read_codes
from sufficiency.errors import Problem, UserError
from sufficiency.tables.files import POUNDS, YEAR, check_names, parsed, read_percent, read_pounds, read_table, read_year

BUDGET, LEDGER, DEFLATORS = "budget.csv", "ledger.csv", "deflators.csv"


def read_budget(path: Path | str, *, codes: Codes | None = None) -> pd.DataFrame:
    """Read a budget: financial_year, setting, pounds, source.

    Raises
    ------
    UserError
        With every problem: years that are none, unknown settings, amounts that are no money, two rows of one
        setting and year.
    """
    return _read(Path(path), BUDGET, codes)


def read_ledger(path: Path | str, *, codes: Codes | None = None) -> pd.DataFrame:
    """Read a ledger, what was spent: the columns and problems of a budget."""
    return _read(Path(path), LEDGER, codes)


def _read(given: Path, name: str, codes: Codes | None) -> pd.DataFrame:
    file = given / name if given.is_dir() else given
    table = read_table(file, ("financial_year", "setting", "pounds"))
    problems: list[Problem] = []
    years = parsed(table, "financial_year", file.name, problems, read_year, YEAR)
    check_names(table, "setting", (codes or read_codes()).all_settings, "a setting", file.name, problems)
    pounds = parsed(table, "pounds", file.name, problems, read_pounds, POUNDS)
    read = pd.DataFrame({"financial_year": years, "setting": table["setting"], "pounds": pounds})
    problems += [
        Problem("This setting and year has another row.", file.name, int(row), "setting")
        for row in table.loc[read.duplicated(["financial_year", "setting"]) & read["financial_year"].notna(), "row"]
    ]
    if table.empty:
        problems.append(Problem("The table has no rows.", file.name))
    if problems:
        raise UserError(problems)
    whole: pd.DataFrame = read.astype({"pounds": "float64"}).assign(source=table.get("source", ""))
    return whole


def read_deflators(path: Path | str) -> pd.DataFrame:
    """Read yearly changes of the GDP deflator: financial_year, percent, source; sorted.

    Raises
    ------
    UserError
        With every problem: years that are none, percentages beyond -50 to 100, a year twice.
    """
    given = Path(path)
    file = given / DEFLATORS if given.is_dir() else given
    table = read_table(file, ("financial_year", "percent"))
    problems: list[Problem] = []
    years = parsed(table, "financial_year", file.name, problems, read_year, YEAR)
    percents = parsed(table, "percent", file.name, problems, read_percent, "a percentage from -50 to 100")
    read = pd.DataFrame({"financial_year": years, "percent": percents})
    problems += [
        Problem("This year has another row.", file.name, int(row), "financial_year")
        for row in table.loc[read.duplicated("financial_year") & read["financial_year"].notna(), "row"]
    ]
    if problems:
        raise UserError(problems)
    whole: pd.DataFrame = read.astype({"percent": "float64"}).assign(source=table.get("source", ""))
    return whole.sort_values("financial_year").reset_index(drop=True)
