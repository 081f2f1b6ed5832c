"""Fee uplifts: by how much prices rise, by setting and financial year, from April or part-way through the year."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes, read_codes
from sufficiency.errors import Problem, UserError
from sufficiency.tables.files import YEAR, check_names, parsed, read_month_start, read_percent, read_table, read_year

FILE = "uplifts.csv"
#: A row for every setting that has none of its own in that year.
EVERY = "all"
_FROM = "the first of a month (write 2026-10-01), or blank for 1 April"


def read_uplifts(path: Path | str, *, codes: Codes | None = None) -> pd.DataFrame:
    """Read a table of fee uplifts.

    Parameters
    ----------
    path
        A CSV with setting (or ``all``), financial_year, percent and, if wished, from (the first of a month
        of that year; blank is 1 April) and source; or its folder.

    Returns
    -------
    Columns setting, financial_year, from, percent, source.

    Raises
    ------
    UserError
        With every problem: unknown settings, years or dates that are none, a start outside its year,
        percentages beyond -50 to 100, two uplifts of a setting from one date.
    """
    given = Path(path)
    file = given / FILE if given.is_dir() else given
    table = read_table(file, ("setting", "financial_year", "percent"), ("from",))
    problems: list[Problem] = []
    check_names(table, "setting", (*(codes or read_codes()).all_settings, EVERY), "a setting", file.name, problems)
    years = parsed(table, "financial_year", file.name, problems, read_year, YEAR)
    percents = parsed(table, "percent", file.name, problems, read_percent, "a percentage from -50 to 100")
    full = table.assign(**{"from": table.get("from", "")})
    given_starts = parsed(full, "from", file.name, problems, lambda text: text and read_month_start(text), _FROM)
    starts = [
        start if isinstance(start, pd.Timestamp) else _april(year)
        for start, year in zip(given_starts, years, strict=True)
    ]
    problems += [
        Problem(f"The uplift of {year} starts outside that year.", file.name, int(row), "from")
        for start, year, row in zip(starts, years, table["row"], strict=True)
        if start is not None and year is not None and dates.financial_year(dates.day_number(start)) != year
    ]
    read = pd.DataFrame({"setting": table["setting"], "financial_year": years, "from": starts, "percent": percents})
    problems += [
        Problem("This setting has another uplift from the same date.", file.name, int(row), "from")
        for row in table.loc[read.duplicated(["setting", "from"]) & read["from"].notna(), "row"]
    ]
    if problems:
        raise UserError(problems)
    kinds = {"from": "datetime64[s]", "percent": "float64"}
    whole: pd.DataFrame = read.astype(kinds).assign(source=table.get("source", ""))
    return whole.sort_values(["setting", "from"], kind="stable").reset_index(drop=True)


def _april(year: object) -> pd.Timestamp | None:
    return pd.Timestamp(f"{str(year)[:4]}-04-01") if year is not None else None


def uplift_factor(
    uplifts: pd.DataFrame | None, setting: str, since: npt.ArrayLike, months: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """What uplifts make of a price set in one month by another, both as months since January 1970.

    An uplift in the month of the price is in the price already. A setting's own uplifts of a financial
    year stand in place of those for all settings.

    >>> rows = pd.DataFrame({"setting": ["secure"], "financial_year": ["2027-28"], "percent": [10.0]})
    >>> rows["from"] = pd.Timestamp("2027-10-01")
    >>> october = int(dates.month_index(dates.day_number("2027-10-01")))
    >>> uplift_factor(rows, "secure", [october - 6] * 2, [october - 1, october]).tolist()
    [1.0, 1.1]
    """
    begun, wanted = np.asarray(since, dtype=np.int64), np.asarray(months, dtype=np.int64)
    factor = np.ones(np.broadcast_shapes(begun.shape, wanted.shape))
    if uplifts is None or uplifts.empty:
        return factor
    own = uplifts["setting"] == setting
    shared = (uplifts["setting"] == EVERY) & ~uplifts["financial_year"].isin(uplifts.loc[own, "financial_year"])
    chosen = uplifts[own | shared]
    starts = dates.month_index(dates.to_days(chosen["from"]))
    for start, percent in zip(starts, chosen["percent"], strict=True):
        factor *= np.where((begun < start) & (wanted >= start), 1.0 + percent / 100.0, 1.0)
    return factor
