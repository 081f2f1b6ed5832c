"""Why the forecast changed, in the annex and in the notebook: figures that add up, and none that may not be shown."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_folder import write_run_folder

from sufficiency.report import write_annex
from sufficiency.report.figures_why import steps
from sufficiency.report.style import Words
from sufficiency.report.why import LABELS, Compared, adding_up
from sufficiency.report.why_story import load_why
from sufficiency.trials.drivers import DRIVERS, END, ENTRIES, EXITS, LAST_YEAR, POPULATION, START


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run_folder(tmp_path_factory.mktemp("why"), replications=4, years=2, prices=False)


@pytest.mark.property
@given(
    st.floats(0, 5_000),
    st.lists(st.one_of(st.just(0.0), st.floats(-300, 300)), min_size=len(DRIVERS), max_size=len(DRIVERS)),
    st.sampled_from([1, 5]),
)
def test_rounded_drivers_add_up_and_nought_stays_nought(start: float, values: list[float], base: int) -> None:
    parts = dict(zip(DRIVERS, values, strict=True))
    told = adding_up({START: start, **parts, END: start + sum(values)}, base)
    assert told[START] + sum(told[name] for name in DRIVERS) == told[END]
    assert all(value % base == 0 for value in told.values())
    assert abs(told[START] - start) <= base / 2
    assert all(told[name] == 0 for name in DRIVERS if parts[name] == 0)


@pytest.mark.unit
def test_what_is_left_over_goes_to_the_driver_that_is_nearest_to_it() -> None:
    parts = dict.fromkeys(DRIVERS, 0.0) | {ENTRIES: 7.4, EXITS: 2.4}
    told = adding_up({START: 360.0, **parts, END: 369.8}, 5)
    assert (told[ENTRIES], told[EXITS], told[END]) == (10, 0, 370)


@pytest.mark.unit
def test_sentences_say_more_fewer_and_as_many() -> None:
    figures = dict.fromkeys(DRIVERS, 0) | {START: 360, END: 370, ENTRIES: 15, EXITS: -5}
    day = pd.Timestamp("2027-03-31")
    more = Compared(LAST_YEAR, day, figures).sentence()
    assert "370 children in care, 10 more than the forecast as it would have been made a year ago (360)" in more
    assert more.endswith("+15 from children who come and −5 from how soon children leave.")
    fewer = Compared("today", day, {**figures, END: 350, ENTRIES: -5}).sentence()
    assert "10 fewer than are in care today (360)" in fewer
    same = Compared("today", day, {**dict.fromkeys(DRIVERS, 0), START: 360, END: 360}).sentence()
    assert "to the nearest 5 as many as are in care today: no driver" in same


@pytest.mark.functional
def test_the_annex_tells_why_in_a_sentence_and_a_table_that_adds_up(folder: Path) -> None:
    page = write_annex(folder, only=["forecast"])["html"].read_text(encoding="utf-8")
    assert "Why it changed" in page
    assert "than the forecast as it would have been made a year ago" in page
    assert "than are in care today" in page
    with (folder / "publish" / "tables" / "why_it_changed.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    labels = [row[0] for row in rows]
    assert labels[1:] == ["It starts from", *(LABELS[name] for name in DRIVERS), "This forecast"]
    for column in range(1, len(rows[0])):
        values = [int(row[column].replace("−", "-").replace(",", "")) for row in rows[1:]]
        assert sum(values[:-1]) == values[-1]
        assert all(value % 5 == 0 for value in values)


@pytest.mark.functional
def test_a_small_authority_is_not_told_why(tmp_path: Path) -> None:
    tiny = write_run_folder(tmp_path, size=12, replications=3, years=2, prices=False)
    page = write_annex(tiny, only=["forecast"])["html"].read_text(encoding="utf-8")
    assert not (tiny / "publish" / "tables" / "why_it_changed.csv").exists()
    assert "made a year ago" not in page
    assert "Why the forecast changed is not shown here: too few children" in page


@pytest.mark.functional
def test_without_a_population_table_population_has_no_row(tmp_path: Path) -> None:
    run = write_run_folder(tmp_path, replications=3, years=2, prices=False)
    path = run / "internal" / "forecast" / "drivers.parquet"
    table = pd.read_parquet(path)
    own = table["part"] == POPULATION
    moved = table.loc[own].set_index(["against", "months_ahead"])["children"]
    ends = table[table["part"] == END].set_index(["against", "months_ahead"])["children"] - moved
    table.loc[table["part"] == END, "children"] = ends.to_numpy()
    table.loc[own, "children"] = 0.0
    table.to_parquet(path, index=False)
    write_annex(run, only=["forecast"])
    text = (run / "publish" / "tables" / "why_it_changed.csv").read_text(encoding="utf-8-sig")
    assert LABELS[POPULATION] not in text
    assert LABELS[ENTRIES] in text


@pytest.mark.functional
def test_the_notebooks_view_is_exact_and_drawn(folder: Path) -> None:
    why = load_why(folder=folder)
    assert why.said().startswith("- For 31 March 2027 this forecast says")
    charts = why.steps()
    assert list(charts) == ["Mar 2028, from last year's forecast", "Mar 2028, from today"]
    for table in charts.values():
        assert table["children"].iloc[:-1].sum() == table["children"].iloc[-1]
    assert len(why.table()) == 4
    figure = steps(charts, Words("Why", "children"))
    assert len(figure.axes) == 2
    assert next(text.get_text() for text in figure.axes[0].get_yticklabels()) == "It starts from"
