"""The page of known answers: ``docs/validation/simulation.md``.

It is made by ``python -m sufficiency.trials.known_page docs/validation/simulation.md`` and needs Ciw.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from sufficiency.simulation.engines import EngineName
from sufficiency.trials import exact
from sufficiency.trials.known_answers import CASES, LOSS_LOAD, PLACES, WAIT_LOAD, Case, Check

COMMAND = "python -m sufficiency.trials.known_page docs/validation/simulation.md"
#: The reference engine takes some fifty times as long, and runs so many times fewer.
FEWER = 50
_STAYS = (30, 120, 480)

INTRODUCTION = f"""\
# The simulation, held against answers known apart from it

Both engines are run on worlds simple enough for the exact answer to be written down by other means:
transition matrices applied day by day, and the formulae of queues that they tend to. The last case has no
formula: there the answer is the mean of as many runs in Ciw, a library of other authors
(<https://ciw.readthedocs.io>), with its own standard error.

Each row is a mean over replications. *z* is its difference from the answer in standard errors: if the engine
is right, two rows in three lie within 1 of nought, nineteen in twenty within 2, and hardly any beyond 3.
The rows of one case share their replications and so their luck. The tests (`tests/test_simulation_known.py`)
fail where any row lies beyond 4.

This page is made by `{COMMAND}`.
"""

CONVENTIONS = """\
## Days, and the formulae for continuous time

The model counts whole days: leavers go before newcomers, and a place given back is free on the same day. The
exact answers above are of that daily chain. Erlang's formulae are for continuous time, and the chain tends to
them as stays grow long beside a day (load: arrivals a day times mean days of stay).
"""


def write_page(path: str | Path = "docs/validation/simulation.md") -> None:
    """Run every case with both engines and write the page."""
    blocks = [INTRODUCTION, *_cases(), CONVENTIONS, _limits()]
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(blocks), encoding="utf-8", newline="\n")


def _cases() -> list[str]:
    found = [(_run("compiled", case, runs), _run("reference", case, _fewer(runs)), runs) for case, runs in CASES]
    every = [check for compiled, reference, _ in found for check in (*compiled, *reference)]
    worst = max(abs(check.z) for check in every)
    within = sum(abs(check.z) <= 2 for check in every) / len(every)  # noqa: PLR2004
    summary = f"Of {len(every)} rows, {within:.0%} lie within 2 standard errors; the furthest is {worst:.1f} away.\n"
    return [summary, *(block for each in found for block in _tables(*each))]


def _fewer(replications: int) -> int:
    return max(replications // FEWER, 8)


def _run(name: EngineName, case: Case, replications: int) -> list[Check]:
    return case(name, replications)


def _tables(compiled: list[Check], reference: list[Check], replications: int) -> list[str]:
    blocks = []
    other = {check.quantity: check for check in reference}
    for title, checks in groupby(compiled, key=lambda check: check.case):
        rows = [_row(check, other.get(check.quantity)) for check in checks]
        heading = ("", "Answer", "Compiled", "z", "Reference", "z")
        runs = (
            f"{replications:,} replications of the compiled engine, {_fewer(replications):,} of the reference engine.\n"
        )
        blocks += [f"## {title}\n", runs, table(heading, rows)]
    return blocks


def _row(check: Check, other: Check | None) -> tuple[str, ...]:
    plain = (check.quantity, f"{check.answer:.5g}", f"{check.simulated:.5g}", f"{check.z:+.1f}")
    # Where a row is too rare for the fewer replications, it is left blank.
    return (*plain, "", "") if other is None else (*plain, f"{other.simulated:.5g}", f"{other.z:+.1f}")


def _limits() -> str:
    rows = []
    for stay in _STAYS:
        days, hazard = 60 * stay, 1.0 / stay
        lost = exact.queue(PLACES, LOSS_LOAD / stay, hazard, days, waiting_room=0).refused[-1] * stay / LOSS_LOAD
        waiting = exact.queue(PLACES, WAIT_LOAD / stay, hazard, days, waiting_room=150).waiting[-1]
        rows.append((f"daily chain, hazard 1/{stay} a day", f"{lost:.4f}", f"{waiting:.4f}"))
    queued = exact.erlang_c(PLACES, WAIT_LOAD) * WAIT_LOAD / (PLACES - WAIT_LOAD)
    rows.append(("Erlang’s formulae", f"{exact.erlang_b(PLACES, LOSS_LOAD):.4f}", f"{queued:.4f}"))
    lost_of = f"Share turned away, {PLACES} places, load {LOSS_LOAD:g}"
    return table(("", lost_of, f"Mean number waiting, {PLACES} places, load {WAIT_LOAD:g}"), rows)


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown: words to the left, numbers to the right."""
    lines = [heading, ("---", *("---:",) * (len(heading) - 1)), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    write_page(*sys.argv[1:2])
