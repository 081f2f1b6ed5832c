"""Which structure of hazards predicts best, by the likelihood of a year held out: ``docs/validation/rates-choice.md``.

Made by ``python -m sufficiency.trials.rates_choice --out docs/validation/rates-choice.md --returns FOLDER``.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from sufficiency import dates
from sufficiency.codes import CAUSES, DURATION_EDGES, HAZARD_AGES, REPORTED_AGE, TYPES, read_codes
from sufficiency.draws import replication_key
from sufficiency.history import History, build_history
from sufficiency.provenance import shipped
from sufficiency.rates.effects import TERMS, Terms
from sufficiency.rates.exposure import Exposure, measure_exposure, observed
from sufficiency.rates.hazards import estimate_hazards
from sufficiency.returns import read_returns
from sufficiency.trials.known import read_world
from sufficiency.trials.known_page import table
from sufficiency.trials.round_trip import PRODUCT, UNEVEN, history_of, invented_quickly, uneven
from sufficiency.trials.round_trip_page import FIRST_SEED, bootstrap

Floats = npt.NDArray[np.float64]

COMMAND = "python -m sufficiency.trials.rates_choice --out docs/validation/rates-choice.md"
_YEAR = 365
#: Known worlds: times the example's size, which hazards, how many seeds.
WORLDS = ((0.09, PRODUCT, 12), (1.0, PRODUCT, 12), (1.0, UNEVEN, 12), (5.6, PRODUCT, 4))
#: Origins of real histories: so many years before their last day.
YEARS_BACK = (1, 2, 3)
_ONE_DURATION = (0,) * len(DURATION_EDGES)
_ALIKE = (0, 0)


@dataclass(frozen=True)
class Structure:
    """What hazards may depend on.

    Attributes
    ----------
    terms
        Of the log hazard.
    age, duration, uasc
        Level that each level is merged into.
    """

    terms: Terms = TERMS
    age: tuple[int, ...] = tuple(range(len(HAZARD_AGES)))
    duration: tuple[int, ...] = tuple(range(len(DURATION_EDGES)))
    uasc: tuple[int, ...] = (0, 1)

    def merged(self, cells: Floats) -> Floats:
        """Cells of shape (settings, ages, durations, 2, causes) added up to the structure's levels."""
        for axis, levels in enumerate((self.age, self.duration, self.uasc), start=1):
            parts = [
                np.take(cells, np.flatnonzero(np.equal(levels, to)), axis).sum(axis) for to in range(max(levels) + 1)
            ]
            cells = np.stack(parts, axis)
        return cells

    def spread(self, merged: Floats) -> Floats:
        """A value of each merged cell given to all cells that it stands for."""
        for axis, levels in enumerate((self.age, self.duration, self.uasc), start=1):
            merged = np.take(merged, levels, axis)
        return merged

    def posterior(self, exposure: Exposure) -> tuple[Floats, Floats]:
        """Posterior mean and shape of every cell."""
        less = replace(exposure, events=self.merged(exposure.events), child_days=self.merged(exposure.child_days))
        found = estimate_hazards(less, self.terms)
        return self.spread(found.mean), self.spread(found.shape)


@dataclass(frozen=True)
class Candidate:
    """A structure for moves and one for exits."""

    name: str
    moves: Structure = field(default_factory=Structure)
    exits: Structure = field(default_factory=Structure)


def _both(name: str, structure: Structure) -> Candidate:
    return Candidate(name, structure, structure)


_MAIN = TERMS[:4]
AS_IT_IS = Candidate("as it is")
CANDIDATES = (
    _both("setting, age, duration and UASC only", Structure(terms=_MAIN)),
    _both("setting × age too", Structure(terms=(*TERMS, ("setting", "age")))),
    _both("setting × age, not × duration", Structure(terms=(*_MAIN, ("setting", "age")))),
    _both("age × duration too", Structure(terms=(*TERMS, ("age", "duration")))),
    _both("setting × UASC too", Structure(terms=(*TERMS, ("setting", "uasc")))),
    _both("16 and 17 together (reported ages)", Structure(age=REPORTED_AGE)),
    _both("no age", Structure(age=(0,) * len(HAZARD_AGES))),
    _both("no UASC", Structure(uasc=_ALIKE)),
    Candidate("no time in the placement for moves", moves=Structure(duration=_ONE_DURATION)),
    Candidate("no time in care for exits", exits=Structure(duration=_ONE_DURATION)),
    _both("no durations", Structure(duration=_ONE_DURATION)),
)


def log_scores(events: Floats, mean: Floats, shape: Floats) -> Floats:
    """Log of the negative-binomial chance of each count, less what no candidate changes.

    Parameters
    ----------
    mean, shape
        Expected counts, and the shape of the gamma that their hazards have.
    """
    score = gammaln(events + shape) - gammaln(shape) - shape * np.log1p(mean / shape)
    return np.asarray(score + events * np.log(np.maximum(mean, 1e-300) / (shape + mean)))


