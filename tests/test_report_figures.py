"""Charts: the same bytes every time, gaps where figures are hidden, no global state."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from sufficiency.report import figures
from sufficiency.report.style import Words, save, spread, written

pytestmark = pytest.mark.unit

WORDS = Words("Children in care rose", "children at quarter end", "DRAFT")


def fan() -> pd.DataFrame:
    dates = pd.date_range("2026-06-30", periods=8, freq="QE")
    middle = np.arange(8) * 5.0 + 350
    return pd.DataFrame(
        {"date": dates, "p10": middle - 20, "p25": middle - 10, "p50": middle, "p75": middle + 10, "p90": middle + 20}
    )


def past() -> pd.DataFrame:
    dates = pd.date_range("2024-06-30", periods=8, freq="QE")
    return pd.DataFrame({"date": dates, "children": [340.0, 342, np.nan, 350, 351, 349, 352, 350]})


def test_a_chart_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    written_twice = [
        save(figures.stock_and_fans(past(), {"Baseline": fan()}, WORDS), tmp_path / name, "chart")
        for name in ("a", "b")
    ]
    for one, other in zip(*written_twice, strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert dict(mpl.rcParams) == before
    svg = written_twice[0][1].read_text(encoding="utf-8")
    assert "dc:date" not in svg


def test_a_hidden_count_leaves_a_gap() -> None:
    figure = figures.stock_and_fans(past(), {}, WORDS)
    assert np.isnan(np.asarray(figure.axes[0].lines[0].get_ydata(), dtype=float)).sum() == 1
    table = pd.DataFrame({"label": ["a", "b"], "value": [np.nan, 12.0]})
    told = [text.get_text() for text in figures.bars(table, WORDS).axes[0].texts]
    assert told == ["hidden (c)", "12"]


def test_a_fan_opens_from_the_last_count() -> None:
    line = figures.stock_and_fans(past(), {"Baseline": fan()}, WORDS).axes[0].lines[1]
    assert float(np.asarray(line.get_ydata(), dtype=float)[0]) == 350


def test_plans_are_lines_on_the_band_of_the_first() -> None:
    axes = figures.stock_and_fans(past(), {"Baseline": fan(), "A plan": fan(), "Another": fan()}, WORDS).axes[0]
    assert len(axes.collections) == 2
    # The past, three middles, two edges of each plan, and the day of the forecast.
    assert len(axes.lines) == 1 + 3 + 4 + 1


def test_all_charts_draw(tmp_path: Path) -> None:
    groups = pd.concat([past().assign(group=name) for name in ("A", "B")])
    fans = fan().assign(group="A")
    flows = pd.DataFrame({"period": ["Mar 2025", "Jun 2025"], "started": [30.0, np.nan], "left": [20.0, 25.0]})
    effect = pd.DataFrame({"label": ["All", "A"], "difference": [-35, 0], "low": [-55, -5], "high": [-10, 5]})
    tested = pd.DataFrame({"label": ["x"], "p10": [300], "p50": [320], "p90": [340], "actual": [331], "naive": [310]})
    money = pd.DataFrame({"financial_year": ["2026-27"], "p10": [2e7], "p50": [2.1e7], "p80": [2.2e7], "p90": [2.3e7]})
    drawn = [
        figures.panels(groups, fans, WORDS),
        figures.entries_and_exits(flows, WORDS),
        figures.differences(effect, WORDS),
        figures.backtest_dots(tested, WORDS),
        figures.past_fans(past(), {"Mar 2025": fan().assign(actual=331.0, naive=340.0)}, WORDS),
        figures.past_fans(past(), {}, WORDS),
        figures.spend({"Baseline": money, "A plan with a long name": money}, WORDS),
    ]
    for number, figure in enumerate(drawn):
        png, svg = save(figure, tmp_path, f"chart_{number}")
        assert png.stat().st_size > 5_000
        assert svg.stat().st_size > 5_000


def test_labels_move_apart_and_stay_on_the_paper() -> None:
    places = spread([0.5, 0.51, 0.99], [0.1, 0.1, 0.2])
    assert places[1] - places[0] >= 0.1 - 1e-9
    assert max(place + size / 2 for place, size in zip(places, [0.1, 0.1, 0.2], strict=True)) <= 1 + 1e-9


def test_numbers_on_charts_have_a_true_minus() -> None:
    assert [written(-35), written(12, signed=True), written(27_500_000, pounds=True)] == ["−35", "+12", "£27.5m"]
    assert [written(-0.4), written(0.4, signed=True), written(-9_000, pounds=True)] == ["0", "0", "£0.0m"]
