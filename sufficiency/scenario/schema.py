"""A scenario file: what it may hold, and what is said when it holds something else."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sufficiency import dates
from sufficiency.codes import Codes
from sufficiency.errors import Problem, UserError, nearest, shown
from sufficiency.provenance import shipped
from sufficiency.scenario.effects import Effects, no_effects
from sufficiency.scenario.levers import LEVERS, Lever

_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)
BASELINE = "baseline"
_DEEPEST = 5
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
    starts: int | date = 0
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
        firsts = {"the plan": start} | {f"lever {lever.name}": lever.first_month(start) for lever in self.levers}
        problems = [
            Problem(
                f"{what} starts in month {month}; the forecast covers months 0 to {months - 1} after the origin.",
                self.name,
            )
            for what, month in firsts.items()
            if not 0 <= month < months
        ]
        problems += [
            Problem(
                f"Lever {lever.name} holds for the whole forecast: give it starts = 0, and no ramp_months or months.",
                self.name,
            )
            for lever in self.levers
            if lever.throughout and lever.is_dated(start)
        ]
        if problems:
            raise UserError(problems)
        effects = no_effects(months, codes)
        for lever in self.levers:
            effects = lever.apply(effects, codes, start)
        return effects


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


def _read(path: Path, depth: int) -> Scenario:
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = tomllib.loads(text)
    except UnicodeDecodeError:
        raise UserError([Problem("The file is not UTF-8 text; save it as UTF-8.", file=path.name)]) from None
    except tomllib.TOMLDecodeError as error:
        raise UserError([_syntax_problem(path, str(error))]) from None
    problems: list[Problem] = []
    given = _checked(ScenarioFile, content, (), path, text, problems)
    levers = [
        lever
        for name, table in (content.get("levers") or {}).items()
        if isinstance(content.get("levers"), dict) and (lever := _lever(name, table, path, text, problems)) is not None
    ]
    base = _base(content, path, depth, problems)
    if problems or not isinstance(given, ScenarioFile):
        raise UserError(problems)
    own = {lever.name for lever in levers}
    inherited = [lever for lever in base.levers if lever.name not in own] if base else []
    return Scenario(
        name=path.stem,
        about=given.about,
        starts=given.starts,
        levers=(*inherited, *levers),
        investment=(*(base.investment if base else ()), *given.investment),
        text=text,
    )


def _base(content: dict[str, Any], path: Path, depth: int, problems: list[Problem]) -> Scenario | None:
    name = content.get("based_on")
    if not isinstance(name, str) or path.stem == BASELINE:
        return None
    if depth >= _DEEPEST or name == path.stem:
        problems.append(Problem(f"based_on = '{name}' leads round in a circle.", path.name, None, "based_on"))
        return None
    try:
        return _read(_find(name, path.parent), depth + 1)
    except UserError as error:
        problems.extend(error.problems)
        return None


def _lever(name: str, table: object, path: Path, text: str, problems: list[Problem]) -> Lever | None:
    row = _line(text, ("levers", name))
    if name not in LEVERS:
        problems.append(Problem(f"There is no lever '{name}'.{nearest(name, list(LEVERS))}", path.name, row))
        return None
    if not isinstance(table, dict):
        problems.append(Problem(f"Lever '{name}' needs a table: [levers.{name}]", path.name, row))
        return None
    checked = _checked(LEVERS[name], table, ("levers", name), path, text, problems)
    return checked if isinstance(checked, Lever) else None


def _checked(
    model: type[BaseModel], table: object, prefix: tuple[str, ...], path: Path, text: str, problems: list[Problem]
) -> BaseModel | None:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        found: dict[tuple[str, ...], Problem] = {}
        for detail in error.errors():
            place = (*prefix, *(str(part) for part in detail["loc"] if str(part) not in _BRANCHES))
            problem = Problem(_sentence(detail, model), path.name, _line(text, place), ".".join(place))
            found.setdefault(place, problem)
        problems.extend(found.values())
        return None


def _sentence(detail: Any, model: type[BaseModel]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    name = str(detail["loc"][-1]) if detail["loc"] else ""
    given = shown(detail["input"]) if isinstance(detail["input"], (str, int, float)) else "what is there"
    limits = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}
    if kind == "extra_forbidden":
        return f"{shown(name)} is not a key here.{nearest(name, list(model.model_fields))}"
    if kind == "missing":
        return f"'{name}' is missing."
    if kind in limits:
        key, words = limits[kind]
        return f"{given} is out of range: it must be {words} {context[key]}."
    if kind == "literal_error":
        return f"{given} is not one of {context['expected']}."
    if kind == "value_error":
        return str(context["error"])
    return f"{given} cannot be used: {str(detail['msg']).lower()}."


def _syntax_problem(path: Path, message: str) -> Problem:
    found = re.search(r"\(at line (\d+), column \d+\)", message)
    said = re.sub(r"\s*\(at .*\)", "", message)
    return Problem(f"This is not valid TOML: {said}.", path.name, int(found.group(1)) if found else None)


def _line(text: str, place: tuple[str, ...]) -> int | None:
    """Line of a key, or of the nearest table header above it, for messages."""
    place = tuple(part for part in place if not part.isdigit())
    lines = text.splitlines()
    header: int | None = None
    wanted = {".".join(place[:depth]) for depth in range(1, len(place) + 1)}
    inside = not place or len(place) == 1
    for number, line in enumerate(lines, start=1):
        stripped = line.split("#", 1)[0].strip()
        table = re.fullmatch(r"\[{1,2}\s*([^\]]+?)\s*\]{1,2}", stripped)
        if table:
            inside = table.group(1) in wanted
            header = number if inside else header
        elif inside and place and re.match(rf"[\"']?{re.escape(place[-1])}[\"']?\s*=", stripped):
            return number
    return header