def gains(known: Exposure, coming: Exposure, candidates: Sequence[Candidate] = CANDIDATES) -> dict[str, Floats]:
    """Log score of each cell over that of the hazards as they are, by candidate.

    Parameters
    ----------
    known, coming
        Before the origin, and in the year after it.
    """
    cache: dict[Structure, tuple[Floats, Floats]] = {}

    def scored(candidate: Candidate) -> Floats:
        parts = []
        for structure, causes in ((candidate.moves, slice(0, len(TYPES))), (candidate.exits, slice(len(TYPES), None))):
            if structure not in cache:
                cache[structure] = structure.posterior(known)
            mean, shape = (values[..., causes] for values in cache[structure])
            days = coming.child_days[..., causes]
            score = log_scores(coming.events[..., causes], days * mean, shape)
            parts.append(np.where(days > 0, score, 0.0))
        return np.concatenate(parts, axis=-1)

    base = scored(AS_IT_IS)
    return {candidate.name: scored(candidate) - base for candidate in candidates}


def split(history: History, origin: int) -> tuple[Exposure, Exposure]:
    """Exposure up to an origin, and in the year after it."""
    seen = observed(history)
    last = min(origin + _YEAR, history.origin)
    return measure_exposure(seen, last_day=origin), measure_exposure(seen, origin, last)


def known_world_gains(size: float, world: str, seeds: Sequence[int]) -> tuple[dict[str, Floats], Floats]:
    """Gain of each candidate, and the events scored, of one authority a seed: the last year held out."""
    found: dict[str, list[float]] = {candidate.name: [] for candidate in CANDIDATES}
    events = []
    for seed in seeds:
        given = read_world().steady().scaled(size).seeded(seed)
        hazards = given.hazards(read_codes())
        if world == UNEVEN:
            hazards = uneven(hazards, replication_key(seed, 1))
        history = history_of(invented_quickly(given, hazards))
        known, coming = split(history, history.origin - _YEAR)
        events.append(coming.events.sum())
        for name, gain in gains(known, coming).items():
            found[name].append(float(gain.sum()))
    return {name: np.array(values) for name, values in found.items()}, np.array(events)


def history_gains(history: History) -> tuple[dict[str, Floats], float]:
    """Gain of each candidate by cell, and the events scored, over the origins of one history."""
    found: dict[str, Floats] = {}
    events = 0.0
    for back in YEARS_BACK:
        known, coming = split(history, history.origin - back * _YEAR)
        events += float(coming.events.sum())
        for name, gain in gains(known, coming).items():
            found[name] = found.get(name, np.zeros(gain.shape)) + gain
    return found, events


def by_sex(history: History) -> Mapping[str, History]:
    """The placements of the children of each sex that the headers give."""
    sexes = history.placements["child"].map(history.children.set_index("child")["sex"])
    names = [str(name) for name in sorted(sexes.dropna().unique()) if str(name)]
    return {
        name: replace(history, placements=history.placements[sexes == name].reset_index(drop=True)) for name in names
    }


def sex_gains(history: History) -> tuple[Floats, float, dict[str, float]]:
    """What a factor on each cause by sex adds to the hazards as they are.

    Factors are gamma posteriors around 1 whose weight is found from the causes' events by sex.

    Returns
    -------
    gain by cause (log score, over the origins), events scored, weight of the prior by origin.
    """
    gain, events, weights = np.zeros(len(CAUSES)), 0.0, {}
    for back in YEARS_BACK:
        origin = history.origin - back * _YEAR
        mean = estimate_hazards(split(history, origin)[0]).mean
        parts = [split(own, origin) for own in by_sex(history).values()]
        seen, expected = _by_cause([part[0] for part in parts], mean)
        weight = _weight(seen, expected)
        weights[str(dates.as_date(origin))] = weight
        factor = (seen + weight) / (expected + weight)
        coming, foreseen = _by_cause([part[1] for part in parts], mean)
        gain += (coming * np.log(factor) - foreseen * (factor - 1)).sum(0)
        events += float(coming.sum())
    return gain, events, weights


def _by_cause(parts: Sequence[Exposure], mean: Floats) -> tuple[Floats, Floats]:
    """Events and expected events by sex and cause."""
    cells = (0, 1, 2, 3)
    seen = np.stack([part.events.sum(cells) for part in parts])
    return seen, np.stack([(part.child_days * mean).sum(cells) for part in parts])


def _weight(seen: Floats, expected: Floats) -> float:
    some = expected > 0

    def unlikely(log_weight: float) -> float:
        weight = np.full(int(some.sum()), np.exp(log_weight))
        return -float(log_scores(seen[some], expected[some], weight).sum())

    return float(np.exp(minimize_scalar(unlikely, bounds=(0.0, 10.0), method="bounded").x))


