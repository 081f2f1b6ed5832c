"""The commands on plans: list, show, new and check."""

from __future__ import annotations

from pathlib import Path

import click

from sufficiency import cli_options
from sufficiency.telling import telling

#: Of a forecast whose years were not asked for.
_USUAL_MONTHS = 60


@click.group()
def scenario() -> None:
    """List, show, begin and check plans."""


@scenario.command("list")
def list_scenarios() -> None:
    """The plans that come with the toolkit."""
    from sufficiency.scenario import read_scenario, scenario_files

    names = list(scenario_files())
    width = max(map(len, names))
    for name in names:
        click.echo(f"{name:{width}}  {read_scenario(name).about.title}")


@scenario.command()
@click.argument("name", metavar="NAME|FILE")
@telling
def show(name: str) -> None:
    """One plan, as its file says it."""
    from sufficiency.scenario import read_scenario

    click.echo(read_scenario(name).text.rstrip())


@scenario.command("new")
@click.argument("name")
@click.option("--lever", "levers", multiple=True, help="Write out this lever with its parameters (may be repeated).")
@click.option("--based-on", default="baseline", show_default=True, metavar="NAME|FILE", help="The plan to add to.")
@click.option("--schema", is_flag=True, help="Write the JSON Schema beside it, for editors that check TOML.")
@telling
def new_file(name: str, levers: tuple[str, ...], based_on: str, *, schema: bool) -> None:
    """Begin a plan: write NAME.toml here, with comments that say what may be written where."""
    from sufficiency.scenario.fresh import write_scenario

    for path in write_scenario(Path(), name, levers, based_on, schema=schema):
        click.echo(f"{path.name} is written.")
    click.echo(f"Edit it, then: sufficiency scenario check {name}.toml")


@scenario.command("check")
@click.argument("file", type=cli_options.FILE)
@telling
def check_scenario(file: Path) -> None:
    """Every problem of a scenario file at once, each with its line."""
    from sufficiency.scenario import read_scenario

    plan = read_scenario(file)
    levers = ", ".join(dict.fromkeys(lever.title.lower() for lever in plan.levers)) or "none"
    click.echo(f"{file.name} is a valid plan: {plan.about.title}. Levers: {levers}.")
    start = plan.starts if isinstance(plan.starts, int) else 0
    last = max([start, *(lever.first_month(start) for lever in plan.levers)])
    if last >= _USUAL_MONTHS:
        click.echo(f"Something of it starts in month {last}: sufficiency run needs --years {last // 12 + 1} or more.")
    if plan.weak_levers():
        weak = ", ".join(plan.weak_levers())
        click.echo(
            f"The evidence is weak for: {weak}. Try the plan without such effects:"
            f" sufficiency run RETURNS --scenario {file} --zero-effect"
        )
