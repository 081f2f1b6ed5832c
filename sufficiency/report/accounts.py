"""The files that a run read, safe to name: rows read and used, and one hash for all inputs.

Files bear the names that people gave them, and a name may hold anything; only the table that a file
holds and its year are published.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sufficiency.report.finished import Finished
from sufficiency.returns.layout import BY_NAME, EPISODES

ROW_COLUMNS = ("rows_read", "rows_used", "rows_set_aside", "rows_superseded")
EPISODES_ROW = "episodes, all years"
OTHERS_ROW = "all tables but the episodes, all years"
#: What a file is called whose name tells no table.
UNKNOWN_TABLE = "another table"
_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")
_LONGEST_WINDOW = 30


def row_account(run: Finished) -> pd.DataFrame:
    """Rows read, used, set aside and superseded: the episodes, and all the other tables as one.

    By year the superseded episodes are the children in care on 31 March; by table the superseded
    records of children seeking asylum are their stocks added up. Neither may be read off.
    """
    found = run.findings()["files"]
    table = pd.DataFrame(found, columns=["file", *ROW_COLUMNS])
    names = [EPISODES_ROW if table_of(about) == EPISODES else OTHERS_ROW for about in found]
    return table.assign(file=names).groupby("file", as_index=False, sort=True)[list(ROW_COLUMNS)].sum()


def table_of(about: Mapping[str, Any]) -> str:
    """The table that a file holds: as recorded, or as its name tells."""
    recorded = str(about.get("table") or "")
    if recorded in BY_NAME:
        return recorded
    name = re.sub(r"[^a-z0-9]+", "_", str(about["file"]).rpartition("/")[2].lower())
    within = [known for known in BY_NAME if known in name]
    return max(within, key=len, default=UNKNOWN_TABLE)


def tables_read(run: Finished) -> pd.DataFrame:
    """Tables that the run read, each with the years of its files where told; a file of no known table is not listed."""
    years: dict[str, set[int]] = {}
    for about in run.findings()["files"]:
        years.setdefault(table_of(about), set()).update(_year_of(about, run.origin.year))
    rows = [[name.replace("_", " "), _spans(years[name])] for name in BY_NAME if name in years]
    return pd.DataFrame(rows, columns=["Table", "Years ending March"])


def _year_of(about: Mapping[str, Any], last: int) -> list[int]:
    told = str(about.get("year") or about["file"])
    return [int(text) for text in _YEAR.findall(told) if last - _LONGEST_WINDOW < int(text) <= last][:1]


def _spans(years: set[int]) -> str:
    """Years as a reader writes them: ``2020 to 2023, 2025``."""
    spans: list[list[int]] = []
    for year in sorted(years):
        if spans and spans[-1][-1] == year - 1:
            spans[-1].append(year)
        else:
            spans.append([year])
    told = [f"{span[0]} to {span[-1]}" if len(span) > 1 else str(span[0]) for span in spans]
    return ", ".join(told) or "not told"


def combined_hash(run: Finished) -> str:
    """One SHA-256 over the hashes of all inputs, so that no single small file can be guessed and confirmed."""
    digests = sorted(str(digest) for digest in run.manifest.get("inputs", {}).values())
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def findings_by_rule(run: Finished) -> dict[str, int]:
    """How often each rule of the check spoke."""
    found: dict[str, int] = {}
    for finding in run.findings()["findings"]:
        found[str(finding["rule"])] = found.get(str(finding["rule"]), 0) + 1
    return dict(sorted(found.items()))
