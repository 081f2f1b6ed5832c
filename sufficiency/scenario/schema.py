"""A scenario file: what it may hold, and what is said when it holds something else."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.errors import Problem, UserError, gathering, nearest
from sufficiency.provenance import shipped
from sufficiency.scenario.effects import Effects, no_effects
from sufficiency.scenario.levers import LEVERS, WEAK, Lever
from sufficiency.scenario.lines import Place, key_lines, line_of
from sufficiency.scenario.said import sentence, syntax

_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)
BASELINE = "baseline"
#: Stands in the name of a plan of which one lever has no effect.
NO_EFFECT = "no effect of"
_DEEPEST = 5
_THROUGHOUT = "Lever {} holds for the whole forecast: give it starts = 0, and no ramp_months or months."
#: Parts of pydantic's places that name a branch of a union, not a key of the file.
_BRANCHES = frozenset({"int", "date", "constrained-int", "constrained-float"})


class About(BaseModel):
    """The story a scenario tells: each text is shown in the annex."""

    model_config = _STRICT

    title: str = Field(min_length=1, max_length=120)
    question: str = Field(min_length=1, max_length=600)
    author: str = Field("", max_length=200)
    evidence: str = Field("", max_length=1000)


class Investment(BaseModel):
    """Money that a plan costs beside placements: once, by the year, or both."""

    model_config = _STRICT

    what: str = Field(min_length=1, max_length=120)
    per_year: float = Field(0.0, ge=0, le=1e9)
    one_off: float = Field(0.0, ge=0, le=1e9)
    starts: int | None = Field(None, ge=0, le=240)


class ScenarioFile(BaseModel):
    """The keys of a scenario file."""

    model_config = _STRICT

    about: About
    based_on: str | None = None
    starts: Annotated[int, Field(ge=0, le=240)] | date = 0
    levers: dict[str, Any] = Field(default_factory=dict)
    investment: tuple[Investment, ...] = Field((), strict=False)


class Scenario(BaseModel):
    """A checked plan.

    Attributes
    ----------
    name
        The file's stem; the name in every results table.
    levers
        In the order in which they act: those of the plan it is based on first.
    text
        The file as written, for the manifest.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    name: str
    about: About
    starts: int | date
    levers: tuple[Lever, ...]
    investment: tuple[Investment, ...]
    text: str

    def start_month(self, first_day: int) -> int:
        """The plan's first month, counted from that of the first simulated day."""
        if isinstance(self.starts, int):
            return self.starts
        then = int(dates.month_index(dates.day_number(self.starts)))
        return then - int(dates.month_index(first_day))

    def effects(self, first_day: int, months: int, codes: Codes) -> Effects:
        """What the levers do, month by month.

        Raises
        ------
        UserError
            When the plan, or a lever of it, starts before the first simulated day or after the last, or when a
            lever is dated that cannot be.
        """
        start = self.start_month(first_day)
        firsts = [("the plan", start), *((f"lever {lever.name}", lever.first_month(start)) for lever in self.levers)]
        problems = [
            Problem(
                f"{what} starts in month {month}; the forecast covers months 0 to {months - 1} after the origin.",
                self.name,
            )
            for what, month in firsts
            if not 0 <= month < months
        ]
        problems += [
            Problem(_THROUGHOUT.format(lever.name), self.name)
            for lever in self.levers
            if lever.throughout and lever.is_dated(start)
        ]
        if problems:
            raise UserError(problems)
        effects = no_effects(months, codes)
        for lever in self.levers:
            effects = lever.apply(effects, codes, start)
        return effects

    def without(self, name: str) -> Scenario:
        """The same plan, which costs as much, with one of its levers having no effect.

        Parameters
        ----------
        name
            Of a lever of the plan.

        Raises
        ------
        UserError
            When the plan has no such lever.
        """
        own = sorted({lever.name for lever in self.levers})
        if name not in own:
            raise UserError([Problem(f"The plan has no lever '{name}'.{nearest(name, own)}", self.name)])
        title = f"{self.about.title} ({NO_EFFECT}: {LEVERS[name].title.lower()})"
        about = self.about.model_copy(update={"title": title})
        levers = tuple(lever for lever in self.levers if lever.name != name)
        return self.model_copy(update={"name": f"{self.name} ({NO_EFFECT} {name})", "about": about, "levers": levers})

    def unknown_population(self) -> list[Problem]:
        """What is missing when the child population is not known."""
        said = "needs the child population: give child_population there, or population.csv with the council's tables"
        return [Problem(f"Lever {lever.name} {said}.", self.name) for lever in self.levers if lever.needs_population]

    def weak_levers(self) -> tuple[str, ...]:
        """Levers of the plan whose evidence is weak, by name, in the order in which they act."""
        return tuple(dict.fromkeys(lever.name for lever in self.levers if lever.grade == WEAK))


def zero_effect_arms(plan: Scenario) -> tuple[Scenario, ...]:
    """For each lever of a plan whose evidence is weak, the plan with that lever having no effect.

    What the plan costs beside placements is still paid: so the difference between the two is what the
    weak evidence is worth.
    """
    return tuple(plan.without(name) for name in plan.weak_levers())


def scenario_files() -> dict[str, Path]:
    """The scenarios that travel with the package: name → file."""
    return {path.stem: path for path in sorted(shipped("scenarios").glob("*.toml"))}


