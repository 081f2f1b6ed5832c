"""Read returns: files found and dated, children and episodes read, everything told and counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes, read_codes
from sufficiency.errors import Finding, Problem, UserError
from sufficiency.returns.checks import Context
from sufficiency.returns.children import children, seeking_asylum, without_episodes
from sufficiency.returns.episodes import read_episodes
from sufficiency.returns.files import SourceFile, find_files, read_files
from sufficiency.returns.layout import EPISODES, HEADER, TABLES, UASC
from sufficiency.returns.ledger import USED, Ledger, stack
from sufficiency.returns.model import EPISODE_KINDS, FILE_KINDS, HEADER_KINDS, UASC_KINDS, Returns, conforming
from sufficiency.returns.sequence import adult_days, sequence, tell_sequence
from sufficiency.returns.years import Dated, date_files

_NEEDS = "No episode could be used: a return needs an episodes file and a header file of the same children."


def read_returns(path: Path | str, *, codes: Codes | None = None, strict: bool = False) -> Returns:
    """Read, check and join SSDA903 returns.

    Parameters
    ----------
    path
        A folder that holds the files of one or more yearly returns, in any layout: one folder a
        year, or all in one with a mark of the year in their names. Files are known by their
        columns and dated by their dates.
    codes
        Code tables; None takes the shipped ones.
    strict
        Refuse returns in which any finding is an error.

    Raises
    ------
    UserError
        Where there is nothing usable, or with ``strict`` every finding that is an error.
    """
    root = Path(path)
    tables = codes or read_codes()
    paths = find_files(root)
    read, told = read_files(paths, root)
    dated = date_files(read)
    ledger = Ledger(dated.files)
    ledger.add([*told, *dated.findings])
    if not dated.years:
        raise UserError([_NEEDS, *_problems(ledger.in_order())])
    returns = _assembled(dated, tables, ledger, tuple(paths))
    problems = _problems(returns.findings)
    if returns.episodes.empty:
        raise UserError([_NEEDS, *problems])
    if strict and problems:
        raise UserError(problems)
    return returns


def _problems(findings: Sequence[Finding]) -> list[Problem]:
    """The errors among findings, as what a user is to mend."""
    wrong = [item for item in findings if item.severity == "error"]
    return [Problem(item.message, item.file, item.row, item.column) for item in wrong]


def _assembled(dated: Dated, codes: Codes, ledger: Ledger, paths: tuple[Path, ...]) -> Returns:
    header_rows = stack(dated.files, HEADER)
    header = children(header_rows, codes, ledger)
    uasc = seeking_asylum(stack(dated.files, UASC), header["child"], ledger)
    context = Context(codes, _absent(dated.files))
    episodes = read_episodes(_episode_rows(dated), header, context, ledger)
    without_episodes(header_rows, episodes["child"], ledger)
    other = _others(dated.files, ledger)
    first_day, last_day = dates.year_bounds(dated.years[0])[0], dates.year_bounds(dated.years[-1])[1]
    found = sequence(episodes, adult_days(episodes, header), first_day, dated.years[-1])
    tell_sequence(episodes, found, ledger)
    return Returns(
        header=conforming("header", header, HEADER_KINDS),
        episodes=conforming("episodes", episodes, EPISODE_KINDS),
        uasc=conforming("uasc", uasc, UASC_KINDS),
        other=other,
        years=dated.years,
        first_day=first_day,
        last_day=last_day,
        files=conforming("files", ledger.files(), FILE_KINDS),
        findings=ledger.in_order(),
        paths=paths,
        codes=codes,
    )


def _episode_rows(dated: Dated) -> pd.DataFrame:
    rows = stack(dated.files, EPISODES)
    if rows.empty:
        return rows
    first = {at: dated.first_years.get(at, file.year) for at, file in enumerate(dated.files)}
    return rows.assign(first_year=rows["at"].map(first))


def _absent(files: Sequence[SourceFile]) -> frozenset[tuple[int, str]]:
    return frozenset((at, column) for at, file in enumerate(files) for column in file.absent)


def _others(files: Sequence[SourceFile], ledger: Ledger) -> dict[str, pd.DataFrame]:
    """Other tables of the collection, as read."""
    found = {}
    for table in TABLES:
        if table.name in (HEADER, EPISODES, UASC):
            continue
        rows = stack(files, table.name)
        if len(rows.columns):
            ledger.settle(rows, USED)
            found[table.name] = rows[[*table.columns, "year", "file", "row"]]
    return found
