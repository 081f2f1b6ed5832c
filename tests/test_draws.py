"""Keyed draws: Philox's published answers, one function in two forms, keys that never meet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from sufficiency.draws import (
    Purpose,
    cell_key,
    draw,
    draws,
    entrant_key,
    key_words,
    many_draws,
    month_key,
    other_key,
    philox,
    replication_key,
    replication_keys,
    stock_key,
)

# Known answers of philox4x32-10 as published with Random123 (Salmon et al. 2011), file kat_vectors.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.validation
@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_philox_gives_its_published_answers(
    counter: tuple[int, int, int, int], key: tuple[int, int], answer: tuple[int, int, int, int]
) -> None:
    assert philox(counter, key) == answer


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 2**63 - 1),
    replication=st.integers(0, 2**63 - 1),
    subject=st.integers(0, 2**64 - 1),
    number=st.integers(0, 2**32 - 1),
    purpose=st.sampled_from(list(Purpose)),
    extra=st.integers(0, 2**24 - 1),
)
def test_scalar_and_array_draws_agree_bit_for_bit(
    seed: int, replication: int, subject: int, number: int, purpose: Purpose, extra: int
) -> None:
    key = replication_key(seed, replication)
    one = draw(key, subject, number, purpose, extra)
    many = draws(key, np.array([subject], dtype=np.uint64), number, purpose, extra)
    assert one == (many[0][0], many[1][0])
    assert 0.0 <= one[0] < 1.0
    assert 0.0 <= one[1] < 1.0


@pytest.mark.property
@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**63 - 1), numbers=st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=5))
def test_keys_and_draws_of_several_replications_are_those_of_each(seed: int, numbers: list[int]) -> None:
    keys = replication_keys(seed, numbers)
    assert keys == [replication_key(seed, number) for number in numbers]
    cells, rest = cell_key(np.arange(4)), other_key(3)
    asked = ((cells, 0, Purpose.ENTRY_LEVEL), (rest, np.arange(3), Purpose.ENTRY_MIX))
    first, second = many_draws(key_words(keys), asked)
    for row, key in enumerate(keys):
        assert np.array_equal(first[row], draws(key, cells, 0, Purpose.ENTRY_LEVEL)[0])
        assert np.array_equal(second[row], draws(key, rest, np.arange(3), Purpose.ENTRY_MIX)[0])


@pytest.mark.unit
def test_keys_of_different_kinds_and_parts_never_meet() -> None:
    keys = np.concatenate(
        [
            stock_key(np.arange(50)),
            entrant_key(*np.meshgrid(range(3), range(4), range(2), range(5), indexing="ij")).ravel(),
            month_key(*np.meshgrid(range(5), range(6), indexing="ij")).ravel(),
            cell_key(np.arange(50)),
            other_key(np.arange(50)),
        ]
    )
    assert len(np.unique(keys)) == len(keys)


@pytest.mark.unit
def test_parts_of_a_key_outside_their_bits_are_refused() -> None:
    with pytest.raises(ValueError, match="outside its 12 bits"):
        entrant_key(0, 4096, 0, 0)
    with pytest.raises(ValueError, match="seed and replication"):
        replication_key(2**63, 0)
    with pytest.raises(ValueError, match="seed and replication"):
        replication_keys(1, [0, -1])


@pytest.mark.validation
def test_draws_are_uniform_over_children_replications_and_purposes() -> None:
    keys = stock_key(np.arange(20_000))
    over_children = draws(replication_key(1, 0), keys, 0, Purpose.EVENT)
    over_runs = [draw(replication_key(1, run), int(keys[0]), 0, Purpose.MATCH)[0] for run in range(4_000)]
    for sample in (*over_children, np.array(over_runs)):
        assert kstest(sample, "uniform").pvalue > 1e-4
    assert abs(np.corrcoef(*over_children)[0, 1]) < 0.03
