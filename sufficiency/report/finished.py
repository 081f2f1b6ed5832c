"""A finished run's folder, read: the only thing that a report knows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sufficiency import codes, dates, provenance
from sufficiency.errors import UserError

QUARTER_ENDS = (3, 6, 9, 12)
#: Events that bring a child into care.
STARTS = ("entry", "re_entry")


@dataclass(frozen=True)
class Finished:
    """The folder of a finished run.

    Attributes
    ----------
    folder
        Where it lies.
    manifest
        What ``manifest.json`` says: title, authority, origin, scenarios, seed, versions, …
    """

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def origin(self) -> pd.Timestamp:
        """The last day of data."""
        return pd.Timestamp(self.manifest["origin"]).as_unit("s")

    @property
    def authority(self) -> str:
        """The authority's name."""
        return str(self.manifest.get("authority") or "The authority")

    @property
    def invented(self) -> bool:
        """Whether the returns are invented, so that every page must say so."""
        return bool(self.manifest.get("invented"))

    @property
    def scenarios(self) -> list[Mapping[str, Any]]:
        """What each scenario says about itself, the baseline first."""
        return sorted(self.manifest["scenarios"], key=lambda about: about["name"] != "baseline")

    @property
    def plans(self) -> list[Mapping[str, Any]]:
        """The scenarios that are compared with the baseline."""
        return [about for about in self.scenarios if about["name"] != "baseline"]

    def title_of(self, scenario: str) -> str:
        """A scenario's title for readers."""
        found = (str(about.get("title") or scenario) for about in self.scenarios if about["name"] == scenario)
        return next(found, scenario)

    def has(self, name: str) -> bool:
        """Whether the run left a table, ``history/stock`` or ``prices``."""
        return self._path(name).is_file()

    def frame(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """A table of the run with plain text in place of categories and nothing missing in them.

        Raises
        ------
        UserError
            If the run left no such table.
        """
        if not self.has(name):
            raise UserError([f"The run's folder has no {name}.parquet; run it again."])
        return _plain(pd.read_parquet(self._path(name), columns=None if columns is None else list(columns)))

    def findings(self) -> Mapping[str, Any]:
        """What the check of the returns found: ``files`` and ``findings``."""
        path = self.folder / "internal" / "findings.json"
        if not path.is_file():
            return {"files": [], "findings": []}
        loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return loaded

    def _path(self, name: str) -> Path:
        return self.folder / "internal" / f"{name}.parquet"


def read_finished(folder: Path | str) -> Finished:
    """Open a finished run's folder.

    Raises
    ------
    UserError
        If the folder is none, or its run did not come to its end.
    """
    path = Path(folder)
    if not (path / "manifest.json").is_file():
        raise UserError([f"'{path.name}' is not the folder of a finished run: it has no manifest.json."])
    manifest = provenance.read_manifest(path)
    if manifest.get("status") not in {"complete", None}:
        raise UserError([f"The run in '{path.name}' did not come to its end; run it again to finish it."])
    return Finished(path, manifest)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Categories and missing text as plain text, dates at second resolution."""
    out = {}
    for name in frame.columns:
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(column.dtype):
            column = column.astype("object").where(column.notna(), "").astype(str)
        elif pd.api.types.is_datetime64_any_dtype(column.dtype):
            column = column.astype("datetime64[s]")
        out[name] = column
    return pd.DataFrame(out)


def each(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows of a table, their columns as attributes."""
    return iter(frame.itertuples(index=False))


def added(frame: pd.DataFrame, by: Sequence[str], value: str) -> pd.DataFrame:
    """Sums of a column by others, as columns."""
    return pd.DataFrame(frame.groupby(list(by), observed=True)[value].sum()).reset_index()


def settings() -> tuple[str, ...]:
    """Settings that count as care, in reporting order."""
    return codes.read_codes().in_care


def setting_label(setting: str) -> str:
    """A setting's name as a councillor reads it."""
    return codes.read_codes().label(setting)


def quarter_of(months: pd.Series) -> pd.Series:
    """The last day of the calendar quarter that each month lies in."""
    ends: pd.Series = months.dt.to_period("Q").dt.end_time.dt.normalize().astype("datetime64[s]")
    return ends


def year_of(days: pd.Series) -> pd.Series:
    """The financial year of each day, as ``2025-26``."""
    numbers = dates.to_days(days)
    return pd.Series(dates.financial_years(numbers), index=days.index, dtype=object)


def whole_periods(months: pd.Series, periods: pd.Series, length: int) -> list[Any]:
    """Periods of which every month is among the months given, in order of time."""
    seen = pd.DataFrame({"month": months, "period": periods}).drop_duplicates()
    full = seen.groupby("period")["month"].nunique()
    return sorted(full.index[full == length])


def iso(day: Any) -> str:
    """A day as ``2026-03-31``."""
    return f"{pd.Timestamp(day):%Y-%m-%d}"


def long_date(day: Any) -> str:
    """A day as a reader writes it: ``31 March 2026``."""
    stamp = pd.Timestamp(day)
    return f"{stamp.day} {stamp:%B %Y}"


def short_date(day: Any) -> str:
    """A month and year, ``Mar 2026``, for narrow columns."""
    return f"{pd.Timestamp(day):%b %Y}"


def prices_in_words(run: Finished) -> str:
    """What must be said of a run's prices wherever pounds stand: ``illustrative``, ``invented``, both or nothing."""
    if not run.has("prices"):
        return ""
    kinds = set(run.frame("prices", ["status"])["status"])
    return " and ".join(kind for kind in ("illustrative", "invented") if kind in kinds)
