"""The Standard Safeguarding Dataset's tables of children looked after, read as tables of the collection.

The names are those of the dataset's specification as its table definitions were in 2025 (Data to
Insight, ssd-data-model: ssd_person, ssd_cla_episodes, ssd_cla_placement, ssd_legal_status,
ssd_immigration_status). An episode there has no placement details and no legal status of its own: they
are those of its placement, and of the legal status in force when it began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency.dates import OPEN
from sufficiency.errors import Finding
from sufficiency.returns.columns import read_dates
from sufficiency.returns.files import SourceFile
from sufficiency.returns.layout import BY_NAME, EPISODES, HEADER, UASC
from sufficiency.returns.rules import finding
from sufficiency.returns.standard_tables import IMMIGRATION, LEGAL, PERSON, PLACEMENT, STANDARD, STAYS

Ints = npt.NDArray[np.int64]

_NOT_GIVEN = ("NULL", "NONE", "NAN", "(NULL)")
_CODES = ("RNE", "CIN", "REC", "LS", "PLACE", "PLACE_PROVIDER", "REASON_PLACE_CHANGE")
_DATES = ("DOB", "DECOM", "DEC", "START", "END")
_PLACED = ("PLACE", "PLACE_PROVIDER", "PL_POST", "URN", "PL_DISTANCE")
_ASYLUM = "UASC"
_CONTINUES = "X1"


def as_returns(files: Sequence[SourceFile]) -> tuple[list[SourceFile], list[Finding]]:
    """The files with those of the dataset turned into header, episodes and UASC tables.

    Placements and legal statuses stay as tables of their own: their rows that go with an episode
    count as used, the others as set aside.
    """
    own = [_cleaned(file) if file.table in STANDARD else file for file in files]
    spells = {at: file for at, file in enumerate(own) if file.table in (PLACEMENT, LEGAL)}
    used = {at: np.zeros(len(file.frame), dtype=bool) for at, file in spells.items()}
    out: list[SourceFile] = []
    findings: list[Finding] = []
    for file in own:
        if file.table in STANDARD and file.table is not None:
            message = f"The file is {file.table.name} of the Standard Safeguarding Dataset."
            findings.append(finding("standard_dataset", message, file=file.name))
        if file.table is PERSON:
            out.append(_as_table(file, HEADER))
        elif file.table is IMMIGRATION:
            out.append(_as_table(_seeking_asylum(file), UASC))
        elif file.table is STAYS:
            episodes, said = _episodes(file, spells, used)
            out.append(episodes)
            findings += said
        else:
            out.append(file)
    for at, file in spells.items():
        out[at] = file.part(used[at], file.name, file.rows)
        if file.table is PLACEMENT and not used[at].all():
            count = int((~used[at]).sum())
            message = f"{count:,} placement{' has' if count == 1 else 's have'} no episode."
            findings.append(finding("placement_not_joined", message, file=file.name))
    return out, findings


def _cleaned(file: SourceFile) -> SourceFile:
    """Cells without what databases write for nothing, dates without times, codes without their meanings."""
    frame = file.frame.copy()
    for column in frame.columns.drop("row"):
        cells = frame[column].mask(frame[column].isin(_NOT_GIVEN), "")
        if column in _DATES:
            cells = cells.str.replace(r"^(\d{4}-\d{2}-\d{2})[ T].*$", r"\1", regex=True)
        elif column in _CODES:
            cells = cells.str.extract(r"^([A-Z0-9]*)", expand=False)
        frame[column] = cells
    return replace(file, frame=frame)


def _as_table(file: SourceFile, name: str) -> SourceFile:
    table = BY_NAME[name]
    absent = frozenset(column for column in table.columns if column not in file.frame.columns)
    frame = file.frame.reindex(columns=[*table.columns, "row"], fill_value="")
    return replace(file, table=table, frame=frame, absent=(file.absent | absent) & frozenset(table.columns))


def _seeking_asylum(file: SourceFile) -> SourceFile:
    """One row per child whose status says so, with the day on which it ended last."""
    status = file.frame["STATUS"].str.contains(_ASYLUM, regex=False).to_numpy(bool)
    last = ~file.frame[status].sort_values(["START", "row"]).duplicated("CHILD", keep="last")
    kept = file.frame.index.isin(last.index[last])
    found = file.part(kept, file.name, file.rows)
    return replace(found, frame=found.frame.rename(columns={"END": "DUC"}))


def _near(file: SourceFile, spells: dict[int, SourceFile], table: object) -> list[int]:
    """Files of a kind that go with another: those of its folder, or else all."""
    of_kind = [at for at, item in spells.items() if item.table is table]
    beside = [at for at in of_kind if spells[at].path.parent == file.path.parent]
    return beside or of_kind


def _episodes(
    file: SourceFile, spells: dict[int, SourceFile], used: dict[int, npt.NDArray[np.bool_]]
) -> tuple[SourceFile, list[Finding]]:
    rows = file.frame.reset_index(drop=True)
    days = read_dates(rows["DECOM"]).days
    findings: list[Finding] = []
    placed, statuses = _near(file, spells, PLACEMENT), _near(file, spells, LEGAL)
    found = _joined(rows, days, [spells[at] for at in placed], by_key=True)
    _mark(found.at, placed, spells, used)
    missing = int((found.at < 0).sum())
    if missing:
        message = f"{missing:,} episode{' has' if missing == 1 else 's have'} no placement."
        findings.append(finding("placement_missing", message, file=file.name))
    legal = _joined(rows, days, [spells[at] for at in statuses], by_key=False)
    _mark(legal.at, statuses, spells, used)
    if not statuses:
        findings.append(finding("status_missing", file=file.name))
    frame = rows.assign(
        **{column: found.values(column) for column in _PLACED},
        LS=legal.values("LS"),
        REASON_PLACE_CHANGE=_reasons(rows, found),
    )
    absent = file.absent | (frozenset() if statuses else {"LS"})
    return _as_table(replace(file, frame=frame, absent=absent), EPISODES), findings


class _Joined:
    """For each episode the position of its spell among all spells of a kind, -1 where it has none."""

    def __init__(self, at: Ints, spells: pd.DataFrame) -> None:
        self.at = at
        self._spells = spells

    def values(self, column: str) -> pd.Series:
        if self._spells.empty:
            return pd.Series([""] * len(self.at), dtype="str")
        taken = self._spells[column].take(np.maximum(self.at, 0)).reset_index(drop=True)
        return taken.mask(self.at < 0, "")


def _joined(rows: pd.DataFrame, days: Ints, files: Sequence[SourceFile], *, by_key: bool) -> _Joined:
    if not files:
        return _Joined(np.full(len(rows), -1, dtype=np.int64), pd.DataFrame())
    spells = pd.concat([file.frame for file in files], ignore_index=True)
    at = _in_force(rows["CHILD"], days, spells)
    if by_key:
        keys = spells.loc[spells["PLACEMENT"] != "", "PLACEMENT"].drop_duplicates()
        named = rows["PLACEMENT"].map(pd.Series(keys.index, index=keys.to_numpy())).to_numpy(float)
        at = np.where(np.isnan(named), at, named).astype(np.int64)
    return _Joined(at, spells)


def _in_force(child: pd.Series, days: Ints, spells: pd.DataFrame) -> Ints:
    """Position of the child's last spell that had begun by a day and not ended."""
    table = pd.DataFrame(
        {
            "child": spells["CHILD"],
            "day": read_dates(spells["START"]).days,
            "end": read_dates(spells["END"]).days,
            "at": np.arange(len(spells)),
        }
    )
    table = table[(table["child"] != "") & (table["day"] != OPEN)].sort_values(["day", "at"], kind="stable")
    asked = pd.DataFrame({"child": child, "day": days, "place": np.arange(len(child))}).sort_values(
        "day", kind="stable"
    )
    both = pd.merge_asof(asked, table, on="day", by="child").sort_values("place")
    here = (both["end"].to_numpy(float) > both["day"].to_numpy(float)) & both["at"].notna().to_numpy(bool)
    return np.where(here, both["at"].fillna(-1).to_numpy(float), -1).astype(np.int64)


def _mark(
    at: Ints, files: Sequence[int], spells: dict[int, SourceFile], used: dict[int, npt.NDArray[np.bool_]]
) -> None:
    """Note which rows of the files have an episode."""
    sizes = [len(spells[file].frame) for file in files]
    hit = np.zeros(sum(sizes), dtype=bool)
    hit[at[at >= 0]] = True
    for file, part in zip(files, np.split(hit, np.cumsum(sizes)[:-1]), strict=True) if files else ():
        used[file] |= part


def _reasons(rows: pd.DataFrame, found: _Joined) -> pd.Series:
    """Why the placement changed: said of the episode that ends with its placement and is followed by another."""
    ended = read_dates(rows["DEC"]).days
    same = (ended != OPEN) & (ended == read_dates(found.values("END")).days) & (rows["REC"] == _CONTINUES)
    return found.values("REASON_PLACE_CHANGE").where(same, "")
