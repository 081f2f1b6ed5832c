"""The field's codes as tables: SSDA903 code sets, settings, and which code means which setting.

Nothing else in the package knows a placement code. A council that counts differently edits
``code_tables/placements.csv`` (``--codes FILE``) and every stage follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from io import StringIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency.errors import Problem, UserError, shown

TYPES = (
    "kinship",
    "fostering",
    "home",
    "residential_school",
    "supported_accommodation",
    "placed_with_parents",
    "placed_for_adoption",
    "secure",
    "other",
)
EXIT_REASONS = (
    "returned_home",
    "adopted",
    "special_guardianship",
    "other_order",
    "independent_living",
    "transferred",
    "other",
)
AGED_OUT = "aged_out"
MOVE_PREFIX = "to_"
#: Competing causes in the one written order in which hazards are summed (model §6).
CAUSES = tuple(MOVE_PREFIX + name for name in TYPES) + EXIT_REASONS

#: Lower edges, in years, of the reported age bands and of the finer ones that hazards use.
AGE_EDGES = (0, 1, 5, 10, 16, 18)
AGE_BANDS = ("0", "1 to 4", "5 to 9", "10 to 15", "16 to 17", "18 to 20")
HAZARD_AGE_EDGES = (0, 1, 5, 10, 16, 17)
HAZARD_AGES = ("0", "1 to 4", "5 to 9", "10 to 15", "16", "17")
#: Reported age band of each hazard age band.
REPORTED_AGE = (0, 1, 2, 3, 4, 4)

#: Lower edges, in days, of the duration bands (model §1).
DURATION_EDGES = (0, 28, 90, 365, 730, 1460)
DURATION_BANDS = ("0 to 27", "28 to 89", "90 to 364", "365 to 729", "730 to 1,459", "1,460 and over")

TEMPORARY = "temporary"
SHORT_BREAKS = ("V3", "V4")
#: Exits this close to the 18th birthday are ageing out, never a hazard event (model §2).
AGED_OUT_WINDOW_DAYS = 7


def _shipped_table(name: str) -> pd.DataFrame:
    text = files("sufficiency").joinpath("code_tables", name).read_text(encoding="utf-8")
    return pd.read_csv(StringIO(text), dtype=str, keep_default_na=False)


@dataclass(frozen=True, eq=False)
class Codes:
    """Settings, the placement codes behind them, and every SSDA903 code set; equal only to itself.

    Attributes
    ----------
    settings
        One row per setting in reporting order: setting, type, provider (in_house, external or
        blank), in_care, limited (bool), exit_clock (care, placement or blank), after_18 (setting of a
        young person who stays on after 18, or blank), label, short_label, meaning.
    placements
        First matching row wins: place, provider (``*`` is any), age_from, age_to, year_from,
        year_to (collection year = calendar year in which the return's year ends), setting.
    sets
        column, code, meaning, group, year_from, year_to.
    """

    settings: pd.DataFrame
    placements: pd.DataFrame
    sets: pd.DataFrame

    @cached_property
    def in_care(self) -> tuple[str, ...]:
        """Settings that count as being in care, in reporting order."""
        return tuple(self.settings.loc[self.settings["in_care"], "setting"])

    @cached_property
    def all_settings(self) -> tuple[str, ...]:
        """Every setting, those after 18 last."""
        return tuple(self.settings["setting"])

    @cached_property
    def after_18(self) -> tuple[int, ...]:
        """For each setting in care, the place in :attr:`all_settings` of staying put after it; -1 for none."""
        names = self.all_settings
        after = self.settings.loc[self.settings["in_care"], "after_18"]
        return tuple(names.index(name) if name else -1 for name in after)

    def label(self, setting: str) -> str:
        """The setting's name as a councillor reads it."""
        return str(self._column("label").get(setting, setting))

    def type_of(self, setting: str) -> str:
        """The type (kind of placement) that a setting belongs to."""
        return str(self._column("type")[setting])

    def settings_of(self, kind: str) -> tuple[str, ...]:
        """The settings of a type: in-house first, then external."""
        return self._of_type.get(kind, ())

    @cached_property
    def _of_type(self) -> dict[str, tuple[str, ...]]:
        table = self.settings[self.settings["in_care"]]
        in_house_first = table["provider"].map({"in_house": 0}).fillna(1)
        ordered = table.assign(order=in_house_first).sort_values("order", kind="stable")
        return {str(kind): tuple(own["setting"]) for kind, own in ordered.groupby("type")}

    def group(self, column: str) -> pd.Series:
        """Code → group (ethnic group, legal group, exit reason, provider group) of one column."""
        table = self.sets[self.sets["column"] == column]
        return table.set_index("code")["group"]

    def known(self, column: str) -> frozenset[str]:
        """All codes that a column may hold in any year."""
        if column == "PLACE":
            return frozenset(self.placements["place"])
        return frozenset(self.sets.loc[self.sets["column"] == column, "code"])

    def setting_of(
        self,
        place: pd.Series,
        provider: pd.Series,
        age: npt.NDArray[np.int64],
    ) -> pd.Series:
        """Setting of each episode by place, provider and age; ``NA`` where no row matches.

        The collection year is not asked: codes of different years do not clash, and a code used
        out of its year is a finding of the checks, not a reason to lose the child.
        """
        out = pd.Series(pd.NA, index=place.index, dtype="object")
        for row in self.placements[::-1].to_dict("records"):
            hit = (place == row["place"]) & (age >= int(row["age_from"])) & (age <= int(row["age_to"]))
            if row["provider"] != "*":
                hit &= provider == row["provider"]
            out[hit] = row["setting"]
        return out

    def _column(self, name: str) -> pd.Series:
        return self.settings.set_index("setting")[name]


def _typed_settings(table: pd.DataFrame) -> pd.DataFrame:
    flags = {name: table[name] == "1" for name in ("in_care", "limited")}
    return table.assign(**flags)


def read_codes(path: Path | None = None) -> Codes:
    """The shipped code tables, or the same with an edited settings table.

    Parameters
    ----------
    path
        A CSV with the columns of ``code_tables/placements.csv``; None takes the shipped one.

    Raises
    ------
    UserError
        With every wrong row: unknown setting, ages or years that are not numbers, columns missing.
    """
    shipped = _shipped_codes()
    if path is None:
        return shipped
    return Codes(shipped.settings, _edited_placements(path, shipped), shipped.sets)


def _edited_placements(path: Path, shipped: Codes) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        problem = Problem(f"The codes table could not be read: {type(error).__name__}.", file=path.name)
        raise UserError([problem]) from None
    wanted = list(shipped.placements.columns.drop("note"))
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        raise UserError([Problem(f"The codes table has no column {', '.join(missing)}.", file=path.name)])
    problems = []
    valid = set(shipped.in_care) | {TEMPORARY}
    for number, row in enumerate(table.to_dict("records"), start=2):
        if row["setting"] not in valid:
            message = f"{shown(row['setting'])} is not a setting; use one of {', '.join(sorted(valid))}."
            problems.append(Problem(message, path.name, number, "setting"))
        problems.extend(
            Problem(f"{shown(row[column])} is not a whole number.", path.name, number, column)
            for column in ("age_from", "age_to", "year_from", "year_to")
            if not str(row[column]).isdigit()
        )
    if problems:
        raise UserError(problems)
    return table


@cache
def _shipped_codes() -> Codes:
    return Codes(
        settings=_typed_settings(_shipped_table("settings.csv")),
        placements=_shipped_table("placements.csv"),
        sets=_shipped_table("codes.csv"),
    )
