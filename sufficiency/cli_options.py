"""Options that several commands have, written once."""

from __future__ import annotations

from pathlib import Path

import click

EXISTING = click.Path(exists=True, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)

seed = click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=2026, show_default=True, help="Of every random draw."
)
workers = click.option("--workers", type=click.IntRange(1, 256), help="Threads to use. Default: one for each core.")
tables = click.option("--tables", type=FOLDER, help="Folder of the council's tables. Default: beside the returns.")
origin = click.option(
    "--origin", metavar="DATE", help="Last day of data, inclusive (2026-03-31): the returns as known on that day."
)
codes = click.option("--codes", type=FILE, help="An edited table of which placement codes mean which setting (CSV).")
authority = click.option("--authority", metavar="NAME", help="Which authority, in a file of several.")
until = click.option("--until", metavar="DATE", help="Last day of a part-year extract (2025-12-31), if misread.")
council = click.option(
    "--council", type=FILE, help="A TOML file with the council's name, logo and the sections wanted."
)
strict = click.option("--strict", is_flag=True, help="Refuse returns with any error.")
out = click.option("--out", type=FOLDER, help="Folder to write to. Default: reports/ and the name of the returns.")
