"""The trial on real series: what is read, what is known at an origin, and the scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sufficiency import dates
from sufficiency.errors import UserError
from sufficiency.forecast.innovations import scaled
from sufficiency.forecast.pool import MODELS, POOL
from sufficiency.forecast.textbook import fit_textbook_ets
from sufficiency.trials.real_annual import NO_CHANGE, Shrunken, extremes, linear_drift, sampled
from sufficiency.trials.real_data import Monthly, Yearly, read_panel, read_referrals
from sufficiency.trials.real_scores import (
    LAST_YEAR,
    MONTHLY_METHODS,
    NAIVE,
    OURS,
    difference,
    over_authorities,
    ratio,
    score_monthly,
    score_yearly,
    share,
)
from sufficiency.trials.real_series import AHEAD, LEFT_OUT, STARTS, STOCK, YEARS_SCORED, main

PAGE = Path(__file__).parents[1] / "docs" / "validation" / "real-series.md"


def _write(folder: Path, name: str, table: pd.DataFrame) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)


@pytest.mark.unit
def test_suppressed_and_missing_months_are_gaps_and_not_noughts(tmp_path: Path) -> None:
    months = pd.date_range("2012-04-01", periods=40, freq="MS").strftime("%Y-%m-%d")
    whole = pd.DataFrame(
        {"date": months, "geographic_level": "Local authority", "old_la_code": "301", "referrals": "9"}
    )
    hidden = whole.assign(old_la_code="302", referrals=["7", "c", *["8"] * 38])
    late = whole.assign(old_la_code="303").iloc[12:]
    nation = whole.assign(geographic_level="National", referrals="900")
    _write(tmp_path, "series/monthly_referrals_by_la.csv", pd.concat([late, hidden, nation, whole]))
    series = read_referrals(tmp_path)
    assert series.first_month == int(dates.month_index(dates.day_number("2012-04-01")))
    assert series.counts.shape == (3, 40)
    known = series.known_at(28, 12, 24)
    assert [len(counts) for counts in known] == [40, 38, 0]
    assert set(known[1].tolist()) == {8}
    with pytest.raises(UserError, match=r"la_year_panel\.csv"):
        read_panel(tmp_path, "started")


@pytest.mark.unit
def test_only_unbroken_series_above_nought_are_kept(tmp_path: Path) -> None:
    rows = [
        ("Local authority", code, year, value)
        for code, values in {"201": "789", "301": "345", "302": "3c5", "303": "305", "304": "34"}.items()
        for year, value in zip((2010, 2011, 2012), values, strict=False)
    ]
    rows.append(("National", "E92000001", 2010, "9000"))
    columns = ["geographic_level", "old_la_code_or_area", "time_period", "started"]
    _write(tmp_path, "published/la_year_panel.csv", pd.DataFrame(rows, columns=columns))
    series = read_panel(tmp_path, "started", LEFT_OUT)
    assert series.years == (2010, 2011, 2012)
    assert series.counts.tolist() == [[3, 4, 5]]
    assert series.until(2011).counts.tolist() == [[3, 4]]


@pytest.mark.property
def test_what_came_later_changes_no_forecast() -> None:
    counts = np.random.default_rng(7).poisson(60.0, (3, 72)).astype(np.float64)
    changed = counts.copy()
    changed[:, 60:] += 10
    first, _ = score_monthly(Monthly(507, counts), (48,))
    second, _ = score_monthly(Monthly(507, changed), (48,))
    pd.testing.assert_frame_equal(first, second)
    assert set(first["method"]) == set(MONTHLY_METHODS)
    assert len(first) == 3 * len(MONTHLY_METHODS)


@pytest.mark.functional
def test_a_steady_series_is_forecast_better_than_by_its_last_year() -> None:
    counts = np.random.default_rng(8).poisson(60.0, (5, 84))
    scores, failed = score_monthly(Monthly(507, counts.astype(np.float64)), (60, 72))
    assert failed == 0
    assert ratio(scores, "crps", POOL, NAIVE).high < 0.9
    # Without spread, the CRPS is the absolute error.
    again = scores[scores["method"] == LAST_YEAR]
    assert np.allclose(again["crps"], again["error"])
    assert share(scores, "month_80", POOL).mean > 0.7


@pytest.mark.validation
def test_textbook_ets_forecasts_what_statsmodels_does() -> None:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel  # noqa: PLC0415

    counts = np.random.default_rng(9).poisson(50 * (1 + 0.3 * np.sin(np.arange(72) * np.pi / 6)))
    own = fit_textbook_ets(counts, 600)
    theirs = ETSModel(
        scaled(counts),
        error="add",
        trend="add",
        damped_trend=True,
        seasonal="add",
        seasonal_periods=12,
        initialization_method="heuristic",
    ).fit(disp=0)
    assert np.allclose(own.expected(12), theirs.forecast(12))


def _panel(drift: float, noise: float, authorities: int = 120, years: int = 14) -> Yearly:
    random = np.random.default_rng(3)
    steps = drift + noise * random.normal(size=(authorities, years))
    logs = np.log(random.uniform(50, 900, authorities))[:, None] + np.cumsum(steps, axis=1)
    return Yearly(tuple(range(2010, 2010 + years)), np.exp(logs))


@pytest.mark.unit
def test_a_shrunken_drift_is_what_it_says() -> None:
    known = np.array([[100.0, 110.0, 121.0], [100.0, 100.0, 100.0]])
    drift = np.log(1.1) / 2
    assert np.allclose(NO_CHANGE.logs(known, 3), np.log([121, 100]))
    assert np.allclose(Shrunken(1.0, 0.0, 0.0).logs(known, 2), np.log([121, 100]) + 2 * drift)
    assert np.allclose(Shrunken(0.0, 1.0, 0.0).logs(known, 2), np.log([121, 100]) + np.array([drift, -drift]))
    assert np.allclose(Shrunken(0.0, 0.0, 1.0).logs(known, 1), [np.log([100, 110]).mean(), np.log(100)])
    assert np.allclose(linear_drift(np.array([[100.0, 1, 1, 130], [50, 0, 0, 5]]), 2), [[150, 1]])


@pytest.mark.unit
def test_the_largest_changes_are_those_of_authorities_that_are_not_small() -> None:
    years = np.arange(12)
    counts = np.array([100 * 1.05**years, np.where(years < 6, 100.0, 150.0), np.where(years < 6, 10.0, 90.0)])
    most = extremes(counts)
    assert most.authorities == 2
    assert most.most_growth == pytest.approx(0.05)
    assert most.most_rise == pytest.approx(1.5)
    assert 1.05**2 < most.rise < 1.5


@pytest.mark.property
def test_intervals_of_a_random_walk_are_covered_as_they_say() -> None:
    series = _panel(0.0, 0.08)
    rows = []
    for origin in range(2016, 2022):
        sample = sampled(NO_CHANGE, series.until(origin).counts, 2)
        came = series.counts[:, series.years.index(origin + 2)]
        low, high = np.percentile(sample, [10, 90], axis=0)
        rows.append((low <= came) & (came <= high))
    assert 0.76 < np.mean(rows) < 0.84
    # The middle is the last value, whatever the errors of the past.
    known = series.until(2016).counts
    assert np.allclose(np.median(sampled(NO_CHANGE, known, 1), axis=0), known[:, -1], rtol=0.01)


@pytest.mark.property
def test_small_authorities_have_wider_intervals_where_chance_rules() -> None:
    random = np.random.default_rng(1)
    sizes = np.repeat([40.0, 1000.0], 60)
    sample = sampled(NO_CHANGE, random.poisson(sizes[:, None], (120, 10)).astype(np.float64), 1)
    width = np.log(np.percentile(sample, 90, axis=0) / np.percentile(sample, 10, axis=0))
    assert 3.5 < width[:60].mean() / width[60:].mean() < 6.5


@pytest.mark.functional
def test_a_common_drift_beats_no_change_and_the_interval_says_so() -> None:
    scores = score_yearly(_panel(0.04, 0.03, authorities=20), Shrunken(1.0, 0.0, 0.0), (2018,), (3, 9))
    assert set(scores["ahead"]) == {3}
    gain = difference(scores, "percent", OURS, "no change")
    assert gain.high < 0
    assert gain.low < gain.mean < gain.high


@pytest.mark.unit
def test_a_bootstrap_over_authorities_has_the_spread_of_a_mean() -> None:
    values = np.random.default_rng(5).normal(3, 2, 400)
    found = over_authorities(values)
    assert found.mean == pytest.approx(values.mean())
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(values.std() / 20, rel=0.1)


@pytest.mark.validation
def test_the_pool_on_a_few_real_series(shared_data: Path) -> None:
    series = read_referrals(shared_data)
    scores, _ = score_monthly(Monthly(series.first_month, series.counts[::20]), (60,))
    assert scores["authority"].nunique() >= 7
    assert set(scores["method"]) == {*MONTHLY_METHODS}
    assert np.isfinite(scores.drop(columns="method").to_numpy(np.float64)).all()
    means = scores.groupby("method")["crps"].mean()
    assert means[POOL] < means[LAST_YEAR]
    assert set(MODELS) < set(means.index)


@pytest.mark.validation
@pytest.mark.parametrize(
    ("measure", "method", "title"), [("cla_31_march", STOCK, "## Children"), ("started", STARTS, "## Starts")]
)
def test_the_page_has_the_errors_that_the_method_makes(
    shared_data: Path, measure: str, method: Shrunken, title: str
) -> None:
    series = read_panel(shared_data, measure, LEFT_OUT)
    section = PAGE.read_text(encoding="utf-8").split(title)[1].split("\n## ")[0]
    table = section.split("### Scored")[1].split("### What")[0]
    for name, chosen in ((f"**{OURS}**", method), ("no change", NO_CHANGE)):
        for ahead in AHEAD:
            errors = []
            for origin in YEARS_SCORED:
                if origin + ahead <= series.years[-1]:
                    came = series.counts[:, series.years.index(origin + ahead)]
                    middle = np.median(sampled(chosen, series.until(origin).counts, ahead), axis=0)
                    errors.append(100 * np.abs(middle - came) / came)
            assert f"| {ahead}: {name} | {np.mean(errors):.2f} (" in table


@pytest.mark.unit
def test_without_the_published_series_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"monthly_referrals_by_la\.csv"):
        main(["--shared", str(tmp_path), "--out", str(tmp_path / "page.md")])
    assert not (tmp_path / "page.md").exists()
