"""The past as the history notebook shows it: in words, with what is missing said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from returns_builder import small, write

from sufficiency.history import build_history
from sufficiency.provenance import shipped
from sufficiency.rates.past import MEDIAN_COLUMNS, STAY_COLUMNS, past_tables, stay_tables
from sufficiency.rates.survival import median_stay, survival_curves
from sufficiency.report import figures, figures_history
from sufficiency.report.measures import months, told
from sufficiency.report.past import TABLES, Past, fresh_past
from sufficiency.report.style import Words
from sufficiency.returns import read_returns
from sufficiency.tables.comparators import COLUMNS

pytestmark = pytest.mark.unit

WORDS = Words("A title", "a unit", "INTERNAL")


@pytest.fixture(scope="module")
def past() -> Past:
    return fresh_past(shipped("example") / "returns")


def test_the_tables_kept_are_those_shown(tmp_path: Path) -> None:
    tables = past_tables(build_history(read_returns(write(tmp_path, small()))))
    assert set(TABLES) <= set(tables)
    assert not [name for name, table in tables.items() if {"child", "dob"} & set(table.columns)]


def test_stays_are_the_curve_read_off_by_month() -> None:
    history = build_history(read_returns(shipped("example") / "returns"))
    made, curves = stay_tables(history), survival_curves(history)
    stays = made["stays"]
    assert tuple(stays.columns) == STAY_COLUMNS
    assert tuple(made["median_stay"].columns) == MEDIAN_COLUMNS
    assert made["median_stay"].set_index("age_at_entry")["median_days"].to_dict() == median_stay(curves).to_dict()
    for name, mine in stays.groupby("age_at_entry", sort=False):
        curve = curves[curves["age_at_entry"] == name]
        assert mine["still_in_care"].iloc[0] == 1.0
        assert (mine["still_in_care"].diff().dropna() <= 0).all()
        assert (mine["followed"] > 0).all()
        year = mine[mine["months"] == 12]["still_in_care"].iloc[0]
        assert year == curve.loc[curve["days"] <= 365.25, "survival"].iloc[-1]


def test_measures_are_told_in_words_and_as_a_reader_writes_them(past: Past) -> None:
    assert past.quarters.shape[1] == 8
    assert past.quarters.loc["Children in care on the last day"].iloc[-1] == "360"
    assert past.quarters.loc["Share with in-house foster carers"].iloc[-1].endswith("%")
    assert past.indicators.loc["Children in care on the last day, per 10,000 children"].iloc[-1] == "68.5"
    assert "population.csv" in past.rates_said
    assert "left out" not in past.rates_said
    assert not [name for name in past.indicators.index if "_" in str(name)]
    assert told("in_house_fostering_gain", -7.0, np.nan) == "−7"
    assert told("mean_days_in_care", 856.4, 300.0) == "856"
    assert told("moves_per_child_year", 0.5, 300.0) == "0.50"
    assert told("entries", np.nan, np.nan) == "–"
    assert [months(30), months(400), months(800)] == ["1 month", "13 months", "2.2 years"]


def test_the_profile_is_printed_with_every_section_adding_up(past: Past) -> None:
    sums = past.printed.groupby(level="section").sum()
    assert sums.nunique().tolist() == [1] * 8
    assert int(sums.to_numpy()[0, -1]) == 360
    assert ("Placement", "In-house fostering") in past.yearly_profile.index
    yearly = past.yearly_profile.groupby(level=0).sum()
    assert yearly.nunique().tolist() == [1] * 7


def test_changes_and_care_leavers_are_told_in_words(past: Past) -> None:
    assert "Change of placement status only" in past.changes.index
    assert past.change_bars["value"].is_monotonic_decreasing
    assert "With former foster carers (staying put)" in past.leavers.index
    assert past.leaver_bars["value"].sum() == past.leavers.iloc[:, -1].sum()
    assert past.stays_said == "Half of all children who enter care have left after 13 months"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    past = fresh_past(write(tmp_path / "returns", small()))
    assert "left out" in past.rates_said
    assert "--comparators" in past.compared_said
    assert past.leavers.empty
    assert past.change_bars["value"].gt(0).all()
    for figure in (
        figures_history.stays(past.stays, past.medians, WORDS),
        figures.bars(past.change_bars, WORDS),
    ):
        assert figure.get_size_inches()[1] > 0


def _compared() -> pd.DataFrame:
    rows = []
    for level, area, value in (("authority", "Inventshire", 50.0), ("England", "England", 70.0)):
        for year in ("2023-24", "2024-25"):
            rows += [
                (year, level, area, "children_per_10000", value, 100.0, 20_000.0),
                (year, level, area, "foster_share", value / 100, 50.0, 100.0),
            ]
    rows.append(("2025-26", "returns", "These returns", "foster_share", 0.8, 80.0, 100.0))
    rows.append(("2025-26", "England", "England", "foster_share", np.nan, np.nan, 100.0))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_others_stand_beside_the_authority_each_in_its_last_year(past: Past) -> None:
    fields = {name: getattr(past, name) for name in Past.__dataclass_fields__}
    beside = Past(**{**fields, "compared": _compared()})
    assert beside.compared_said == (
        "Children in care for each 10,000 at the end of 2024-25: 50 in Inventshire, 70 in England"
    )
    table = beside.compared_table
    assert table.loc["Share fostered"].to_dict() == {
        "Inventshire (2024-25)": "50%",
        "England (2024-25)": "70%",
        "These returns (2025-26)": "80%",
    }
    assert table.loc["Children in care for each 10,000 children", "These returns (2025-26)"] == "–"


def test_lines_and_marks_are_told_apart_without_colour() -> None:
    lines = figures_history.rates(_compared(), WORDS).axes[0].get_lines()
    assert len({line.get_linestyle() for line in lines}) == len(lines) == 2
    assert [line.get_label() for line in lines] == ["Inventshire: 50 in 2024-25", "England: 70 in 2024-25"]
    marks = figures_history.mix(_compared(), WORDS).axes[0].get_lines()
    assert len({mark.get_marker() for mark in marks}) == len(marks) == 3


def test_a_curve_ends_where_few_are_followed_and_says_when_half_had_left() -> None:
    share = np.array([1.0, 0.8, 0.5, 0.4])
    table = pd.DataFrame(
        {
            "age_at_entry": "All",
            "months": range(4),
            "still_in_care": share,
            "standard_error": 0.0,
            "followed": [30, 20, 10, 9],
        }
    )
    medians = pd.DataFrame({"age_at_entry": ["All"], "median_days": [61.0]})
    axes = figures_history.stays(table, medians, WORDS).axes[0]
    assert len(np.asarray(axes.get_lines()[0].get_ydata())) == 3
    assert axes.texts[0].get_text() == "half had left\nby 2 months"
    none = figures_history.stays(table, medians.assign(median_days=np.nan), WORDS).axes[0]
    assert none.texts[0].get_text() == "more than half still in care"
