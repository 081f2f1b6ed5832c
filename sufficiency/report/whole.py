"""Everything that a finished run leaves for people: executed notebooks and the annex."""

from __future__ import annotations

from pathlib import Path

from sufficiency.report.annex import write_annex
from sufficiency.report.council import Council
from sufficiency.report.notebooks import execute_all


def write_report(folder: Path, *, council: Council | None = None) -> dict[str, Path]:
    """Run the notebooks on a finished run's folder and write its annex.

    Parameters
    ----------
    folder
        The run's folder.
    council
        Name, logo and sections of the annex.

    Returns
    -------
    dict
        The annex's files by format, as :func:`sufficiency.report.write_annex` gives them.
    """
    execute_all(folder)
    return write_annex(folder, council=council)
