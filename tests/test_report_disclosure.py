"""Suppression: no small count is shown, and none can be worked out from what is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from disclosure_audit import audit
from hypothesis import given, settings
from hypothesis import strategies as st

from sufficiency.report.disclosure import Counts, Key, Rules, grouping, percent, rounded, suppress


def table(cells: dict[str, int], total: str = "total") -> Counts:
    counts = Counts()
    keys = [counts.publish((name,), value) for name, value in cells.items()]
    counts.publish((total,), sum(cells.values()))
    counts.add_up((total,), keys)
    return counts


def grid(values: np.ndarray) -> Counts:
    """Rows, columns and the grand total of a two-way table."""
    counts = Counts()
    rows, columns = values.shape
    for row, column in itertools.product(range(rows), range(columns)):
        counts.publish(("cell", str(row), str(column)), int(values[row, column]))
    for row in range(rows):
        counts.publish(("row", str(row)), int(values[row].sum()))
        counts.add_up(("row", str(row)), [("cell", str(row), str(column)) for column in range(columns)])
    for column in range(columns):
        counts.publish(("column", str(column)), int(values[:, column].sum()))
        counts.add_up(("column", str(column)), [("cell", str(row), str(column)) for row in range(rows)])
    counts.publish(("all",), int(values.sum()))
    counts.add_up(("all",), [("row", str(row)) for row in range(rows)])
    counts.add_up(("all",), [("column", str(column)) for column in range(columns)])
    return counts


def series(stock: int, flows: list[tuple[int, int]]) -> Counts:
    """Stock, entries and exits by quarter, with yearly sums of the flows."""
    counts = Counts()
    counts.publish(("stock", "0"), stock)
    for number, (entries, exits) in enumerate(flows, start=1):
        leavers = min(exits, stock + entries)
        stock += entries - leavers
        counts.publish(("entries", str(number)), entries)
        counts.publish(("exits", str(number)), leavers)
        counts.publish(("stock", str(number)), stock)
        counts.balance(
            [("stock", str(number - 1)), ("entries", str(number))], [("exits", str(number)), ("stock", str(number))]
        )
    for name in ("entries", "exits"):
        parts: list[Key] = [(name, str(number)) for number in range(1, len(flows) + 1)]
        counts.publish((name, "year"), sum(counts.values[key] for key in parts))
        counts.add_up((name, "year"), parts)
    return counts


@pytest.mark.unit
def test_one_small_count_in_a_row_takes_the_next_smallest_with_it() -> None:
    shown = suppress(table({"a": 3, "b": 20, "d": 40, "e": 0}))
    assert [shown.text((name,)) for name in "abde"] == ["c", "c", "40", "0"]
    assert shown.text(("total",)) == "63"


@pytest.mark.unit
def test_a_total_goes_only_when_its_parts_cannot_protect_each_other() -> None:
    three = suppress(table({"a": 1, "b": 2}))
    assert three.hidden == {("a",), ("b",), ("total",)}
    eight = suppress(table({"a": 4, "b": 4}))
    assert eight.text(("total",)) == "8"
    six = suppress(table({"a": 2, "b": 2, "d": 2}))
    assert six.text(("total",)) == "c"


@pytest.mark.unit
def test_a_row_of_one_count_hides_its_total() -> None:
    shown = suppress(table({"a": 4, "b": 0}))
    assert shown.hidden == {("a",), ("total",)}
    assert shown.text(("b",)) == "0"


@pytest.mark.unit
def test_linked_tables_protect_each_other() -> None:
    counts = table({"boys": 3, "girls": 17}, "children")
    counts.publish(("in care",), 120)
    counts.publish(("elsewhere",), 100)
    counts.add_up(("in care",), [("children",), ("elsewhere",)])
    shown = suppress(counts)
    assert shown.is_hidden(("boys",))
    assert shown.is_hidden(("girls",))
    assert shown.text(("children",)) == "20"
    audit(counts, shown)


@pytest.mark.unit
def test_stocks_and_flows_do_not_give_a_small_flow_away() -> None:
    counts = series(50, [(12, 9), (2, 11), (8, 15), (20, 7)])
    shown = suppress(counts)
    assert shown.is_hidden(("entries", "2"))
    audit(counts, shown)


@pytest.mark.unit
def test_a_count_never_shown_still_bounds_what_is_hidden() -> None:
    counts = Counts()
    for name, value in (("before", 6), ("after", 10), ("entries", 5)):
        counts.publish((name,), value)
    counts.balance([("before",), ("entries",)], [("after",), ("exits, not shown",)])
    shown = suppress(counts)
    assert shown.is_hidden(("before",))  # otherwise entries would be 4 at least
    audit(counts, shown)


@pytest.mark.unit
def test_percentages_hide_with_their_counts_and_with_the_rest() -> None:
    counts = Counts()
    for name, value in (("few", 3), ("most", 97), ("half", 50), ("all", 100)):
        counts.publish((name,), value)
    shown = suppress(counts)
    assert shown.share(("few",), ("all",)) == "c"
    assert shown.share(("most",), ("all",)) == "c"
    assert shown.share(("half",), ("all",)) == "50%"


@pytest.mark.unit
def test_percent_rounds_halves_up_and_has_signs_for_next_to_nothing() -> None:
    assert [percent(1, 8), percent(1, 1000), percent(0, 9), percent(0, 0)] == ["13%", "k", "0%", "z"]
    assert [rounded(2.5, 5), rounded(-2.5, 5), rounded(1499.9, 1000)] == [5, -5, 1000]


@pytest.mark.unit
def test_the_same_key_cannot_have_two_counts() -> None:
    counts = table({"a": 7, "b": 8})
    assert counts.publish(("a",), 7) == ("a",)
    assert not counts.agrees(("a",), 8)
    with pytest.raises(ValueError, match="disagree"):
        counts.publish(("a",), 8)
    with pytest.raises(ValueError, match="whole number"):
        counts.publish(("new",), -1)


@pytest.mark.unit
def test_a_sum_that_the_figures_do_not_keep_is_counted_and_binds_nobody() -> None:
    counts = Counts()
    counts.publish(("a",), 3)
    counts.publish(("b",), 30)
    counts.add_up(("b",), [("a",)])
    shown = suppress(counts)
    assert shown.log() == {"counts": 2, "zeros": 0, "hidden_small": 1, "hidden_to_protect": 0, "sums_not_kept": 1}


@pytest.mark.unit
def test_the_threshold_is_settable() -> None:
    shown = suppress(table({"a": 9, "b": 30, "d": 11}), Rules(threshold=10, symbol="*"))
    assert [shown.text((name,)) for name in "abd"] == ["*", "30", "*"]


@pytest.mark.unit
def test_small_settings_are_projected_together_and_never_one_alone() -> None:
    rules = Rules()
    openings = {"kin": 20, "foster": 160, "home": 27, "secure": 1, "school": 0}
    medians = {"kin": 18.0, "foster": 150.0, "home": 30.0, "secure": 0.5, "school": 0.0}
    alone, together = grouping(openings, medians, {"secure"}, rules)
    assert alone == ["foster", "home"]
    assert together == ["kin", "secure", "school"]
    assert grouping({"a": 50, "b": 60}, {"a": 40.0, "b": 50.0}, (), rules) == (["a", "b"], [])
    assert grouping({"a": 3, "b": 9}, {"a": 2.0, "b": 9.0}, {"a"}, rules) == ([], ["a", "b"])


small_or_not = st.one_of(st.integers(0, 7), st.integers(0, 60))


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(st.integers(2, 4), st.integers(2, 4), st.data())
def test_no_hidden_count_of_a_two_way_table_can_be_told(rows: int, columns: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(small_or_not, min_size=rows * columns, max_size=rows * columns))
    counts = grid(np.array(values).reshape(rows, columns))
    audit(counts, suppress(counts))


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 60), st.lists(st.tuples(small_or_not, small_or_not), min_size=1, max_size=5))
def test_no_hidden_count_of_a_time_series_can_be_told(stock: int, flows: list[tuple[int, int]]) -> None:
    counts = series(stock, flows)
    audit(counts, suppress(counts))


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 8), min_size=2, max_size=4), st.integers(1, 3), st.integers(0, 9))
def test_brute_force_finds_every_small_value_possible(cells: list[int], tables: int, other: int) -> None:
    """Several breakdowns of one total: all whole-number solutions are counted out."""
    counts = Counts()
    total = sum(cells)
    counts.publish(("all",), total)
    for number in range(tables):
        parts = cells[number % len(cells) :] + cells[: number % len(cells)]
        keys = [counts.publish((str(number), str(place)), value) for place, value in enumerate(parts)]
        counts.add_up(("all",), keys)
    counts.publish(("other",), other)
    counts.publish(("both",), other + total)
    counts.add_up(("both",), [("all",), ("other",)])
    shown = suppress(counts)
    assert suppress(counts) == shown
    audit(counts, shown)
    for number in range(tables):
        names: list[Key] = [(str(number), str(place)) for place in range(len(cells))]
        hidden = [key for key in names if shown.is_hidden(key)]
        if hidden and not shown.is_hidden(("all",)):
            left = total - sum(shown.value(key) or 0 for key in names)
            ways = [way for way in itertools.product(range(1, left + 1), repeat=len(hidden)) if sum(way) == left]
            for place in range(len(hidden)):
                assert {1, 2, 3, 4, 5} <= {way[place] for way in ways}
