"""What the commands share: kinds of paths, and problems told as sentences."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from sufficiency.errors import UserError

P = ParamSpec("P")
R = TypeVar("R")

EXISTING = click.Path(exists=True, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


def telling(command: Callable[P, R], stopped: str = "Stopped.") -> Callable[P, R]:
    """Turn problems that the user can mend, and a stop, into sentences and exit code 1."""

    @wraps(command)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except UserError as error:
            for problem in error.problems:
                click.echo(str(problem), err=True)
            sys.exit(1)
        except KeyboardInterrupt:
            click.echo(stopped, err=True)
            sys.exit(1)

    return told
