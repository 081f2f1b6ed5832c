"""Sentences and small helpers of the report are right whatever the figures are."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sufficiency.errors import UserError
from sufficiency.report.council import SECTIONS, read_council, unknown_sections
from sufficiency.report.sections import WRITERS
from sufficiency.report.tables import Table, cell, escape
from sufficiency.report.words import (
    between,
    changed,
    children,
    compared,
    dearer,
    few,
    gain,
    likely,
    listed,
    money,
    stretched_p80,
)

pytestmark = pytest.mark.unit


def test_a_change_says_its_direction_or_that_it_cannot_be_told() -> None:
    assert changed(333, 356) == "rose by 23 (7%)"
    assert changed(356, 333) == "fell by 23 (6%)"
    assert changed(10, 10) == "did not change"
    assert changed(0, 9) == "rose by 9"
    assert changed(None, 9) == "cannot be compared, because a figure is hidden"
    assert changed(2000, 2001) == "rose by 1 (less than 0.5%)"
    assert compared(367, 360) == "7 fewer (2%) than"
    assert compared(5, 5) == "the same as"
    assert compared(None, 5) == ""


def test_counts_and_lists_in_words() -> None:
    assert [children(value) for value in (0, 1, 1204)] == ["no children", "1 child", "1,204 children"]
    assert [few(value, "plan is", "plans are") for value in (1, 2, 12)] == [
        "one plan is",
        "two plans are",
        "12 plans are",
    ]
    assert [listed(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert between(5, 5) == "5"
    assert [likely(share) for share in (1.0, 0.934, 0.0)] == [
        "nearly all paired runs",
        "93% of paired runs",
        "hardly any paired run",
    ]


def test_a_plan_that_changes_nothing_says_so() -> None:
    assert gain(0, 0, 0) == "no difference to the number of children in care that shows after rounding"
    assert gain(0, -5, 5).startswith(
        "about as many children in care as the baseline (8 in 10 paired runs: 5 fewer to 5 more"
    )
    assert gain(-35, -55, 0).startswith("about 35 fewer children in care than the baseline")
    assert dearer(0, 0, 0) == "the same spend"
    assert (
        dearer(-414_000, -691_000, 64_000) == "about £414,000 less (8 in 10 paired runs: £691,000 less to £64,000 more)"
    )
    assert [money(value) for value in (0, 141_000, -2_500_000)] == ["£0", "£141,000", "−£2.5 million"]


@given(st.integers(-500, 500), st.integers(-500, 500), st.integers(-500, 500))
def test_a_gain_never_shows_a_bare_minus(value: int, low: int, high: int) -> None:
    assert "-" not in gain(value, low, high)


def test_a_table_is_a_pipe_table_and_a_csv_that_excel_reads(tmp_path: Path) -> None:
    frame = pd.DataFrame([["a|b", 1204, "c"], ["x*", -7, "12%"]], columns=["Name", "Children", "Share"])
    table = Table("demo", "A title", frame, "A note.")
    text = table.markdown(3)
    assert "a\\|b | 1,204 | c" in text
    assert "−7" in text
    assert ": Table 3: A title" in text
    path = table.write_csv(tmp_path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert "1204" in path.read_text(encoding="utf-8-sig")


def test_cells_and_markdown_signs() -> None:
    assert cell(-1200) == "−1,200"
    assert escape("a_b # c") == "a\\_b \\# c"


def test_every_section_has_a_writer_and_a_name() -> None:
    assert tuple(WRITERS) == SECTIONS
    assert unknown_sections(["home"]) == ["'home' is not a section of the annex. Did you mean 'homes'?"]


def test_a_council_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "crest.svg").write_text("<svg/>", encoding="utf-8")
    file = tmp_path / "council.toml"
    file.write_text(
        'name = "Testshire"\nlogo = "crest.svg"\nsections = ["summary", "homes"]\ninvented = true\n'
        'published_as = "Testshire UA"\nregion = "North"\n',
        encoding="utf-8",
    )
    council = read_council(file)
    assert (council.name, council.sections, council.invented) == ("Testshire", ("summary", "homes"), True)
    assert (council.published_as, council.region) == ("Testshire UA", "North")
    assert council.logo == tmp_path / "crest.svg"


def test_everything_wrong_in_a_council_file_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "council.toml"
    file.write_text('nam = "x"\nlogo = "none.png"\nsections = ["homs"]\ninvented = "yes"\n', encoding="utf-8")
    with pytest.raises(UserError) as told:
        read_council(file)
    text = str(told.value)
    for part in ("Did you mean 'name'", "Did you mean 'homes'", "true or false", "none.png"):
        assert part in text
    file.write_text("name = ", encoding="utf-8")
    with pytest.raises(UserError, match="could not be read"):
        read_council(file)


def test_p80_says_when_ranges_are_stretched() -> None:
    assert stretched_p80(1.0) == "P80: 8 in 10 simulated futures cost less."
    assert "once ranges are stretched (1.13 times)" in stretched_p80(1.13)
