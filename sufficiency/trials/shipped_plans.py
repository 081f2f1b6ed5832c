"""The shipped plans on the example authority: what they change, and the answers that a back-test expects.

``python -m sufficiency.trials.shipped_plans`` makes ``docs/scenarios.md`` and
``tests/expected/shipped-plans.csv`` again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from sufficiency.costs import cost
from sufficiency.forecast import forecast_entrants
from sufficiency.history import build_history
from sufficiency.provenance import shipped
from sufficiency.rates import estimate_rates
from sufficiency.returns import read_returns
from sufficiency.scenario import Scenario, read_scenario, scenario_files
from sufficiency.simulation import Outcome, match_places, supply_of
from sufficiency.simulation.replications import DEFAULT_SEED, simulate_plans
from sufficiency.tables import CouncilTables, read_council_tables

Floats = npt.NDArray[np.float64]

COMMAND = "python -m sufficiency.trials.shipped_plans"
PAGE, ANSWERS = Path("docs/scenarios.md"), Path("tests/expected/shipped-plans.csv")
REPLICATIONS, YEARS = 40, 5
BASELINE = "baseline"
COLUMNS = ("plan", "measure", "mean", "difference", "standard_error")

#: Children at the end of the horizon by setting; blank: all in care.
_AT_THE_END = {
    "children in care": "",
    "in kinship care": "kinship_fostering",
    "in in-house fostering": "in_house_fostering",
    "in agency fostering": "agency_fostering",
    "in in-house homes": "in_house_home",
    "in external homes": "external_home",
    "in supported accommodation": "supported_accommodation",
}
_SEEKING, _STAYING = "seeking asylum", "staying put"
_EVENTS = {"first entries": "entry", "returns to care": "re_entry", "exits": "exit", "moves": "move"}
_UNMET, _POUNDS = "first choices not met", "£ million"
MEASURES = (*_AT_THE_END, _SEEKING, _STAYING, *_EVENTS, _UNMET, _POUNDS)
#: Shown on the page, with the heading of the column.
_SHOWN = {
    "children in care": "in care",
    "in in-house fostering": "in-house fostering",
    "in agency fostering": "agency fostering",
    "in external homes": "external homes",
    _STAYING: "staying put",
    "moves": "moves",
    _POUNDS: "£ million",
}
_MILLION = 1e6
_RATES = "# rates "

INTRODUCTION = """\
# The plans that come with the toolkit

