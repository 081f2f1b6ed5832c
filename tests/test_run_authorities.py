"""A region's returns: one authority by name, or each in a folder of its own."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from click.testing import CliRunner
from run_folder import same_tables

from sufficiency.cli import main
from sufficiency.errors import Problem, UserError

pytestmark = pytest.mark.functional
QUICK = ["--replications", "2", "--years", "1", "--workers", "1", "--no-report"]


def test_several_authorities_without_a_name_are_listed(region: Path) -> None:
    result = CliRunner().invoke(main, ["run", str(region), *QUICK])
    assert result.exit_code == 1
    assert "Northmarsh" in result.output
    assert "Southmarsh" in result.output


def test_each_authority_runs_into_its_own_folder(region: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["run", str(region), *QUICK, "--authority", "all", "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 0, result.output
    for name in ("Northmarsh", "Southmarsh"):
        manifest = json.loads((tmp_path / "out" / name.lower() / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["authority"] == name


def test_one_authority_is_chosen_by_name(region: Path, tmp_path: Path) -> None:
    words = ["run", str(region), *QUICK, "--authority", "Southmarsh", "--out", str(tmp_path / "south")]
    assert CliRunner().invoke(main, words).exit_code == 0
    checked = CliRunner().invoke(main, ["check", str(region), "--authority", "Southmarsh", "--format", "json"])
    files = json.loads(checked.stdout)["files"]
    assert all(one["rows_read"] == one["rows_used"] + one["rows_set_aside"] + one["rows_superseded"] for one in files)
    assert any(one["rows_set_aside"] for one in files)


def test_authorities_at_once_give_what_one_after_another_gives(region: Path, tmp_path: Path) -> None:
    words = ["run", str(region), *QUICK, "--authority", "all", "--out"]
    for name, more in (("after", []), ("once", ["--at-once", "2"])):
        done = CliRunner().invoke(main, [*words, str(tmp_path / name), *more])
        assert done.exit_code == 0, done.output
    for name in ("northmarsh", "southmarsh"):
        same_tables(tmp_path / "after" / name, tmp_path / "once" / name)


def test_what_is_wrong_in_another_process_is_told_as_here(region: Path, tmp_path: Path) -> None:
    rows = ["setting,from,pounds_per_week,status,source", "secure,2026-04-01,x,own,", "other,soon,1,own,"]
    (tmp_path / "prices.csv").write_text("\n".join(rows), encoding="utf-8")
    words = ["run", str(region), *QUICK, "--authority", "all", "--tables", str(tmp_path), "--out", str(tmp_path / "o")]
    told = [CliRunner().invoke(main, [*words, *more]) for more in ([], ["--at-once", "2"])]
    assert [done.exit_code for done in told] == [1, 1]
    assert told[0].output == told[1].output
    assert told[0].output.count("prices.csv, row") == 2


def test_a_users_error_comes_whole_from_another_process() -> None:
    error = UserError([Problem("No such setting.", file="prices.csv", row=3, column="setting"), "And this."])
    again = pickle.loads(pickle.dumps(error))
    assert again.problems == error.problems
    assert str(again) == str(error)