INTRODUCTION = f"""\
# What hazards should depend on, by held-out likelihood

Hazards are estimated from what was known at an origin, and the events of the year after it are scored, given the
child-days of that year: the log of the chance that the posterior gives to the events of each cell (negative binomial,
a gamma mixing Poisson counts). Below is what each other structure gains over the one in use, **in log score for 100
events**: above nought it predicts better. As a scale, a gain of 1 for 100 events makes a hundred events 2.7 times as
likely.

The structure in use: log hazard = setting + age (six bands) + duration (six bands, on the clock of the cause) + UASC +
setting × duration + a factor of each cell's own, all but the intercept shrunk by variances that the data give. Known
worlds hold out their seventh year; in brackets are 95 % bootstrap intervals over authorities. The example holds out
each of its last three years; its intervals are over cells, which are taken as independent.

This page is made by `{COMMAND}`, with `--returns FOLDER` for the last table's second row.
"""

READING = """\
**Reading it.** Time in the placement for moves, time in care for exits and age each earn their place by far, in the
worlds and in the example; so does UASC, but where an authority of about 30 children has too few events to tell.
Setting × age, age × duration and setting × UASC do not and are left out: the cells' own factor takes up what of them
there is. Setting × duration is a tie, within every interval; it is kept, because settings do differ so (supported
accommodation and placements with parents have durations of their own, in the worlds too). Ages 16 and 17 apart are a
tie as well, but for the smallest authorities, where one band is better by a little; they are kept, because independent
living and supported accommodation begin between them. The worlds are made mostly of products, so that an interaction
gains nothing here does not say that real children have none: a council's own returns can be asked in the same way.
"""

SEX = """\
## Sex

A factor on each cause by sex (its prior's weight found from the data), on top of the hazards in use, gains for 100
events:
"""

SEX_READING = """\
The generator draws sex apart from everything that happens to a child, so on invented returns the right answer is that
sex adds nothing; the test can only show that the method does not take chance for a difference. It cannot say whether
sex matters for real children. The sample returns published with data tools are made up as well. Until a council's own
returns show a gain here, the hazards leave sex out; the command with `--returns` asks them.
"""


def _told(values: Floats, events: Floats) -> str:
    """Gain for 100 events with its bootstrap interval over authorities, or cells."""
    total = float(events.sum())
    if len(events) == 1:
        low, high = bootstrap(lambda rows: values[rows].sum(-1) * 100 / total, len(values))
    else:
        low, high = bootstrap(lambda rows: values[rows].sum(-1) * 100 / events[rows].sum(-1), len(values))
    return f"{values.sum() * 100 / total:+.2f} ({low:+.2f} to {high:+.2f})"


def write_page(path: str | Path, returns: str | Path | None = None) -> None:
    """Score every candidate and write the page."""
    columns: dict[str, dict[str, str]] = {}
    for size, world, count in WORLDS:
        found, events = known_world_gains(size, world, range(FIRST_SEED, FIRST_SEED + count))
        columns[f"{size:g} × the example, {world}, {count} seeds"] = {
            name: _told(values, events) for name, values in found.items()
        }
    example = build_history(read_returns(shipped("example") / "returns"))
    cells, scored = history_gains(example)
    counted = {name: values[values != 0] for name, values in cells.items()}
    columns[f"The example, {scored:.0f} events"] = {
        name: _told(values, np.array([scored])) for name, values in counted.items()
    }
    rows = [(one.name, *(column[one.name] for column in columns.values())) for one in CANDIDATES]
    sex = [_sex_row("The example", example)]
    if returns is not None:
        sex.append(_sex_row("The returns given", build_history(read_returns(returns))))
    heading = ("", "Events", "Gain for 100 events (interval over causes)", "Weight of the prior, in events, by origin")
    blocks = [INTRODUCTION, table(("Instead", *columns), rows), READING, SEX, table(heading, sex), SEX_READING]
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(blocks), encoding="utf-8", newline="\n")


def _sex_row(name: str, history: History) -> tuple[str, ...]:
    gain, events, weights = sex_gains(history)
    told = ", ".join(f"{weight:,.0f}" for weight in weights.values())
    return name, f"{events:,.0f}", _told(gain, np.array([events])), told


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the page."""
    parser = argparse.ArgumentParser(description="Which structure of hazards predicts best.")
    parser.add_argument("--out", default="docs/validation/rates-choice.md", help="where the page is written")
    parser.add_argument("--returns", help="a folder of returns to ask about sex as well")
    asked = parser.parse_args(arguments)
    write_page(asked.out, asked.returns)


if __name__ == "__main__":
    main()
