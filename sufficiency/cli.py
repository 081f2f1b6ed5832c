"""The commands. Each is one call of the library, which is imported only when it is needed."""

from __future__ import annotations

import sys
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from sufficiency import __version__, cli_options
from sufficiency.cli_scenario import scenario
from sufficiency.cli_solve import solve
from sufficiency.errors import nearest
from sufficiency.telling import telling


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="sufficiency")
def main() -> None:
    """Plan homes for children in care, from the SSDA903 returns a council files every year."""


@main.command()
@click.argument("returns", type=cli_options.EXISTING)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "csv", "html"]), default="text", help="How to tell it."
)
@cli_options.codes
@click.option("--authority", metavar="NAME|all", help="Which authority, in a file of several.")
@cli_options.until
@cli_options.strict
@telling
def check(
    returns: Path, form: str, codes: Path | None, *, authority: str | None, until: str | None, strict: bool
) -> None:
    """Say what is wrong in the returns, rule by rule, and what was done about it."""
    from sufficiency.codes import read_codes
    from sufficiency.history import build_history
    from sufficiency.report import findings as told
    from sufficiency.returns import read_each, read_returns

    writers = {
        "text": told.findings_text,
        "json": told.findings_json,
        "csv": told.findings_csv,
        "html": told.findings_html,
    }
    if authority == "all":
        every = [one for _, one in read_each(returns, codes=read_codes(codes), strict=strict, until=until)]
    else:
        every = [read_returns(returns, codes=read_codes(codes), strict=strict, authority=authority, until=until)]
    errors = False
    for read in every:
        found = build_history(read).findings
        click.echo(writers[form](replace(read, findings=found)), nl=False)
        errors |= any(finding.severity == "error" for finding in found)
    if errors:
        sys.exit(1)


def _config(context: click.Context, _: click.Parameter, path: Path | None) -> Path | None:
    """Options from a TOML file, below those given on the command line."""
    if path is None:
        return None
    options = [one for one in context.command.params if isinstance(one, click.Option) and one.name != "config"]
    names = {one.opts[0].removeprefix("--"): str(one.name) for one in options if one.name != "help"}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path.name} is not valid TOML: {error}"
        raise click.BadParameter(message) from None
    wrong = [key for key in content if key.replace("_", "-") not in names]
    if wrong:
        told = " ".join(f"'{key}' is not an option.{nearest(key, list(names))}" for key in wrong)
        message = f"{path.name}: {told}"
        raise click.BadParameter(message)
    context.default_map = {names[key.replace("_", "-")]: value for key, value in content.items()}
    return path


@main.command()
@click.argument("returns", type=cli_options.EXISTING, required=False)
@click.option(
    "--config",
    type=cli_options.FILE,
    callback=_config,
    is_eager=True,
    expose_value=False,
    help="A TOML file that holds any of these options.",
)
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    metavar="NAME|FILE",
    help="A plan to compare with the baseline (may be repeated).",
)
@click.option(
    "--zero-effect",
    is_flag=True,
    help="Run each plan once more for each lever whose evidence is weak, with that lever having no effect.",
)
@click.option(
    "--tables",
    type=cli_options.FOLDER,
    help="Folder of the council's tables (capacity.csv, prices.csv, population.csv, staying_put.csv). "
    "Default: beside the returns.",
)
@click.option(
    "--comparators",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of published statistics (CSV): the authority beside its region and England.",
)
@cli_options.origin
@click.option("--years", type=click.IntRange(1, 10), default=5, show_default=True, help="How far ahead to look.")
@click.option(
    "--replications",
    type=click.IntRange(2, 100_000),
    default=200,
    show_default=True,
    help="How many times to simulate each plan.",
)
@click.option(
    "--precision",
    type=click.FloatRange(min=0, min_open=True),
    metavar="NUMBER",
    help="Stop before that, as soon as the mean of what --precision-of names is known to within so much "
    "(95 % interval).",
)
@click.option(
    "--precision-of",
    type=click.Choice(["children", "spend", "children-difference", "spend-difference"]),
    default="children",
    show_default=True,
    help="Children in care at the end, or placement spend of all years in £ million: of the baseline, or each "
    "plan's difference from it.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=2026,
    show_default=True,
    help="Of every random draw; the same seed gives the same results.",
)
@click.option(
    "--engine",
    type=click.Choice(["compiled", "reference"]),
    default="compiled",
    show_default=True,
    help="Both give the same numbers; the reference is slow, and code that an analyst can read.",
)
@cli_options.workers
@click.option(
    "--cluster",
    metavar="ADDRESS|local",
    help="A Dask scheduler to simulate on (tls://host:8786), or local for processes of this machine: docs/cluster.md.",
)
@cli_options.codes
@click.option("--authority", metavar="NAME|all", help="Which authority, in a file of several; all runs each.")
@click.option(
    "--at-once",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="With --authority all: how many authorities to work on at a time, in processes of this machine.",
)
@cli_options.until
@cli_options.council
@click.option("--illustrative", is_flag=True, help="Published prices where the council gives none, marked everywhere.")
@cli_options.strict
@click.option("--no-report", is_flag=True, help="Results only: no notebooks and no annex.")
@cli_options.out
@click.option("--overwrite", is_flag=True, help="Write over a run of other inputs, options or version.")
@partial(telling, stopped="Stopped. What is finished is kept; the same command again goes on from there.")
def run(returns: Path | None, *, no_report: bool, **given: Any) -> None:
    """History, forecast, plans, costs, comparison and annex. Without RETURNS: the invented example.

    Stop it with Ctrl-C at any time: the same command again goes on from what is finished.
    """
    from sufficiency.inputs import Options
    from sufficiency.region import run_each
    from sufficiency.report.summary import summary_lines

    options = Options(report=not no_report, progress=True, **given)
    for finished in run_each(returns, options):
        for line in summary_lines(finished.folder, finished.annex):
            click.echo(line)
        if finished.precision is not None:
            click.echo(str(finished.precision))


