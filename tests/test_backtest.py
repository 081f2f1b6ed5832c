"""The back-test: what was not known is not used, and the scores are right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sufficiency import dates
from sufficiency.history import build_history
from sufficiency.history.stock import spells, stock_at
from sufficiency.provenance import shipped
from sufficiency.returns import Returns, read_returns
from sufficiency.trials.backtest import BACKTEST_COLUMNS, backtest, default_origins

pytestmark = pytest.mark.backtest


@pytest.fixture(scope="module")
def returns() -> Returns:
    return read_returns(shipped("example") / "returns")


@pytest.fixture(scope="module")
def scored(returns: Returns) -> pd.DataFrame:
    return backtest(returns, origins=["2024-03-31"], horizon_months=12, replications=6, seed=3, workers=1)


def test_actuals_are_the_counts_that_came(returns: Returns, scored: pd.DataFrame) -> None:
    history = build_history(returns)
    settings = history.codes.all_settings
    day = dates.day_number("2025-03-31")
    came = stock_at(spells(history.placements, history.codes), [day], len(settings))[0].sum((1, 2))
    year = scored[(scored["horizon_months"] == 12) & (scored["method"] == "sufficiency")].set_index("key")["actual"]
    assert year["all"] == came.sum()
    assert [year[name] for name in history.codes.in_care] == came[: len(history.codes.in_care)].tolist()


def test_no_change_is_scored_beside_it(returns: Returns, scored: pd.DataFrame) -> None:
    assert tuple(scored.columns) == BACKTEST_COLUMNS
    known = build_history(returns, origin="2024-03-31")
    last = scored[(scored["method"] == "last value") & (scored["key"] == "all")]
    assert (last["mean"] == known.placements["end"].isna().sum()).all()
    assert np.allclose(last["crps"], (last["mean"] - last["actual"]).abs())


def test_later_returns_do_not_change_a_forecast_made_before_them(returns: Returns, scored: pd.DataFrame) -> None:
    shorter = backtest(
        returns, origins=["2024-03-31"], until="2024-10-31", horizon_months=12, replications=6, seed=3, workers=1
    )
    forecast = ["horizon_months", "key", "method", "mean", "p10", "p50", "p90"]
    six = scored[scored["horizon_months"] == 6].reset_index(drop=True)
    pd.testing.assert_frame_equal(shorter[forecast], six[forecast])


def test_origins_need_three_years_before_them() -> None:
    first = dates.day_number("2020-04-01")
    assert [str(day) for day in default_origins(first, dates.day_number("2026-03-31"))] == ["2024-03-31", "2025-03-31"]
    assert default_origins(first, dates.day_number("2023-03-31")) == ()
