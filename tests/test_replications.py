"""Many replications: the same results however they were run, and plans that do what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_world import known_history

from sufficiency import dates
from sufficiency.errors import UserError
from sufficiency.forecast import EntrantForecast, forecast_entrants
from sufficiency.history import History
from sufficiency.plan import compare, same_results
from sufficiency.rates import Rates, estimate_rates
from sufficiency.simulation import Outcome, kernel, reduced, simulate
from sufficiency.simulation.result_tables import CHILD_DAYS_COLUMNS, FLOW_COLUMNS, PLACES_COLUMNS, STOCK_COLUMNS

Ready = tuple[History, Rates, EntrantForecast]


@pytest.fixture(scope="module")
def ready() -> Ready:
    history = known_history(per_day=0.15)
    return history, estimate_rates(history), forecast_entrants(history, months=24)


def _run(ready: Ready, plan: str | Path = "baseline", *, workers: int = 1, replications: int = 12) -> Outcome:
    history, rates, forecast = ready
    return simulate(
        history, plan, replications=replications, years=2, workers=workers, rates=rates, forecast=forecast, seed=9
    )


def _bytes(outcome: Outcome, folder: Path) -> dict[str, bytes]:
    out = {}
    for name in ("stock", "flows", "child_days", "places"):
        path = folder / f"{name}.parquet"
        getattr(outcome, name).to_parquet(path, index=False)
        out[name] = path.read_bytes()
    return out


@pytest.mark.functional
def test_results_are_byte_equal_with_one_worker_or_two(ready: Ready, tmp_path: Path) -> None:
    one, two = _run(ready), _run(ready, workers=2)
    assert _bytes(one, tmp_path) == _bytes(two, tmp_path)


@pytest.mark.functional
def test_a_replication_does_not_depend_on_how_many_are_run(ready: Ready) -> None:
    few, many = _run(ready, replications=3), _run(ready, replications=12)
    kept = many.stock[many.stock["replication"] < 3].reset_index(drop=True)
    pd.testing.assert_frame_equal(few.stock, kept)


@pytest.mark.functional
@pytest.mark.parametrize(
    "levers",
    [
        "",
        "[levers.entries]\nchange = 0.0\n",
        "[levers.reunification]\nchange = 0.0\nramp_months = 5\n[levers.permanence]\nchange = 0.0\n",
    ],
)
def test_a_plan_whose_levers_change_nothing_is_the_baseline_number_for_number(
    ready: Ready, tmp_path: Path, levers: str
) -> None:
    path = tmp_path / "nothing.toml"
    path.write_text('[about]\ntitle = "T"\nquestion = "Q?"\n' + levers, encoding="utf-8")
    baseline, plan = _run(ready), _run(ready, path)
    assert same_results(plan, baseline)
    other = baseline.nights.copy()
    other[-1, -1, -1] += 1
    assert not same_results(replace(plan, nights=other), baseline)
    assert (compare(plan, baseline)[["difference", "low", "high"]] == 0).all(axis=None)


@pytest.mark.functional
@pytest.mark.parametrize(
    ("lever", "measure", "sign"),
    [
        ("[levers.entries]\nchange = -0.5\nchildren = 'all'\n", "children", -1),
        ("[levers.entries]\nchange = 0.5\nchildren = 'all'\n", "children", 1),
        ("[levers.reunification]\nchange = 1.0\n", "children", -1),
        ("[levers.permanence]\nchange = 2.0\n", "children", -1),
        ("[levers.placement_stability]\nchange = -0.5\n", "moves", -1),
        ("[levers.hazard_multiplier]\ncause = 'to_home'\nchange = 2.0\n", "moves", 1),
    ],
)
def test_levers_move_results_the_way_they_say(
    ready: Ready, tmp_path: Path, lever: str, measure: str, sign: int
) -> None:
    path = tmp_path / "plan.toml"
    path.write_text('[about]\ntitle = "T"\nquestion = "Q?"\n' + lever, encoding="utf-8")
    table = compare(_run(ready, path), _run(ready))
    last = table[(table["measure"] == measure) & (table["setting"] == "all")].iloc[-1]
    assert sign * last["difference"] > 3 * last["standard_error"]


@pytest.mark.functional
def test_fewer_entries_are_a_subset_of_the_baselines_and_more_a_superset(ready: Ready, tmp_path: Path) -> None:
    starts = {}
    for change in (-0.4, 0.0, 0.7):
        path = tmp_path / "plan.toml"
        path.write_text(
            f'[about]\ntitle = "T"\nquestion = "Q?"\n[levers.entries]\nchildren = "all"\nchange = {change}\n',
            encoding="utf-8",
        )
        journeys = _run(ready, path, replications=1).placements(0)
        new = journeys[journeys["opening"] == "entry"]
        starts[change] = set(zip(new["start"], new["dob"], strict=True))
    assert starts[-0.4] < starts[0.0] < starts[0.7]


@pytest.mark.unit
def test_tables_have_the_columns_of_the_contract(ready: Ready) -> None:
    outcome = _run(ready, replications=2)
    for name, columns in (
        ("stock", STOCK_COLUMNS),
        ("flows", FLOW_COLUMNS),
        ("child_days", CHILD_DAYS_COLUMNS),
        ("places", PLACES_COLUMNS),
    ):
        assert tuple(getattr(outcome, name).columns) == columns
    assert len(outcome.stock["month_end"].unique()) == 24
    assert "replications" in repr(outcome)


@pytest.mark.functional
def test_above_the_detailed_replications_stock_and_nights_stay(
    ready: Ready, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.toml"
    path.write_text('[about]\ntitle = "T"\nquestion = "Q?"\n[levers.entries]\nchange = -0.3\n', encoding="utf-8")
    whole = _run(ready, replications=60)
    monkeypatch.setattr(reduced, "DETAILED", 40)
    part, plan = (_run(ready, which, replications=60) for which in ("baseline", path))
    assert (whole.detailed, part.detailed) == (60, 40)
    pd.testing.assert_frame_equal(part.stock, whole.stock)
    assert np.array_equal(part.nights, whole.nights)
    for name in ("flows", "child_days", "places", "unmet"):
        kept = getattr(whole, name)
        pd.testing.assert_frame_equal(getattr(part, name), kept[kept["replication"] < 40])
    days = whole.child_days.groupby(["replication", "month", "setting"], observed=True)["child_days"].sum()
    assert (days.to_numpy() == whole.nights[whole.nights > 0]).all()
    compared = compare(plan, part).set_index(["measure", "setting", "period"])["baseline_mean"].sort_index()
    year = compared.loc["entries", "all"].index[0]
    came = whole.flows[whole.flows["event"].isin(["entry", "re_entry"]) & (whole.flows["replication"] < 40)]
    first = came[came["month"] < f"{int(year[:4]) + 1}-04-01"]
    assert compared["entries", "all", year] == pytest.approx(first["count"].sum() / 40)
    nights = whole.nights[:, :, : len(whole.codes.in_care)].sum()
    assert compared.loc["child_days", "all"].sum() == pytest.approx(nights / 60)


@pytest.mark.functional
def test_shared_luck_narrows_a_difference(ready: Ready, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text('[about]\ntitle = "T"\nquestion = "Q?"\n[levers.entries]\nchange = -0.1\n', encoding="utf-8")
    plan, baseline = _run(ready, path, replications=30), _run(ready, replications=30)

    def final(outcome: Outcome) -> pd.Series:
        stock = outcome.stock
        last = stock[stock["month_end"] == stock["month_end"].max()]
        total: pd.Series = last.groupby("replication")["children"].sum()
        return total

    paired = (final(plan) - final(baseline)).std()
    independent = (final(plan).var() + final(baseline).var()) ** 0.5
    assert paired < 0.4 * independent


@pytest.mark.unit
def test_a_forecast_that_ends_too_soon_is_refused_and_a_longer_one_is_cut(ready: Ready, tmp_path: Path) -> None:
    history, rates, forecast = ready
    with pytest.raises(UserError, match="does not cover"):
        simulate(history, replications=1, years=3, workers=1, rates=rates, forecast=forecast)
    path = tmp_path / "plan.toml"
    path.write_text('[about]\ntitle = "T"\nquestion = "Q?"\n[levers.entries]\n', encoding="utf-8")
    outcome = simulate(history, path, replications=1, years=1, workers=1, rates=rates, forecast=forecast)
    assert len(outcome.stock["month_end"].unique()) == 12


@pytest.mark.unit
def test_nobody_enters_on_or_after_the_18th_birthday() -> None:
    months = np.arange(48) + 12 * 57
    starts = dates.month_start(np.append(months, months[-1] + 1))
    counts = np.full((1, 48), 30)
    out = np.zeros((5, counts.sum()), dtype=np.int64)
    words = np.uint64(7), np.uint64(8)
    types, ages = np.full((5, 2, 9), 1 / 9), np.array([6574, 6575, 6576])
    window = (int(starts[0]), int(starts[-1]) - 1)
    edges, factors = np.array([0, 3]), np.ones((1, 48))
    found = kernel.draw_entrants(*words, counts, factors, 1, starts, window, ages, edges, types, out)
    assert found == counts.sum()
    _, day, dob, _, _ = out
    assert (dates.birthday(dob, dates.ADULT) > day).all()
    assert (dates.age_on(dob, day) == 17).all()
