"""An authority's rate and mix beside its region and England, from a folder of published statistics.

The folder holds one or more CSV files, one row an authority, region or England and year, with
``geographic_level``, ``la_name``, ``time_period`` (the year ending 31 March) and the counts of DfE's
children looked after statistics named in :data:`COUNTS`. Suppressed counts (c, x, z, k, low) are not
known, and neither is what is made of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.errors import Problem, UserError, nearest
from sufficiency.history.indicators import PER
from sufficiency.history.model import History
from sufficiency.history.profile import profile

COMPARED_COLUMNS = ("financial_year", "area", "measure", "value", "numerator", "denominator")
_LEVELS = {"Local authority": "authority", "Regional": "region", "National": "England"}
_KEYS = ("geographic_level", "la_name", "time_period")
_STOCK = "cla_31_march"
_CHILDREN = "population_0_17"
ENGLAND = "England"


@dataclass(frozen=True)
class Published:
    """A measure of published counts, and the same of a history's profile.

    ``over`` and ``under`` are columns; ``values`` are the values of a dimension of
    :func:`~sufficiency.history.profile.profile` that count towards ``over`` (empty: no such share).
    """

    means: str
    over: str
    under: str
    dimension: str = ""
    values: tuple[str, ...] = ()


def _share(means: str, column: str, dimension: str = "", *values: str) -> Published:
    return Published(means, column, _STOCK, dimension, values)


MEASURES: Mapping[str, Published] = {
    "children_per_10000": Published("Children in care for each 10,000 children", _STOCK, _CHILDREN, "total"),
    "started_per_10000": Published("Children who started for each 10,000 children", "started", _CHILDREN),
    "ceased_per_10000": Published("Children who ceased for each 10,000 children", "ceased", _CHILDREN),
    "foster_share": _share(
        "Share fostered",
        "pl_foster",
        "setting",
        "kinship_fostering",
        "in_house_fostering",
        "agency_fostering",
    ),
    "homes_share": _share(
        "Share in children's homes and secure homes",
        "pl_childrens_home_secure",
        "setting",
        "in_house_home",
        "external_home",
        "secure",
    ),
    "supported_share": _share(
        "Share in supported or independent living",
        "pl_independent_semi_supported",
        "setting",
        "supported_accommodation",
    ),
    "with_parents_share": _share("Share placed with parents", "pl_with_parents", "setting", "placed_with_parents"),
    "for_adoption_share": _share(
        "Share placed for adoption", "pl_placed_for_adoption", "setting", "placed_for_adoption"
    ),
    "own_provision_share": _share("Share in the council's own provision", "prov_own_la", "provider", "own"),
    "private_share": _share("Share in private provision", "prov_private", "provider", "private"),
    "voluntary_share": _share("Share in voluntary provision", "prov_voluntary", "provider", "voluntary"),
    "section_20_share": _share("Share under section 20", "legal_s20", "legal_status", "Voluntary (section 20)"),
    "uasc_share": _share("Share seeking asylum", "cla_uasc", "uasc", "Seeking asylum"),
    "outside_authority_share": _share("Share placed outside the authority", "loc_outside_la"),
    "over_20_miles_share": _share("Share placed over 20 miles from home", "dist_gt20"),
}
COUNTS = tuple(dict.fromkeys(name for item in MEASURES.values() for name in (item.over, item.under)))
_ENOUGH = (_STOCK, _CHILDREN)


def read_published(folder: Path | str) -> pd.DataFrame:
    """Published counts of every area and year in a folder.

    Returns
    -------
    pandas.DataFrame
        level (authority, region or England), area, year (ending 31 March), and :data:`COUNTS` as
        numbers, NaN where suppressed or not given.

    Raises
    ------
    UserError
        Where the folder holds no file with the columns.
    """
    place = Path(folder)
    found = [table for path in sorted(place.glob("*.csv")) if (table := _published(path)) is not None]
    if not found:
        wanted = ", ".join((*_KEYS, *_ENOUGH))
        raise UserError([Problem(f"No CSV file in '{place.name}' has the columns {wanted}.")])
    return pd.concat(found, ignore_index=True).drop_duplicates(["level", "area", "year"], ignore_index=True)


def _published(path: Path) -> pd.DataFrame | None:
    """One file's counts; None where it has not the columns."""
    try:
        columns = pd.read_csv(path, nrows=0, dtype=str, encoding="utf-8-sig").columns
        if not {*_KEYS, *_ENOUGH} <= set(columns):
            return None
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError):
        return None
    counts = {name: _number(table[name]) if name in columns else np.nan for name in COUNTS}
    year = pd.to_numeric(table["time_period"].str[-4:], errors="coerce")
    out = pd.DataFrame(
        {"level": table["geographic_level"].map(_LEVELS), "area": table["la_name"], "year": year, **counts}
    )
    return out.dropna(subset=["level", "year"]).astype({"year": "int64"})


