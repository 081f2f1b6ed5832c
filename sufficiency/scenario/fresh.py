"""A new scenario file, with comments that say what may be written where."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path

from sufficiency.errors import Problem, UserError, nearest
from sufficiency.scenario.editor import SCHEMA_FILE, schema_text
from sufficiency.scenario.levers import LEVERS, Lever
from sufficiency.scenario.reference import limits_of, unit_of
from sufficiency.scenario.schema import BASELINE, read_scenario, scenario_files

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")

_HEAD = """\
# A plan. Lines that begin with # are for the reader; take the # away to use what stands there.
# Check it with:   sufficiency scenario check {name}.toml
# Run it with:     sufficiency run RETURNS --scenario {name}.toml
"""
_STORY = """
based_on = "{based_on}"{inherited}
starts   = 0            # months after the origin (the last day of data), or a date: 2027-04-01

[about]
title    = "{title}"
question = "What if ... ?"
author   = ""           # who stands for this plan
evidence = ""           # where its figures come from: the annex prints this beside them
"""
_LEVERS = """
# Levers: what the plan does. Months count from the month after the origin: 0 is the first month of the forecast.
# Every lever takes starts (its own first month), ramp_months (phased in by equal steps) and months (how long).
# The levers, with every parameter, range and the evidence: docs/levers.md.
# `sufficiency scenario new NAME --lever LEVER` writes out the parameters of those named.
"""
_MONEY = """
# What the plan costs beside placements: as many of these as there are.
# [[investment]]
# what     = "project team"
# per_year = 150_000
# one_off  = 20_000
"""


def new_scenario(name: str, levers: Sequence[str] = (), based_on: str = BASELINE, *, schema: str = "") -> str:
    """The text of a new scenario file, which is a valid plan.

    Parameters
    ----------
    name
        The plan's name: that of its file without ``.toml``.
    levers
        Levers whose parameters are written out with their defaults; the others are listed.
    based_on
        The plan to add to.
    schema
        File of the JSON Schema for editors, named in the first line where given.

    Raises
    ------
    UserError
        With every problem: a name that cannot be a file's or is a shipped plan's, levers and a plan
        that there are not.
    """
    problems = [
        Problem(f"There is no lever '{one}'.{nearest(one, list(LEVERS))}") for one in levers if one not in LEVERS
    ]
    if not _NAME.fullmatch(name):
        problems.append(Problem("A plan's name is small letters, digits and hyphens: more-carers, for example."))
    if name in scenario_files():
        problems.append(Problem(f"A plan that comes with the toolkit is called '{name}'; choose another name."))
    inherited = ""
    try:
        base = read_scenario(based_on)
        inherited = f"      # brings: {', '.join(lever.name for lever in base.levers)}" if base.levers else ""
    except UserError as error:
        problems += error.problems
    if problems:
        raise UserError(problems)
    told = {"name": name, "based_on": based_on, "inherited": inherited, "title": name.replace("-", " ").capitalize()}
    parts = [f"#:schema ./{schema}\n" if schema else "", _HEAD.format(**told), _STORY.format(**told), _LEVERS]
    parts += [_table(LEVERS[one]) for one in dict.fromkeys(levers)]
    others = [lever for lever in LEVERS.values() if lever.name not in levers]
    width = max(len(name) for name in LEVERS)
    parts += ["\n", *(f"# [levers.{lever.name}]{' ' * (width - len(lever.name))}  {lever.title}\n" for lever in others)]
    return "".join([*parts, _MONEY])


def write_scenario(
    folder: Path, name: str, levers: Sequence[str] = (), based_on: str = BASELINE, *, schema: bool = False
) -> list[Path]:
    """Write a new scenario file, with the schema for editors beside it if wished; the files written.

    Raises
    ------
    UserError
        As :func:`new_scenario`, and when the file is there already.
    """
    text = new_scenario(name, levers, based_on, schema=SCHEMA_FILE if schema else "")
    files = {folder / f"{name}.toml": text} | ({folder / SCHEMA_FILE: schema_text()} if schema else {})
    plan = folder / f"{name}.toml"
    if plan.exists():
        raise UserError([Problem("There is such a file already; choose another name.", plan.name)])
    for path, content in files.items():
        path.write_text(content, encoding="utf-8", newline="\n")
    return list(files)


def _table(lever: type[Lever]) -> str:
    """A lever's table with its defaults; what has none stands as a comment, with a nought to write over."""
    told = textwrap.wrap(f"{lever.title}: {lever.meaning}", 110)
    lines = ["", *(f"# {line}" for line in told), f"[levers.{lever.name}]"]
    for name, field in lever.model_fields.items():
        lead, value = ("# ", "0") if field.default is None else ("", _toml(field.default))
        means = str(field.description).rstrip(".")
        unit = "; ".join(part for part in (unit_of(field), limits_of(field)) if part)
        lines.append(f"{f'{lead}{name} = {value}':<30} # {means} ({unit})")
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
