"""One search for the least change that meets a target, from returns to a page and a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sufficiency import dates
from sufficiency.codes import read_codes
from sufficiency.errors import Problem, UserError, gathering
from sufficiency.folder import default_folder, fingerprint_of, prepare_folder, write
from sufficiency.history import History, build_history
from sufficiency.plan import Means, estimate_means
from sufficiency.plan.knobs import Knob, read_knob
from sufficiency.plan.solve import Confirmed, Solved, solve
from sufficiency.plan.targets import Target, read_targets
from sufficiency.provenance import input_hashes, shipped, versions, write_manifest
from sufficiency.returns import read_returns
from sufficiency.scenario import Scenario, read_scenario
from sufficiency.tables import CouncilTables, read_council_tables

PAGE, TABLE = "solve.txt", "solve.csv"
_YEARS = 10
_MONTHS = 12


@dataclass(frozen=True)
class SolveOptions:
    """What a search was asked for; see the command's help for each."""

    levers: tuple[str, ...]
    targets: tuple[str, ...]
    scenario: str = "baseline"
    ranges: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    costs: tuple[str, ...] = ()
    replications: int = 200
    seed: int = 2026
    workers: int | None = None
    tables: Path | None = None
    codes: Path | None = None
    authority: str | None = None
    origin: str | None = None
    until: str | None = None
    strict: bool = False
    out: Path | None = None
    overwrite: bool = False


@dataclass(frozen=True)
class Answer:
    """A finished search and where it was written."""

    folder: Path
    solved: Solved

    def __repr__(self) -> str:
        return f"Answer({self.folder.name}: {self.solved!r})"

    def lines(self) -> list[str]:
        """What came out, for whoever started it."""
        inside = self.folder / "internal"
        return [*answer_lines(self.solved), f"Every value tried: {inside / TABLE}; this text: {inside / PAGE}"]


def run_solve(returns: Path | str | None, asked: SolveOptions) -> Answer:
    """Find the least change that meets the targets, confirm it, and write a text and a table.

    Parameters
    ----------
    returns
        Folder or file of SSDA903 returns; None takes the invented example authority.

    Raises
    ------
    UserError
        With every lever, range, target, table or scenario that is wrong.
    """
    given = Path(returns) if returns is not None else shipped("example") / "returns"
    codes = read_codes(asked.codes)
    knobs, targets, plan, tables = list[Knob](), list[Target](), None, CouncilTables()
    problems: list[Problem] = []
    with gathering(problems):
        knobs = read_knobs(asked)
    with gathering(problems):
        targets = read_targets(asked.targets, codes)
    with gathering(problems):
        plan = read_scenario(asked.scenario)
    with gathering(problems):
        tables = read_council_tables(given, asked.tables, codes)
    if problems or plan is None:
        raise UserError(problems)
    read = read_returns(given, codes=codes, strict=asked.strict, authority=asked.authority, until=asked.until)
    history = build_history(read, origin=asked.origin)
    hashes = input_hashes([*read.paths, *tables.paths, *([asked.codes] if asked.codes else [])])
    deciding: list[object] = [asked.levers, asked.targets, asked.ranges, asked.steps, asked.costs, asked.replications]
    deciding += ["solve", asked.seed, asked.authority, asked.origin, asked.until]
    fingerprint = fingerprint_of(hashes, [plan], deciding)
    folder = prepare_folder(asked.out or default_folder(given, "-solve"), fingerprint, overwrite=asked.overwrite)
    solved = solve(
        _means(history, tables, targets, asked.workers),
        knobs,
        targets,
        plan=plan,
        replications=asked.replications,
        seed=asked.seed,
    )
    _write(folder, solved, _manifest(asked, plan, hashes, fingerprint))
    return Answer(folder, solved)


def read_knobs(asked: SolveOptions) -> list[Knob]:
    """The levers searched over, with the ranges, steps and costs that were given for them.

    Raises
    ------
    UserError
        With every one that is wrong.
    """
    problems: list[Problem] = []
    found: dict[str, Mapping[str, str]] = {}
    for option, given in (("--range", asked.ranges), ("--step", asked.steps), ("--cost", asked.costs)):
        with gathering(problems):
            found[option] = _named(option, given, asked.levers)
    knobs: list[Knob] = []
    for name in dict.fromkeys(asked.levers):
        with gathering(problems):
            ends = [_number("--range", part) for part in found.get("--range", {}).get(name, "").split(":") if part]
            step, price = (found.get(option, {}).get(name) for option in ("--step", "--cost"))
            if len(ends) not in {0, 2}:
                raise UserError([f"--range {name}: write it as {name}=0:40."])
            low, high = ends or (None, None)
            knobs.append(
                read_knob(
                    name,
                    low=low,
                    high=high,
                    step=_number("--step", step) if step else None,
                    price=_number("--cost", price) if price else 0.0,
                )
            )
    if problems:
        raise UserError(problems)
    return knobs


