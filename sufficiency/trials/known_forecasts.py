"""The whole pipeline tried on worlds whose true parameters are known, beside the oracle that knows them.

``python -m sufficiency.trials.known_forecasts_page`` makes the page of it (docs/validation/known-worlds.md).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from sufficiency import dates
from sufficiency.history import build_history
from sufficiency.returns import Returns, read_returns
from sufficiency.simulation.world import Entrants
from sufficiency.trials.backtest import Asked, forecast_from, month_ends, score
from sufficiency.trials.forecast_worlds import CHANGES_ON, ForecastWorld, arrivals_pool, forecast_worlds, oracle
from sufficiency.trials.invented import Invented, invent
from sufficiency.trials.scoring import AGE_BAND, OURS, SETTING, TOTAL, keys_of
from sufficiency.trials.write_returns import write_returns

ORACLE = "oracle"
#: Returns of these years; the origins lie 6, 15 and 24 months after the change, and one before it is scored apart.
YEARS = range(2017, 2027)
ORIGINS = ("2022-09-30", "2023-06-30", "2024-03-31")
BEFORE = "2021-09-30"
HORIZON, PATHS = 24, 200
#: Worlds of a seed share its luck: with 20 the ratio of errors of 13 to 24 months was known to within a quarter. The
#: large one takes as long as six others.
SEEDS, LARGE_SEEDS = 40, 20
SMALL_WORLD, LARGE_WORLD = "small", "large"
LEVELS_SCORED = (TOTAL, SETTING, AGE_BAND)


@dataclass(frozen=True)
class Trial:
    """One world with one seed: its returns, and the truth behind them."""

    world: ForecastWorld
    seed: int
    truth: Invented
    returns: Returns

    def __repr__(self) -> str:
        return f"Trial({self.world.name}, seed {self.seed})"


def make_trial(world: ForecastWorld, seed: int) -> Trial:
    """Invent the authority, write its returns and read them again."""
    truth = invent(world.world.seeded(seed), engine_name="compiled")
    with tempfile.TemporaryDirectory() as folder:
        write_returns(truth, Path(folder), YEARS)
        return Trial(world, seed, truth, read_returns(folder))


@lru_cache(maxsize=8)
def _pool(name: str, origin: int, last: int, paths: int) -> tuple[Entrants, ...]:
    (world,) = (one.world for one in forecast_worlds() if one.name == name)
    return tuple(arrivals_pool(world, origin, last, paths))


def scores_of(trial: Trial, origins: Sequence[str], *, horizon: int = HORIZON, paths: int = PATHS) -> pd.DataFrame:
    """Scores of the pipeline, the baselines and the oracle from some origins, with world and seed."""
    truth = build_history(trial.returns)
    parts = []
    for origin in origins:
        known = build_history(trial.returns, origin=origin)
        keys = keys_of(known.codes, LEVELS_SCORED)
        ends = month_ends(known.origin, truth.origin, horizon)
        # In these worlds there is room for everybody, and a council that has room says so.
        asked = Asked(replications=paths, workers=1, limited=False)
        pool = list(_pool(trial.world.name, known.origin, int(ends[-1]), paths))
        forecasts = {
            OURS: forecast_from(known, ends, keys, asked),
            ORACLE: oracle(trial.truth, known.origin, ends, keys, pool),
        }
        parts.append(score(truth, known, ends, keys, forecasts, smoothed=(TOTAL,)))
    whole = pd.concat(parts, ignore_index=True)
    before = trial.world.shifts & (dates.to_days(whole["origin"]) < CHANGES_ON)
    return whole.assign(world=trial.world.name, seed=trial.seed, before_shift=before)


def run_trials(folder: Path, names: Sequence[str], seeds: Sequence[int]) -> Iterator[Trial]:
    """Score worlds and seeds that are not in the folder yet, one Parquet file each; the trials as they are done.

    The large world is tried from the newest origin alone and with :data:`LARGE_SEEDS` at the most.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for world in forecast_worlds():
        if names and world.name not in names:
            continue
        origins = [*ORIGINS, *([BEFORE] if world.shifts else [])]
        few = world.name == LARGE_WORLD
        for seed in [one for one in seeds if not few or one <= LARGE_SEEDS]:
            part = folder / f"{world.name.replace(' ', '-')}-{seed:03d}.parquet"
            if part.exists():
                continue
            trial = make_trial(world, seed)
            found = scores_of(trial, ORIGINS[-1:] if few else origins, paths=PATHS // 2 if few else PATHS)
            found.to_parquet(part, index=False)
            yield trial


def scores_in(folder: Path) -> pd.DataFrame:
    """Every score that a folder holds."""
    return pd.concat([pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))], ignore_index=True)
