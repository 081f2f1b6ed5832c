"""Authorities whose truth is known: the example, and worlds to try the package on."""

from __future__ import annotations

from sufficiency.trials.example import example_truth, write_example
from sufficiency.trials.invented import Invented, as_seen, invent
from sufficiency.trials.known import Change, KnownWorld, read_world
from sufficiency.trials.write_returns import write_returns

__all__ = [
    "Change",
    "Invented",
    "KnownWorld",
    "as_seen",
    "example_truth",
    "invent",
    "read_world",
    "write_example",
    "write_returns",
]
