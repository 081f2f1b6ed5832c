"""Whatever is done to a clean return: never a traceback, and every row read is accounted for."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from returns_builder import Tables, small, write

from sufficiency.errors import UserError
from sufficiency.history import build_history, indicators, profile
from sufficiency.report.findings import findings_html, findings_json, findings_text
from sufficiency.returns import Returns, read_returns

pytestmark = pytest.mark.property

CODES = ["Q9", "S", "X1", "E4A", "V3", "V4", "T1", "PR1", "K3", "INV000100", "INV000103", "1.0", ",,", "'", '"', "é\0"]
DATES = ["31/02/2024", "01/01/1900", "15/07/2024", "2024-07-15", "01/05/2031", "01/05/2062", "99/99/9999"]
VALUES = st.sampled_from(["", " ", "\u00a0", "9" * 40, *CODES, *DATES]) | st.text(max_size=8)
TABLES = st.sampled_from(["header", "episodes", "uasc"])
YEARS = st.sampled_from([2024, 2025])


@st.composite
def corruptions(draw: st.DrawFn) -> tuple[Tables, list[tuple[int, str, bytes, bytes]]]:
    """Clean returns with cells, rows and columns spoilt, and bytes to be changed in the files."""
    tables = small()
    for _ in range(draw(st.integers(1, 6))):
        rows = tables[draw(YEARS)][draw(TABLES)]
        if not rows:
            continue
        at = draw(st.integers(0, len(rows) - 1))
        match draw(st.sampled_from(["cell", "cell", "cell", "double", "drop", "column", "swap"])):
            case "cell":
                rows[at][draw(st.sampled_from(sorted(rows[at])))] = draw(VALUES)
            case "double":
                rows.insert(draw(st.integers(0, len(rows))), dict(rows[at]))
            case "drop":
                del rows[at]
            case "column":
                column = draw(st.sampled_from(sorted(rows[at])))
                value = draw(VALUES)
                for row in rows:
                    row[column] = value
            case "swap":
                tables[2024], tables[2025] = tables[2025], tables[2024]
    cuts = st.tuples(
        YEARS, TABLES, st.sampled_from([b",", b"\r\n", b"DEC", b"CHILD", b"INV", b"2024"]), st.binary(max_size=3)
    )
    return tables, draw(st.lists(cuts, max_size=2))


def spoil(folder: Path, cuts: list[tuple[int, str, bytes, bytes]]) -> None:
    for year, table, old, new in cuts:
        path = folder / f"{year}/{table}.csv"
        path.write_bytes(path.read_bytes().replace(old, new, 1))


def accounted(returns: Returns) -> None:
    files = returns.files
    assert (files["rows_read"] == files["rows_used"] + files["rows_set_aside"] + files["rows_superseded"]).all()
    for table in ("header", "episodes", "uasc"):
        assert files.loc[files["table"] == table, "rows_used"].sum() == len(getattr(returns, table))


def coherent(returns: Returns) -> None:
    """The history of any returns: no placement ends before it begins, overlaps another or passes 18."""
    history = build_history(returns)
    table = history.placements
    ends = table["end"].fillna(table["start"].max() + table["start"].max().resolution * 10**10)
    follows = table["child"].eq(table["child"].shift(-1))
    assert (ends > table["start"]).all()
    assert (ends[follows] <= table["start"].shift(-1)[follows]).all()
    assert table["closing"].isna().eq(table["end"].isna()).all()
    assert table["reason"].notna().eq(table["closing"].eq("exit")).all()
    profile(history, history.origin)
    indicators(history)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(corruptions())
def test_spoilt_returns_are_read_or_refused_in_words(
    given_: tuple[Tables, list[tuple[int, str, bytes, bytes]]],
) -> None:
    tables, cuts = given_
    with tempfile.TemporaryDirectory() as name:
        folder = write(Path(name), tables)
        spoil(folder, cuts)
        try:
            returns = read_returns(folder)
        except UserError as refused:
            assert refused.problems  # noqa: PT017
            return
    accounted(returns)
    coherent(returns)
    assert findings_text(returns)
    assert findings_json(returns)
    assert findings_html(returns)


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(random: object) -> None:
    tables = small()
    with tempfile.TemporaryDirectory() as name:
        plain = build_history(read_returns(write(Path(name), tables)))
    for by_table in tables.values():
        for rows in by_table.values():
            random.shuffle(rows)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as name:
        shuffled = build_history(read_returns(write(Path(name), tables)))
    assert plain.placements.equals(shuffled.placements)
    assert plain.children.equals(shuffled.children)
    assert plain.legal.equals(shuffled.legal)