def _named(option: str, given: Sequence[str], levers: Sequence[str]) -> dict[str, str]:
    """What an option says of each lever: ``LEVER.PARAMETER=…``, or the bare value where there is one lever."""
    found, problems = {}, []
    for text in given:
        name, sign, value = text.rpartition("=")
        if not sign and len(levers) == 1:
            name, value = levers[0], text
        if name not in levers:
            problems.append(f"{option} {text}: begin with a lever that is searched, as {option} {levers[0]}=….")
        found[name] = value
    if problems:
        raise UserError(problems)
    return found


def _number(option: str, text: str) -> float:
    try:
        return float(text.replace(",", "").replace("_", ""))
    except ValueError:
        raise UserError([f"{option}: '{text}' is no number."]) from None


def _means(history: History, tables: CouncilTables, targets: Sequence[Target], workers: int | None) -> Means:
    """What is estimated once: entrants as far ahead as the targets ask."""
    first = history.origin + 1
    months = [target.output.month for target in targets if target.output.month is not None]
    ahead = max(months, default=0) - int(dates.month_index(first)) + 1
    years = min(max(-(-ahead // _MONTHS), 1), _YEARS) if months else 5
    return estimate_means(history, tables, years=years, both_forms=False, workers=workers)


def _write(folder: Path, solved: Solved, manifest: dict[str, object]) -> None:
    write(folder, PAGE, "\n".join(answer_lines(solved)) + "\n")
    write(folder, TABLE, solved.tried.to_csv(index=False, lineterminator="\n"))
    write_manifest(folder, manifest)


def _manifest(asked: SolveOptions, plan: Scenario, hashes: Mapping[str, str], fingerprint: str) -> dict[str, object]:
    return {
        "title": "The least change that meets a target",
        "created": datetime.now().astimezone().isoformat(timespec="seconds"),
        "levers": list(asked.levers),
        "targets": list(asked.targets),
        "scenario": plan.name,
        "scenario_text": plan.text,
        "ranges": list(asked.ranges),
        "steps": list(asked.steps),
        "costs": list(asked.costs),
        "replications": asked.replications,
        "seed": asked.seed,
        "inputs": hashes,
        "versions": versions(),
        "fingerprint": fingerprint,
        "status": "complete",
    }


def answer_lines(solved: Solved) -> list[str]:
    """An answer in sentences."""
    wanted = " and ".join(str(target) for target in solved.targets)
    names = ", ".join(knob.name for knob in solved.knobs)
    if solved.values is None:
        ranges = ", ".join(f"{knob.name} from {knob.low:g} to {knob.high:g}" for knob in solved.knobs)
        best = solved.tried.filter(like="share met").max()
        told = "; ".join(
            f"{str(name).removeprefix('share met of ')}: at most {share:.0%}" for name, share in best.items()
        )
        return [
            f"No value in range meets the target, of the {len(solved.tried)} tried ({ranges}).",
            f"Share of replications in which it is met: {told}.",
        ]
    if solved.already:
        return [f"The target is met without any change: {wanted}.", *_confirmation(solved)]
    told = ", ".join(f"{knob.name} = {value:g}" for knob, value in zip(solved.knobs, solved.values, strict=True))
    kind = "The least change" if len(solved.knobs) == 1 else "The cheapest mix found"
    return [f"{kind} of {names} that meets {wanted}:", f"  {told}", *_confirmation(solved)]


def _confirmation(solved: Solved) -> list[str]:
    lines = []
    named: Mapping[str, Confirmed | None] = {"With that": solved.answer, "With one step less": solved.less}
    for what, one in named.items():
        if one is None:
            continue
        values = ", ".join(f"{value:g}" for value in one.values)
        shares = ", ".join(f"{share:.1%} ± {error:.1%}" for share, error in zip(one.shares, one.errors, strict=True))
        verdict = "met" if one.met else "not met"
        lines.append(
            f"{what} ({values}), {one.replications:,} runs with luck of their own: {shares} of them; {verdict}."
        )
    answer = solved.answer
    if answer is not None and len(solved.knobs) > 1:
        lines.append(f"Mean cost in these runs: £{answer.cost:,.0f}.")
    if answer is not None and not answer.met:
        lines.append("The answer lies within the chance of one run: take one or two steps more to be sure.")
    elif answer is not None and answer.near:
        lines.append("The share is within two standard errors of what was asked for: chance alone may have met it.")
    if solved.less is not None and solved.less.met:
        lines.append(
            "One step less meets it too in these runs: with so many replications the two cannot be told apart."
        )
    return lines
