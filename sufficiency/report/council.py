"""What a council says about itself in its annex: name, logo, and the sections it wants."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from sufficiency.errors import Problem, UserError, nearest


@dataclass(frozen=True)
class Council:
    """A council's own words for its annex.

    Attributes
    ----------
    name
        The authority's name on the cover; blank takes the run's.
    logo
        A PNG, JPEG or SVG for the cover.
    sections
        Names of the sections to write, in their own order; empty takes them all.
    invented
        Whether the returns are invented, so that every page and chart says so.
    published_as, region
        The authority's and its region's names in published statistics; blank takes the name, and
        what the statistics say.
    """

    name: str = ""
    logo: Path | None = None
    sections: tuple[str, ...] = ()
    invented: bool = False
    published_as: str = ""
    region: str = ""


_KINDS = {"name": str, "logo": str, "sections": list, "invented": bool, "published_as": str, "region": str}
_MEANT = {str: "text in quotes", list: "a list of names", bool: "true or false"}
_LOGOS = (".png", ".jpg", ".jpeg", ".svg")


def read_council(path: Path | str) -> Council:
    """Read a council's TOML file: ``name``, ``logo``, ``sections``, ``invented``, ``published_as``, ``region``.

    Raises
    ------
    UserError
        With everything that is wrong in the file, each with the nearest valid name.
    """
    file = Path(path)
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = str(error) if isinstance(error, tomllib.TOMLDecodeError) else type(error).__name__
        raise UserError([Problem(f"The council's file could not be read: {reason}.", file=file.name)]) from None
    logo = file.parent / str(given["logo"]) if given.get("logo") else None
    problems = [Problem(message, file=file.name) for message in _problems(given, logo)]
    if problems:
        raise UserError(problems)
    return Council(
        name=str(given.get("name", "")),
        logo=logo,
        sections=tuple(str(name) for name in given.get("sections", ())),
        invented=bool(given.get("invented", False)),
        published_as=str(given.get("published_as", "")),
        region=str(given.get("region", "")),
    )


def _problems(given: dict[str, object], logo: Path | None) -> list[str]:
    found = []
    for key, value in given.items():
        if key not in _KINDS:
            found.append(f"'{key}' is not known here.{nearest(key, tuple(_KINDS))}")
        elif not isinstance(value, _KINDS[key]):
            found.append(f"'{key}' must be {_MEANT[_KINDS[key]]}.")
    sections = given.get("sections")
    if isinstance(sections, list):
        found.extend(unknown_sections([str(name) for name in sections]))
    if logo is not None and (logo.suffix.lower() not in _LOGOS or not logo.is_file()):
        found.append(f"The logo '{logo.name}' must be a PNG, JPEG or SVG file beside this file.")
    return found


#: Every section of the annex, in its order.
SECTIONS = (
    "summary",
    "children",
    "profile",
    "flows",
    "homes",
    "stability",
    "forecast",
    "gaps",
    "plans",
    "spend",
    "assumptions",
    "method",
    "quality",
    "provenance",
)


def unknown_sections(names: list[str]) -> list[str]:
    """A sentence for each name that is no section of the annex."""
    return [
        f"'{name}' is not a section of the annex.{nearest(name, SECTIONS)}" for name in names if name not in SECTIONS
    ]
