"""Published statistics that a council gives: which of their areas it is, and its figures beside theirs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sufficiency.errors import UserError, nearest
from sufficiency.history import History
from sufficiency.history.comparators import COMPARED_COLUMNS, ENGLAND, compare, own_mix, read_published

COLUMNS = ("financial_year", "level", "area", *COMPARED_COLUMNS[2:])
OWN = "These returns"
#: Headings that published files give an area's name, codes and region.
_NAMES = ("la_name", "area")
_CODES = ("new_la_code", "old_la_code", "old_la_code_or_area", "la_number")
_REGIONS = ("region_name", "region")
_COUNTED = ("la_name", "cla_31_march", "population_0_17")
#: Words that a council's own name has and its published name may lack.
_OFFICIAL = re.compile(
    r"^london borough of |\b(?:council|city|county|borough|metropolitan|district|royal|unitary|authority|of|the)\b"
)


@dataclass(frozen=True)
class Comparators:
    """An authority's published figures with its region's and England's.

    Attributes
    ----------
    authority, region
        Names as published; region is blank where nothing tells it.
    table
        financial_year, level (authority, region or England), area, measure, value, numerator,
        denominator: as :func:`sufficiency.history.comparators.compare` gives them.
    paths
        The files that the figures are from.
    """

    authority: str
    region: str
    table: pd.DataFrame
    paths: tuple[Path, ...]

    def beside(self, history: History, population: Mapping[int, float] | None = None) -> pd.DataFrame:
        """The table with the same measures from the returns below it, as the level ``returns``."""
        own = own_mix(history, OWN, population).assign(level="returns")
        return pd.concat([self.table, own[list(COLUMNS)]], ignore_index=True)


def read_comparators(folder: Path | str, authority: str, region: str = "") -> Comparators:
    """Published figures of an authority, its region and England.

    Parameters
    ----------
    folder
        CSV files of published statistics, as :func:`sufficiency.history.comparators.read_published` reads them.
    authority
        The authority's name, with or without such words as "County Council", or its code.
    region
        Its region's name; blank takes what the files say, if they do.

    Raises
    ------
    UserError
        Where the folder has no such file, or no such area: with the nearest name.
    """
    place = Path(folder)
    published, places = read_published(place), _places(place)
    names = published.loc[published["level"] == "authority", "area"].unique().tolist()
    name = _named(authority, [str(one) for one in names], places)
    regions = set(published.loc[published["level"] == "region", "area"])
    # Files spell some names in two ways, so what bears the same code is the same authority.
    codes = places.loc[(places["area"] == name) & (places["code"] != ""), "code"]
    mine = places[(places["area"] == name) | places["code"].isin(codes)]
    found = region or next((one for one in mine["region"] if one in regions), "")
    levels = {ENGLAND: "England", found: "region", name: "authority"}
    table = compare(published, name, region=found or None)
    table = table.assign(level=table["area"].map(levels))[list(COLUMNS)]
    return Comparators(name, found, table, tuple(path for path in sorted(place.glob("*.csv")) if _counts(path)))


def _named(asked: str, names: list[str], places: pd.DataFrame) -> str:
    """The published name of an authority asked for by name or code."""
    key = _plain(asked)
    by_code = places.loc[places["code"] == asked.strip(), "area"].tolist()
    alike = [name for name in names if key and _plain(name) == key]
    found = [name for name in (asked, *by_code, *(alike if len(alike) == 1 else [])) if name in names]
    if not found:
        told = f"'{asked}' is not among the authorities of the published statistics.{nearest(asked, names)}"
        raise UserError([f"{told} Write it as published_as in the council's file (council.toml), or as --authority."])
    return str(found[0])


def _plain(name: str) -> str:
    """What a council's own name and its published name share: letters without official words."""
    return re.sub(r"[^a-z]", "", _OFFICIAL.sub(" ", name.casefold().replace("&", "and")))


def _places(folder: Path) -> pd.DataFrame:
    """Areas with a code and a region, wherever the folder's files give them: area, code, region."""
    parts = [_listed(path) for path in sorted(folder.glob("*.csv"))]
    empty = pd.DataFrame({"area": [], "code": [], "region": []}, dtype="str")
    return pd.concat([empty, *parts], ignore_index=True).drop_duplicates(ignore_index=True)


def _listed(path: Path) -> pd.DataFrame:
    heading = _heading(path)
    names, codes, regions = ([one for one in known if one in heading] for known in (_NAMES, _CODES, _REGIONS))
    if not names or not (codes or regions):
        return pd.DataFrame({"area": [], "code": [], "region": []}, dtype="str")
    wanted = [names[0], *codes, *regions[:1]]
    table = pd.read_csv(path, dtype="str", usecols=wanted, keep_default_na=False, encoding="utf-8-sig")
    table = table.drop_duplicates()
    area, blank = table[names[0]], table[names[0]].str[:0]
    region = table[regions[0]] if regions else blank
    spelt = [table[one].str.removesuffix(".0") for one in codes] or [blank]
    parts = [pd.DataFrame({"area": area, "code": code, "region": region}) for code in spelt]
    return pd.concat(parts, ignore_index=True)


def _counts(path: Path) -> bool:
    return set(_COUNTED) <= set(_heading(path))


def _heading(path: Path) -> list[str]:
    try:
        return [str(name) for name in pd.read_csv(path, nrows=0, dtype="str", encoding="utf-8-sig").columns]
    except (OSError, ValueError):
        return []
