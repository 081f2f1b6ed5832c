"""The faults of returns as the data-quality notebook shows them: read afresh, or from a finished run's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

import sufficiency as sf
from sufficiency.history import quality
from sufficiency.rates.past import quality_tables
from sufficiency.report.finished import read_finished
from sufficiency.report.past import returns_path

_COUNTS = ("rows_read", "rows_used", "rows_set_aside", "rows_superseded")
_FIRST_TABLES = ("episodes", "header", "uasc")


@dataclass(frozen=True)
class Faults:
    """Faults by year. Counts only.

    Attributes
    ----------
    touched, rows, severities
        As :func:`sufficiency.history.quality.quality`, ``rows_by_year`` and ``by_severity`` give them.
    """

    touched: pd.DataFrame
    rows: pd.DataFrame
    severities: pd.DataFrame

    @property
    def said(self) -> str:
        """One sentence on rows and findings."""
        read, used, aside, over = (int(self.rows[name].sum()) for name in _COUNTS)
        errors, warnings = (int(self.severities[name].sum()) for name in ("error", "warning"))
        return (
            f"{read:,} rows read: {used:,} used, {aside:,} set aside, {over:,} superseded by a later return;"
            f" {errors:,} errors, {warnings:,} warnings"
        )

    @property
    def main_rows(self) -> pd.DataFrame:
        """Rows of the tables that results rest on, year by year; the share set aside as text."""
        mine = self.rows[self.rows["table"].isin(_FIRST_TABLES)].set_index(["year", "table"])
        shown = mine.assign(share_set_aside=mine["share_set_aside"].map("{:.1%}".format))
        return shown.rename(columns=lambda name: name.removeprefix("rows_").replace("_", " "))

    @property
    def gravest(self) -> pd.DataFrame:
        """Errors and warnings, those that touch most days in care first."""
        told = self.touched[self.touched["severity"] != "info"].sort_values("child_days", ascending=False)
        shown = told.assign(child_days_share=told["child_days_share"].map("{:.2%}".format))
        return shown.set_index("rule").rename(columns=lambda name: name.replace("_", " "))

    @property
    def by_year(self) -> pd.DataFrame:
        """Findings of each severity by collection year."""
        return self.severities.set_index("year")

    @property
    def meanings(self) -> pd.DataFrame:
        """What each rule found means and what is done."""
        return quality.meanings(self.touched["rule"]).set_index("rule")


def load_quality(returns: Path | str = "", folder: Path | str | None = None) -> Faults:
    """The faults of returns, or those that a finished run found.

    Parameters
    ----------
    returns
        Folder of SSDA903 returns; blank takes the invented example.
    folder
        A finished run's folder; when given, its tables are read and the returns are not.
    """
    if folder is None:
        tables = quality_tables(sf.read_returns(returns_path(returns)))
    else:
        run = read_finished(folder)
        tables = {name: run.frame(f"history/{name}") for name in ("quality", "quality_rows", "quality_severity")}
    return Faults(tables["quality"], tables["quality_rows"], tables["quality_severity"])
