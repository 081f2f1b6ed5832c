"""How many replications are enough: the rule against closed forms, and the same whoever does the work."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.special import stdtrit
from small_world import known_history

from sufficiency.cli import main
from sufficiency.costs import cost, price_a_night, read_prices
from sufficiency.errors import UserError
from sufficiency.forecast import EntrantForecast, forecast_entrants
from sufficiency.history import History
from sufficiency.provenance import shipped
from sufficiency.rates import Rates, estimate_rates
from sufficiency.simulation import Outcome, simulate
from sufficiency.simulation.blocks import BLOCK
from sufficiency.simulation.precision import (
    CHILDREN,
    Precision,
    half_width,
    placement_spend,
    reached,
    replications_needed,
)
from sufficiency.simulation.replications import simulate_plans

Ready = tuple[History, Rates, EntrantForecast]
EXAMPLE = shipped("example") / "returns"


@pytest.mark.unit
def test_the_half_width_is_that_of_students_interval() -> None:
    # 1, 2, 3, 4, 5: s² = 2.5, and the 97.5 % point of Student's t with 4 degrees of freedom is 2.776445 (tables).
    assert half_width([1, 2, 3, 4, 5]) == pytest.approx(2.776445 * (2.5 / 5) ** 0.5, rel=1e-6)
    assert half_width([1, 2, 3, 4, 5], 0.9) == pytest.approx(2.131847 * (2.5 / 5) ** 0.5, rel=1e-6)
    assert half_width([7, 7, 7]) == 0
    assert half_width([7]) == half_width([]) == float("inf")


@pytest.mark.unit
def test_a_stream_of_known_spread_stops_where_the_formula_says() -> None:
    """Values 0, 2, 0, 2, …: s² = n / (n − 1) for even n, so the half-width is t / √(n − 1)."""
    wanted, values = 0.2, np.tile([0.0, 2.0], 500)
    enough = next(n for n in count(40, BLOCK) if stdtrit(n - 1, 0.975) / np.sqrt(n - 1) <= wanted)
    rule = Precision(wanted)
    assert next(n for n in range(BLOCK, 1001, BLOCK) if rule.reached(values[:n])) == enough == 100
    assert not Precision(0.2, least=300).reached(values[:280])
    assert Precision(1e-9).reached(np.full(40, 5.0))
    assert not Precision(1e-9).reached(np.full(39, 5.0))


@pytest.mark.property
def test_stopping_by_looking_costs_little_of_the_level() -> None:
    """Means of normal values, 2,000 streams: nearly 95 % of the intervals hold the truth, and none stops too wide."""
    generator = np.random.default_rng(11)
    rule, held, streams = Precision(0.2), 0, 2_000
    for values in generator.normal(size=(streams, 400)):
        n = next(n for n in range(BLOCK, 401, BLOCK) if rule.reached(values[:n]))
        held += abs(values[:n].mean()) <= half_width(values[:n]) <= 0.2
    assert 0.925 < held / streams < 0.965


@pytest.mark.unit
@pytest.mark.parametrize("wrong", [(0.0, 0.95, 40), (-1.0, 0.95, 40), (1.0, 1.0, 40), (1.0, 0.95, 1)])
def test_a_precision_that_cannot_be_is_refused(wrong: tuple[float, float, int]) -> None:
    with pytest.raises(ValueError, match="half-width above 0"):
        Precision(*wrong)


@pytest.fixture(scope="module")
def ready() -> Ready:
    history = known_history(per_day=0.15)
    return history, estimate_rates(history), forecast_entrants(history, months=12)


def _run(ready: Ready, precision: Precision | None, *, workers: int = 1, most: int = 120) -> Outcome:
    history, rates, forecast = ready
    return simulate(
        history,
        replications=most,
        precision=precision,
        years=1,
        workers=workers,
        rates=rates,
        forecast=forecast,
        journeys=0,
        seed=3,
    )


@pytest.mark.functional
def test_the_number_is_the_first_that_is_enough_whoever_does_the_work(ready: Ready) -> None:
    every = CHILDREN.of(_run(ready, None))
    assert len(every) == 120
    rule = Precision(half_width(every[:80]) * 1.0001)
    enough = next(n for n in range(BLOCK, 121, BLOCK) if rule.reached(every[:n]))
    one, two = _run(ready, rule), _run(ready, rule, workers=2)
    assert one.replications == two.replications == enough
    assert BLOCK < enough <= 80
    for name in ("stock", "flows", "child_days", "places", "unmet"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))
    assert np.array_equal(CHILDREN.of(one), every[:enough])
    told = reached(one, rule, 120)
    assert told.half_width == half_width(every[:enough]) <= rule.half_width
    assert "not reached" not in str(told)


@pytest.mark.functional
def test_spend_is_watched_as_it_is_costed(ready: Ready, tmp_path: Path) -> None:
    every = _run(ready, None)
    path = tmp_path / "prices.csv"
    rows = [f"{name},2020-01-01,{700 + 70 * at},own,ledger" for at, name in enumerate(every.codes.all_settings)]
    path.write_text("\n".join(["setting,from,pounds_per_week,status,source", *rows]), encoding="utf-8")
    prices = read_prices(path)
    watched = placement_spend(price_a_night(prices, every.codes, every.origin + 1, every.last_day))
    paid = cost(every, prices).groupby("replication")["pounds"].sum().to_numpy() / 1e6
    assert watched.of(every) == pytest.approx(paid, rel=1e-12)
    rule = Precision(half_width(paid[:60]) * 1.0001, watched=watched)
    enough = next(n for n in range(40, 121, BLOCK) if rule.reached(paid[:n]))
    stopped = _run(ready, rule)
    assert stopped.replications == enough <= 60
    assert reached(stopped, rule, 120).output == watched.name
    assert "£ million" in str(reached(stopped, rule, 120))


@pytest.mark.functional
def test_the_most_replications_are_kept_to_and_said(ready: Ready) -> None:
    rule = Precision(0.001)
    outcome = _run(ready, rule, most=50)
    assert outcome.replications == 50
    told = reached(outcome, rule, 50)
    assert told.half_width > 0.001
    assert "50 replications, at most 50" in str(told)
    assert "0.001 was not reached" in str(told)


@pytest.mark.functional
def test_every_plan_gets_as_many_as_the_first_needed(ready: Ready) -> None:
    history, rates, forecast = ready
    outcomes = simulate_plans(
        history,
        ["baseline", "stability", "demand-shock"],
        replications=80,
        precision=Precision(1_000),
        years=1,
        workers=2,
        rates=rates,
        forecast=forecast,
        journeys=0,
    )
    assert [outcome.replications for outcome in outcomes] == [40, 40, 40]
    assert [outcome.scenario.name for outcome in outcomes] == ["baseline", "stability", "demand-shock"]


@pytest.mark.functional
def test_a_run_watches_spend_where_there_are_prices(tmp_path: Path) -> None:
    words = ["--replications", "60", "--precision", "50", "--precision-of", "spend", "--years", "1", "--no-report"]
    done = CliRunner().invoke(main, ["run", str(EXAMPLE), *words, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "Precision: 40 replications, at most 60" in done.output
    assert "placement spend of all the years simulated, £ million" in done.output
    (tmp_path / "none").mkdir()
    words += ["--tables", str(tmp_path / "none"), "--out", str(tmp_path / "other")]
    done = CliRunner().invoke(main, ["run", str(EXAMPLE), *words])
    assert done.exit_code == 1
    assert "--precision-of spend needs prices" in done.output


@pytest.mark.functional
def test_a_run_says_how_many_it_took_and_how_precise_it_is(tmp_path: Path) -> None:
    words = ["--replications", "80", "--precision", "100", "--years", "1", "--workers", "2", "--no-report"]
    out = tmp_path / "out"
    done = CliRunner().invoke(main, ["run", str(EXAMPLE), *words, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "Precision: 40 replications, at most 80" in done.output
    assert "40 replications of each plan" in done.output
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["replications"] == manifest["precision"]["replications"] == 40
    assert manifest["replications_in_detail"] == 40
    assert 0 < manifest["precision"]["half_width"] <= manifest["precision"]["asked"] == 100
    stock = pd.read_parquet(out / "internal" / "results" / "stock.parquet")
    assert stock.groupby("scenario", observed=True)["replication"].nunique().tolist() == [40, 40]
    other = CliRunner().invoke(main, ["run", str(EXAMPLE), *words[:2], *words[4:], "--out", str(out)])
    assert other.exit_code == 1
    assert "--overwrite" in other.output


@pytest.mark.functional
def test_what_is_watched_needs_a_precision(tmp_path: Path) -> None:
    words = ["--precision-of", "spend", "--scenario", "no-such-plan", "--no-report", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(main, ["run", str(EXAMPLE), *words])
    assert done.exit_code == 1
    assert "--precision-of needs --precision: " in done.output
    assert "no-such-plan" in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.unit
def test_replications_needed_are_the_fewest_that_are_enough() -> None:
    values = np.random.default_rng(2).normal(scale=3.0, size=50)
    for wanted in (0.2, 0.5, 2.0, 50.0):
        number = replications_needed(values, wanted)
        spread = values.std(ddof=1)
        widths = [stdtrit(n - 1, 0.975) * spread / np.sqrt(n) for n in (number, max(number - 1, 2))]
        assert widths[0] <= wanted
        assert number == 2 or widths[1] > wanted
    # About (1.96 × 3 / 0.1)² = 3,457 of a standard deviation of 3.
    assert replications_needed([-3, 3, -3, 3] * 500, 0.1) == pytest.approx(3_460, abs=5)
    for wrong in ([1.0], [1.0, 2.0]):
        with pytest.raises(ValueError, match="two values"):
            replications_needed(wrong, 0.0 if len(wrong) > 1 else 1.0)


@pytest.mark.functional
def test_differences_are_watched_pair_by_pair_and_need_fewer(ready: Ready, tmp_path: Path) -> None:
    history, rates, forecast = ready
    plans = ["baseline"]
    for change in (-0.2, -0.4):
        path = tmp_path / f"plan{len(plans)}.toml"
        path.write_text(
            f'[about]\ntitle = "T"\nquestion = "Q?"\n[levers.entries]\nchange = {change}\n', encoding="utf-8"
        )
        plans.append(str(path))

    def outcomes(precision: Precision | None, names: list[str]) -> list[Outcome]:
        return simulate_plans(
            history,
            names,
            replications=120,
            precision=precision,
            years=1,
            workers=1,
            rates=rates,
            forecast=forecast,
            journeys=0,
            seed=3,
        )

    every = [CHILDREN.of(one) for one in outcomes(None, plans)]
    rule = Precision(half_width(every[2] - every[0]) * 1.3, of_differences=True)
    enough = next(
        n
        for n in range(40, 121, BLOCK)
        if all(half_width(own[:n] - every[0][:n]) <= rule.half_width for own in every[1:])
    )
    found = outcomes(rule, plans)
    assert [one.replications for one in found] == [enough] * 3
    for one, values in zip(found, every, strict=True):
        assert np.array_equal(CHILDREN.of(one), values[:enough])
    told = reached(found[0], rule, 120, found[1:])
    assert told.half_width <= rule.half_width
    assert "difference from the baseline" in str(told)
    # The same precision of the baseline itself takes more, or all.
    assert half_width(every[0][:enough]) > rule.half_width
    with pytest.raises(UserError, match="needs a plan beside"):
        outcomes(rule, ["baseline"])
