"""Known worlds forecast by the sector's package and by ours from the same folders of returns, and scored."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from simulation_worlds import table

from sufficiency import dates
from sufficiency.history import History, build_history
from sufficiency.returns import read_returns
from sufficiency.trials import invent, write_returns
from sufficiency.trials.backtest import Asked, forecast_from, month_ends, score
from sufficiency.trials.baselines import LAST_VALUE, STOCK_AND_FLOW
from sufficiency.trials.forecast_worlds import forecast_worlds
from sufficiency.trials.scoring import OURS, TOTAL, from_point, keys_of

FOLDER = Path(__file__).parent
PACKAGE = "cs-demand-model 0.5.1"
YEARS = range(2017, 2027)
ORIGINS = ("2023-03-31", "2024-03-31")
HORIZON = 24
NAMES = {LAST_VALUE: "no change", PACKAGE: PACKAGE, STOCK_AND_FLOW: "stock and flow", OURS: "sufficiency"}
_SPANS = ((1, 12), (13, 24))


@dataclass(frozen=True)
class Job:
    """A known world with a seed."""

    world: str
    seed: int


def scored_worlds(
    jobs: Sequence[Job], package_python: str | None, replications: int, parts: Path
) -> tuple[pd.DataFrame, str]:
    """Scores of every method, and a sentence on the package: how it did, or why it is not there.

    Jobs that the folder of parts holds already are not done again.
    """
    parts.mkdir(parents=True, exist_ok=True)
    works = _works(package_python)
    paths = [parts / f"{job.world.replace(' ', '-')}-{job.seed:03d}{'' if works else '-without'}.json" for job in jobs]
    for job, path in zip(jobs, paths, strict=True):
        if not path.exists():
            path.write_text(json.dumps(_job(job, package_python if works else None, replications)), encoding="utf-8")
    found = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    rows = pd.concat([pd.DataFrame(one["scores"]) for one in found], ignore_index=True)
    return rows, _said(package_python, works, [each for one in found for each in one["package"]])


def _job(job: Job, package_python: str | None, replications: int) -> dict[str, object]:
    """One world with one seed: scores from every origin, and what the package said of itself."""
    (known_world,) = (one.world for one in forecast_worlds() if one.name == job.world)
    truth = invent(known_world.seeded(job.seed), engine_name="compiled")
    rows, said = [], []
    with tempfile.TemporaryDirectory() as folder:
        folders = {origin: Path(folder) / origin for origin in ORIGINS}
        for origin, own in folders.items():
            write_returns(truth, own, range(YEARS.start, int(origin[:4]) + 1))
        write_returns(truth, Path(folder) / "all", YEARS)
        came = build_history(read_returns(Path(folder) / "all"))
        theirs = _package(package_python, folders) if package_python else [None] * len(ORIGINS)
        for (origin, own), other in zip(folders.items(), theirs, strict=True):
            known = build_history(read_returns(own))
            rows.append(_scores(came, known, other, replications).assign(world=job.world, seed=job.seed))
            if other is not None:
                about = {"which": f"{job.world}, seed {job.seed}, {origin}", "stopped": other.get("stopped", "")}
                if "ends" in other:
                    about["away"] = abs(other["start"] - float(known.placements["end"].isna().sum()))
                    about["seconds"] = other["read"] + other["forecast"]
                said.append(about)
    table = pd.concat(rows, ignore_index=True).drop(columns="origin")
    return {"scores": json.loads(table.to_json(orient="records")), "package": said}


def _works(python: str | None) -> bool:
    """Whether a Python has the package."""
    if python is None:
        return False
    words = [python, "-c", "import cs_demand_model"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _said(python: str | None, works: bool, package: Sequence[dict[str, Any]]) -> str:
    if python is None:
        return "The package is not scored: no Python that has it was named (`--package-python`)."
    if not works:
        return "The package is not scored: the Python named cannot load it (it wants pandas 1.x)."
    ran = [one for one in package if not one["stopped"]]
    stopped = [f"{one['which']} ({one['stopped']})" for one in package if one["stopped"]]
    said = f"The package ran {len(ran)} times of {len(package)}"
    said += f" and stopped on: {'; '.join(stopped)}" if stopped else ""
    if not ran:
        return f"{said}."
    return (
        f"{said}, {np.median([one['seconds'] for one in ran]):.1f} seconds of the processor each (median); the number"
        f" in care from which it starts is out by {max(one['away'] for one in ran):.0f} children at most."
    )


def _package(python: str, folders: dict[str, Path]) -> list[dict[str, Any]]:
    jobs = [{"folder": own.as_posix(), "origin": origin, "months": HORIZON} for origin, own in folders.items()]
    words = [python, str(FOLDER / "package_forecast.py")]
    done = subprocess.run(words, input=json.dumps(jobs), capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _scores(came: History, known: History, other: dict[str, Any] | None, replications: int) -> pd.DataFrame:
    """Ours, the baselines and the package of one origin held against what came: children in care in all."""
    keys, ends = keys_of(known.codes, (TOTAL,)), month_ends(known.origin, came.origin, HORIZON)
    forecasts = {OURS: forecast_from(known, ends, keys, Asked(replications=replications, workers=2))}
    if other is not None and "ends" in other:
        forecasts[PACKAGE] = from_point(np.array(other["ends"], dtype=np.float64)[:, None])
    found = score(came, known, ends, keys, forecasts, smoothed=(TOTAL,))
    return found.assign(origin_day=str(dates.as_date(known.origin)))


def world_table(scores: pd.DataFrame) -> str:
    """Mean errors by world, span and method; bias and coverage over all worlds; and the paired difference."""
    methods = [name for name in NAMES if name in set(scores["method"])]
    near = scores[scores["method"].isin(methods)]
    far = near["horizon_months"] > _SPANS[0][1]
    near = near.assign(error=(near["p50"] - near["actual"]).abs(), off=near["mean"] - near["actual"], far=far)
    rows = []
    for name in (*dict.fromkeys(near["world"]), "all"):
        own = near if name == "all" else near[near["world"] == name]
        for late, (first, last) in enumerate(_SPANS):
            span = own[own["far"] == bool(late)].groupby("method")["error"].mean()
            rows.append((name, f"{first} to {last}", *(f"{span[method]:.1f}" for method in methods)))
    errors = table(("World", "Months ahead", *(NAMES[method] for method in methods)), rows)
    return f"### Mean error\n\n{errors}\n{_summary(near, methods)}\n{_paired(near, methods)}"


def _summary(near: pd.DataFrame, methods: Sequence[str]) -> str:
    rows = []
    for method in methods:
        own = near[near["method"] == method]
        held = [own["actual"].between(own[low], own[high]).mean() for low, high in (("p10", "p90"), ("p025", "p975"))]
        ranged = bool((own["sd"] > 0).any())
        shares = [f"{share:.0%}" if ranged else "no range" for share in held]
        rows.append(
            (
                NAMES[method],
                f"{own['error'].mean():.1f}",
                f"{own['off'].mean():+.1f}",
                f"{own['crps'].mean():.1f}",
                *shares,
            )
        )
    heading = ("", "Mean error", "Bias", "CRPS", "Held within 8 in 10", "Held within 19 in 20")
    return f"### All worlds, 1 to {HORIZON} months\n\n{table(heading, rows)}"


def _paired(near: pd.DataFrame, methods: Sequence[str]) -> str:
    """Ours less each other by world and seed, whose origins share their luck, with a standard error over them."""
    by = near.groupby(["world", "seed", "method"])["error"].mean().unstack()
    rows = []
    for method in methods:
        if method != OURS:
            less = by[OURS] - by[method]
            rows.append(
                (
                    NAMES[method],
                    f"{less.mean():+.1f}",
                    f"{less.std(ddof=1) / len(less) ** 0.5:.1f}",
                    f"{(less < 0).sum()} of {len(less)}",
                )
            )
    heading = ("Ours less", "Mean error", "Standard error", "Ours closer")
    few = "A seed has the same luck in every world until that changes, so that the standard error is too small.\n"
    return f"### Ours less the others, by world and seed\n\n{table(heading, rows)}\n{few}"