def _dates(_: click.Context, __: click.Parameter, given: str | None) -> tuple[str, ...] | None:
    """Dates apart by commas."""
    return tuple(part.strip() for part in given.split(",") if part.strip()) if given else None


@main.command()
@click.argument("returns", type=cli_options.EXISTING, required=False)
@click.option(
    "--origins",
    callback=_dates,
    metavar="DATES",
    help="Days from which to forecast (2024-03-31,2025-03-31). Default: month ends half a year apart, six at most.",
)
@click.option(
    "--horizon",
    type=click.IntRange(6, 120),
    default=36,
    show_default=True,
    metavar="MONTHS",
    help="How many months ahead to score, where the returns reach so far.",
)
@click.option(
    "--replications", type=click.IntRange(20, 100_000), default=200, show_default=True, help="Of each forecast."
)
@cli_options.seed
@cli_options.workers
@cli_options.tables
@cli_options.codes
@cli_options.authority
@cli_options.until
@cli_options.strict
@cli_options.out
@click.option("--overwrite", is_flag=True, help="Write over an earlier back-test.")
@telling
def backtest(returns: Path | None, **given: Any) -> None:
    """How good this authority's forecasts would have been. Without RETURNS: the invented example.

    Forecasts from earlier dates, with only what was known then, and compares with what came.
    """
    from sufficiency.tested import BacktestOptions, run_backtest

    found = run_backtest(returns, BacktestOptions(progress=True, **given))
    for line in found.lines():
        click.echo(line)


main.add_command(solve)


@main.command()
@click.argument("folder", metavar="DIR", type=cli_options.FOLDER)
@telling
def example(folder: Path) -> None:
    """Write the invented example authority: its returns and council tables."""
    from sufficiency.trials import write_example

    written = write_example(folder)
    click.echo(f"{len(written)} files written to {folder}. Every child and figure in them is invented.")


@main.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--only", multiple=True, metavar="SECTION", help="Only this section (may be repeated).")
@cli_options.council
@telling
def annex(run_folder: Path, only: tuple[str, ...], council: Path | None) -> None:
    """Write the annex again from a finished run."""
    from sufficiency.report import read_council, write_annex

    written = write_annex(run_folder, only=only or None, council=read_council(council) if council else None)
    for path in written.values():
        click.echo(str(path))


@main.command()
@click.argument("folder", metavar="DIR", type=cli_options.FOLDER, default=Path("notebooks"))
@telling
def lab(folder: Path) -> None:
    """JupyterLab on the notebooks (copied to DIR when they are not there yet)."""
    from sufficiency.report.notebooks import open_lab

    open_lab(folder)


main.add_command(scenario)
