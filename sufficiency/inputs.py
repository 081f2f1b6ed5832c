"""What a run was asked for and given, read and checked: every problem of tables, plans and options told at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from sufficiency.codes import read_codes
from sufficiency.errors import Problem, UserError, gathering
from sufficiency.folder import BASELINE, fingerprint_of
from sufficiency.provenance import input_hashes
from sufficiency.report import Council, read_council
from sufficiency.returns import Returns, read_returns
from sufficiency.scenario import Scenario, read_scenario, zero_effect_arms
from sufficiency.simulation.engines import EngineName
from sufficiency.simulation.replications import DEFAULT_REPLICATIONS, DEFAULT_SEED, DEFAULT_YEARS
from sufficiency.tables import Comparators, CouncilTables, read_comparators, read_council_tables, with_illustrative

_COUNCIL_FILE = "council.toml"
#: The folder's name is not used: it may say more than the annex should.
_UNNAMED = "The authority"
DEFAULT_PLANS = ("edge-of-care",)
#: Options that change no result and are not told: who runs it again takes others.
_NOT_TOLD = ("progress", "out", "engine", "cluster", "at_once")


PrecisionOf = Literal["children", "spend", "children-difference", "spend-difference"]


@dataclass(frozen=True)
class Options:
    """What a run was asked for; see the command's help for each."""

    scenarios: tuple[str, ...] = ()
    zero_effect: bool = False
    tables: Path | None = None
    comparators: Path | None = None
    origin: str | None = None
    years: int = DEFAULT_YEARS
    replications: int = DEFAULT_REPLICATIONS
    precision: float | None = None
    precision_of: PrecisionOf = "children"
    seed: int = DEFAULT_SEED
    engine: EngineName = "compiled"
    workers: int | None = None
    cluster: str | None = None
    codes: Path | None = None
    authority: str | None = None
    at_once: int = 1
    until: str | None = None
    council: Path | None = None
    illustrative: bool = False
    strict: bool = False
    report: bool = True
    out: Path | None = None
    overwrite: bool = False
    progress: bool = False


@dataclass(frozen=True)
class Inputs:
    """Everything a run was given, read and checked."""

    returns: Returns
    plans: list[Scenario]
    tables: CouncilTables
    comparators: Comparators | None
    council: Council
    hashes: Mapping[str, str]
    fingerprint: str


def read_inputs(asked: Options, given: Path, read: Returns | None = None) -> Inputs:
    """Read everything; the tables' and plans' problems are told before the returns are read.

    Parameters
    ----------
    read
        The returns of the authority asked for, where they are read already.
    """
    council_path = asked.council or _beside(given, _COUNCIL_FILE)
    council = read_council(council_path) if council_path else Council()
    plans, tables, comparators = _read_plans(asked, given, council)
    read = read or read_returns(
        given, codes=read_codes(asked.codes), strict=asked.strict, authority=asked.authority, until=asked.until
    )
    extra = [*tables.paths, *(path for path in (asked.codes, council_path) if path is not None)]
    extra += comparators.paths if comparators else []
    named = council if council.name else replace(council, name=asked.authority or _UNNAMED)
    deciding: list[object] = [asked.origin, asked.years, asked.replications, asked.seed, asked.authority, asked.until]
    deciding += [asked.precision, asked.precision_of] if asked.precision else []
    deciding += ["illustrative"] if asked.illustrative else []
    hashes = input_hashes([*read.paths, *extra])
    return Inputs(read, plans, tables, comparators, named, hashes, fingerprint_of(hashes, plans, deciding))


def _compared(asked: Options, council: Council) -> Comparators | None:
    """Published figures of the authority, where a folder of them is given."""
    if asked.comparators is None:
        return None
    name = asked.authority or council.published_as or council.name
    if not name:
        told = "--comparators needs the authority's name as published"
        raise UserError([f"{told}: give --authority, or a council.toml with name or published_as."])
    return read_comparators(asked.comparators, name, council.region)


def _beside(given: Path, name: str) -> Path | None:
    """A file with the returns, or in the folder above them."""
    folder = given if given.is_dir() else given.parent
    return next((path for path in (folder / name, folder.parent / name) if path.is_file()), None)


def _read_tables(asked: Options, given: Path) -> CouncilTables:
    """The council's tables, with shipped prices where it has none and asks for them."""
    codes = read_codes(asked.codes)
    tables = read_council_tables(given, asked.tables, codes)
    return replace(tables, prices=with_illustrative(tables.prices, codes)) if asked.illustrative else tables


def _read_plans(
    asked: Options, given: Path, council: Council
) -> tuple[list[Scenario], CouncilTables, Comparators | None]:
    """The baseline and the plans, and the council's tables, with the problems of all of them told at once."""
    problems: list[Problem] = []
    plans: list[Scenario] = []
    for name in dict.fromkeys((BASELINE, *(asked.scenarios or DEFAULT_PLANS))):
        with gathering(problems):
            plan = read_scenario(name)
            plans += [plan, *(zero_effect_arms(plan) if asked.zero_effect else ())]
    tables, comparators = CouncilTables(), None
    with gathering(problems):
        tables = _read_tables(asked, given)
    with gathering(problems):
        comparators = _compared(asked, council)
    problems += _precision_problems(asked, priced=tables.prices is not None or bool(problems))
    if tables.population is None and not problems:
        problems += [problem for plan in plans for problem in plan.unknown_population()]
    twice = {plan.name for plan in plans if sum(other.name == plan.name for other in plans) > 1}
    problems += [
        Problem(f"Two scenarios are called '{name}'; give their files different names.") for name in sorted(twice)
    ]
    if problems:
        raise UserError(problems)
    return plans, tables, comparators


def _precision_problems(asked: Options, *, priced: bool) -> list[Problem]:
    found = []
    if asked.precision and asked.precision_of.startswith("spend") and not priced:
        found.append("--precision-of spend needs prices: give prices.csv, or watch children instead.")
    if not asked.precision and asked.precision_of != "children":
        found.append("--precision-of needs --precision: say to within how many £ million spend is wanted.")
    return [Problem(message) for message in found]


def options_text(asked: Options) -> dict[str, object]:
    """The options as asked, paths by their base name only."""
    shown = {name: getattr(asked, name) for name in Options.__dataclass_fields__ if name not in _NOT_TOLD}
    return {name: value.name if isinstance(value, Path) else value for name, value in shown.items()}
