"""Fake returns made by others: read end to end, every row accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest

from sufficiency.history import build_history, indicators, profile
from sufficiency.report.findings import findings_html, findings_json, findings_text
from sufficiency.returns import Returns, read_returns

pytestmark = pytest.mark.validation


def rows_in(folder: Path) -> int:
    return sum(len(path.read_text("utf-8-sig").splitlines()) - 1 for path in folder.glob("*.csv"))


def whole(returns: Returns, folder: Path) -> None:
    files = returns.files
    assert files["rows_read"].sum() == rows_in(folder)
    assert (files["rows_read"] == files["rows_used"] + files["rows_set_aside"] + files["rows_superseded"]).all()
    history = build_history(returns)
    assert indicators(history)["value"].notna().any()
    assert profile(history, history.origin)["children"].sum() > 0
    for page in (findings_text(returns), findings_json(returns), findings_html(returns)):
        assert page


def test_the_sectors_demand_model_sample(shared_data: Path) -> None:
    folder = shared_data / "returns" / "d2i_sample"
    returns = read_returns(folder)
    whole(returns, folder)
    # Its files are named by the year in which the collection year begins.
    assert returns.years == (2018, 2019, 2020, 2021, 2022)
    assert returns.files["table"].ne("").all()
    assert len(returns.header) == 820
    assert returns.files.loc[returns.files["table"] == "header", "rows_set_aside"].sum() == 0


def test_the_validators_fake_with_deliberate_errors(shared_data: Path) -> None:
    folder = shared_data / "returns" / "d2i_validator_fake"
    returns = read_returns(folder)
    whole(returns, folder)
    assert returns.years == (2018,)
    assert sorted(returns.files["table"]) == sorted(
        [
            "ad1",
            "episodes",
            "header",
            "missing",
            "oc2",
            "oc3",
            "placed_for_adoption",
            "previous_permanence",
            "sw_episodes",
            "uasc",
        ]
    )
    assert sum(item.severity != "info" for item in returns.findings) > 3_000
