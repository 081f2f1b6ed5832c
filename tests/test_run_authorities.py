"""A region's returns: one authority by name, or each in a folder of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sufficiency.cli import main

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
