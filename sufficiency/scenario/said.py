"""What is said when a scenario file holds something that it should not: one sentence each, in plain words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel

from sufficiency.errors import nearest, shown

#: What a value must be, by pydantic's name of the mistake.
_WANTED = {
    "int_type": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "float_type": "it must be a number, without quotes, £, % or commas",
    "string_type": "it must be text, in quotes",
    "bool_type": "it must be true or false",
    "dict_type": "it must be a table",
    "model_type": "it must be a table",
    "model_attributes_type": "it must be a table",
    "date_type": "it must be a date (2027-04-01, without quotes)",
    "finite_number": "it must be a number that is not infinite",
}
#: What is said without showing what was given.
_PLAIN = {
    "missing": "'{name}' is missing.",
    "value_error": "{error}",
    "too_short": "An empty list means nothing: name at least one, or leave the key out.",
    "tuple_type": "This must be a list, in square brackets, even of one.",
    "string_too_short": "This text is empty.",
    "string_too_long": "This text is longer than {max_length:,} characters.",
}
_LIMITS = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}
_START = "it must be a month after the origin (a whole number) or a date (2027-04-01, without quotes)"
#: What the reader of TOML says, and what that means to whoever wrote the file.
_SYNTAX = (
    (r"Cannot overwrite a value", "this key is given twice"),
    (
        r"Cannot declare \((.*)\) twice",
        "the table [{0}] is given twice (several of one lever are written [[{0}]] each)",
    ),
    (r"Cannot mutate immutable namespace|Cannot redefine namespace", "this table is given in two ways"),
    (r"Expected '=' after a key", "a key needs '=' and a value after it"),
    (r"Invalid value", "the value is none that TOML knows (is text in quotes, and a number without £, % or commas?)"),
    (r"Unclosed array|Unclosed inline table", "a bracket is not closed"),
    (r"Illegal character|Unterminated string|Expected \"['\"]\"", "a quote is not closed, or a sign is not allowed"),
    (
        r"Expected newline or end of document after a statement",
        "something follows the value (one key a line; a number without £, % or commas)",
    ),
    (r"Expected '\]' at the end", "a table's name needs a closing bracket"),
)


def sentence(detail: Any, model: type[BaseModel]) -> str:
    """One of pydantic's errors, as a sentence.

    Parameters
    ----------
    detail
        An entry of ``ValidationError.errors()``.
    model
        What was being read: its fields are the names that would have been right.
    """
    kind, context, place = detail["type"], detail.get("ctx", {}), detail["loc"]
    name = str(place[-1]) if place else ""
    given = shown(detail["input"]) if isinstance(detail["input"], (str, int, float)) else "what is there"
    if kind in _PLAIN:
        return _PLAIN[kind].format(name=name, **context)
    if kind == "extra_forbidden":
        return f"{shown(name)} is not a key here.{nearest(name, list(_holder(model, place).model_fields))}"
    if kind in _LIMITS:
        key, words = _LIMITS[kind]
        return f"{given} is out of range: it must be {words} {context[key]:,.12g}."
    if kind == "literal_error":
        return f"{given} is not one of {context['expected']}.{_close(detail['input'], context['expected'])}"
    # The plan's own start may be of two kinds.
    either = place[:1] == ("starts",) and len(place) > 1
    wanted = _START if either else _WANTED.get(kind, str(detail["msg"]).lower())
    return f"{given} cannot be used: {wanted}."


def _holder(model: type[BaseModel], place: Sequence[Any]) -> type[BaseModel]:
    """The table that a key stands in: ``about`` and each ``investment`` have names of their own."""
    for part in place[:-1]:
        field = model.model_fields.get(str(part))
        kinds = [] if field is None else [field.annotation, *get_args(field.annotation)]
        model = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), model)
    return model


def _close(given: object, expected: str) -> str:
    close = difflib.get_close_matches(str(given), re.findall(r"'([^']*)'", expected), n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""


def syntax(message: str) -> tuple[str, int | None]:
    """What the reader of TOML says of a text, in plainer words, and the line."""
    found = re.search(r"\(at line (\d+), column \d+\)", message)
    said = re.sub(r"\s*\(at .*\)", "", message)
    for pattern, plain in _SYNTAX:
        hit = re.search(pattern, said)
        if hit:
            names = ".".join(re.findall(r"'([^']*)'", hit.group(1))) if hit.groups() else ""
            said = plain.format(names)
            break
    return f"This is not valid TOML: {said}.", int(found.group(1)) if found else None
