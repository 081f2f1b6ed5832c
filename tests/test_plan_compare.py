"""Plans side by side: by month and by year, against any other, in indicators and pounds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import stdtrit
from small_world import known_history

from sufficiency.costs import cost, cost_plan, read_prices
from sufficiency.errors import UserError
from sufficiency.forecast import forecast_entrants
from sufficiency.history.indicators import measures_between
from sufficiency.plan import between_plans, compare, compare_indicators
from sufficiency.plan.compare import COMPARISON_COLUMNS, paired
from sufficiency.rates import estimate_rates
from sufficiency.simulation import Outcome
from sufficiency.simulation.replications import simulate_plans

ADDED = ("child_days", "entries", "exits", "moves", "unmet", "turned_away")
KEYS = ["measure", "setting", "period"]
REPLICATIONS = 12


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    """The baseline, a plan with fewer entries and one with fewer moves."""
    history = known_history(per_day=0.15)
    folder = tmp_path_factory.mktemp("plans")
    names = ["baseline"]
    for name, lever in (("fewer", "[levers.entries]\nchange = -0.4"), ("settled", "[levers.placement_stability]")):
        path = folder / f"{name}.toml"
        path.write_text(f'[about]\ntitle = "{name}"\nquestion = "Q?"\n{lever}\n', encoding="utf-8")
        names.append(str(path))
    return simulate_plans(
        history,
        names,
        replications=REPLICATIONS,
        years=2,
        workers=1,
        seed=9,
        rates=estimate_rates(history),
        forecast=forecast_entrants(history, months=24, evaluate=False),
        journeys=4,
    )


def _by_year(table: pd.DataFrame) -> pd.DataFrame:
    start = table["period"].str[:4].astype(int) - (table["period"].str[5:7].astype(int) < 4)
    return table.assign(period=[f"{year}-{(year + 1) % 100:02d}" for year in start])


@pytest.mark.functional
def test_months_add_up_to_years(outcomes: list[Outcome]) -> None:
    base, fewer, _ = outcomes
    months, years = (compare(fewer, base, by=by) for by in ("month", "year"))
    assert tuple(months.columns) == COMPARISON_COLUMNS
    assert set(years["measure"]) >= {"children", "child_days", "entries", "exits", "moves", "turned_away"}
    added = _by_year(months[months["measure"].isin(ADDED)]).groupby(KEYS)[["plan_mean", "difference"]].sum()
    told = years[years["measure"].isin(ADDED)].set_index(KEYS)[["plan_mean", "difference"]].sort_index()
    both = added.add_suffix("_months").join(told)
    assert len(both) == len(told) > 20
    assert both["difference_months"].to_numpy() == pytest.approx(both["difference"].to_numpy())
    assert both["plan_mean_months"].to_numpy() == pytest.approx(both["plan_mean"].to_numpy())
    assert len(months.loc[(months["measure"] == "entries") & (months["setting"] == "all"), "period"]) == 24


@pytest.mark.functional
def test_one_plan_against_another_is_the_other_against_it_turned_round(outcomes: list[Outcome]) -> None:
    _, fewer, settled = outcomes
    one, other = compare(fewer, settled), compare(settled, fewer)
    assert set(one["against"]) == {"settled"}
    assert one["difference"].to_numpy() == pytest.approx(-other["difference"].to_numpy())
    assert one["low"].to_numpy() == pytest.approx(-other["high"].to_numpy())
    assert one["standard_error"].to_numpy() == pytest.approx(other["standard_error"].to_numpy())
    pairs = between_plans(outcomes, {})
    assert pairs[["scenario", "against"]].drop_duplicates().to_numpy().tolist() == [
        ["fewer", "baseline"],
        ["settled", "baseline"],
        ["settled", "fewer"],
    ]
    assert between_plans(outcomes[:1], {}).empty


@pytest.mark.functional
def test_a_plan_is_better_in_the_share_of_replications_that_say_so(outcomes: list[Outcome]) -> None:
    base, _, settled = outcomes
    table = compare(settled, base)
    moves = table[(table["measure"] == "moves") & (table["setting"] == "all")]
    assert (moves["share_better"] == moves["share_lower"]).all()
    assert moves["share_better"].iloc[-1] == 1.0
    assert table.loc[table["measure"] == "children", "share_better"].isna().all()
    assert (table["replications"] == REPLICATIONS).all()
    quantile = stdtrit(REPLICATIONS - 1, 0.975)
    assert table["half_width"].to_numpy() == pytest.approx(quantile * table["standard_error"].to_numpy())


@pytest.mark.functional
def test_indicators_are_those_of_each_replications_journeys(outcomes: list[Outcome]) -> None:
    base, _, settled = outcomes
    table = compare_indicators(settled, base).set_index(["measure", "period"])
    first, last = base.origin + 1, base.origin + 365
    found = []
    for plan in (settled, base):
        each = [measures_between(plan.placements(number), plan.codes, first, last) for number in range(4)]
        found.append(np.array([one.set_index("measure")["value"] for one in each]))
    names = measures_between(base.placements(0), base.codes, first, last)["measure"].tolist()
    year = table.xs(table.index.get_level_values("period")[0], level="period")
    for name in ("moves_per_child_year", "in_house_share", "three_or_more_placements"):
        at = names.index(name)
        change = found[0][:, at] - found[1][:, at]
        assert year.loc[name, "difference"] == pytest.approx(change.mean())
        assert year.loc[name, "replications"] == 4
    assert year["share_better"]["moves_per_child_year"] > 0.5
    assert (compare_indicators(settled, base, 2)["replications"] <= 2).all()
    with pytest.raises(UserError, match="need journeys"):
        compare_indicators(settled, base, 0)


@pytest.mark.functional
def test_pounds_by_month_are_those_of_the_year(outcomes: list[Outcome], tmp_path: Path) -> None:
    base, fewer, _ = outcomes
    path = tmp_path / "prices.csv"
    rows = [f"{name},2020-01-01,{700 + 70 * at},own,ledger" for at, name in enumerate(base.codes.all_settings)]
    path.write_text("\n".join(["setting,from,pounds_per_week,status,source", *rows]), encoding="utf-8")
    prices = read_prices(path)
    years = compare(fewer, base, spend=cost(fewer, prices), baseline_spend=cost(base, prices))
    spent, before = (cost_plan(one, prices).by_month() for one in (fewer, base))
    months = compare(fewer, base, by="month", spend=spent, baseline_spend=before)
    told = years[years["measure"] == "pounds"].set_index(KEYS)["difference"].sort_index()
    added = _by_year(months[months["measure"] == "pounds"]).groupby(KEYS)["difference"].sum().sort_index()
    assert len(told) > 10
    assert added.to_numpy() == pytest.approx(told.to_numpy())
    assert told.xs("all", level="setting").iloc[-1] < 0


@pytest.mark.unit
def test_pairs_without_an_answer_are_left_out() -> None:
    plan = np.array([[1.0, 2.0, np.nan, 4.0], [np.nan] * 4, [5.0, np.nan, np.nan, np.nan]])
    base = np.array([[0.0, 3.0, 1.0, 1.0], [1.0] * 4, [2.0, 2.0, 2.0, 2.0]])
    found = {name: list(values) for name, values in paired(plan, base, better=1).items()}
    assert found["replications"] == [3, 0, 1]
    assert found["difference"][0] == pytest.approx(1.0)
    assert found["standard_error"][0] == pytest.approx(2.0 / np.sqrt(3))
    assert (found["low"][0], found["high"][0]) == pytest.approx(tuple(np.percentile([1, -1, 3], [10, 90])))
    assert found["share_lower"][0] == pytest.approx(1 / 3)
    assert found["share_better"][0] == pytest.approx(2 / 3)
    assert np.isnan([found[name][1] for name in ("difference", "low", "high", "standard_error")]).all()
    assert found["difference"][2] == 3.0
    assert np.isnan(found["standard_error"][2])
    assert found["share_same"][0] == 0.0


@pytest.mark.unit
def test_a_tie_is_neither_better_nor_worse_and_is_told() -> None:
    plan, base = np.array([[1.0, 2.0, 2.0, 2.0, 3.0]]), np.full((1, 5), 2.0)
    found = {name: values[0] for name, values in paired(plan, base, better=-1).items()}
    assert (found["share_better"], found["share_lower"], found["share_same"]) == (0.2, 0.2, 0.6)


@pytest.mark.unit
def test_plans_of_other_luck_are_not_compared(outcomes: list[Outcome]) -> None:
    with pytest.raises(UserError, match="same seed"):
        compare(outcomes[1], replace(outcomes[0], seed=1))
