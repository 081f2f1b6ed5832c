"""How much the faults of returns matter: rows, children and child-days touched, year by year."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sufficiency import dates
from sufficiency.dates import OPEN
from sufficiency.returns import Returns
from sufficiency.returns.rules import RULES

QUALITY_COLUMNS = ("year", "rule", "severity", "times", "episodes", "children", "child_days", "child_days_share")
ROWS_COLUMNS = ("year", "table", "rows_read", "rows_used", "rows_set_aside", "rows_superseded", "share_set_aside")
_PLACE = ["file", "row"]


def quality(returns: Returns) -> pd.DataFrame:
    """Findings by collection year and rule, with what they touch.

    Returns
    -------
    pandas.DataFrame
        year (0 where a finding is of no single file), rule, severity, times, and of the episodes
        that are used and carry the finding: episodes, children, child_days (within the returns'
        days) and child_days_share (of all child-days). A finding on a row that is set aside or
        superseded, on another table or on a whole file touches no episode that is used. Sorted by
        year, then the gravest and the most frequent first. Small counts: not for publication.
    """
    told = _told(returns)
    if told.empty:
        return pd.DataFrame({column: [] for column in QUALITY_COLUMNS})
    lived = _lived(returns)
    touched = told.merge(lived, on=_PLACE, how="inner").drop_duplicates(["year", "rule", *_PLACE])
    groups = touched.groupby(["year", "rule"])
    out = told.groupby(["year", "rule", "severity"]).size().rename("times").reset_index().set_index(["year", "rule"])
    out = out.assign(episodes=groups.size(), children=groups["child"].nunique(), child_days=groups["days"].sum())
    counts = out[["episodes", "children", "child_days"]].fillna(0).astype("int64")
    every = max(int(lived["days"].sum()), 1)
    out = out.assign(**counts, child_days_share=counts["child_days"] / every).reset_index()
    gravity = out["severity"].map({"error": 0, "warning": 1, "info": 2})
    order = out.assign(gravity=gravity).sort_values(["year", "gravity", "times"], ascending=[True, True, False])
    return order[list(QUALITY_COLUMNS)].reset_index(drop=True)


def _told(returns: Returns) -> pd.DataFrame:
    """One row per finding: file, row, rule, severity, year."""
    years = dict(zip(returns.files["file"], returns.files["year"], strict=True))
    rows = [(item.file, item.row or 0, item.rule, item.severity, years.get(item.file, 0)) for item in returns.findings]
    return pd.DataFrame(rows, columns=[*_PLACE, "rule", "severity", "year"])


def _lived(returns: Returns) -> pd.DataFrame:
    """Days of each episode that is used, within the returns' days."""
    table = returns.episodes
    start, end = dates.to_days(table["decom"]), dates.to_days(table["dec"])
    low, high = returns.first_day, returns.last_day + 1
    days = np.clip(np.where(end == OPEN, high, end), low, high) - np.clip(start, low, high)
    return table[[*_PLACE, "child"]].assign(days=np.maximum(days, 0))


def rows_by_year(returns: Returns) -> pd.DataFrame:
    """What became of the rows of each table, year by year.

    Returns
    -------
    pandas.DataFrame
        year, table, rows_read, rows_used, rows_set_aside, rows_superseded, share_set_aside.
    """
    sums = returns.files.groupby(["year", "table"], as_index=False)[list(ROWS_COLUMNS[2:-1])].sum()
    share = sums["rows_set_aside"] / sums["rows_read"].where(sums["rows_read"] > 0)
    return sums.assign(share_set_aside=share)[list(ROWS_COLUMNS)]


def by_severity(returns: Returns) -> pd.DataFrame:
    """Findings of each severity by collection year: year, error, warning, info; every year listed."""
    counts = quality(returns).pivot_table(index="year", columns="severity", values="times", aggfunc="sum", fill_value=0)
    listed = counts.reindex(index=list(returns.years), columns=["error", "warning", "info"], fill_value=0)
    return listed.astype("int64").rename_axis(columns=None).reset_index()


def meanings(rules: pd.Series) -> pd.DataFrame:
    """What each rule means and what is done: rule, means, action."""
    names = list(dict.fromkeys(rules))
    return pd.DataFrame(
        {
            "rule": names,
            "means": [RULES[name].means for name in names],
            "action": [RULES[name].action for name in names],
        }
    )
