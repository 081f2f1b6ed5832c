"""The levers' reference page and a plan's table of assumptions, made from the declarations."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from pydantic.fields import FieldInfo

from sufficiency.scenario.levers import LEVERS, Lever
from sufficiency.scenario.schema import Scenario

_GRADES = {
    "P": "primary source",
    "S": "secondary source",
    "D": "derived from primary data",
    "W": "weak, old or unverified",
    "assumption": "assumption",
}


def unit_of(field: FieldInfo) -> str:
    """A parameter's unit."""
    extra = field.json_schema_extra
    return str(extra["unit"]) if isinstance(extra, dict) and "unit" in extra else ""


def limits_of(field: FieldInfo) -> str:
    """A parameter's range; blank where it has none."""
    low = next((item.ge for item in field.metadata if hasattr(item, "ge")), None)
    high = next((item.le for item in field.metadata if hasattr(item, "le")), None)
    return f"{low} to {high}" if low is not None and high is not None else ""


def _value(value: object) -> str:
    if value is None:
        return "—"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def lever_page() -> str:
    """The reference page of all levers, as Markdown."""
    lines = [
        "# Levers",
        "",
        "Made by `python -m sufficiency.scenario docs` from the levers' declarations; a test compares it.",
        "",
        "A lever goes into a scenario file as a table `[levers.NAME]`, or as several, each `[[levers.NAME]]`,",
        "where it is wanted more than once. Months count from the month after the origin (the last day of data): 0",
        "is the first month of the forecast. Levers combine: their factors multiply.",
        "",
        "`sufficiency scenario new NAME --lever LEVER` begins a plan with a lever's parameters written out;",
        "[plans](scenarios.md) shows those that come with the toolkit, [mistakes](scenario-mistakes.md) what is said",
        "of what cannot be read.",
        "",
    ]
    for lever in LEVERS.values():
        lines += [f"## `{lever.name}`: {lever.title}", "", lever.meaning, ""]
        lines += [f"Evidence ({_GRADES[lever.grade]}): {lever.evidence}.", ""]
        lines += ["| parameter | unit | default | range | meaning |", "|---|---|---|---|---|"]
        lines += [
            f"| `{name}` | {unit_of(field)} | {_value(field.default)} | {limits_of(field)} | {field.description} |"
            for name, field in lever.model_fields.items()
        ]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def assumptions(scenarios: Iterable[Scenario]) -> pd.DataFrame:
    """Every parameter of every lever of some plans.

    Returns
    -------
    Columns scenario, lever, parameter, value, unit, meaning, evidence, grade; texts throughout.
    """
    rows = [row for scenario in scenarios for lever in scenario.levers for row in _rows(scenario, lever)]
    columns = ["scenario", "lever", "parameter", "value", "unit", "meaning", "evidence", "grade"]
    return pd.DataFrame(rows, columns=columns)


def _rows(scenario: Scenario, lever: Lever) -> list[tuple[str, ...]]:
    evidence = scenario.about.evidence or lever.evidence
    grade = _GRADES[lever.grade]
    return [
        (
            scenario.name,
            lever.title,
            name,
            _value(getattr(lever, name)),
            unit_of(field),
            str(field.description),
            evidence,
            grade,
        )
        for name, field in type(lever).model_fields.items()
    ]
