"""The command that searches for the least change that meets a target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sufficiency.telling import telling

_EXISTING = click.Path(exists=True, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("returns", type=_EXISTING, required=False)
@click.option(
    "--lever",
    "levers",
    multiple=True,
    required=True,
    metavar="LEVER.PARAMETER",
    help="A number of a lever to search over (entries.change; docs/levers.md has them). Up to three may be given.",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    required=True,
    metavar="TEXT",
    help='What is to be met: "agency_share <= 0.20 by 2028-03 with 0.8". Several must all be met.',
)
@click.option("--scenario", default="baseline", show_default=True, metavar="NAME|FILE", help="What else is planned.")
@click.option(
    "--range",
    "ranges",
    multiple=True,
    metavar="[LEVER.PARAMETER=]LOW:HIGH",
    help="Search within this. Default: the lever's range.",
)
@click.option(
    "--step", "steps", multiple=True, metavar="[LEVER.PARAMETER=]NUMBER", help="How far apart the values tried are."
)
@click.option(
    "--cost",
    "costs",
    multiple=True,
    metavar="[LEVER.PARAMETER=]POUNDS",
    help="What one unit costs over the whole horizon, for the cheapest mix of several levers.",
)
@click.option(
    "--replications", type=click.IntRange(20, 100_000), default=200, show_default=True, help="Of each value tried."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=2026, show_default=True, help="Of every random draw."
)
@click.option("--workers", type=click.IntRange(1, 256), help="Threads to use. Default: one for each core.")
@click.option("--tables", type=_FOLDER, help="Folder of the council's tables. Default: beside the returns.")
@click.option(
    "--origin", metavar="DATE", help="Last day of data, inclusive (2026-03-31): the returns as known on that day."
)
@click.option("--codes", type=_FILE, help="An edited table of which placement codes mean which setting (CSV).")
@click.option("--authority", metavar="NAME", help="Which authority, in a file of several.")
@click.option("--until", metavar="DATE", help="Last day of a part-year extract (2025-12-31), if misread.")
@click.option("--strict", is_flag=True, help="Refuse returns with any error.")
@click.option("--out", type=_FOLDER, help="Folder to write to. Default: reports/ and the name of the returns.")
@click.option("--overwrite", is_flag=True, help="Write over an earlier search.")
@telling
def solve(returns: Path | None, **given: Any) -> None:
    """The least change that meets a target. Without RETURNS: the invented example.

    Over several levers: the cheapest mix. The answer is run again with other luck, and so is one step less.
    """
    from sufficiency.solved import SolveOptions, run_solve

    for line in run_solve(returns, SolveOptions(**given)).lines():
        click.echo(line)
