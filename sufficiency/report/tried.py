"""A run's back-test as the report uses it: what of it may be published, and how far ranges are widened by it."""

from __future__ import annotations

import pandas as pd

from sufficiency.report.finished import Finished
from sufficiency.trials.scoring import LEVELS, SETTING, TOTAL, no_scores
from sufficiency.trials.trust import Trust, trust

_TABLE = "forecast/backtest"
#: Of the months ahead, every sixth is published: fewer outcomes, fewer ways to work out a hidden one.
_PUBLISHED_STEP = 6


def tried(run: Finished) -> pd.DataFrame:
    """Every score of a run's back-test; no rows where it has none."""
    return run.frame(_TABLE) if run.has(_TABLE) else no_scores()


def to_publish(run: Finished) -> pd.DataFrame:
    """The scores that may be published: of all children and by setting, at every sixth month ahead."""
    table = tried(run)
    return table[table["level"].isin([TOTAL, SETTING]) & (table["horizon_months"] % _PUBLISHED_STEP == 0)]


def trust_of(run: Finished) -> Trust:
    """What a run's back-test says of its forecast."""
    table = tried(run)
    return trust(table[table["level"].isin(LEVELS)])


def stretched(percentiles: pd.DataFrame, factor: float, middle: str = "p50") -> pd.DataFrame:
    """Percentiles moved away from the middle one by a factor, and never below nought.

    Parameters
    ----------
    percentiles
        One column each, ``middle`` among them.
    """
    if factor == 1:
        return percentiles
    centre = percentiles[middle]
    moved = percentiles.sub(centre, axis=0).mul(factor).add(centre, axis=0)
    return moved.clip(lower=0)
