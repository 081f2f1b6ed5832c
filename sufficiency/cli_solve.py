"""The command that searches for the least change that meets a target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sufficiency import cli_options
from sufficiency.telling import telling


@click.command()
@click.argument("returns", type=cli_options.EXISTING, required=False)
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
@cli_options.seed
@cli_options.workers
@cli_options.tables
@cli_options.origin
@cli_options.codes
@cli_options.authority
@cli_options.until
@cli_options.strict
@cli_options.out
@click.option("--overwrite", is_flag=True, help="Write over an earlier search.")
@telling
def solve(returns: Path | None, **given: Any) -> None:
    """The least change that meets a target. Without RETURNS: the invented example.

    Over several levers: the cheapest mix. The answer is run again with other luck, and so is one step less.
    """
    from sufficiency.solved import SolveOptions, run_solve

    for line in run_solve(returns, SolveOptions(**given)).lines():
        click.echo(line)
