"""What is said when something is wrong: findings in data, problems in what a user wrote.

Both are sentences in the user's terms. Neither ever carries a child's value: :func:`shape_of`
describes what was read in a protected column without showing it.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Severity = Literal["error", "warning", "info"]

#: SSDA903 columns whose values identify a child and are never shown, only described.
_DATES = frozenset({"DECOM", "DEC", "REVIEW", "DUC", "DATE_PERM", "MIS_START", "MIS_END"})
PROTECTED = frozenset({"CHILD", "UPN", "DOB", "MC_DOB", "HOME_POST", "PL_POST", "SW_ID"})

_SHORT_NUMBER = 9
#: A shape is told up to this many runs of digits, letters and signs.
_RUNS_TOLD = 7


@dataclass(frozen=True)
class Finding:
    """One thing found in the data, and what was done about it.

    ``row`` counts from 1 with the header as row 1; None where the whole file is meant.
    """

    rule: str
    severity: Severity
    message: str
    action: str
    file: str | None = None
    row: int | None = None
    column: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The finding with the keys of ``sufficiency check --format json``, in that order."""
        fields = asdict(self)
        return {key: fields[key] for key in ("rule", "severity", "file", "row", "column", "message", "action")}


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file that the user wrote (a table, a scenario, an option).

    A table has a ``row``; a text file, such as a scenario, has a ``line``, and its ``column`` is the key.
    """

    message: str
    file: str | None = None
    row: int | None = None
    column: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        parts = [self.file] if self.file else []
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.column:
            parts.append(f"{self.column}")
        place = ", ".join(parts)
        return f"{place}: {self.message}" if place else self.message


class UserError(Exception):
    """Something the user can mend, told in their terms, all problems at once (exit code 1)."""

    def __init__(self, problems: Sequence[Problem | str]) -> None:
        self.problems = tuple(item if isinstance(item, Problem) else Problem(item) for item in problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[UserError], tuple[tuple[Problem, ...]]]:
        """Come whole from another process."""
        return type(self), (self.problems,)


#: A longer list is no help.
_MOST_NAMED = 60
#: So many letters of a name that goes on are a better hint than another of their length.
_BEGUN = 4


def nearest(name: str, valid: Sequence[str]) -> str:
    """A sentence, with a space before it, that offers the valid name closest to a wrong one."""
    begun = [one for one in valid if len(name) >= _BEGUN and one.startswith(name)]
    close = begun[:1] or difflib.get_close_matches(name, list(valid), n=1, cutoff=0.5)
    if close:
        return f" Did you mean '{close[0]}'?"
    if len(valid) > _MOST_NAMED:
        return f" There are {len(valid):,} to choose from, none like it."
    return f" Valid: {listed(valid)}."


def listed(names: Sequence[str]) -> str:
    """Names in a row, some of which may hold commas.

    >>> listed(["Leeds", "York"]), listed(["Bristol, City of", "York"])
    ('Leeds, York', 'Bristol, City of; York')
    """
    return ("; " if any("," in name for name in names) else ", ").join(names)


def shape_of(column: str, value: str) -> str:
    """What was read, fit to print: a code as it stands, a child's value as its shape only.

    >>> shape_of("DOB", "31/02/2010")
    '2 digits, /, 2 digits, /, 4 digits'
    >>> shape_of("PLACE", "Q9")
    "'Q9'"
    """
    text = value.strip()
    if not text:
        return "nothing"
    if column.upper() in PROTECTED or column.upper() in _DATES:
        return _described(text)
    # Even in a code column a child's value may stand (columns slip): show what is a code somewhere in
    # the return, or as short as one, and describe the rest.
    if text.upper() in _known_codes() or re.fullmatch(r"[A-Za-z][0-9]{1,2}[A-Za-z]?|[A-Za-z]{1,2}", text):
        return f"'{text}'"
    return _described(text)


def shown(value: object) -> str:
    """A value of a table or scenario that the user wrote, fit to print: words and short numbers only.

    >>> shown("in_house_fosterin"), shown(-5), shown("INVENTED00053")
    ("'in_house_fosterin'", '-5', '8 letters, 5 digits')
    """
    if isinstance(value, (bool, int, float)) and len(str(value)) <= _SHORT_NUMBER:
        return str(value)
    text = str(value).strip()
    plain = r"[A-Za-z_ -]{1,40}|(?!.*[0-9]{5})[0-9.,£ -]{1,7}"
    return f"'{text}'" if re.fullmatch(plain, text) else _described(text)


@cache
def _known_codes() -> frozenset[str]:
    """Every code of any column, read as data so that this module stays below the codes."""
    tables = files("sufficiency").joinpath("code_tables")
    found: set[str] = set()
    for name, column in (("codes.csv", "code"), ("placements.csv", "place")):
        lines = tables.joinpath(name).read_text(encoding="utf-8").splitlines()
        found |= {row[column] for row in csv.DictReader(lines)}
    return frozenset(found)


def _described(text: str) -> str:
    runs = re.findall(r"[0-9]+|[A-Za-z]+|[^0-9A-Za-z]+", text)
    named = []
    for run in runs[:_RUNS_TOLD]:
        if run[0].isascii() and run[0].isdigit():
            named.append(f"{len(run)} digit{'s' if len(run) > 1 else ''}")
        elif run[0].isascii() and run[0].isalpha():
            named.append(f"{len(run)} letter{'s' if len(run) > 1 else ''}")
        elif run.isspace():
            named.append("a space")
        else:
            named.append(run.strip() if run.isascii() and run.isprintable() else "other characters")
    return ", ".join(named) + (", …" if len(runs) > _RUNS_TOLD else "")


class gathering(AbstractContextManager[None]):  # noqa: N801 - read as a verb where it is used
    """Keep what is wrong and go on, so that everything is told at once."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Hold back what a user can mend; anything else goes on up."""
        if isinstance(error, UserError):
            self._problems.extend(error.problems)
        return isinstance(error, UserError)
