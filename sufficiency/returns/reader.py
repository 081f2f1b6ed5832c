"""Read returns: files found and dated, children and episodes read, everything told and counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from sufficiency import dates
from sufficiency.codes import Codes, read_codes
from sufficiency.errors import Finding, Problem, UserError
from sufficiency.returns.checks import Context
from sufficiency.returns.children import children, seeking_asylum, without_episodes
from sufficiency.returns.episodes import read_episodes
from sufficiency.returns.files import SourceFile, find_files, read_files
from sufficiency.returns.last_day import last_day
from sufficiency.returns.layout import EPISODES, HEADER, TABLES, UASC
from sufficiency.returns.ledger import USED, Ledger, stack
from sufficiency.returns.model import EPISODE_KINDS, FILE_KINDS, HEADER_KINDS, UASC_KINDS, Returns, conforming
from sufficiency.returns.partition import authority_names, by_year, chosen_authority, of_authority
from sufficiency.returns.reused import part_reused
from sufficiency.returns.sequence import adult_days, sequence, tell_sequence
from sufficiency.returns.standard import as_returns
from sufficiency.returns.standard_tables import STANDARD
from sufficiency.returns.years import Dated, date_files

_NEEDS = "No episode could be used: a return needs an episodes file and a header file of the same children."


def read_returns(
    path: Path | str,
    *,
    codes: Codes | None = None,
    strict: bool = False,
    authority: str | None = None,
    until: date | str | None = None,
) -> Returns:
    """Read, check and join SSDA903 returns.

    Parameters
    ----------
    path
        A folder, file or zip file that holds one or more yearly returns in any layout: CSV files in
        one folder a year or all in one, Excel workbooks with a sheet for each table, XML returns, or
        tables of the Standard Safeguarding Dataset. Tables are known by their columns and dated by
        their dates.
    codes
        Code tables; None takes the shipped ones.
    strict
        Refuse returns in which any finding is an error.
    authority
        Whose rows to read, where an LA column names several authorities.
    until
        Last day of data (a date, or text like 2025-09-30), where the last return is of part of a
        year; None takes 31 March, or the last day seen where the return plainly stops before.

    Raises
    ------
    UserError
        Where there is nothing usable, where there are several authorities and none is chosen, or
        with ``strict`` every finding that is an error.
    """
    source = _source(Path(path))
    chosen = chosen_authority(authority_names(source.files), authority)
    return _read(source, chosen, _Asked(codes or read_codes(), strict, until))


def authorities(path: Path | str) -> list[str]:
    """Names of the authorities in the LA columns of returns, in order of the alphabet; none where there are none.

    Raises
    ------
    UserError
        Where there is nothing to read.
    """
    return authority_names(_source(Path(path)).files)


def read_each(
    path: Path | str,
    *,
    codes: Codes | None = None,
    strict: bool = False,
    until: date | str | None = None,
) -> Iterator[tuple[str, Returns]]:
    """Each authority of a region's returns in turn, by name, the files read only once.

    Returns without an LA column are one authority whose name is blank. For what else is asked and
    raised see :func:`read_returns`.
    """
    source = _source(Path(path))
    asked = _Asked(codes or read_codes(), strict, until)
    for name in authority_names(source.files) or [""]:
        yield name, _read(source, name, asked)


@dataclass(frozen=True)
class _Source:
    """Files as found and recognised, before rows of one authority are chosen."""

    paths: tuple[Path, ...]
    files: list[SourceFile]
    findings: list[Finding]


@dataclass(frozen=True)
class _Asked:
    """How the returns are to be read."""

    codes: Codes
    strict: bool
    until: date | str | None


def _source(root: Path) -> _Source:
    paths = find_files(root)
    files, findings = read_files(paths, root)
    files, said = as_returns(files)
    return _Source(tuple(paths), files, [*findings, *said])


def _read(source: _Source, authority: str, asked: _Asked) -> Returns:
    files, told = of_authority(source.files, authority) if authority else (source.files, [])
    parts, of_years = by_year(files)
    dated = date_files(parts)
    parted = part_reused(dated.files, asked.codes)
    dated = replace(dated, files=parted.files)
    ledger = Ledger(dated.files)
    ledger.tell("child_reused", parted.reused, "CHILD")
    ledger.add([*source.findings, *told, *of_years, *dated.findings])
    if not dated.years:
        raise UserError([_NEEDS, *_why(dated.files, ledger.in_order())])
    returns = _assembled(dated, asked, ledger, source.paths)
    problems = _problems(returns.findings)
    if returns.episodes.empty:
        raise UserError([_NEEDS, *_why(dated.files, returns.findings)])
    if asked.strict and problems:
        raise UserError(problems)
    return returns


def _why(files: Sequence[SourceFile], findings: Sequence[Finding]) -> list[Problem]:
    """What each file was taken for, and what was found in it, rule by rule: why nothing could be used."""
    told = []
    for file in files:
        taken = "not taken for any table" if file.table is None else f"taken for the {file.table.name} table"
        told.append(Problem(f"{taken}, {file.rows:,} row{'' if file.rows == 1 else 's'}.", file.name))
    groups: dict[tuple[str, str | None, str | None], list[Finding]] = {}
    for item in findings:
        if item.severity != "info":
            groups.setdefault((item.rule, item.file, item.column), []).append(item)
    for items in groups.values():
        first, more = items[0], len(items) - 1
        also = f" So do {more:,} more rows." if more else ""
        told.append(Problem(f"{first.message}{also}", first.file, first.row, first.column))
    return told


def _problems(findings: Sequence[Finding]) -> list[Problem]:
    """The errors among findings, as what a user is to mend."""
    wrong = [item for item in findings if item.severity == "error"]
    return [Problem(item.message, item.file, item.row, item.column) for item in wrong]


def _assembled(dated: Dated, asked: _Asked, ledger: Ledger, paths: tuple[Path, ...]) -> Returns:
    codes = asked.codes
    end, told = last_day(dated, asked.until)
    ledger.add(told)
    header_rows = stack(dated.files, HEADER)
    header = children(header_rows, codes, ledger)
    uasc = seeking_asylum(stack(dated.files, UASC), header["child"], ledger)
    context = Context(codes, _absent(dated.files))
    episodes = read_episodes(_episode_rows(dated, end), header, context, ledger)
    without_episodes(header_rows, episodes["child"], ledger)
    other = _others(dated.files, ledger)
    first_day = dates.year_bounds(dated.years[0])[0]
    found = sequence(episodes, adult_days(episodes, header), first_day, dated.years[-1])
    tell_sequence(episodes, found, ledger)
    return Returns(
        header=conforming("header", header, HEADER_KINDS),
        episodes=conforming("episodes", episodes, EPISODE_KINDS),
        uasc=conforming("uasc", uasc, UASC_KINDS),
        other=other,
        years=dated.years,
        first_day=first_day,
        last_day=end,
        files=conforming("files", ledger.files(), FILE_KINDS),
        findings=ledger.in_order(),
        paths=paths,
        codes=codes,
    )


def _episode_rows(dated: Dated, end: int) -> pd.DataFrame:
    """Rows of the episodes tables, with the first year that their file covers and the last day that it knows of."""
    rows = stack(dated.files, EPISODES)
    if rows.empty:
        return rows
    first = {at: dated.first_years.get(at, file.year) for at, file in enumerate(dated.files)}
    last = {year: min(dates.year_bounds(year)[1], end) for year in rows["year"].unique().tolist()}
    return rows.assign(first_year=rows["at"].map(first), last_day=rows["year"].map(last))


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
    for table in STANDARD:
        ledger.settle(stack(files, table.name), USED)
    return found