def _number(text: pd.Series) -> pd.Series:
    return pd.to_numeric(text.str.replace(",", ""), errors="coerce")


def compare(published: pd.DataFrame, authority: str, *, region: str | None = None) -> pd.DataFrame:
    """Rates and mix of an authority, its region and England, year by year.

    Parameters
    ----------
    published
        As :func:`read_published` gives it.
    authority, region
        Names as published; the published counts do not say which region an authority is in.

    Returns
    -------
    pandas.DataFrame
        financial_year, area, measure, value, numerator, denominator: a row for every measure of
        :data:`MEASURES`; NaN where it is not known. Rates are per 10,000, shares between 0 and 1.

    Raises
    ------
    UserError
        Where an area is not among those published.
    """
    wanted = [("authority", authority), *([("region", region)] if region else []), ("England", ENGLAND)]
    problems = []
    for level, name in wanted:
        names = published.loc[published["level"] == level, "area"].unique().tolist()
        if name not in names:
            problems.append(Problem(f"'{name}' is not among the published areas.{_offered(str(name), names)}"))
    if problems:
        raise UserError(problems)
    parts = [published[(published["level"] == level) & (published["area"] == name)] for level, name in wanted]
    return _measured(pd.concat(parts).assign(order=range(sum(map(len, parts)))))


def _offered(name: str, names: Sequence[str]) -> str:
    return nearest(name, names) if names else ""


def _measured(rows: pd.DataFrame) -> pd.DataFrame:
    labels = dates.financial_years([dates.year_bounds(year)[0] for year in rows["year"].tolist()])
    parts = []
    for name, item in MEASURES.items():
        times = PER if item.under == _CHILDREN else 1
        over, under = rows[item.over].to_numpy(float), rows[item.under].to_numpy(float)
        value = np.divide(over * times, under, out=np.full(len(over), np.nan), where=under > 0)
        table = {"financial_year": labels, "area": rows["area"].to_numpy(object), "measure": name, "value": value}
        parts.append(pd.DataFrame({**table, "numerator": over, "denominator": under}))
    return pd.concat(parts, ignore_index=True)[list(COMPARED_COLUMNS)]


def own_mix(history: History, area: str, population: Mapping[int, float] | None = None) -> pd.DataFrame:
    """The same measures from the returns, at each 31 March that the history holds; form as :func:`compare`.

    Rates of starts and ceases are in :func:`~sufficiency.history.indicators.indicators`.
    """
    rows = []
    years = dates.collection_years(history.first_day, history.origin)
    for year in years:
        first, last = dates.year_bounds(year)
        if last > history.origin:
            continue
        counts = profile(history, last).set_index(["dimension", "value"])["children"]
        total = float(counts.loc["total"].sum())
        for name, item in MEASURES.items():
            pair = _own(counts, item, total, (population or {}).get(year - 1))
            if pair is not None:
                times = PER if item.under == _CHILDREN else 1
                value = pair[0] * times / pair[1] if pair[1] else np.nan
                rows.append((dates.financial_year(first), area, name, value, *pair))
    return pd.DataFrame(rows, columns=list(COMPARED_COLUMNS))


def _own(counts: pd.Series, item: Published, total: float, children: float | None) -> tuple[float, float] | None:
    if item.under == _CHILDREN:
        return (total, children) if item.dimension and children else None
    if not item.values:
        return None
    return float(sum(counts.get((item.dimension, value), 0) for value in item.values)), total
