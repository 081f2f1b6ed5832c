"""Charts of plans taken apart and of what moves an answer: drawn from tables, with what the tables say on them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from sufficiency.report import figures_plans
from sufficiency.report.style import Words, save

pytestmark = pytest.mark.functional
WORDS = Words("A title", "a unit", "DRAFT")


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_a_waterfall_goes_from_the_baseline_to_the_plan(tmp_path: Path) -> None:
    labels = ["Baseline", "Recruiting carers", "Staying put", "Plan"]
    children = pd.DataFrame({"label": labels, "begins": [0, 90, 50.0, 0], "ends": [90, 50.0, 53, 53]})
    figure = figures_plans.waterfall_steps(children, WORDS)
    assert _texts(figure) == ["90", "−40", "+3.0", "53"]
    widths = [bar.get_width() for bar in figure.axes[0].patches if isinstance(bar, Rectangle)]
    assert widths == pytest.approx([90, 40, 3, 53])
    shares = children.assign(begins=children["begins"] / 100, ends=children["ends"] / 100)
    assert _texts(figures_plans.waterfall_steps(shares, WORDS)) == ["0.900", "−0.400", "+0.030", "0.530"]
    pounds = children.assign(begins=children["begins"] * 1e5, ends=children["ends"] * 1e5)
    money = figures_plans.waterfall_steps(pounds, WORDS, pounds=True)
    assert _texts(money) == ["£9.00m", "−£4.00m", "+£0.30m", "£5.30m"]
    for number, one in enumerate((figure, money)):
        png, svg = save(one, tmp_path, f"chart_{number}")
        assert png.stat().st_size > 5_000
        assert svg.stat().st_size > 5_000


def test_a_tornado_and_shares_of_variance_name_their_inputs(tmp_path: Path) -> None:
    swings = pd.DataFrame(
        {"label": ["Entries (times)", "Prices (times)"], "low": [0.9, 0.95], "high": [1.1, 1.05]}
    ).assign(at_low=[0.3, 0.38], at_high=[0.5, 0.42], reference=0.4)
    figure = figures_plans.tornado_bars(swings, WORDS, decimals=2)
    named = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert named == ["Entries (times)\n0.9 to 1.1", "Prices (times)\n0.95 to 1.05"]
    ends = {"first_low": [0.4, 0.0], "first_high": [0.8, 0.2], "total_low": [0.5, 0.1], "total_high": [1.1, 0.3]}
    shares = pd.DataFrame({"label": ["Entries", "Prices"], "first_order": [0.6, 0.1], "total": [0.8, 0.2], **ends})
    variance = figures_plans.shares_of_variance(shares, WORDS)
    assert variance.axes[0].get_xlim()[1] == pytest.approx(1.1)
    for number, one in enumerate((figure, variance)):
        assert save(one, tmp_path, f"chart_{number}")[0].stat().st_size > 5_000


def test_what_is_asked_for_and_no_change_are_drawn(tmp_path: Path) -> None:
    tried = pd.DataFrame({"value": [0.0, 40.0, 20.0], "share": [0.0, 0.9, 0.4]})
    figure = figures_plans.met_by_value(tried, WORDS, sure=0.8)
    assert _texts(figure) == ["asked for: 80%"]
    line = figure.axes[0].lines[0]
    assert list(line.get_xdata()) == [0.0, 20.0, 40.0]  # type: ignore[arg-type]
    months = pd.date_range("2026-04-30", periods=24, freq="ME")
    change = pd.DataFrame({"date": months, "difference": -1.0, "low": -3.0, "high": 1.0})
    difference = figures_plans.difference_by_month(change, WORDS)
    assert list(difference.axes[0].lines[0].get_ydata()) == [0, 0]  # type: ignore[arg-type]
    for number, one in enumerate((figure, difference)):
        assert save(one, tmp_path, f"chart_{number}")[0].stat().st_size > 5_000
