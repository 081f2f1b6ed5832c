"""The back-test: what was not known is not used, and every method is scored beside ours."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sufficiency import dates
from sufficiency.errors import UserError
from sufficiency.history import build_history
from sufficiency.history.stock import spells, stock_at
from sufficiency.provenance import shipped
from sufficiency.returns import Returns, read_returns
from sufficiency.tables import Capacity
from sufficiency.trials.backtest import backtest, default_origins
from sufficiency.trials.baselines import BASELINES
from sufficiency.trials.scoring import AGE_BAND, CELL, OURS, SCORE_COLUMNS, SETTING, TOTAL

pytestmark = pytest.mark.backtest


@pytest.fixture(scope="module")
def returns() -> Returns:
    return read_returns(shipped("example") / "returns")


@pytest.fixture(scope="module")
def scored(returns: Returns) -> pd.DataFrame:
    return backtest(returns, origins=["2024-03-31"], horizon_months=14, replications=8, seed=3, workers=1)


def test_actuals_are_the_counts_that_came(returns: Returns, scored: pd.DataFrame) -> None:
    history = build_history(returns)
    settings = history.codes.all_settings
    day = dates.day_number("2025-03-31")
    came = stock_at(spells(history.placements, history.codes), [day], len(settings))[0].sum(2)
    year = scored[(scored["horizon_months"] == 12) & (scored["method"] == OURS)].set_index(["level", "key"])["actual"]
    assert year[TOTAL, "all"] == came.sum()
    for number, name in enumerate(history.codes.in_care):
        if (SETTING, name) in year:
            assert year[SETTING, name] == came[number].sum()
            assert year[CELL].filter(like=f"{name}, ").sum() == came[number].sum()
    assert year[AGE_BAND, "10 to 15"] == came[:, 3].sum()


def test_every_method_is_scored_at_every_month_and_level(returns: Returns, scored: pd.DataFrame) -> None:
    assert tuple(scored.columns) == SCORE_COLUMNS
    assert set(scored["method"]) == {OURS, *BASELINES}
    assert not ((scored["method"] == "ETS on the stock") & (scored["level"] == CELL)).any()
    sizes = scored[scored["level"] != CELL].groupby(["method", "horizon_months"]).size()
    assert sizes.min() == sizes.max()
    assert sizes.index.get_level_values("horizon_months").max() == 14
    known = build_history(returns, origin="2024-03-31")
    last = scored[(scored["method"] == "last value") & (scored["key"] == "all")]
    assert (last["mean"] == known.placements["end"].isna().sum()).all()
    assert np.allclose(last["crps"], (last["mean"] - last["actual"]).abs())
    assert last["pit"].isna().all()
    seasonal = scored[(scored["method"] == "seasonal naive") & (scored["key"] == "all")].set_index("horizon_months")
    year_ago = dates.day_number("2023-06-30")
    came = stock_at(spells(known.placements, known.codes), [year_ago], len(known.codes.all_settings)).sum()
    assert seasonal.loc[3, "mean"] == came
    assert seasonal.loc[12, "mean"] == last["mean"].iloc[0]


def test_percentiles_are_in_order_and_hold_the_mean(scored: pd.DataFrame) -> None:
    marks = scored[["p025", "p10", "p25", "p50", "p75", "p90", "p975"]].to_numpy()
    assert (np.diff(marks, axis=1) >= 0).all()
    ranged = scored["sd"].to_numpy() > 0
    assert ((scored["mean"] >= marks[:, 0]) & (scored["mean"] <= marks[:, -1]))[ranged].mean() > 0.99


def test_later_returns_do_not_change_a_forecast_made_before_them(returns: Returns, scored: pd.DataFrame) -> None:
    done: list[None] = []
    shorter = backtest(
        returns,
        origins=["2024-03-31"],
        until="2024-10-31",
        horizon_months=14,
        replications=8,
        seed=3,
        workers=1,
        step=lambda: done.append(None),
    )
    assert len(done) == 1
    forecast = ["horizon_months", "level", "key", "method", "mean", "p10", "p50", "p90"]
    by = ["horizon_months", "level", "key", "method"]
    early = scored[scored["horizon_months"] <= 7].merge(shorter, on=by, suffixes=("", "_shorter"))
    assert len(early) == len(shorter)
    for name in forecast[4:]:
        assert np.allclose(early[name], early[f"{name}_shorter"])


def test_places_that_came_later_are_not_foreseen() -> None:
    table = pd.DataFrame(
        {
            "setting": ["in_house_home", "in_house_home", "in_house_fostering"],
            "from": pd.to_datetime(["2020-04-01", "2025-04-01", "2026-04-01"]),
            "places": [4, 12, 300],
        }
    )
    known = Capacity(table).known_on(dates.day_number("2024-03-31"))
    assert known is not None
    assert known.table[["setting", "places"]].to_numpy().tolist() == [["in_house_home", 4]]
    assert Capacity(table).known_on(dates.day_number("2019-03-31")) is None


def test_origins_need_three_years_before_them_and_a_year_after() -> None:
    first = dates.day_number("2020-04-01")
    found = default_origins(first, dates.day_number("2026-03-31"))
    assert [str(day) for day in found] == ["2023-03-31", "2023-09-30", "2024-03-31", "2024-09-30", "2025-03-31"]
    assert default_origins(first, dates.day_number("2023-03-31")) == ()
    assert len(default_origins(first, dates.day_number("2026-03-31"), most=2)) == 2


def test_an_origin_without_anything_after_it_is_told(returns: Returns) -> None:
    with pytest.raises(UserError, match="Nothing came after the origin 2026-03-31"):
        backtest(returns, origins=["2026-03-31"], replications=4, workers=1)
