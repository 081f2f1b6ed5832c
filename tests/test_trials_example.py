"""The example authority: written again byte for byte, and like what it was shaped on."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from sufficiency import dates
from sufficiency.codes import read_codes
from sufficiency.history.indicators import MEASURES
from sufficiency.trials import likeness
from sufficiency.trials.council import TABLES, population
from sufficiency.trials.example import YEARS, example_truth, write_example
from sufficiency.trials.invented import Invented
from sufficiency.trials.profile_page import page

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "data" / "example"
LARGEST = 8_000_000


@pytest.fixture(scope="module")
def truth() -> Invented:
    return example_truth()


@pytest.mark.backtest
def test_the_example_is_written_again_byte_for_byte(tmp_path: Path) -> None:
    written = write_example(tmp_path / "again")
    names = {path.relative_to(tmp_path / "again").as_posix() for path in written}
    kept = {path.relative_to(EXAMPLE).as_posix() for path in EXAMPLE.rglob("*") if path.is_file()}
    assert names == kept
    for name in sorted(names):
        # Compared as a flag, so that a difference prints no row.
        same = (tmp_path / "again" / name).read_bytes() == (EXAMPLE / name).read_bytes()
        assert same, f"{name} differs: run `sufficiency example data/example`"
    assert sum(path.stat().st_size for path in written) < LARGEST


@pytest.mark.backtest
def test_the_page_about_the_example_is_current() -> None:
    current = (ROOT / "docs" / "example.md").read_text(encoding="utf-8")
    assert current == page(), "run `python -m sufficiency.trials.profile_page docs/example.md`"


@pytest.mark.backtest
def test_the_last_profile_is_like_peterboroughs(truth: Invented) -> None:
    last = truth.world.last_day
    settings = likeness.settings_on(truth, last)
    assert abs(sum(settings.values()) - likeness.CHILDREN) <= 5
    for name, goal in likeness.PETERBOROUGH_SETTINGS.items():
        assert abs(settings[name] - goal) <= max(3, 0.15 * goal), name
    ages = likeness.ages_on(truth, last)
    for band, goal in likeness.PETERBOROUGH_AGES.items():
        assert abs(ages[band] - goal) <= max(8, 0.15 * goal), band


@pytest.mark.backtest
def test_children_move_as_englands_do(truth: Invented) -> None:
    first = dates.year_bounds(YEARS[0])[0]
    found = likeness.dynamics(truth, first, truth.world.last_day)
    assert found.moves == pytest.approx(likeness.ENGLAND_MOVES, abs=0.05)
    assert found.exits == pytest.approx(likeness.ENGLAND_EXITS, abs=0.03)
    assert found.at_18 == pytest.approx(likeness.ENGLAND_AT_18, abs=0.03)
    for name in ("fostering", "supported accommodation", "all placements"):
        assert found.durations[name][2] == pytest.approx(likeness.ENGLAND_DURATIONS[name][2], rel=0.25), name
    starts = list(likeness.starts_by_year(truth, YEARS[0], YEARS[-1]).values())
    assert 3.0 <= np.var(starts, ddof=1) / np.mean(starts) <= 5.0


@pytest.mark.functional
def test_every_council_table_says_that_it_is_invented() -> None:
    settings = set(read_codes().all_settings)
    for name, (heading, _) in TABLES.items():
        with (EXAMPLE / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert rows, name
        assert list(rows[0]) == heading.split(",")
        for row in rows:
            # Deflators are those of the country: a target stands in for them.
            assert row["source"].startswith("assumption" if name == "deflators" else "invented")
            assert row.get("setting", "") in {"", "all", *settings}
            assert name != "targets" or row["measure"] in MEASURES
            assert name not in {"prices", "price_list"} or row["status"] == "invented"
    assert "**Everything here is invented.**" in (EXAMPLE / "README.md").read_text(encoding="utf-8")


@pytest.mark.functional
def test_places_cover_those_in_use(truth: Invented) -> None:
    used = likeness.settings_on(truth, truth.world.last_day)["in_house_fostering"]
    with (EXAMPLE / "tables" / "capacity.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["setting"] == "in_house_fostering"]
    free = int(rows[-1]["places"]) - int(rows[-1]["unavailable"])
    assert used < free < used + 50


@pytest.mark.unit
def test_the_population_is_of_a_small_citys_size() -> None:
    totals: dict[object, int] = {}
    for year, _, children, _ in population(None):  # type: ignore[arg-type]
        totals[year] = totals.get(year, 0) + int(str(children))
    assert all(48_000 < total < 55_000 for total in totals.values())