Each is a short text file in [scenarios/](../scenarios), dated in months after the last day of data, so that it
works on any council's returns. `sufficiency scenario show NAME` shows one, `sufficiency run RETURNS --scenario
NAME` runs it beside the baseline. Their sizes are illustrations: copy one (or begin with `sufficiency scenario new
NAME --lever LEVER`) and write down your own. What each lever does and how good the evidence is: [levers](levers.md).
What is said of mistakes: [mistakes](scenario-mistakes.md).

A plan is a TOML file:

- `based_on` names the plan whose levers and investment it takes over; a lever given again replaces that of the
  other plan.
- `starts` is its first month after the origin, or a date. Each lever may have a start, a ramp and a length of its own.
- `[levers.NAME]` is a lever; `[[levers.NAME]]`, several times, is more than one of the same kind.
- `[[investment]]` is what it costs beside placements, by the year or once.

Where the evidence for a lever is weak, `sufficiency run --zero-effect` runs the plan once more with that lever having
no effect, its cost still paid; in a notebook that is `read_scenario(NAME).without(LEVER)`.

`sufficiency scenario new NAME --schema` writes a JSON Schema beside the file, and names it in the first line: editors
that know TOML then complete and check what is written. It needs no network.
"""
EXPLAINED = f"""\
## What they change on the example authority

Plan less baseline, mean of {REPLICATIONS} replications with shared luck, ± one standard error. Children are at the end
of {YEARS} years; moves and money are of all {YEARS} years. Money is net: placements, fixed costs and investment less
income, at the example's invented prices. The baseline's own numbers are in the first row. Plans that begin late, or
whose effect comes slowly, show little yet after {YEARS} years. What a plan costs beside placements is an illustration
throughout, so that whether one pays is not to be read here.
"""


@dataclass(frozen=True, eq=False)
class Answers:
    """What shipped plans give on the example authority.

    Attributes
    ----------
    measured
        By plan and measure, one number a replication.
    rates
        Fingerprint of the estimated hazards. Their last bits come from the processor's own linear algebra; where
        they are the same, every answer must be, and where they are not a child's day may differ here or there.
    """

    measured: Mapping[str, dict[str, Floats]]
    rates: str

    def __repr__(self) -> str:
        return f"Answers({len(self.measured)} plans, rates {self.rates})"

    @property
    def table(self) -> pd.DataFrame:
        """Means, and differences from the baseline with their standard errors: :data:`COLUMNS`."""
        rows = [row for name, own in self.measured.items() for row in _rows(name, own, self.measured[BASELINE])]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def write(self, path: Path) -> None:
        """Keep them, with the fingerprint in the first line."""
        path.parent.mkdir(parents=True, exist_ok=True)
        text = self.table.to_csv(index=False, lineterminator="\n")
        path.write_text(f"{_RATES}{self.rates}\n{text}", encoding="utf-8", newline="\n")


def stored(path: Path) -> tuple[pd.DataFrame, str]:
    """Answers kept before, and the fingerprint of their rates."""
    first, _, text = path.read_text(encoding="utf-8").partition("\n")
    return pd.read_csv(StringIO(text)), first.removeprefix(_RATES)


def example_answers(plans: Iterable[Scenario | str] = (), replications: int = REPLICATIONS) -> Answers:
    """Simulate plans on the example authority with its own council tables.

    Parameters
    ----------
    plans
        All shipped ones where none is given. The baseline always comes first.
    """
    folder = shipped("example")
    history = build_history(read_returns(folder / "returns"))
    tables = read_council_tables(folder / "returns", folder / "tables", codes=history.codes)
    rates = estimate_rates(history)
    forecast = forecast_entrants(history, months=12 * YEARS, evaluate=False, children=tables.population)
    supply = supply_of(history, tables.capacity, tables.staying_put)
    matched = match_places(history, supply, rates=rates, forecast=forecast, both_forms=False)
    outcomes = simulate_plans(
        history,
        [BASELINE, *(plan for plan in plans or scenario_files() if plan != BASELINE)],
        replications=replications,
        years=YEARS,
        seed=DEFAULT_SEED,
        rates=rates,
        forecast=forecast,
        matched=matched,
        workers=1,
        journeys=0,
    )
    found = {outcome.scenario.name: measures(outcome, tables) for outcome in outcomes}
    hazards = rates.hazards
    estimated = b"".join(part.tobytes() for part in (hazards.shape, hazards.rate, hazards.apart, hazards.shared))
    return Answers(found, sha256(estimated).hexdigest()[:12])


def measures(outcome: Outcome, tables: CouncilTables) -> dict[str, Floats]:
    """Every measure, one number a replication."""
    stock, flows, in_care = outcome.stock, outcome.flows, outcome.codes.in_care
    end = stock[stock["month_end"] == stock["month_end"].max()]
    caring = end["setting"].isin(in_care)
    found = {
        name: _sums(end[caring & end["setting"].isin([one] if one else in_care)], outcome)
        for name, one in _AT_THE_END.items()
    }
    found[_SEEKING] = _sums(end[caring & end["uasc"]], outcome)
    found[_STAYING] = _sums(end[~caring], outcome)
    found |= {name: _sums(flows[flows["event"] == event], outcome, "count") for name, event in _EVENTS.items()}
    found[_UNMET] = _sums(outcome.unmet, outcome)
    found[_POUNDS] = _sums(_spend(outcome, tables), outcome, "pounds") / _MILLION
    return found


def _spend(outcome: Outcome, tables: CouncilTables) -> pd.DataFrame:
    if tables.prices is None:
        msg = "the authority has no prices"
        raise ValueError(msg)
    return cost(outcome, tables.prices, fixed_costs=tables.fixed_costs, income=tables.income)


def _sums(table: pd.DataFrame, outcome: Outcome, value: str = "children") -> Floats:
    by_replication = table.groupby("replication")[value].sum()
    return by_replication.reindex(range(outcome.replications), fill_value=0).to_numpy(np.float64)


def _rows(plan: str, own: dict[str, Floats], base: dict[str, Floats]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for name in MEASURES:
        difference = own[name] - base[name]
        error = difference.std(ddof=1) / np.sqrt(len(difference))
        rows.append((plan, name, *(round(float(number), 6) for number in (own[name].mean(), difference.mean(), error))))
    return rows


def page(table: pd.DataFrame) -> str:
    """The page of shipped plans, from their answers."""
    return "\n".join([INTRODUCTION, *(_story(name) for name in table["plan"].unique()), EXPLAINED, _differences(table)])


def _story(name: str) -> str:
    plan = read_scenario(name)
    levers = "; ".join(dict.fromkeys(lever.title.lower() for lever in plan.levers)) or "none"
    lines = [f"## `{name}`", "", f"**{plan.about.title}.** {plan.about.question}", ""]
    return "\n".join([*lines, f"Levers: {levers}. Evidence: {plan.about.evidence}.", ""])


def _differences(table: pd.DataFrame) -> str:
    lines = ["| plan | " + " | ".join(_SHOWN.values()) + " |", "|---" * (len(_SHOWN) + 1) + "|"]
    wide = table.set_index(["plan", "measure"])
    for name in table["plan"].unique():
        cells = [_cell(wide.loc[(name, measure)], baseline=name == BASELINE) for measure in _SHOWN]
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", f"This page is made by `{COMMAND}`.", ""])


def _cell(row: pd.Series, *, baseline: bool) -> str:
    if baseline:
        return f"{row['mean']:,.1f}"
    # Nought has no sign.
    difference = round(float(row["difference"]), 1) + 0.0
    return f"{difference:+.1f} ± {row['standard_error']:.1f}".replace("-", "−")


if __name__ == "__main__":
    made = example_answers()
    made.write(ANSWERS)
    PAGE.write_text(page(made.table), encoding="utf-8", newline="\n")
