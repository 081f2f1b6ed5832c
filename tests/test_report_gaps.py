"""Demand against places as the annex shows it: rounded, never of the few, and drawn."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from run_folder import write_run_folder

from sufficiency.report import write_annex
from sufficiency.report.book import Book, open_book
from sufficiency.report.council import Council
from sufficiency.report.disclosure import Rules
from sufficiency.report.figures_gaps import demand_against_places
from sufficiency.report.finished import read_finished
from sufficiency.report.gaps import EVERYBODY, OTHER_AGES, SHARE, publish_gaps
from sufficiency.report.sections.needs import gaps_section
from sufficiency.report.style import Words, save

pytestmark = pytest.mark.functional
FIGURES = ("p50", "p80", "p90", "needed_80", "needed_90", "gap_80", "gap_90", "after_matching")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run_folder(tmp_path_factory.mktemp("run"), replications=6, years=2)


@pytest.fixture
def book(folder: Path) -> Book:
    return open_book(read_finished(folder), Council(), Rules())


def test_what_is_shown_is_rounded_and_not_of_few(book: Book) -> None:
    found = publish_gaps(book.run, book.future, book.rules)
    assert set(found.places["demand"]) == {EVERYBODY, SHARE}
    assert (found.places[list(FIGURES)] % 5 == 0).all(axis=None)
    shown = {names[0] for names in book.future.groups.values() if len(names) == 1}
    assert set(found.places["setting"]) <= shown
    assert (found.places["p50"] >= 5).all()
    assert found.elsewhere["p50"].tolist() == [45] * 4
    # Ages 0 and 5 to 9 are few; together they would still be, so the next smallest joins them.
    assert dict(zip(found.ages["ages"], found.ages["children"], strict=True)) == {
        "1 to 4": 10,
        "10 to 15": 20,
        OTHER_AGES: 15,
    }


def test_a_setting_that_does_not_stand_alone_is_named_but_not_shown(book: Book) -> None:
    groups = {label: names for label, names in book.future.groups.items() if names != ("in_house_fostering",)}
    found = publish_gaps(book.run, replace(book.future, groups=groups), book.rules)
    assert "in_house_fostering" not in set(found.places["setting"])
    assert "In-house fostering" in found.hidden
    assert found.elsewhere.empty
    assert found.ages.empty


def test_a_quarter_of_few_is_not_shown(folder: Path, book: Book, tmp_path: Path) -> None:
    table = pd.read_parquet(folder / "internal" / "results" / "gaps.parquet")
    first = table["quarter"] == table["quarter"].min()
    for name in ("demand_p50", "after_matching"):
        inside = tmp_path / name / "internal" / "results"
        inside.mkdir(parents=True)
        table.assign(**{name: table[name].where(~first, 5.4)}).to_parquet(inside / "gaps.parquet", index=False)
        found = publish_gaps(replace(book.run, folder=tmp_path / name), book.future, book.rules)
        assert table["quarter"].min() not in set(found.places["quarter"])
        assert len(found.places)


def test_a_widened_range_needs_more_places(book: Book) -> None:
    plain, wide = (publish_gaps(book.run, book.future, book.rules, factor).places for factor in (1.0, 1.5))
    assert (wide["p50"] == plain["p50"]).all()
    assert (wide["needed_80"] > plain["needed_80"]).all()
    assert (wide["gap_90"] > plain["gap_90"]).all()


def test_the_section_says_what_demand_means_and_writes_its_tables(folder: Path) -> None:
    write_annex(folder, only=["gaps"])
    text = gaps_section(open_book(read_finished(folder), Council(), Rules()))
    for said in ("alone had no limit", "what the child needed", "80% sure", "In-house fostering", "72%"):
        assert said in text
    with (folder / "publish" / "tables" / "gaps.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["Scenario"] for row in rows} == {
        "Baseline: as things are",
        "Reduce reliance on independent fostering agencies",
    }
    assert len({row["Quarter ending"] for row in rows}) == 8
    assert {path.name for path in (folder / "publish" / "tables").iterdir()} >= {
        "first_choices.csv",
        "first_choices_by_age.csv",
    }


def test_a_run_without_limited_settings_says_so(folder: Path, book: Book, tmp_path: Path) -> None:
    bare = replace(book, run=replace(book.run, folder=tmp_path))
    assert folder != tmp_path
    assert "no gap can be told" in gaps_section(bare)


def test_the_chart_of_one_setting_has_one_scale(tmp_path: Path) -> None:
    quarter = pd.date_range("2026-06-30", periods=4, freq="QE")
    rows = [
        pd.DataFrame({"date": quarter, "p50": high, "p80": high + 9, "p90": high + 20, "places": 30.0}).assign(
            group=f"{setting}: {meant}", setting=setting
        )
        for setting in ("Homes", "Fostering")
        for meant, high in (("all who come", 40.0), ("today's share", 20.0))
    ]
    figure = demand_against_places(pd.concat(rows), Words("Demand", "places", "DRAFT"))
    assert [axes.get_ylim()[1] for axes in figure.axes] == [pytest.approx(60 * 1.12)] * 4
    png, svg = save(figure, tmp_path, "gaps")
    assert png.stat().st_size > 5_000
    assert svg.stat().st_size > 5_000
