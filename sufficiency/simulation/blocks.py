"""Blocks of replications: the piece of work that a thread, a process or a cluster's worker is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sufficiency.draws import replication_keys
from sufficiency.simulation.engines import EngineName, engine
from sufficiency.simulation.reduced import Replication, Wanted, reduced
from sufficiency.simulation.setup import Setup

#: Replications in a block. Fixed, so that what is decided after a block does not depend on the workers.
BLOCK = 20


@dataclass(frozen=True)
class Task:
    """What every block of a plan's replications needs."""

    setup: Setup
    seed: int
    wanted: Wanted
    engine_name: EngineName

    def __repr__(self) -> str:
        return f"Task({self.setup!r})"


#: A plan's task and the numbers of the replications wanted.
Piece = tuple[Task, range]


def blocks_of(replications: int) -> list[range]:
    """Numbers of the replications of each block."""
    return [range(low, min(low + BLOCK, replications)) for low in range(0, replications, BLOCK)]


def run_block(task: Task, numbers: Sequence[int]) -> list[Replication]:
    """Run some replications of a plan."""
    keys = replication_keys(task.seed, numbers)
    counts = task.setup.forecast.counts(keys)
    worlds, run, wanted = task.setup.worlds(keys, counts), engine(task.engine_name), task.wanted
    return [
        reduced(one, run(world, key, keep=wanted.spells(one)), came, world, wanted)
        for one, key, world, came in zip(numbers, keys, worlds, counts, strict=True)
    ]
