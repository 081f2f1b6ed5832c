"""All tables of a council, found beside its returns or in a folder, with the problems of all told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pandas as pd

from sufficiency.codes import Codes
from sufficiency.errors import Problem, UserError, gathering
from sufficiency.tables import accounts, fixed_costs, income, price_lists, uplifts
from sufficiency.tables import capacity as homes
from sufficiency.tables import population as people
from sufficiency.tables import prices as money
from sufficiency.tables import staying_put as stayers
from sufficiency.tables.capacity import Capacity, read_capacity
from sufficiency.tables.files import WORKBOOK, file_of, sheet_path, sheets_of
from sufficiency.tables.population import read_population
from sufficiency.tables.prices import Prices, priced, read_prices
from sufficiency.tables.staying_put import read_staying_put

T = TypeVar("T")


@dataclass(frozen=True)
class CouncilTables:
    """What a council tells; None for a table that is not there.

    Attributes
    ----------
    prices
        The price of a week by setting, with uplifts and price lists.
    population
        Children aged 0 to 17 by calendar year.
    capacity
        Places by setting and date.
    staying_put
        Young people staying put at the origin: setting, age, young_people, source.
    fixed_costs, income, budget, ledger, deflators
        As their modules read them.
    paths
        The files read.
    """

    prices: Prices | None = None
    population: Mapping[int, float] | None = None
    capacity: Capacity | None = None
    staying_put: pd.DataFrame | None = None
    paths: tuple[Path, ...] = ()
    fixed_costs: pd.DataFrame | None = None
    income: pd.DataFrame | None = None
    budget: pd.DataFrame | None = None
    ledger: pd.DataFrame | None = None
    deflators: pd.DataFrame | None = None


def find_table(name: str, returns: Path, folder: Path | None = None) -> Path | None:
    """A table in the folder given; without one, beside the returns or in ``tables`` beside them.

    Where there is no such file, the sheet of that name in a workbook ``council.xlsx`` there.

    Raises
    ------
    UserError
        When a table is both a file and a sheet, or the workbook cannot be read.
    """
    beside = returns if returns.is_dir() else returns.parent
    folders = (folder,) if folder is not None else (beside, beside.parent / "tables", beside / "tables")
    found = [path for place in folders if (path := place / name).is_file()]
    sheet = Path(name).stem
    sheets = [sheet_path(place, sheet) for place in folders if sheet in sheets_of(place)]
    if found and sheets:
        told = f"The table is in {WORKBOOK} and in {name}; keep one of them."
        raise UserError([Problem(told, name)])
    return next(iter([*found, *sheets]), None)


def read_council_tables(returns: Path, folder: Path | None = None, codes: Codes | None = None) -> CouncilTables:
    """Read the council's tables.

    Parameters
    ----------
    returns
        Where the returns lie: the tables are looked for beside them.
    folder
        Where the tables lie instead.
    codes
        Settings that the tables may name.

    Raises
    ------
    UserError
        With every problem of every table.
    """
    reading = _Reading(returns, folder)
    prices = reading.table(money.FILE, lambda path: read_prices(path, codes=codes))
    lists = reading.table(price_lists.FILE, lambda path: price_lists.read_price_list(path, codes=codes))
    rises = reading.table(uplifts.FILE, lambda path: uplifts.read_uplifts(path, codes=codes))
    found = CouncilTables(
        prices=priced(prices, lists or (), rises),
        population=reading.table(people.FILE, read_population),
        capacity=reading.table(homes.FILE, lambda path: read_capacity(path, codes=codes)),
        staying_put=reading.table(stayers.FILE, lambda path: read_staying_put(path, codes=codes)),
        fixed_costs=reading.table(fixed_costs.FILE, lambda path: fixed_costs.read_fixed_costs(path, codes=codes)),
        income=reading.table(income.FILE, lambda path: income.read_income(path, codes=codes)),
        budget=reading.table(accounts.BUDGET, lambda path: accounts.read_budget(path, codes=codes)),
        ledger=reading.table(accounts.LEDGER, lambda path: accounts.read_ledger(path, codes=codes)),
        deflators=reading.table(accounts.DEFLATORS, accounts.read_deflators),
        paths=tuple(dict.fromkeys(reading.paths)),
    )
    if reading.problems:
        raise UserError(list(dict.fromkeys(reading.problems)))
    return found


class _Reading:
    """Tables read one after the other, with the files and the problems of all of them."""

    def __init__(self, returns: Path, folder: Path | None) -> None:
        self.problems: list[Problem] = []
        self.paths: list[Path] = []
        self._where = (returns, folder)

    def table(self, name: str, read: Callable[[Path], T]) -> T | None:
        with gathering(self.problems):
            path = find_table(name, *self._where)
            if path is not None:
                self.paths.append(file_of(path))
                return read(path)
        return None
