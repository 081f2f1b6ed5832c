"""The back-test as a command: what it leaves, what it refuses, and the notebook's view of it."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from run_folder import write_run_folder

from sufficiency import forecast_entrants
from sufficiency.cli import main
from sufficiency.draws import replication_key
from sufficiency.errors import UserError
from sufficiency.forecast.quarters import entries_by_quarter
from sufficiency.history import build_history
from sufficiency.report.finished import read_finished
from sufficiency.report.tried import to_publish, tried, trust_of
from sufficiency.report.tried_story import load_tried
from sufficiency.returns import read_returns
from sufficiency.tested import BacktestOptions, run_backtest
from sufficiency.trials import invent, read_world, write_returns
from sufficiency.trials.scoring import SCORE_COLUMNS, SETTING, TOTAL


@pytest.fixture(scope="module")
def returns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    write_returns(invent(read_world().scaled(0.12), engine_name="compiled"), folder, range(2022, 2027))
    return folder


@pytest.mark.functional
def test_the_command_leaves_scores_and_the_page_and_nothing_private(returns: Path, tmp_path: Path) -> None:
    out = tmp_path / "tested"
    words = ["backtest", str(returns), "--origins", "2025-03-31", "--horizon", "6", "--replications", "20"]
    done = CliRunner().invoke(main, [*words, "--workers", "1", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "made again as it would have been made on 31 March 2025" in done.output
    inside = out / "internal"
    assert {path.name for path in inside.iterdir()} == {"scores.csv", "summary.csv", "pit.csv", "trust.md"}
    scores = pd.read_csv(inside / "scores.csv")
    assert tuple(scores.columns) == SCORE_COLUMNS
    assert set(scores["horizon_months"]) == {1, 2, 3, 4, 5, 6}
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["origins"] == ["2025-03-31"]
    assert manifest["status"] == "complete"
    header = read_returns(returns).header
    births = pd.to_datetime(header["dob"])
    private = (
        set(header["child"].astype(str)) | set(births.dt.strftime("%d/%m/%Y")) | set(births.dt.strftime("%Y-%m-%d"))
    )
    written = "".join(path.read_text(encoding="utf-8") for path in out.rglob("*.*"))
    assert not [value for value in private if value in written]
    again = CliRunner().invoke(main, [*words, "--seed", "5", "--out", str(out)])
    assert again.exit_code == 1
    assert "--overwrite" in again.output


@pytest.mark.unit
def test_returns_too_short_for_a_back_test_are_told(tmp_path: Path) -> None:
    write_returns(invent(read_world().scaled(0.05), engine_name="compiled"), tmp_path / "short", range(2024, 2027))
    with pytest.raises(UserError, match="too short for a back-test; four years"):
        run_backtest(tmp_path / "short", BacktestOptions(out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.unit
def test_entries_by_quarter_add_up_to_those_seen_and_drawn(returns: Path) -> None:
    history = build_history(read_returns(returns))
    forecast = forecast_entrants(history, months=7, evaluate=False)
    sample = forecast.counts([replication_key(1, number) for number in range(40)])
    table = entries_by_quarter(forecast, sample)
    seen = table[table["seen"].notna()]
    assert seen.loc[seen["who"] == "all", "seen"].sum() == forecast.history["count"].sum()
    both = seen[seen["who"] != "all"].groupby("date")["seen"].sum()
    assert (both == seen[seen["who"] == "all"].set_index("date")["seen"]).all()
    ahead = table[table["seen"].isna() & (table["who"] == "all")]
    assert [str(day.date()) for day in ahead["date"]] == ["2026-06-30", "2026-09-30"]
    first = sample[:, :, :3].sum((1, 2))
    assert ahead["p50"].iloc[0] == pytest.approx(float(pd.Series(first).median()))
    assert (ahead["p10"] <= ahead["p90"]).all()


@pytest.mark.functional
def test_the_notebooks_view_of_a_finished_run(tmp_path: Path) -> None:
    run = read_finished(write_run_folder(tmp_path, replications=4, years=2))
    story = load_tried(folder=run.folder)
    fans = story.fans()
    assert list(fans) == ["Mar 2022", "Mar 2023", "Mar 2024"]
    assert fans["Mar 2024"]["date"].is_monotonic_increasing
    assert list(story.methods().columns) == ["1 year ahead", "2 years ahead"]
    assert "this forecast" in story.methods().index
    assert story.by_setting()["held within 8 in 10"].str.match(r"^\d+ of 3$").all()
    assert story.entries_seen("uasc")["children"].notna().all()
    assert story.entries_ahead()["p50"].notna().all()
    assert story.said().startswith("- The forecast was made again")
    published = to_publish(run)
    assert set(published["level"]) <= {TOTAL, SETTING}
    assert (published["horizon_months"] % 6 == 0).all()
    assert len(published) < len(tried(run))
    assert trust_of(run).trials == 9
