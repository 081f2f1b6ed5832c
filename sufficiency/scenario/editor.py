"""A JSON Schema of scenario files, for editors that check and complete TOML as it is written.

It is made from the levers' declarations, and lies beside the shipped scenarios.
"""

from __future__ import annotations

import json
from typing import Any

from sufficiency.codes import read_codes
from sufficiency.scenario.levers import LEVERS, Lever
from sufficiency.scenario.levers.journeys import HazardLever
from sufficiency.scenario.schema import ScenarioFile

SCHEMA_FILE = "scenario.schema.json"
_DIALECT = "http://json-schema.org/draft-07/schema#"


def json_schema() -> dict[str, Any]:
    """The schema: every key of a scenario file, and every lever with its parameters and their ranges."""
    whole = ScenarioFile.model_json_schema()
    definitions = {"about": whole["$defs"]["About"], "investment": whole["$defs"]["Investment"]}
    parts = whole["properties"]
    levers = {name: _once_or_more(name) for name in LEVERS}
    return {
        "$schema": _DIALECT,
        "title": "A plan for homes for children in care",
        "type": "object",
        "additionalProperties": False,
        "required": ["about"],
        "properties": {
            "based_on": {"type": "string", "description": "The plan that this one adds to."},
            "starts": {**parts["starts"], "description": "First month, counted after the origin, or a date."},
            "about": _plain(definitions["about"]),
            "levers": {"type": "object", "additionalProperties": False, "properties": levers},
            "investment": {"type": "array", "items": _plain(definitions["investment"])},
        },
        "definitions": {name: _lever(lever) for name, lever in LEVERS.items()},
    }


def schema_text() -> str:
    """The schema's file, the same bytes each time."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _lever(lever: type[Lever]) -> dict[str, Any]:
    made, codes = _plain(lever.model_json_schema()), read_codes()
    for name, given in made["properties"].items():
        made["properties"][name] = _parameter(given)
        if name in {"setting", "settings"}:
            _name_settings(given, codes.in_care if issubclass(lever, HazardLever) else codes.all_settings)
    if lever.throughout:
        # It holds for the whole forecast and takes no date.
        del made["properties"]["months"]
        made["properties"]["starts"]["maximum"] = 0
        made["properties"]["ramp_months"]["maximum"] = 1
    return {**made, "title": lever.title, "description": lever.meaning}


def _once_or_more(name: str) -> dict[str, Any]:
    """A lever's table, or a list of such tables."""
    table = {"$ref": f"#/definitions/{name}"}
    return {"anyOf": [table, {"type": "array", "items": table, "minItems": 1}]}


def _parameter(given: dict[str, Any]) -> dict[str, Any]:
    """A parameter, its unit beside its meaning."""
    unit = given.pop("unit", "")
    if unit and "description" in given:
        given["description"] = f"{given['description']} ({unit})"
    return given


def _name_settings(given: dict[str, Any], valid: tuple[str, ...]) -> None:
    """Write the settings that there are where any text would do; some levers take fewer, and say so themselves."""
    part = given["items"] if given.get("type") == "array" else given
    if "enum" not in part and "const" not in part:
        part["enum"] = list(valid)


def _plain(part: dict[str, Any]) -> dict[str, Any]:
    """Without the names that pydantic gives to keys, and without nothing as a choice: TOML has none."""
    made = {key: value for key, value in part.items() if key not in {"title", "default"} or value is not None}
    made["properties"] = {name: _without_null(dict(value)) for name, value in part["properties"].items()}
    for value in made["properties"].values():
        value.pop("title", None)
    made.pop("title", None)
    made["additionalProperties"] = False
    return made


def _without_null(given: dict[str, Any]) -> dict[str, Any]:
    choices = [one for one in given.get("anyOf", ()) if one.get("type") != "null"]
    if "anyOf" in given:
        del given["anyOf"]
        given = {**given, **choices[0]} if len(choices) == 1 else {**given, "anyOf": choices}
    return {key: value for key, value in given.items() if not (key == "default" and value is None)}
