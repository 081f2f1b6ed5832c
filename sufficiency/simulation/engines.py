"""The two engines by name: the model as an analyst reads it, and the same compiled."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Protocol

from sufficiency.draws import KeyWords
from sufficiency.simulation.counted import Counted, counted
from sufficiency.simulation.journeys import simulate_journeys
from sufficiency.simulation.world import World

EngineName = Literal["compiled", "reference"]


class Engine(Protocol):
    """Runs one replication of a world; ``keep`` says whether to hand on every placement."""

    def __call__(self, world: World, key: KeyWords, *, keep: bool = True) -> Counted:
        """One replication, counted."""


def simulate_reference(world: World, key: KeyWords, *, keep: bool = True) -> Counted:
    """One replication by the SimPy processes of :mod:`~sufficiency.simulation.journeys`."""
    simulated = simulate_journeys(world, key)
    found = counted(simulated.spells, simulated.tally, (world.first_day, world.last_day), world.codes)
    return found if keep else replace(found, spells=None)


def engine(name: EngineName | str) -> Engine:
    """An engine by its name; both give the same numbers.

    Raises
    ------
    ValueError
        If there is no such engine.
    """
    if name == "reference":
        return simulate_reference
    if name == "compiled":
        # Loaded here: the compiler is slow to load and not wanted with --help.
        from sufficiency.simulation.compiled import simulate_compiled  # noqa: PLC0415

        return simulate_compiled
    msg = f"there is no engine '{name}': take compiled or reference"
    raise ValueError(msg)
