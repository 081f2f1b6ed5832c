"""All tables of a council, found beside its returns or in a folder, with the problems of all told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pandas as pd

from sufficiency.codes import Codes
from sufficiency.errors import Problem, UserError, gathering
from sufficiency.tables import capacity as homes
from sufficiency.tables import population as people
from sufficiency.tables import prices as money
from sufficiency.tables import staying_put as stayers
from sufficiency.tables.capacity import Capacity, read_capacity
from sufficiency.tables.population import read_population
from sufficiency.tables.prices import Prices, read_prices
from sufficiency.tables.staying_put import read_staying_put

T = TypeVar("T")


@dataclass(frozen=True)
class CouncilTables:
    """What a council tells; None for a table that is not there.

    Attributes
    ----------
    prices
        The price of a week by setting.
    population
        Children aged 0 to 17 by calendar year.
    capacity
        Places by setting and date.
    staying_put
        Young people staying put at the origin: setting, age, young_people, source.
    paths
        The files read.
    """

    prices: Prices | None = None
    population: Mapping[int, float] | None = None
    capacity: Capacity | None = None
    staying_put: pd.DataFrame | None = None
    paths: tuple[Path, ...] = ()


def find_table(name: str, returns: Path, folder: Path | None = None) -> Path | None:
    """A table in the folder given; without one, beside the returns or in ``tables`` beside them."""
    beside = returns if returns.is_dir() else returns.parent
    folders = (folder,) if folder is not None else (beside, beside.parent / "tables", beside / "tables")
    return next((path for place in folders if (path := place / name).is_file()), None)


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
    problems: list[Problem] = []
    paths = [find_table(name, returns, folder) for name in (money.FILE, people.FILE, homes.FILE, stayers.FILE)]
    prices = _read(paths[0], lambda path: read_prices(path, codes=codes), problems)
    population = _read(paths[1], read_population, problems)
    capacity = _read(paths[2], lambda path: read_capacity(path, codes=codes), problems)
    staying = _read(paths[3], lambda path: read_staying_put(path, codes=codes), problems)
    if problems:
        raise UserError(problems)
    return CouncilTables(prices, population, capacity, staying, tuple(path for path in paths if path is not None))


def _read(path: Path | None, read: Callable[[Path], T], problems: list[Problem]) -> T | None:
    if path is None:
        return None
    with gathering(problems):
        return read(path)
    return None
