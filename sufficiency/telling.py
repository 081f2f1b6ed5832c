"""How a command tells what the user can mend."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from sufficiency.errors import UserError

P = ParamSpec("P")
R = TypeVar("R")


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
