"""The price of a week in each setting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes, read_codes
from sufficiency.errors import Problem, UserError, nearest, shown
from sufficiency.tables.files import parsed, read_day, read_pounds, read_table

STATUSES = ("own", "published", "illustrative", "invented")
FILE = "prices.csv"


@dataclass(frozen=True)
class Prices:
    """Pounds a week by setting and date.

    Attributes
    ----------
    table
        setting, from (first of a month), pounds_per_week, status, source; sorted.
    """

    table: pd.DataFrame

    def per_week(self, setting: str, months: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Pounds a week in each calendar month (index since January 1970); NaN without any price.

        A price holds from its month until the next one of the setting; before the first, the first
        holds.
        """
        own = self.table[self.table["setting"] == setting]
        wanted = np.asarray(months, dtype=np.int64)
        if own.empty:
            return np.full(wanted.shape, np.nan)
        begins = dates.month_index(dates.to_days(own["from"]))
        at = np.maximum(np.searchsorted(begins, wanted, side="right") - 1, 0)
        return own["pounds_per_week"].to_numpy(np.float64)[at]

    @property
    def statuses(self) -> tuple[str, ...]:
        """Statuses that occur, in the order of :data:`STATUSES`."""
        present = set(self.table["status"])
        return tuple(name for name in STATUSES if name in present)


def read_prices(path: Path | str, *, codes: Codes | None = None) -> Prices:
    """Read a prices table.

    Parameters
    ----------
    path
        A CSV with setting, from, pounds_per_week, status and, if wished, source; or its folder.

    Raises
    ------
    UserError
        With every problem: unknown settings or statuses, dates that are not the first of a month,
        amounts that are not money, two prices of a setting from one date, prices by age.
    """
    given = Path(path)
    file = given / FILE if given.is_dir() else given
    table = read_table(file, ("setting", "from", "pounds_per_week", "status"), ("age_from", "age_to"))
    problems: list[Problem] = []
    known = (codes or read_codes()).all_settings
    for setting, status, row in zip(table["setting"], table["status"], table["row"], strict=True):
        if setting not in known:
            problems.append(
                Problem(f"{shown(setting)} is not a setting.{nearest(setting, known)}", file.name, row, "setting")
            )
        if status not in STATUSES:
            problems.append(
                Problem(f"{shown(status)} is not a status.{nearest(status, STATUSES)}", file.name, row, "status")
            )
    _refuse_ages(table, file.name, problems)
    starts = parsed(table, "from", file.name, problems, read_day, "a date (write 2026-04-01 or 01/04/2026)")
    pounds = parsed(table, "pounds_per_week", file.name, problems, read_pounds, "an amount in pounds, 0 or more")
    for start, row in zip(starts, table["row"], strict=True):
        if isinstance(start, pd.Timestamp) and start.day != 1:
            problems.append(Problem("Prices change on the first of a month only.", file.name, int(row), "from"))
    read = table.assign(**{"from": pd.Series(starts, dtype=object), "pounds_per_week": pd.Series(pounds, dtype=object)})
    twice = read.duplicated(["setting", "from"])
    problems += [
        Problem("This setting has another price from the same date.", file.name, int(row), "from")
        for row in read.loc[twice, "row"]
    ]
    if problems:
        raise UserError(problems)
    source = read.get("source", "")
    tidy = read.assign(source=source, pounds_per_week=read["pounds_per_week"].astype(float))
    kept = tidy.assign(**{"from": pd.to_datetime(tidy["from"]).astype("datetime64[s]")})
    columns = ["setting", "from", "pounds_per_week", "status", "source"]
    return Prices(kept[columns].sort_values(["setting", "from"], kind="stable").reset_index(drop=True))


def _refuse_ages(table: pd.DataFrame, file: str, problems: list[Problem]) -> None:
    for column in ("age_from", "age_to"):
        if column in table:
            problems += [
                Problem("Prices by age are not yet used; give one price a setting.", file, int(row), column)
                for row in table.loc[table[column] != "", "row"]
            ]
