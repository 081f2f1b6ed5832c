"""The round trip: known hazards, simulated, seen as returns would, estimated again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sufficiency.codes import CAUSES, TYPES, read_codes
from sufficiency.draws import replication_key
from sufficiency.history.stock import Spells
from sufficiency.rates.exposure import measure_exposure
from sufficiency.trials import invent, read_world
from sufficiency.trials.rates_choice import AS_IT_IS, CANDIDATES, Structure, gains, log_scores, sex_gains, split
from sufficiency.trials.round_trip import (
    CELLS,
    FROM_START,
    LEFT_OUT,
    PRODUCT,
    UNEVEN,
    falling_world,
    history_of,
    history_through_returns,
    invented_quickly,
    mean_log_error,
    totals,
    trip,
    truncation,
    uneven,
)
from sufficiency.trials.round_trip_page import bootstrap, write_page

MOVES = slice(0, len(TYPES))


@pytest.mark.validation
@pytest.mark.parametrize("world", [PRODUCT, UNEVEN])
def test_true_hazards_lie_in_their_intervals_at_the_nominal_rate(world: str) -> None:
    trips = [trip(size, world, seed) for size in (0.3, 1.0) for seed in (1, 2)]
    scores = pd.concat([one.scores for one in trips])
    cells = scores[scores["what"] == CELLS]
    assert len(cells) > 5_000
    assert 0.86 <= cells["inside"].mean() <= 0.94
    full = cells[cells["expected"] >= 1]
    assert 0.84 <= full["inside"].mean() <= 0.96
    sums = scores[scores["what"] != CELLS]
    assert 0.80 <= sums["inside"].mean() <= 0.97
    assert cells["fitted"].sum() == pytest.approx(cells["expected"].sum(), rel=0.05)
    assert max(mean_log_error(one.scores) for one in trips) < 0.55
    assert max(one.spent for one in trips) < 0.05


@pytest.mark.validation
def test_hazards_that_fall_with_time_in_care_are_unbiased_at_the_left_edge() -> None:
    table = truncation([1, 2, 3], falling_world(150.0)).set_index(["edge", "duration"])
    own = table.loc[LEFT_OUT]
    assert (own["events"] > 20).all()
    assert (np.abs(own["ratio"] - 1) < 3.5 * own["error"]).all()
    wrong = table.loc[FROM_START]
    assert (wrong["events"] / wrong["ratio"]).sum() > 1.05 * (own["events"] / own["ratio"]).sum()


@pytest.mark.validation
def test_the_quick_way_is_the_reference_engine_s_truth() -> None:
    world = read_world().steady().scaled(0.05).seeded(4)
    slow, quick = invent(world).journeys, invented_quickly(world).journeys
    for name in Spells.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(slow, name), getattr(quick, name))


@pytest.mark.functional
def test_returns_written_and_read_tell_the_same_moves(tmp_path: Path) -> None:
    truth = invented_quickly(read_world().steady().scaled(0.15).seeded(6))
    cut, read = history_of(truth), history_through_returns(truth, tmp_path)
    moves = [((one.placements["opening"] == "move") & (one.placements["placement"] > 0)).sum() for one in (cut, read)]
    assert moves[0] == moves[1] > 100
    direct, told = measure_exposure(cut), measure_exposure(read)
    # Changes of legal status hide more starts than moves do: of care, and of some placements.
    assert told.left_out["care"] >= direct.left_out["care"] > 0
    assert told.left_out["placement"] >= direct.left_out["placement"] == 0
    lost = direct.events[..., MOVES].sum((1, 2, 3)) - told.events[..., MOVES].sum((1, 2, 3))
    assert (lost >= 0).all()
    assert lost.sum() < 0.05 * direct.events[..., MOVES].sum()


@pytest.mark.unit
def test_uneven_hazards_keep_what_cannot_happen_and_are_always_the_same() -> None:
    hazards = read_world().hazards(read_codes())
    made, again = (uneven(hazards, replication_key(2, 1)) for _ in range(2))
    np.testing.assert_array_equal(made, again)
    some = hazards > 0
    assert (made[~some] == 0).all()
    logs = np.log(made[some] / hazards[some])
    assert logs.std() == pytest.approx(0.3, abs=0.01)
    assert logs.mean() == pytest.approx(0.0, abs=0.01)


@pytest.mark.unit
def test_totals_are_sums_of_cells() -> None:
    cells = np.random.default_rng(1).random((3, 6, 6, 2, len(CAUSES)))
    found = totals(cells)
    for name in ("each cause of each setting", "moves and exits by duration", "all moves, all exits"):
        assert found[name].sum() == pytest.approx(cells.sum())
    assert found["exits by age"].sum() == pytest.approx(cells[..., len(TYPES) :].sum())


@pytest.mark.unit
def test_a_bootstrap_of_equal_authorities_has_no_width() -> None:
    values = np.full(7, 0.9)
    assert bootstrap(lambda rows: values[rows].mean(-1), 7) == pytest.approx((0.9, 0.9))


@pytest.mark.functional
def test_the_page_tells_every_size_and_world(tmp_path: Path) -> None:
    write_page(tmp_path / "page.md", {0.05: 2}, falling=1, returned=1)
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert text.count(f"{PRODUCT}, 2 seeds") == 4
    assert text.count(f"{UNEVEN}, 2 seeds") == 4
    assert "nan" not in text


@pytest.mark.unit
def test_merged_cells_add_up_and_are_given_back_to_all() -> None:
    structure = Structure(age=(0, 0, 1, 1, 2, 2), duration=(0,) * 6, uasc=(0, 0))
    cells = np.random.default_rng(2).random((2, 6, 6, 2, 3))
    merged = structure.merged(cells)
    assert merged.shape == (2, 3, 1, 1, 3)
    np.testing.assert_allclose(merged[:, 1, 0, 0], cells[:, 2:4].sum((1, 2, 3)))
    given = structure.spread(merged)
    assert given.shape == cells.shape
    assert (given[:, 2] == given[:, 3]).all()


@pytest.mark.functional
def test_leaving_out_what_the_truth_has_loses_held_out_likelihood() -> None:
    history = history_of(invented_quickly(read_world().steady().seeded(8)))
    known, coming = split(history, history.origin - 365)
    chosen = [one for one in CANDIDATES if one.name in ("no durations", "no age")]
    found = gains(known, coming, [AS_IT_IS, *chosen])
    assert (found.pop(AS_IT_IS.name) == 0).all()
    assert len(found) == 2
    assert all(gain.sum() < -1 for gain in found.values())


@pytest.mark.unit
def test_log_scores_are_those_of_poisson_counts_where_the_shape_is_large() -> None:
    counts, mean = np.array([0.0, 1.0, 4.0]), np.array([0.5, 1.5, 2.0])
    np.testing.assert_allclose(log_scores(counts, mean, np.full(3, 1e8)), counts * np.log(mean) - mean, atol=1e-5)


@pytest.mark.functional
def test_sex_adds_nothing_where_it_does_nothing(tmp_path: Path) -> None:
    truth = invented_quickly(read_world().steady().scaled(0.3).seeded(9))
    gain, events, weights = sex_gains(history_through_returns(truth, tmp_path))
    assert events > 50
    assert abs(gain.sum()) / events < 0.02
    assert len(weights) == 3
