"""The round trip: known hazards, simulated, seen as seven years of returns would, estimated again.

A known world is run by the compiled engine from an empty start (:mod:`~sufficiency.trials.invented` does
the same with the reference engine; both give equal numbers), and what returns from a day on would tell of
it becomes a history. What is then estimated is held against the hazards of the world.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri
from scipy.stats import gamma

from sufficiency import dates
from sufficiency.codes import CAUSES, DURATION_BANDS, HAZARD_AGES, TYPES, Codes, read_codes
from sufficiency.draws import KeyWords, Purpose, cell_key, draws, replication_key
from sufficiency.history import History, build_history
from sufficiency.history.stock import OPENINGS
from sufficiency.rates.exposure import Exposure, measure_exposure
from sufficiency.rates.hazards import Hazards, estimate_hazards
from sufficiency.returns import read_returns
from sufficiency.simulation.engines import engine
from sufficiency.simulation.hazards import Hazards as Drawn
from sufficiency.simulation.hazards import apart, given_shared
from sufficiency.trials.entrants import draw_arrivals
from sufficiency.trials.invented import Invented, as_domain_says, as_seen, placements, world_of
from sufficiency.trials.known import KnownWorld, read_world
from sufficiency.trials.write_returns import write_returns

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: First day of the returns: seven years up to the world's last day.
SEEN_FROM = dates.day_number("2019-04-01")
#: Ends of the intervals, and how many draws tell them where they have no formula.
TAILS = (0.05, 0.95)
DRAWS = 200
#: What is held against the truth.
CELLS, SETTING_CAUSE, AGE, DURATION, KIND = (
    "cells",
    "each cause of each setting",
    "exits by age",
    "moves and exits by duration",
    "all moves, all exits",
)
WHATS = (CELLS, SETTING_CAUSE, AGE, DURATION, KIND)
SCORE_COLUMNS = ("what", "expected", "fitted", "inside", "above")
#: Totals of which fewer events are expected are not counted among totals.
_LEAST_TOTAL = 1.0
_EXITS = len(TYPES)


def invented_quickly(world: KnownWorld, hazards: Floats | None = None, codes: Codes | None = None) -> Invented:
    """An invented authority by the compiled engine.

    Parameters
    ----------
    hazards
        In place of the world's own.
    """
    used, key = codes or read_codes(), replication_key(world.seed, 0)
    arrivals = draw_arrivals(world, key)
    made = world_of(world, used, arrivals)
    if hazards is not None:
        made = replace(made, hazards=Drawn.known(hazards))
    lived = engine("compiled")(made, key).spells
    if lived is None:
        msg = "the engine kept no placements"
        raise ValueError(msg)
    return Invented(world, used, key, arrivals, as_domain_says(lived))


def history_of(truth: Invented, first_day: int = SEEN_FROM) -> History:
    """What returns from a day on would tell, without writing them.

    A placement in the first return has its own start, and the period of care begins with it; that is
    not known to be the start of care where the placement began with a move, as nothing of the period
    before it is seen. (Returns also hide starts behind changes of legal status.)
    """
    seen = as_seen(truth.journeys, first_day, truth.world.last_day)
    table = placements(seen, truth.codes)
    began = table.drop_duplicates(["child", "period"])[["child", "period", "opening"]]
    opened = table[["child", "period"]].merge(began, how="left", on=["child", "period"])["opening"]
    table["care_start_known"] = (opened != OPENINGS[2]).to_numpy()
    none = pd.DataFrame()
    return History(none, table, none, first_day, truth.world.last_day, truth.codes, none, ())


def history_through_returns(truth: Invented, folder: Path, first_day: int = SEEN_FROM) -> History:
    """The same the whole way: SSDA903 returns written to a folder and read again."""
    years = range(dates.as_date(first_day).year + 1, dates.as_date(truth.world.last_day).year + 1)
    write_returns(truth, folder, years)
    return build_history(read_returns(folder))


def uneven(hazards: Floats, key: KeyWords, spread: float = 0.3) -> Floats:
    """Hazards that are no product of setting, age and duration: each cell times a log-normal of its own."""
    cells = hazards.reshape(-1, hazards.shape[-1])
    subjects = cell_key(np.arange(len(cells)))
    uniform, _ = draws(key, subjects[:, None], np.arange(cells.shape[1]), Purpose.WORLD)
    return np.asarray(hazards * np.exp(spread * ndtri(np.maximum(uniform, 2.0**-54))).reshape(hazards.shape))


def score(exposure: Exposure, truth: Floats, key: KeyWords, estimated: Hazards | None = None) -> pd.DataFrame:
    """Each true hazard, or total of hazards over the child-days seen, beside its posterior.

    Returns
    -------
    pandas.DataFrame
        what (of :data:`WHATS`), expected and fitted (events over the child-days seen, by the truth
        and by the posterior mean), inside (the truth is in the 90 % interval), above (it lies above).
        Cells are those with child-days and a true hazard above nought; totals those of which at least
        one event is expected. Intervals of cells are the Gamma's, those of totals are of draws as the
        simulation makes them.
    """
    found = estimated or estimate_hazards(exposure)
    days = exposure.child_days
    counted = (days > 0) & (truth > 0)
    shape, rate = found.shape[counted], found.rate[counted]
    low, high = (np.asarray(gamma.ppf(tail, shape, scale=1 / rate)) for tail in TAILS)
    cells = _rows(CELLS, truth[counted], shape / rate, low, high, days[counted])
    wanted, fitted = totals(days * truth), totals(days * found.mean)
    drawn = draw_totals(found, days, key)
    parts = [cells]
    for what, values in wanted.items():
        kept = values >= _LEAST_TOTAL
        low, high = np.quantile(drawn[what], TAILS, axis=0)[:, kept]
        parts.append(_rows(what, values[kept], fitted[what][kept], low, high, np.ones(int(kept.sum()))))
    return pd.concat(parts, ignore_index=True)


def _rows(what: str, truth: Floats, fitted: Floats, low: Floats, high: Floats, days: Floats) -> pd.DataFrame:
    inside, above = (truth >= low) & (truth <= high), truth > high
    columns = (what, truth * days, fitted * days, inside, above)
    return pd.DataFrame(dict(zip(SCORE_COLUMNS, columns, strict=True)))


def totals(events: Floats) -> dict[str, Floats]:
    """Expected events of every cell, added up: by what is added, an array."""
    moves, exits = events[..., :_EXITS], events[..., _EXITS:]
    return {
        SETTING_CAUSE: events.sum((1, 2, 3)).ravel(),
        AGE: exits.sum((0, 2, 3, 4)),
        DURATION: np.concatenate([moves.sum((0, 1, 3, 4)), exits.sum((0, 1, 3, 4))]),
        KIND: np.array([moves.sum(), exits.sum()]),
    }


def draw_totals(estimated: Hazards, days: Floats, key: KeyWords, count: int = DRAWS) -> dict[str, Floats]:
    """Totals over child-days of hazards drawn as replications draw them: arrays of (draws, totals)."""
    own, plain = apart(estimated), np.ones((days.shape[0], days.shape[-1]))
    found: dict[str, list[Floats]] = {}
    for number in range(count):
        mine = replication_key(key[0] << 20 | key[1] & 0xFFFFF, number)
        for what, values in totals(days * Drawn(given_shared(estimated, own, mine), plain, mine).table).items():
            found.setdefault(what, []).append(values)
    return {what: np.stack(values) for what, values in found.items()}


def given_nothing(exposure: Exposure, truth: Floats, estimated: Hazards) -> float:
    """Events that the estimate gives to cells in which there can be none, as a share of all events seen."""
    impossible = (exposure.child_days > 0) & (truth == 0)
    given = (exposure.child_days * estimated.mean)[impossible].sum()
    return float(given / exposure.events.sum())


@dataclass(frozen=True)
class Trip:
    """One authority's round trip.

    Attributes
    ----------
    size, world, seed
        What it is named by.
    children
        In care on the last day.
    scores
        Of :func:`score`.
    spent
        Share of all events given to cells in which there can be none.
    """

    size: float
    world: str
    seed: int
    children: int
    scores: pd.DataFrame
    spent: float

    def __repr__(self) -> str:
        return f"Trip({self.size:g} times the example, {self.world}, seed {self.seed})"


PRODUCT, UNEVEN = "a product", "uneven"


def trip(size: float, world: str, seed: int, folder: Path | None = None) -> Trip:
    """One round trip of the example's world at level entries, so many times its size.

    Parameters
    ----------
    world
        :data:`PRODUCT`, or :data:`UNEVEN` (see :func:`uneven`).
    folder
        Where returns are written and read again; without one the history is made directly.
    """
    given = read_world().steady().scaled(size).seeded(seed)
    codes, key = read_codes(), replication_key(seed, 1)
    hazards = given.hazards(codes)
    if world == UNEVEN:
        hazards = uneven(hazards, key)
    truth = invented_quickly(given, hazards, codes)
    history = history_of(truth) if folder is None else history_through_returns(truth, folder)
    exposure = measure_exposure(history)
    estimated = estimate_hazards(exposure)
    return Trip(
        size=size,
        world=world,
        seed=seed,
        children=int(history.placements["end"].isna().sum()),
        scores=score(exposure, hazards, key, estimated),
        spent=given_nothing(exposure, hazards, estimated),
    )


def mean_log_error(scores: pd.DataFrame) -> float:
    """Mean absolute log error of cells, weighed by expected events."""
    cells = scores[scores["what"] == CELLS]
    errors = np.abs(np.log(cells["fitted"] / cells["expected"]))
    return float(np.average(errors, weights=cells["expected"]))


#: Ways of counting at the left edge of the returns: as the package does, and two that are wrong.
LEFT_OUT, BELIEVED, FROM_START = "unknown left out", "unknown believed", "counted from the start"
EDGES = (LEFT_OUT, BELIEVED, FROM_START)
_HOME = CAUSES.index("returned_home")
_FALLING = (16.0, 8.0, 4.0, 2.0, 0.7, 0.2)
_HOME_A_YEAR = 0.25


def falling_world(per_year: float = 250.0) -> KnownWorld:
    """A world in which children go home fast at first and slowly later, and move as in the example.

    Going home falls eighty-fold with time in care and is the same for all children, and nobody leaves
    otherwise before 18; entries are level.
    """
    base = read_world().steady()
    moves = {
        setting: {cause: rate for cause, rate in causes.items() if cause in CAUSES[:_EXITS]}
        for setting, causes in base.rates.items()
    }
    fell = replace(
        base,
        rates={setting: {**causes, CAUSES[_HOME]: _HOME_A_YEAR} for setting, causes in moves.items()},
        age_factors={**base.age_factors, CAUSES[_HOME]: (1.0,) * len(HAZARD_AGES)},
        duration_factors={**base.duration_factors, CAUSES[_HOME]: {"every": _FALLING}},
        uasc_factors={},
    )
    entering = sum(sum(stream.per_year) for stream in base.streams.values())
    return fell.scaled(per_year / entering)


def gone_home(history: History, edge: str) -> Floats:
    """Events and child-days of going home by time in care: shape (2, durations).

    Parameters
    ----------
    edge
        One of :data:`EDGES`: days whose time in care is unknown are left out; or time in care is taken
        to begin with the first placement seen; or days before the returns count too, of those who
        were still there when they began.
    """
    known = history
    if edge == BELIEVED:
        known = replace(history, placements=history.placements.assign(care_start_known=True))
    first = 0 if edge == FROM_START else history.first_day
    exposure = measure_exposure(known, first)
    settings = history.codes.settings
    on_care = (settings.loc[settings["in_care"], "exit_clock"] == "care").to_numpy()
    both = (exposure.events[on_care, ..., _HOME], exposure.child_days[on_care, ..., _HOME])
    return np.stack([values.sum((0, 1, 3)) for values in both])


def truncation(seeds: Sequence[int], world: KnownWorld | None = None) -> pd.DataFrame:
    """How far from the truth the rate of going home is by time in care, all seeds of a falling world together.

    Returns
    -------
    pandas.DataFrame
        edge (of :data:`EDGES`), duration, truth (a child-year), events, ratio (rate to truth), error
        (the ratio's standard error, from the events).
    """
    given, codes = world or falling_world(), read_codes()
    truth = given.hazards(codes)[codes.in_care.index("in_house_fostering"), 0, :, 0, _HOME]
    histories = [history_of(invented_quickly(given.seeded(seed))) for seed in seeds]
    parts = []
    for edge in EDGES:
        events, days = np.sum([gone_home(history, edge) for history in histories], axis=0)
        ratio = events / (days * truth)
        error = ratio / np.sqrt(np.maximum(events, 1.0))
        columns = {"truth": truth * 365.25, "events": events, "ratio": ratio, "error": error}
        parts.append(pd.DataFrame({"edge": edge, "duration": DURATION_BANDS, **columns}))
    return pd.concat(parts, ignore_index=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the page of the round trip."""
    # Loaded here: the page reads this module.
    from sufficiency.trials.round_trip_page import write_page  # noqa: PLC0415

    parser = argparse.ArgumentParser(description="The round trip of known hazards.")
    parser.add_argument("--out", default="docs/validation/round-trip.md", help="where the page is written")
    write_page(parser.parse_args(arguments).out)


if __name__ == "__main__":
    main()
