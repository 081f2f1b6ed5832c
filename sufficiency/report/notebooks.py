"""The notebooks: shown, run with other parameters, and opened in JupyterLab."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from IPython.display import Image
from matplotlib.figure import Figure

from sufficiency.errors import UserError, nearest
from sufficiency.provenance import shipped
from sufficiency.report.faults import load_quality
from sufficiency.report.finished import read_finished
from sufficiency.report.past import load_history
from sufficiency.report.places import forget_places
from sufficiency.report.plan_stories import load_answer, load_comparison, load_gaps, load_means, load_waterfall
from sufficiency.report.stories import chart_words, load_futures
from sufficiency.report.tried_story import load_tried
from sufficiency.report.why_story import load_why

__all__ = [
    "chart_words",
    "execute",
    "execute_all",
    "load_answer",
    "load_comparison",
    "load_futures",
    "load_gaps",
    "load_history",
    "load_means",
    "load_quality",
    "load_tried",
    "load_waterfall",
    "load_why",
    "open_lab",
    "parameters_of",
    "show",
]

#: Run on every finished run.
NOTEBOOKS = ("data-quality", "history", "forecast", "scenario", "gaps", "comparison", "finance")
#: Run on returns only: each needs a question of its own.
SEARCHES = ("solve",)


def show(figure: Figure, alternative: str) -> Image:
    """A chart as a notebook displays it, with its text alternative."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, metadata={"Software": None}, facecolor="white")
    return Image(data=stream.getvalue(), format="png", alt=alternative)  # type: ignore[no-untyped-call]


@contextmanager
def _unwarned() -> Iterator[None]:
    """Silence what papermill and the libraries below it say of their own changes; a run must not stop for that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _find(name: str) -> Path:
    folder = shipped("notebooks")
    known = sorted(path.stem for path in folder.glob("*.ipynb"))
    if name not in known:
        raise UserError([f"There is no notebook '{name}'.{nearest(name, known)}"])
    return folder / f"{name}.ipynb"


def parameters_of(name: str) -> dict[str, str]:
    """A notebook's parameters with their defaults, as written in its cell tagged ``parameters``.

    Raises
    ------
    UserError
        If there is no such notebook.
    """
    with _unwarned():
        found = import_module("papermill").inspect_notebook(str(_find(name)))
    return {key: str(about["default"]) for key, about in found.items()}


def execute(name: str, parameters: Mapping[str, object], folder: Path) -> Path:
    """Run a notebook with parameters and keep the executed copy in a run's ``internal/notebooks``.

    Parameters
    ----------
    name
        One of :data:`NOTEBOOKS` or :data:`SEARCHES`.
    parameters
        Values for the notebook's parameters.
    folder
        A run's folder; the notebook runs inside it, so that ``folder="."`` reads its tables.

    Raises
    ------
    UserError
        If a parameter is unknown, with the nearest valid one, or if the notebook stops.
    """
    known = parameters_of(name)
    wrong = [key for key in parameters if key not in known]
    if wrong:
        names = list(known)
        raise UserError([f"The notebook '{name}' has no parameter '{key}'.{nearest(key, names)}" for key in wrong])
    out = folder / "internal" / "notebooks" / f"{name}.ipynb"
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        _run(_find(name), out, dict(parameters), folder)
    finally:
        forget_places(out, parameters)
    return out


def _run(source: Path, out: Path, parameters: dict[str, object], folder: Path) -> None:
    try:
        with _unwarned():
            import_module("papermill").execute_notebook(
                str(source),
                str(out),
                parameters=parameters,
                cwd=str(folder),
                kernel_name="python3",
                progress_bar=False,
                log_output=False,
                extra_arguments=["--log-level=CRITICAL"],
            )
    except import_module("papermill.exceptions").PapermillExecutionError as error:
        said = f"{error.ename}: {error.evalue}" if error.ename == "UserError" else error.ename
        raise UserError(
            [f"The notebook '{source.stem}' stopped ({said}); see internal/notebooks/{out.name}."]
        ) from None


def execute_all(folder: Path) -> list[Path]:
    """Run every notebook on a finished run: faults, history, forecasts, baseline, gaps, plans, money."""
    run = read_finished(folder)
    plans = [str(about["name"]) for about in run.plans]
    wanted: dict[str, dict[str, object]] = {
        "data-quality": {"folder": "."},
        "history": {"folder": "."},
        "forecast": {"folder": "."},
        "scenario": {"folder": ".", "scenario": "baseline"},
        "gaps": {"folder": ".", "scenario": "baseline"},
    }
    if plans:
        wanted["comparison"] = {"folder": ".", "scenarios": plans}
    if run.has("money/summary"):
        wanted["finance"] = {"folder": ".", "scenario": plans[0] if plans else "baseline"}
    return [execute(name, parameters, run.folder) for name, parameters in wanted.items()]


def open_lab(folder: Path) -> None:
    """Open JupyterLab on a folder of notebooks, copying the package's there where they are missing.

    Raises
    ------
    UserError
        If JupyterLab could not be started.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted(shipped("notebooks").glob("*.ipynb")):
        if not (folder / source.name).exists():
            shutil.copyfile(source, folder / source.name)
    environment = {**os.environ, "JUPYTER_PLATFORM_DIRS": "1"}
    ended = subprocess.run([sys.executable, "-m", "jupyterlab", str(folder)], env=environment, check=False)  # noqa: S603
    if ended.returncode:
        raise UserError(["JupyterLab did not start or stopped with an error; its own words are above."])
