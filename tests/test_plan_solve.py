"""The least change that meets a target: against a closed form, by brute force, and there and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.stats import norm
from small_world import known_history

from sufficiency import dates
from sufficiency.cli import main
from sufficiency.codes import read_codes
from sufficiency.costs import Charges, cost, read_prices
from sufficiency.errors import UserError
from sufficiency.forecast import forecast_entrants
from sufficiency.plan import Means
from sufficiency.plan import solve as searching
from sufficiency.plan.knobs import Knob, read_knob, with_values
from sufficiency.plan.outputs import OUTPUTS, Output
from sufficiency.plan.solve import Solved, solve
from sufficiency.plan.targets import Target, read_target, read_targets
from sufficiency.rates import estimate_rates
from sufficiency.scenario import read_scenario
from sufficiency.simulation import Outcome, match_places
from sufficiency.solved import SolveOptions, answer_lines, read_knobs

CODES = read_codes()
BASELINE = read_scenario("baseline")
Floats = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def means() -> Means:
    history = known_history(per_day=0.15)
    rates, forecast = estimate_rates(history), forecast_entrants(history, months=25, evaluate=False)
    matched = match_places(history, rates=rates, forecast=forecast, both_forms=False)
    return Means(history, rates, forecast, matched, workers=1)


# Targets.


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "output", "sign", "value", "sure"),
    [
        ("agency_share <= 0.20 by 2028-03 with 0.8", Output("agency_share", None, 698), "<=", 0.2, 0.8),
        ("agency_share<=20% by 2028-03-31 with 80%", Output("agency_share", None, 698), "<=", 0.2, 0.8),
        ("children in external_home < 25", Output("children", "external_home"), "<", 25.0, 0.5),
        ("spend ≤ £24.5m by 2027-12", Output("spend", None, 695), "<=", 24.5e6, 0.5),
        ("spend > 24,500,000 with 0.9", Output("spend"), ">", 24.5e6, 0.9),
    ],
)
def test_a_target_is_read_as_it_is_written(text: str, output: Output, sign: str, value: float, sure: float) -> None:
    found = read_target(text, CODES)
    assert (found.output, found.sign, found.sure) == (output, sign, sure)
    assert found.value == pytest.approx(value)
    assert read_target(str(found), CODES) == found


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("agency_shar <= 0.2", "Did you mean 'agency_share'?"),
        ("children in external_hom <= 25", "Did you mean 'external_home'?"),
        ("agency_share == 0.2", "no comparison"),
        ("agency_share in secure <= 0.2", "takes no setting"),
        ("shortfall <= 0", "needs a setting"),
        ("children <= many", "no number"),
        ("children <= 30 by March", "no month"),
        ("children <= 30 by 2028-13", "no month"),
        ("children <= 30 with 1.2", "no probability"),
        ("children <= 30 with 0", "no probability"),
        ("fewer children", "is no target"),
    ],
)
def test_a_wrong_target_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said.replace("?", r"\?")):
        read_target(text, CODES)


@pytest.mark.unit
def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(UserError) as told:
        read_targets(["childen <= 3x by 2028-99", "children <= 3", "share <= 2"], CODES)
    assert len(told.value.problems) == 4


# Outputs.


@pytest.mark.functional
def test_outputs_are_those_of_the_tables(means: Means) -> None:
    (outcome,) = means.simulate([BASELINE], replications=6, years=2)
    last = outcome.stock["month_end"].max()
    stock = outcome.stock[(outcome.stock["month_end"] == last) & outcome.stock["setting"].isin(CODES.in_care)]
    counts = stock.astype({"setting": str}).pivot_table(
        index="replication", columns="setting", values="children", aggfunc="sum", fill_value=0
    )
    assert Output("children").values(outcome).tolist() == counts.sum(axis=1).tolist()
    house, agency = counts["in_house_fostering"], counts["agency_fostering"]
    assert Output("agency_share").values(outcome) == pytest.approx((agency / (agency + house)).to_numpy())
    assert Output("share", "agency_fostering").values(outcome) == pytest.approx(
        (agency / counts.sum(axis=1)).to_numpy()
    )
    own = house + counts.get("in_house_home", 0)
    assert Output("in_house_share").values(outcome) == pytest.approx((own / counts.sum(axis=1)).to_numpy())
    moves = outcome.flows[
        (outcome.flows["event"] == "move") & (outcome.flows["month"] > last - pd.DateOffset(months=12))
    ]
    assert Output("moves").values(outcome).tolist() == moves.groupby("replication")["count"].sum().tolist()
    places = outcome.places
    held = places[(places["setting"] == "in_house_fostering") & (places["month"] > last - pd.DateOffset(months=3))]
    days = (last - (last - pd.DateOffset(months=3) + pd.offsets.MonthEnd(0))).days
    full = held.groupby("replication")["days_full"].sum() / days
    assert Output("shortfall", "in_house_fostering").values(outcome) == pytest.approx(full.to_numpy())


@pytest.mark.functional
def test_an_output_beyond_the_run_or_without_prices_is_refused(means: Means, tmp_path: Path) -> None:
    (outcome,) = means.simulate([BASELINE], replications=2, years=1)
    first = int(dates.month_index(outcome.origin + 1))
    for output in (Output("children", None, first + 12), Output("moves", None, first + 3), Output("children", None, 0)):
        with pytest.raises(UserError, match="can be told for"):
            output.values(outcome)
    with pytest.raises(UserError, match="needs prices"):
        Output("spend").values(outcome)
    with pytest.raises(UserError, match="no limited places"):
        Output("shortfall", "agency_fostering").values(outcome)
    path = tmp_path / "prices.csv"
    rows = [f"{name},2020-01-01,{700 + 70 * at},own,ledger" for at, name in enumerate(CODES.all_settings)]
    path.write_text("\n".join(["setting,from,pounds_per_week,status,source", *rows]), encoding="utf-8")
    prices = read_prices(path)
    paid = cost(outcome, prices)
    year = dates.financial_year(outcome.origin + 1)
    told = Output("spend", None, first).values(outcome, Charges(prices))
    assert told == pytest.approx(paid[paid["financial_year"] == year].groupby("replication")["pounds"].sum().to_numpy())
    one = Output("spend", "agency_fostering", first).values(outcome, Charges(prices))
    assert (one < told).all()


@pytest.mark.functional
@pytest.mark.parametrize("name", [name for name in OUTPUTS if "spend" not in name])
def test_every_output_is_one_number_a_replication(means: Means, name: str) -> None:
    (outcome,) = means.simulate([BASELINE], replications=3, years=1)
    setting = "in_house_fostering" if OUTPUTS[name].takes == "a setting" else None
    values = Output(name, setting).values(outcome)
    assert values.shape == (3,)
    assert np.isfinite(values).all()


# Searches.


def _closed_form(monkeypatch: pytest.MonkeyPatch, spread: float = 10.0, fall: float = 100.0) -> None:
    """A world of one child-count, normal about 400 + fall × change in every replication; spend falls with it."""
    quantiles = norm.ppf((np.arange(200) + 0.5) / 200)

    def run(search: Any, values: tuple[float, ...], seed: int, replications: int) -> tuple[list[Floats], float]:
        assert replications > 0
        shift = 0.0 if seed == search.seed else 0.01
        found = 400 + fall * sum(values) + spread * (quantiles + shift)
        return [found for _ in search.targets], 1000.0

    monkeypatch.setattr(searching._Search, "run", run)


def _solve(means: Means, knobs: list[Knob], text: str, **more: Any) -> Solved:
    return solve(means, knobs, [read_target(text, CODES)], plan=BASELINE, replications=200, **more)


@pytest.mark.functional
def test_the_answer_is_that_of_the_closed_form(means: Means, monkeypatch: pytest.MonkeyPatch) -> None:
    _closed_form(monkeypatch)
    knob = read_knob("entries.change")
    for bound, sure in ((380.0, 0.8), (395.0, 0.9), (350.5, 0.5)):
        # 400 + 100 x + 10 z(sure) <= bound.
        exactly = (bound - 400 - 10 * norm.ppf(sure)) / 100
        found = _solve(means, [knob], f"children <= {bound} with {sure}")
        assert found.values == pytest.approx((np.floor(exactly * 100) / 100,))
        assert found.answer is not None
        assert found.less is not None
        assert found.answer.met
        assert not found.less.met
        assert found.less.values == pytest.approx((np.floor(exactly * 100) / 100 + 0.01,))
        assert len(found.tried) <= 11
    up = _solve(means, [knob], "children >= 450 with 0.9")
    assert up.values == pytest.approx((np.ceil(50 + 10 * norm.ppf(0.9)) / 100,))


@pytest.mark.functional
def test_what_cannot_be_met_and_what_is_met_already_is_said(means: Means, monkeypatch: pytest.MonkeyPatch) -> None:
    _closed_form(monkeypatch)
    knob = read_knob("entries.change", low=-0.1, high=0.1)
    never = _solve(means, [knob], "children <= 300 with 0.8")
    assert never.values is None
    assert never.answer is None
    assert "No value in range" in answer_lines(never)[0]
    assert "at most 0%" in answer_lines(never)[1]
    already = _solve(means, [knob], "children <= 450 with 0.8")
    assert already.already
    assert already.values == (0.0,)
    assert len(already.tried) == 1
    assert "without any change" in answer_lines(already)[0]


@pytest.mark.functional
def test_a_target_that_only_the_middle_of_a_range_meets_is_found(means: Means, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(search: Any, values: tuple[float, ...], seed: int, replications: int) -> tuple[list[Floats], float]:
        assert seed >= 0
        return [400 + 1000 * (values[0] - 0.2) ** 2 + np.zeros(replications) for _ in search.targets], 0.0

    monkeypatch.setattr(searching._Search, "run", run)
    knob = read_knob("entries.change", low=0.0, high=0.4)
    found = _solve(means, [knob], "children <= 410.5 with 0.8")
    assert found.values == pytest.approx((0.1,))
    never = _solve(means, [knob], "children <= 399 with 0.8")
    assert "of the 5 tried" in answer_lines(never)[0]


@pytest.mark.unit
def test_a_share_of_all_or_none_still_has_an_error_and_a_close_one_is_told(
    means: Means, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of 400 runs that all meet it, the exact upper end of what may miss it, at 95 %, is 0.7 %.
    assert 0.001 < searching.share_error(1.0, 400) < 0.007
    assert searching.share_error(0.0, 400) == pytest.approx(searching.share_error(1.0, 400))
    assert searching.share_error(0.8, 400) == pytest.approx(0.02, rel=0.02)
    _closed_form(monkeypatch)
    close = _solve(means, [read_knob("entries.change")], "children <= 380 with 0.8")
    assert close.answer is not None
    assert close.answer.near
    assert "within two standard errors" in "\n".join(answer_lines(close))
    far = _solve(means, [read_knob("entries.change", step=0.25)], "children <= 390 with 0.8")
    assert far.answer is not None
    assert not far.answer.near


@pytest.mark.functional
def test_the_cheapest_mix_is_that_of_the_closed_form(means: Means, monkeypatch: pytest.MonkeyPatch) -> None:
    _closed_form(monkeypatch, spread=0.001)
    # Either lever brings down as much a unit; returning home costs a third of the other a unit and ends at 0.2.
    dear = read_knob("entries.change", low=-0.6, high=0.0, step=0.05, price=300.0)
    cheap = read_knob("reunification.change", low=-0.2, high=0.0, step=0.05, price=100.0)
    found = _solve(means, [dear, cheap], "children <= 350.01 with 0.5")
    assert found.values == pytest.approx((-0.3, -0.2))
    best = found.tried[found.tried["met"]]["cost"].min()
    assert best == pytest.approx(1000 + 0.3 * 300 + 0.2 * 100)
    assert "cheapest mix" in answer_lines(found)[0]
    assert "Mean cost in these runs: £1,110." in answer_lines(found)
    with pytest.raises(UserError, match="needs prices"):
        _solve(means, [read_knob("entries.change"), cheap], "children <= 350")


@pytest.mark.functional
def test_no_smaller_change_meets_the_target_and_the_way_back_leads_to_the_plan(means: Means) -> None:
    knob = read_knob("entries.change", low=-0.8, high=0.0, step=0.1)
    target = Output("children", None, int(dates.month_index(means.history.origin + 1)) + 11)

    def values(change: float) -> Floats:
        plan = with_values(BASELINE, [knob], [change])
        outcome: Outcome = means.simulate([plan], replications=40, years=1, seed=5)[0]
        return target.values(outcome)

    # As many children as in 80 of 100 replications of a plan of which we know the change.
    bound = float(np.quantile(values(-0.5), 0.8, method="inverted_cdf"))
    wanted = Target(target, "<=", bound, 0.8)
    found = solve(means, [knob], [wanted], plan=BASELINE, replications=40, seed=5)
    steps = [round(-0.1 * number, 1) for number in range(9)]
    least = next(change for change in steps if wanted.met(values(change)))
    assert found.values == pytest.approx((least,))
    assert -0.5 <= least <= -0.4
    assert found.answer is not None
    assert found.answer.replications == 80
    assert 0 < found.answer.errors[0] < 0.1
    assert abs(found.answer.shares[0] - 0.8) < 0.3


# Knobs.


@pytest.mark.unit
def test_a_knob_has_the_range_and_step_of_its_lever() -> None:
    knob = read_knob("entries.change")
    assert (knob.low, knob.high, knob.step) == (-1.0, 3.0, 0.01)
    assert knob.ends() == (-100, 300)
    assert knob.value(-32) == -0.32
    assert read_knob("entries.change", low=0, high=1, step=0.3).ends() == (0, 3)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        ("entrie.change", {}, "Did you mean 'entries'"),
        ("entries.chang", {}, "Did you mean 'change'"),
        ("entries.ages", {}, "no number"),
        ("entries", {}, "no number"),
        ("entries.change", {"low": -2.0}, "lies within"),
        ("entries.change", {"low": 0.5, "high": 0.2}, "low end first"),
    ],
)
def test_a_wrong_knob_says_what_is_wrong(text: str, more: dict[str, float], said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_knob(text, **more)


@pytest.mark.unit
def test_options_name_the_lever_that_they_are_for() -> None:
    given = ("entries.change", "reunification.change")
    asked = SolveOptions(
        given,
        (),
        ranges=("entries.change=-0.5:0",),
        steps=("reunification.change=0.05",),
        costs=("entries.change=1,000",),
    )
    entries, home = read_knobs(asked)
    assert (entries.low, entries.high, entries.price) == (-0.5, 0.0, 1000.0)
    assert (home.step, home.high) == (0.05, 3.0)
    alone = SolveOptions(("entries.change",), (), ranges=("-0.2:0.1",), steps=("0.1",))
    assert read_knobs(alone)[0].ends() == (-2, 1)
    wrong = SolveOptions(given, (), ranges=("moves.change=0:1",), steps=("entries.change=x",), costs=("5",))
    with pytest.raises(UserError) as told:
        read_knobs(wrong)
    assert len(told.value.problems) == 3


@pytest.mark.unit
def test_a_lever_keeps_what_the_plan_says_of_it() -> None:
    plan = read_scenario("edge-of-care")
    (before,) = plan.levers
    (after,) = with_values(plan, [read_knob("entries.change")], [-0.3]).levers
    assert after.model_dump()["change"] == -0.3
    assert after.model_dump(exclude={"change"}) == before.model_dump(exclude={"change"})


@pytest.mark.functional
def test_the_command_tells_and_writes_its_answer(tmp_path: Path) -> None:
    words = ["solve", "--lever", "entries.change", "--range=-0.4:0", "--step", "0.2", "--replications", "20"]
    words += ["--target", "children <= 345 by 2027-03", "--workers", "1", "--out", str(tmp_path / "answer")]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    inside = tmp_path / "answer" / "internal"
    text = (inside / "solve.txt").read_text(encoding="utf-8")
    assert text.strip() in result.output
    tried = pd.read_csv(inside / "solve.csv")
    assert "entries.change" in tried.columns
    assert tried["entries.change"].between(-0.4, 0).all()
    again = CliRunner().invoke(main, [*words[:-1], str(tmp_path / "again"), "--seed", "2026"])
    assert (tmp_path / "again" / "internal" / "solve.csv").read_bytes() == (inside / "solve.csv").read_bytes()
    assert again.exit_code == 0
    wrong = CliRunner().invoke(main, ["solve", "--lever", "entrys.change", "--target", "childs <= 4"])
    assert wrong.exit_code == 1
    assert "Did you mean 'entries'" in wrong.output
    assert "Did you mean 'children'" in wrong.output
