"""The count regression behind hazards: its parts against plain linear algebra and plain counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_world import CODES, known_history

from sufficiency.codes import CAUSES, TYPES
from sufficiency.draws import replication_key
from sufficiency.rates import Rates, estimate_rates
from sufficiency.rates.effects import TERMS, _Inverse, cell_variance, design, fit
from sufficiency.rates.hazards import Hazards
from sufficiency.simulation.hazards import apart, given_shared, shared_rates

SHAPE = (3, 4, 5, 2)


@pytest.fixture(scope="module")
def rates() -> Rates:
    return estimate_rates(known_history(per_day=0.3))


@pytest.mark.unit
def test_every_cell_adds_up_one_effect_of_each_term() -> None:
    found = design(SHAPE)
    assert found.columns.shape == (3 * 4 * 5 * 2, 1 + len(TERMS))
    places = np.concatenate([[0], *found.places])
    assert sorted(places.tolist()) == list(range(found.size))
    cell = np.ravel_multi_index((2, 1, 3, 0), SHAPE)
    wanted = [0, *(found.places[term][level] for term, level in enumerate((2, 1, 3, 0, 2 * 5 + 3)))]
    assert found.columns[cell].tolist() == wanted


@pytest.mark.property
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_inverse_by_parts_is_the_inverse(seed: int) -> None:
    random = np.random.default_rng(seed)
    found = design(SHAPE)
    weights = random.gamma(1.0, 1.0, len(found.columns))
    rows = np.zeros((len(found.columns), found.size))
    rows[np.arange(len(rows))[:, None], found.columns] = 1
    table = rows.T @ (rows * weights[:, None]) + np.diag(random.gamma(2.0, 1.0, found.size))
    inverse, wanted = _Inverse(table, found.border, found.settings), np.linalg.inv(table)
    vector = random.normal(size=found.size)
    np.testing.assert_allclose(inverse.whole, wanted, atol=1e-9)
    np.testing.assert_allclose(inverse.own, np.diag(wanted), atol=1e-9)
    np.testing.assert_allclose(inverse.times(vector), wanted @ vector, atol=1e-9)
    assert inverse.log_determinant == pytest.approx(np.linalg.slogdet(table)[1])
    by_cell = np.einsum("ij,jk,ik->i", rows, wanted, rows)
    np.testing.assert_allclose(cell_variance(np.asarray(wanted, dtype=np.float64), found.columns), by_cell, atol=1e-9)


@pytest.mark.validation
def test_many_events_give_the_effects_of_a_plain_poisson_regression() -> None:
    random = np.random.default_rng(5)
    found = design(SHAPE, (("setting",), ("age",)))
    effects = np.array([-6.0, -0.5, 0.1, 0.4, -1.0, 0.0, 0.3, 0.7])
    days = np.full(len(found.columns), 4e5)
    events = random.poisson(days * np.exp(effects[found.columns].sum(1))).astype(float)
    fitted = fit(events, days, found)
    # A full table with such margins is fitted by the product of its margins.
    by = events.reshape(SHAPE).sum((2, 3))
    wanted = np.outer(by.sum(1), by.sum(0)) / by.sum() / (4e5 * 10)
    np.testing.assert_allclose(fitted.hazard.reshape(SHAPE)[:, :, 0, 0], wanted, rtol=0.01)
    assert fitted.weight > 200
    np.testing.assert_allclose(fitted.variance, 1 / by.sum(), atol=5 / by.min())


@pytest.mark.functional
def test_a_cause_with_few_events_borrows_the_durations_of_its_kind(rates: Rates) -> None:
    exposure = rates.exposure
    seen = exposure.events.sum((0, 1, 2, 3))
    assert (seen[[CAUSES.index("adopted"), CAUSES.index("transferred")]] == 0).all()
    never = rates.hazards.mean[..., CAUSES.index("adopted")]
    assert np.ptp(never) == 0
    # Half an event over everything that was seen.
    assert (never * exposure.child_days[..., CAUSES.index("adopted")]).sum() == pytest.approx(0.5, rel=1e-6)


@pytest.mark.property
def test_what_cells_share_has_mean_one_and_the_variance_told(rates: Rates) -> None:
    hazards = rates.hazards
    random = np.random.default_rng(3)
    drawn = np.stack([hazards.factors(random.standard_normal((1, *hazards.shared.shape[:2])))[0] for _ in range(3000)])
    known = rates.exposure.child_days > 2000
    assert known.sum() > 100
    np.testing.assert_allclose(drawn.mean(0)[known], 1.0, atol=0.08)
    wanted = np.minimum(hazards.shared_variance, 1.0)[known]
    np.testing.assert_allclose(drawn.var(0)[known], wanted, atol=0.02, rtol=0.35)


@pytest.mark.functional
def test_drawn_totals_spread_as_the_events_behind_them_say(rates: Rates) -> None:
    hazards, exposure = rates.hazards, rates.exposure
    own, random = apart(hazards), np.random.default_rng(1)
    totals = []
    for number in range(400):
        posterior = given_shared(hazards, own, replication_key(3, number))
        cells = random.standard_gamma(posterior.shape) / posterior.rate
        totals.append((cells * exposure.child_days).sum((1, 2, 3)))
    seen = exposure.events.sum((1, 2, 3))
    many = seen >= 60
    assert many.sum() >= 5
    drawn = np.stack(totals)[:, many]
    # A total of n events is known to one over the root of n, whatever the cells that it has.
    np.testing.assert_allclose(drawn.std(0) / drawn.mean(0) * np.sqrt(seen[many]), 1.0, atol=0.25)
    np.testing.assert_allclose(drawn.mean(0), seen[many], rtol=0.05)


@pytest.mark.unit
def test_two_replications_share_nothing_and_one_is_always_the_same(rates: Rates) -> None:
    hazards: Hazards = rates.hazards
    own = apart(hazards)
    one, again, other = (given_shared(hazards, own, replication_key(7, number)) for number in (1, 1, 2))
    assert np.array_equal(one.rate, again.rate)
    assert not np.array_equal(one.rate, other.rate)
    assert np.array_equal(one.shape, other.shape)
    assert hazards.shape.shape == (len(CODES.in_care), 6, 6, 2, len(CAUSES))
    assert len(TYPES) < len(CAUSES)


@pytest.mark.property
def test_a_replications_shared_part_does_not_depend_on_how_many_are_drawn_with_it(rates: Rates) -> None:
    hazards = rates.hazards
    own = apart(hazards)
    keys = [replication_key(9, number) for number in range(7)]
    together = shared_rates(hazards, own, keys)
    for number, key in enumerate(keys):
        assert np.array_equal(together[number], given_shared(hazards, own, key).rate)
