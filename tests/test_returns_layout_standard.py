"""The Standard Safeguarding Dataset's tables read to the same history as the returns."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from returns_builder import Row, Tables, child, episode, write, yearly

from sufficiency.history import build_history
from sufficiency.returns import Returns, read_returns
from sufficiency.trials.write_layouts import read_written, zipped
from sufficiency.trials.write_standard import write_standard

pytestmark = pytest.mark.functional


def lives() -> Tables:
    """Two years of children who enter every five days: a change of status, a move, then home; some seek asylum."""
    children: list[Row] = []
    rows: list[Row] = []
    for at in range(140):
        name, start = f"INV{at:06d}", date(2023, 4, 3) + timedelta(days=5 * at)
        children.append(child(name, "2013-06-01", sex="FM"[at % 2]))
        days = [(start + timedelta(days=step)).isoformat() for step in (0, 20, 55, 130)]
        rows.append(episode(name, days[0], days[1], ls="V2", provider="PR4"))
        rows.append(episode(name, days[1], days[2], rne="L", ls="C1", provider="PR4", reason="CARPL"))
        rows.append(episode(name, days[2], days[3], rne="P", ls="C1", place="K2", provider="PR4", rec="E4A"))
    return yearly(children, rows, range(2024, 2026), [f"INV{at:06d}" for at in range(0, 140, 9)])


def standard(folder: Path, nothing: str = "") -> Path:
    return write_standard(read_written(write(folder / "given", lives())), folder / "standard", nothing=nothing)


def rules(returns: Returns) -> set[str]:
    return {item.rule for item in returns.findings}


@pytest.mark.parametrize("nothing", ["", "NULL"])
@pytest.mark.parametrize("packed", [True, False])
def test_the_dataset_reads_to_the_same_history(tmp_path: Path, nothing: str, *, packed: bool) -> None:
    plain = read_returns(write(tmp_path / "plain", lives()))
    path = standard(tmp_path, nothing)
    returns = read_returns(zipped(path, tmp_path / "all.zip") if packed else path)
    assert returns.years == plain.years
    apart = ["home_post", "year", "file", "row"]
    pd.testing.assert_frame_equal(returns.header, plain.header)
    pd.testing.assert_frame_equal(returns.episodes.drop(columns=apart), plain.episodes.drop(columns=apart))
    pd.testing.assert_frame_equal(returns.uasc, plain.uasc)
    assert set(returns.episodes["file"]) == {"ssd_cla_episodes.csv"}
    mine, theirs = build_history(returns), build_history(plain)
    for name in ("children", "placements", "legal", "needs"):
        pd.testing.assert_frame_equal(getattr(mine, name), getattr(theirs, name))
    assert rules(returns) == {"standard_dataset", "several_years"}
    assert (returns.files["rows_set_aside"] == 0).all()


def change(path: Path, name: str, edit: dict[str, str]) -> None:
    text = (path / name).read_text(encoding="utf-8")
    for old, new in edit.items():
        text = text.replace(old, new)
    (path / name).write_text(text, encoding="utf-8", newline="")


def test_codes_with_their_meanings_and_earlier_names(tmp_path: Path) -> None:
    plain = build_history(read_returns(write(tmp_path / "plain", lives())))
    path = standard(tmp_path)
    names = {
        "clae_cla_primary_need_code": "clae_cla_primary_need",
        "clae_cla_episode_ceased_date": "clae_cla_episode_ceased",
        ",E4A,": ",E4A - returned home,",
        ",S,": ",S: started to be looked after,",
    }
    change(path, "ssd_cla_episodes.csv", names)
    change(path, "ssd_cla_placement.csv", {",U6,": ",U6 - foster placement,", " 00:00:00.000": " 14:25:00.000"})
    history = build_history(read_returns(path))
    assert history.placements.equals(plain.placements)
    assert history.needs.equals(plain.needs)


def test_placements_are_found_by_child_and_date_where_no_key_says_which(tmp_path: Path) -> None:
    plain = build_history(read_returns(write(tmp_path / "plain", lives())))
    path = standard(tmp_path)
    table = pd.read_csv(path / "ssd_cla_episodes.csv", dtype=str, keep_default_na=False)
    table.drop(columns="clae_cla_placement_id").to_csv(path / "ssd_cla_episodes.csv", index=False)
    assert build_history(read_returns(path)).placements.equals(plain.placements)


def test_what_does_not_go_together_is_told(tmp_path: Path) -> None:
    path = standard(tmp_path)
    (path / "ssd_legal_status.csv").unlink()
    table = pd.read_csv(path / "ssd_cla_placement.csv", dtype=str, keep_default_na=False)
    stray = table.iloc[[0]].assign(clap_cla_placement_id="X1", clap_person_id="INV999999")
    pd.concat([table.iloc[1:], stray]).to_csv(path / "ssd_cla_placement.csv", index=False)
    returns = read_returns(path)
    assert {"placement_missing", "placement_not_joined", "status_missing"} <= rules(returns)
    files = returns.files.set_index("file")
    assert files.loc["ssd_cla_placement.csv", "rows_set_aside"] == 1
    assert (files["rows_read"] == files["rows_used"] + files["rows_set_aside"] + files["rows_superseded"]).all()


def test_a_table_that_lacks_a_column_is_told(tmp_path: Path) -> None:
    path = standard(tmp_path)
    change(path, "ssd_cla_placement.csv", {"clap_cla_placement_type": "kind"})
    found = [(item.file, item.column) for item in read_returns(path).findings if item.rule == "missing_column"]
    assert found == [("ssd_cla_placement.csv", "PLACE")]
