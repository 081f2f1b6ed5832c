"""Places in what people read: the notebook's tables, the annex's words, the picture of a journey."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from run_folder import write_run_folder

from sufficiency.report.annex import write_annex
from sufficiency.report.council import Council
from sufficiency.report.journey import write_journey
from sufficiency.report.stories import load_futures

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "journey.svg"
CAPACITY = pd.DataFrame(
    {
        "setting": ["in_house_fostering", "in_house_home"],
        "from": pd.to_datetime(["2025-04-01", "2026-04-01"]).astype("datetime64[s]"),
        "places": [214, 8],
        "unavailable": [26, 0],
        "inferred": [False, True],
    }
)
MATCHING = pd.DataFrame(
    {
        "kind": ["fostering", "home"],
        "setting": ["in_house_fostering", "in_house_home"],
        "arrivals": [140, 12],
        "observed": [0.45, 0.2],
        "one_suits": [0.021, None],
        "share": [0.5, 0.2],
        "achieved": [0.449, None],
        "known": [True, False],
        "why": ["", "only 12 arrivals in the last year; 30 are needed"],
        "children": [150.4, 6.0],
        "children_second_form": [152.0, 6.0],
    }
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run_folder(tmp_path_factory.mktemp("places"), replications=4, years=2)


@pytest.fixture(scope="module")
def with_places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write_run_folder(tmp_path_factory.mktemp("limited"), replications=4, years=2)
    (made / "internal" / "places").mkdir()
    CAPACITY.to_parquet(made / "internal" / "places" / "capacity.parquet", index=False)
    MATCHING.to_parquet(made / "internal" / "places" / "matching.parquet", index=False)
    return made


def _page(folder: Path) -> str:
    written = write_annex(folder, only=["summary", "assumptions", "method"], council=Council(name="Testshire"))
    return " ".join(written["html"].read_text(encoding="utf-8").split())


@pytest.mark.unit
def test_the_notebook_shows_the_places_and_whose_figure_they_are(with_places: Path) -> None:
    futures = load_futures("", folder=with_places)
    table = futures.places()
    assert table.index.tolist() == ["In-house fostering", "In-house children's home"]
    assert table["places"].tolist() == [214, 8]
    assert table["figure"].tolist() == ["the council's own", "inferred: the most once held"]
    told = futures.matching()
    assert told["one vacancy suits"].round(3).fillna(0).tolist() == [0.021, 0.0]
    assert told["children at the end, other form"].tolist() == [152.0, 6.0]
    assert told["believed"].tolist() == ["yes", "no: only 12 arrivals in the last year; 30 are needed"]


@pytest.mark.unit
def test_a_run_without_limits_has_empty_tables(folder: Path) -> None:
    futures = load_futures("", folder=folder)
    assert futures.places().empty
    assert futures.matching().empty


@pytest.mark.functional
def test_futures_made_now_tell_their_places_too() -> None:
    futures = load_futures("baseline", replications=2, years=1)
    assert set(futures.places().index) == {"In-house fostering", "In-house children's home"}
    # The example's own tables lie beside its returns.
    assert set(futures.places()["figure"]) == {"the council's own"}
    told = futures.matching()
    assert set(told.index) == set(futures.places().index)
    assert told["arrivals last year"].gt(0).to_list() == [True, True]
    assert told["children at the end"].isna().to_list() == [True, True]


@pytest.mark.functional
def test_the_annex_says_what_it_takes_for_places(folder: Path, with_places: Path) -> None:
    without, limited = _page(folder), _page(with_places)
    assert "this run puts no limit on places" in without
    assert "puts no limit on places" not in limited
    assert "no figure was given for in-house children" in limited
    assert "the council's own are limited".replace("'", "’") in limited.replace("'", "’")
    for page in (without, limited):
        assert "stay put with their foster carers" in page
        assert "not modelled" not in page
        assert "214" not in page


@pytest.mark.functional
def test_the_picture_of_a_journey_is_the_one_the_code_makes(tmp_path: Path) -> None:
    write_journey(tmp_path / "journey.svg")
    made = (tmp_path / "journey.svg").read_text(encoding="utf-8")
    kept = PICTURE.read_text(encoding="utf-8")
    assert "<dc:title>A child's journey through the model</dc:title>" in kept
    # Digits may differ with the drawing library's version; the parts may not.
    assert made.count("<path") == kept.count("<path")
