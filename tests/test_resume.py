"""A run that was stopped goes on where it was, and comes to the same end."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from small_world import known_history

from sufficiency.cli import main
from sufficiency.provenance import shipped
from sufficiency.simulation import blocks, simulate
from sufficiency.simulation.blocks import Task
from sufficiency.simulation.kept import Kept
from sufficiency.simulation.reduced import Replication

pytestmark = pytest.mark.functional
YEARS = (2024, 2025, 2026)
QUICK = ["--replications", "50", "--years", "1", "--workers", "1", "--no-report", "--scenario", "stability"]
#: 50 replications of each of two plans are three blocks each; this many are done when the run is stopped.
DONE = 4


@pytest.fixture(scope="module")
def returns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's last three returns."""
    folder = tmp_path_factory.mktemp("returns")
    for year in YEARS:
        for table in ("header", "episodes", "uasc"):
            source = shipped("example") / "returns" / str(year) / f"{table}.csv"
            (folder / f"{year}-{table}.csv").write_bytes(source.read_bytes())
    return folder


class Counting:
    """Runs blocks and counts them, until it is stopped as by Ctrl-C."""

    def __init__(self, most: int | None = None) -> None:
        self.most, self.seen = most, list[tuple[int, ...]]()
        self.run = blocks.run_block

    def __call__(self, task: Task, numbers: Sequence[int]) -> list[Replication]:
        if self.most is not None and len(self.seen) == self.most:
            raise KeyboardInterrupt
        self.seen.append(tuple(numbers))
        return self.run(task, numbers)


def _run(returns: Path, out: Path, blocks_run: Counting | None, *more: str) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        if blocks_run is not None:
            patch.setattr(blocks, "run_block", blocks_run)
        return CliRunner().invoke(main, ["run", str(returns), *QUICK, "--out", str(out), *more])


