"""The price of a week in each setting, by age where the council gives it so, with fee uplifts and price lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency import dates
from sufficiency.codes import AGE_BANDS, Codes, read_codes
from sufficiency.errors import Problem, UserError
from sufficiency.tables.ages import OLDEST, bands_of, read_age_columns
from sufficiency.tables.files import DATE, POUNDS, check_names, parsed, read_day, read_pounds, read_table
from sufficiency.tables.price_lists import STATUSES, PriceList
from sufficiency.tables.uplifts import uplift_factor

__all__ = ["FILE", "STATUSES", "Prices", "priced", "read_prices"]

FILE = "prices.csv"
COLUMNS = ("setting", "from", "pounds_per_week", "status", "source", "age_from", "age_to")
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Prices:
    """Pounds a week by setting, age and date.

    Attributes
    ----------
    table
        setting, from (first of a month), pounds_per_week, status, source, age_from, age_to; sorted.
    uplifts
        As :func:`sufficiency.tables.uplifts.read_uplifts` gives them; None without any.
    lists
        Prices of single placements, fitted, of the settings that have a list.
    left_out
        Settings whose cost is knowingly left out for want of any price.
    """

    table: pd.DataFrame
    uplifts: pd.DataFrame | None = None
    lists: tuple[PriceList, ...] = ()
    left_out: frozenset[str] = frozenset()

    def per_week(self, setting: str, months: npt.ArrayLike, band: int | None = None) -> Floats:
        """Pounds a week in each calendar month (index since January 1970); NaN without any price.

        A price holds from its month until the next one of the setting, raised by the uplifts that come
        between; before the first, the first holds.

        Parameters
        ----------
        band
            Place of an age band in :data:`~sufficiency.codes.AGE_BANDS`; None where price does not differ by age.
        """
        own = self.table[self.table["setting"] == setting]
        if band is not None:
            own = own[self._covers(own, band)]
        wanted = np.asarray(months, dtype=np.int64)
        if own.empty:
            return np.full(wanted.shape, np.nan)
        begins = dates.month_index(dates.to_days(own["from"]))
        at = np.maximum(np.searchsorted(begins, wanted, side="right") - 1, 0)
        listed: Floats = own["pounds_per_week"].to_numpy(np.float64)[at]
        # Before its first price a setting has that price, without any uplift.
        return listed * uplift_factor(self.uplifts, setting, begins[at], np.maximum(wanted, begins[at]))

    def grid(self, settings: Sequence[str], months: npt.ArrayLike) -> Floats:
        """Pounds a week of shape (months, settings, age bands); NaN without a price."""
        wanted = np.asarray(months, dtype=np.int64)
        whole = np.empty((len(wanted), len(settings), len(AGE_BANDS)))
        for place, setting in enumerate(settings):
            if setting in self.by_age:
                whole[:, place] = np.column_stack([self.per_week(setting, wanted, band) for band in _BANDS])
            else:
                whole[:, place] = self.per_week(setting, wanted)[:, None]
        return whole

    @property
    def by_age(self) -> frozenset[str]:
        """Settings with a price for some ages only."""
        whole = (self.table["age_from"] == 0) & (self.table["age_to"] == OLDEST)
        return frozenset(self.table.loc[~whole, "setting"])

    @property
    def statuses(self) -> tuple[str, ...]:
        """Statuses that occur, in the order of :data:`STATUSES`."""
        present = set(self.table["status"])
        return tuple(name for name in STATUSES if name in present)

    @staticmethod
    def _covers(rows: pd.DataFrame, band: int) -> list[bool]:
        spans = (bands_of(low, high) for low, high in zip(rows["age_from"], rows["age_to"], strict=True))
        return [span.start <= band < span.stop for span in spans]


_BANDS = range(len(AGE_BANDS))


def priced(prices: Prices | None, lists: tuple[PriceList, ...], uplifts: pd.DataFrame | None) -> Prices | None:
    """Prices with lists and uplifts: a setting that has a list and no price takes the list's fitted mean."""
    given = Prices(_tidy(pd.DataFrame(columns=list(COLUMNS)))) if prices is None else prices
    have = set(given.table["setting"])
    rows = [
        (one.setting, one.start, one.fitted_mean, one.status, f"mean fitted to {one.placements} prices", 0, OLDEST)
        for one in lists
        if one.setting not in have
    ]
    table = _tidy(pd.concat([given.table, pd.DataFrame(rows, columns=list(COLUMNS))])) if rows else given.table
    return replace(given, table=table, uplifts=uplifts, lists=lists) if len(table) else None


def read_prices(path: Path | str, *, codes: Codes | None = None) -> Prices:
    """Read a prices table.

    Parameters
    ----------
    path
        A CSV with setting, from, pounds_per_week, status and, if wished, age_from, age_to and source; or its
        folder.

    Raises
    ------
    UserError
        With every problem: unknown settings or statuses, dates that are not the first of a month,
        amounts that are not money, ages that part an age band, two prices of a setting from one date for
        the same age.
    """
    given = Path(path)
    file = given / FILE if given.is_dir() else given
    table = read_table(file, ("setting", "from", "pounds_per_week", "status"), ("age_from", "age_to"))
    problems: list[Problem] = []
    check_names(table, "setting", (codes or read_codes()).all_settings, "a setting", file.name, problems)
    check_names(table, "status", STATUSES, "a status", file.name, problems)
    starts = parsed(table, "from", file.name, problems, read_day, DATE)
    pounds = parsed(table, "pounds_per_week", file.name, problems, read_pounds, POUNDS)
    problems += [
        Problem("Prices change on the first of a month only.", file.name, int(row), "from")
        for start, row in zip(starts, table["row"], strict=True)
        if isinstance(start, pd.Timestamp) and start.day != 1
    ]
    low, high = read_age_columns(table, file.name, problems)
    read = table.assign(
        **{"from": pd.Series(starts, dtype=object), "pounds_per_week": pd.Series(pounds, dtype=object)},
        age_from=low,
        age_to=high,
    )
    problems += [
        Problem("This setting has another price from the same date.", file.name, row, "from")
        for row in _twice(read, ["setting", "from"])
    ]
    if problems:
        raise UserError(problems)
    return Prices(_tidy(read.assign(source=read.get("source", ""))))


def _twice(read: pd.DataFrame, keys: list[str]) -> list[int]:
    """Rows whose ages overlap with those of a row above with the same keys."""
    found = []
    for _, rows in read.groupby(keys, sort=False, dropna=False):
        taken: set[int] = set()
        for low, high, row in zip(rows["age_from"], rows["age_to"], rows["row"], strict=True):
            if taken & set(range(low, high + 1)):
                found.append(int(row))
            taken |= set(range(low, high + 1))
    return sorted(found)


def _tidy(read: pd.DataFrame) -> pd.DataFrame:
    kinds = {"pounds_per_week": "float64", "age_from": "int64", "age_to": "int64"}
    whole = read.assign(**{"from": pd.to_datetime(read["from"]).astype("datetime64[s]")})[list(COLUMNS)].astype(kinds)
    return whole.sort_values(["setting", "from", "age_from"], kind="stable").reset_index(drop=True)
