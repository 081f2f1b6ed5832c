"""Whatever is done to a clean return: never a traceback, and every row read is accounted for."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from returns_builder import small, write
from returns_spoilt import EVERYONE, Spoilt, spoilt_returns

from sufficiency.errors import UserError
from sufficiency.history import History, build_history, indicators, profile
from sufficiency.report.findings import findings_html, findings_json, findings_text
from sufficiency.returns import Returns, read_returns

pytestmark = pytest.mark.property

#: Examples drawn: 2,000 where tests run unattended (CI is set), fewer at a desk. The long run is
#: ``SPOILT_RETURNS=50000 python -m pytest tests/test_returns_rows.py -k spoilt``.
EXAMPLES = int(os.environ.get("SPOILT_RETURNS") or (2_000 if os.environ.get("CI") else 200))
CONTENTS = ["child", "decom", "dec", "rne", "ls", "cin", "place", "provider", "rec", "reason", "urn"]
CONTENTS += ["distance_miles", "location"]


def accounted(returns: Returns) -> None:
    files = returns.files
    assert (files["rows_read"] == files["rows_used"] + files["rows_set_aside"] + files["rows_superseded"]).all()
    for table in ("header", "episodes", "uasc"):
        assert files.loc[files["table"] == table, "rows_used"].sum() == len(getattr(returns, table))


def coherent(returns: Returns) -> History:
    """The history of any returns: no placement ends before it begins, overlaps another or passes 18."""
    history = build_history(returns)
    table = history.placements
    ends = table["end"].fillna(table["start"].max() + table["start"].max().resolution * 10**10)
    follows = table["child"].eq(table["child"].shift(-1))
    assert (ends > table["start"]).all()
    assert (ends[follows] <= table["start"].shift(-1)[follows]).all()
    assert table["closing"].isna().eq(table["end"].isna()).all()
    assert table["reason"].notna().eq(table["closing"].eq("exit")).all()
    return history


@cache
def clean() -> pd.DataFrame:
    """Episodes of the returns before they are spoilt."""
    with tempfile.TemporaryDirectory() as name:
        return read_returns(write(Path(name), small())).episodes[CONTENTS]


def untouched(returns: Returns, touched: set[str]) -> None:
    """Children whose rows were not spoilt have the episodes that they have in clean returns."""
    if EVERYONE not in touched:
        # The second child of an identifier has a mark after it.
        tables = (returns.episodes[CONTENTS], clean())
        kept = [table[~table["child"].str.partition("\x1f")[0].isin(touched)] for table in tables]
        assert kept[0].reset_index(drop=True).equals(kept[1].reset_index(drop=True))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(spoilt_returns(), st.integers(0, 23))
def test_spoilt_returns_are_read_or_refused_in_words(spoilt: Spoilt, look: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        try:
            returns = read_returns(spoilt.write(Path(name)))
        except UserError as refused:
            assert refused.problems  # noqa: PT017
            return
    accounted(returns)
    untouched(returns, spoilt.touched)
    # What takes long is looked at in some: the history in a quarter, measures and pages in every twenty-fourth.
    history = coherent(returns) if look % 4 == 0 else None
    if history is not None and look == 0:
        profile(history, history.origin)
        indicators(history)
        for page in (findings_text, findings_json, findings_html):
            assert page(returns)


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