@pytest.fixture(scope="module")
def whole(returns: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was never stopped."""
    out = tmp_path_factory.mktemp("whole") / "out"
    done = _run(returns, out, None)
    assert done.exit_code == 0, done.output
    return out


@pytest.fixture(scope="module")
def stopped(returns: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run stopped after some blocks."""
    out = tmp_path_factory.mktemp("stopped") / "out"
    done = _run(returns, out, Counting(DONE))
    assert done.exit_code == 1
    assert "the same command again goes on from there" in done.output
    return out


def _status(folder: Path) -> str:
    return str(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["status"])


def test_a_stopped_run_goes_on_and_ends_byte_equal(returns: Path, whole: Path, stopped: Path, tmp_path: Path) -> None:
    out = shutil.copytree(stopped, tmp_path / "out")
    assert _status(out) == "running"
    assert len(list((out / "internal" / "partial" / "plans").rglob("*.npz"))) == DONE
    counting, fresh = Counting(), Counting()
    again = _run(returns, out, counting)
    assert again.exit_code == 0, again.output
    assert _status(out) == "complete"
    assert not (out / "internal" / "partial").exists()
    assert _run(returns, tmp_path / "fresh", fresh).exit_code == 0
    assert len(fresh.seen) - len(counting.seen) == DONE
    assert counting.seen[:2] == [tuple(range(20, 40)), tuple(range(40, 50))]
    tables = sorted(path.relative_to(whole) for path in whole.rglob("*.parquet"))
    assert len(tables) > 12
    assert tables == sorted(path.relative_to(out) for path in out.rglob("*.parquet"))
    for table in tables:
        assert (out / table).read_bytes() == (whole / table).read_bytes(), table


def test_it_can_be_stopped_again_and_again(returns: Path, whole: Path, stopped: Path, tmp_path: Path) -> None:
    out = shutil.copytree(stopped, tmp_path / "out")
    assert _run(returns, out, Counting(1)).exit_code == 1
    assert len(list((out / "internal" / "partial" / "plans").rglob("*.npz"))) == DONE + 1
    assert _run(returns, out, None, "--workers", "2").exit_code == 0
    stock = Path("internal") / "results" / "stock.parquet"
    assert (out / stock).read_bytes() == (whole / stock).read_bytes()


def test_nothing_private_is_in_what_is_kept(returns: Path, stopped: Path) -> None:
    header = pd.concat([pd.read_csv(path, dtype=str, keep_default_na=False) for path in returns.glob("*-header.csv")])
    births = pd.to_datetime(header["DOB"], dayfirst=True)
    days = births.astype("datetime64[s]").astype("int64") // 86_400
    private = {value.encode() for column in ("CHILD", "UPN", "DOB") for value in header[column] if value}
    files = [path for path in stopped.rglob("*") if path.is_file()]
    assert len(private) > 1_000
    for path in files:
        raw = path.read_bytes()
        assert not [value for value in private if value in raw], path.name
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as read:
                assert set(read.files) == {
                    "numbers",
                    "lengths",
                    *(set(Replication.__dataclass_fields__) - {"number", "journeys"}),
                }
                for name in set(read.files) - {"flows"}:
                    # Counts, each far below the day number of any birth.
                    assert read[name].max(initial=0) < days.min(), name
    assert {path.suffix for path in files} == {".npz", ".json"}


def test_a_run_of_other_options_is_refused_and_overwritten_only_when_asked(
    returns: Path, stopped: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(stopped, tmp_path / "out")
    refused = _run(returns, out, None, "--seed", "7")
    assert refused.exit_code == 1
    assert "--overwrite" in refused.output
    counting = Counting(1)
    assert _run(returns, out, counting, "--seed", "7", "--overwrite").exit_code == 1
    assert counting.seen == [tuple(range(20))]
    assert len(list((out / "internal" / "partial").rglob("*.npz"))) == 1


def test_blocks_of_other_libraries_are_not_used(returns: Path, stopped: Path, tmp_path: Path) -> None:
    out = shutil.copytree(stopped, tmp_path / "out")
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    manifest["versions"]["numpy"] = "0.1"
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    counting = Counting(1)
    assert _run(returns, out, counting).exit_code == 1
    assert counting.seen == [tuple(range(20))]


def test_journeys_are_simulated_again_and_a_spoilt_file_is_no_block(tmp_path: Path) -> None:
    history, kept = known_history(per_day=0.05), Kept(tmp_path / "kept")
    counting = Counting()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "run_block", counting)
        first, second, third = (
            simulate(history, replications=50, years=1, workers=1, journeys=3, kept=kept) for _ in range(3)
        )
        assert [numbers[0] for numbers in counting.seen] == [0, 20, 40, 0, 0]
        spoilt = sorted((tmp_path / "kept").rglob("*.npz"))[1]
        spoilt.write_bytes(spoilt.read_bytes()[:100])
        fourth = simulate(history, replications=50, years=1, workers=1, journeys=0, kept=kept)
        assert counting.seen[-1][0] == 20
    assert len(second.journeys) == len(third.journeys) == 3
    pd.testing.assert_frame_equal(second.placements(2), first.placements(2))
    for name in ("stock", "flows", "child_days", "places", "unmet"):
        pd.testing.assert_frame_equal(getattr(fourth, name), getattr(first, name))
    assert np.array_equal(fourth.entrants, first.entrants)


def test_a_block_of_an_older_state_of_the_code_is_no_block(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept")
    simulate(known_history(per_day=0.05), replications=20, years=1, workers=1, journeys=0, kept=kept)
    path = next((tmp_path / "kept").rglob("*.npz"))
    assert kept.load("baseline", range(20)) is not None
    with np.load(path, allow_pickle=False) as read:
        arrays = {name: read[name] for name in read.files}
    for name in arrays:
        np.savez_compressed(path, **{other: array for other, array in arrays.items() if other != name})
        assert kept.load("baseline", range(20)) is None, name