def read_scenario(name: str | Path) -> Scenario:
    """Read a shipped scenario by name, or a file.

    Raises
    ------
    UserError
        With every problem of the file, each with its line and the nearest valid name.
    """
    return _read(_find(name, None), depth=0)


def _find(name: str | Path, beside: Path | None) -> Path:
    path = Path(name)
    here = path if beside is None else beside / path
    if path.suffix == ".toml":
        if here.is_file():
            return here
        raise UserError([Problem("There is no such scenario file.", file=path.name)])
    known = scenario_files()
    local = (beside / f"{name}.toml") if beside is not None else Path(f"{name}.toml")
    if local.is_file():
        return local
    if str(name) in known:
        return known[str(name)]
    raise UserError([f"There is no scenario '{name}'.{nearest(str(name), list(known))} See: sufficiency scenario list"])


@dataclass(frozen=True)
class _Text:
    """A scenario file as it was read, and where its keys stand."""

    path: Path
    text: str
    content: dict[str, Any]
    lines: dict[Place, int]

    @classmethod
    def read(cls, path: Path) -> _Text:
        try:
            text = path.read_text(encoding="utf-8-sig")
            return cls(path, text, tomllib.loads(text), key_lines(text))
        except UnicodeDecodeError:
            raise UserError([Problem("The file is not UTF-8 text; save it as UTF-8.", file=path.name)]) from None
        except tomllib.TOMLDecodeError as error:
            message, line = syntax(str(error))
            raise UserError([Problem(message, path.name, line=line)]) from None

    def problem(self, message: str, place: Place, *, named: bool = True) -> Problem:
        column = ".".join(part for part in place if not part.isdigit()) if named else None
        return Problem(message, self.path.name, column=column, line=line_of(self.lines, place))


def _read(path: Path, depth: int) -> Scenario:
    read = _Text.read(path)
    problems: list[Problem] = []
    given = _checked(ScenarioFile, read.content, (), read, problems)
    tables = read.content.get("levers")
    levers = [
        lever
        for name, given_table in (tables.items() if isinstance(tables, dict) else ())
        for lever in _levers(name, given_table, read, problems)
    ]
    base = _base(read, depth, problems)
    own = {lever.name for lever in levers}
    inherited = [lever for lever in base.levers if lever.name not in own] if base else []
    problems += _dated(read, own, (*inherited, *levers))
    if problems or not isinstance(given, ScenarioFile):
        raise UserError(problems)
    return Scenario(
        name=path.stem,
        about=given.about,
        starts=given.starts,
        levers=(*inherited, *levers),
        investment=(*(base.investment if base else ()), *given.investment),
        text=read.text,
    )


def _dated(read: _Text, own: set[str], levers: tuple[Lever, ...]) -> list[Problem]:
    """Levers that hold for the whole forecast and are given a date, by the plan or by themselves."""
    start = read.content.get("starts", 0)
    if not isinstance(start, int):
        return []
    wrong = [lever.name for lever in levers if lever.throughout and lever.is_dated(start)]
    return [read.problem(_THROUGHOUT.format(name), ("levers", name) if name in own else ("starts",)) for name in wrong]


def _base(read: _Text, depth: int, problems: list[Problem]) -> Scenario | None:
    name = read.content.get("based_on")
    if not isinstance(name, str) or read.path.stem == BASELINE:
        return None
    if depth >= _DEEPEST or name in {read.path.stem, read.path.name}:
        problems.append(read.problem(f"based_on = '{name}' leads round in a circle.", ("based_on",)))
        return None
    try:
        found = _find(name, read.path.parent)
    except UserError as error:
        problems.extend(read.problem(problem.message, ("based_on",)) for problem in error.problems)
        return None
    with gathering(problems):
        return _read(found, depth + 1)
    return None


def _levers(name: str, table: object, read: _Text, problems: list[Problem]) -> list[Lever]:
    """A lever's table, or its tables: [[levers.NAME]] may be given several times."""
    place: Place = ("levers", name)
    if name not in LEVERS:
        message = f"There is no lever '{name}'.{nearest(name, list(LEVERS))}"
        problems.append(read.problem(message, place, named=False))
        return []
    tables = table if isinstance(table, list) else [table]
    if not tables or not all(isinstance(one, dict) for one in tables):
        problems.append(read.problem(f"Lever '{name}' needs a table: [levers.{name}]", place, named=False))
        return []
    places = [(*place, str(number)) for number in range(len(tables))] if isinstance(table, list) else [place]
    checked = [_checked(LEVERS[name], one, own, read, problems) for own, one in zip(places, tables, strict=True)]
    return [lever for lever in checked if isinstance(lever, Lever)]


def _checked(
    model: type[BaseModel], table: object, prefix: Place, read: _Text, problems: list[Problem]
) -> BaseModel | None:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        found: dict[Place, Problem] = {}
        for detail in error.errors():
            place = (*prefix, *(str(part) for part in detail["loc"] if str(part) not in _BRANCHES))
            found.setdefault(place, read.problem(sentence(detail, model), place))
        # Of a list with a wrong item pydantic says as well that it is too short.
        inner = {place[:-1] for place in found if place[-1:] and place[-1].isdigit()}
        problems.extend(problem for place, problem in found.items() if place not in inner)
        return None
