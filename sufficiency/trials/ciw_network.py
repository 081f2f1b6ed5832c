"""The same three settings in Ciw, an independent library for networks of queues (an optional one, for tests).

A gate that takes no time sends every arrival in fostering in house while a place is left, else to the
agency; from every setting children leave care or move. Time is continuous in Ciw: its mean stays are
those of whole days, 1 / (1 − exp(−hazard)), so that the two differ only by what happens within a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from sufficiency.simulation.world import Entrants, World
from sufficiency.trials import known_worlds
from sufficiency.trials.exact import chance_a_day
from sufficiency.trials.known_worlds import AGENCY, HOUSE

Floats = npt.NDArray[np.float64]

HOME = "external_home"
SETTINGS = (HOUSE, AGENCY, HOME)
#: Events per child-day: leaving care, and moves; to fostering, also from the agency, in house if there is room.
RATES = {
    (HOUSE, "returned_home"): 0.0017,
    (HOUSE, "to_home"): 0.0006,
    (AGENCY, "returned_home"): 0.0015,
    (AGENCY, "to_fostering"): 0.0010,
    (HOME, "returned_home"): 0.0012,
    (HOME, "to_fostering"): 0.0016,
}
_GATE, _HOUSE, _AGENCY, _HOME = 1, 2, 3, 4
_MOVE_TO = {HOUSE: _HOME, AGENCY: _GATE, HOME: _GATE}


@dataclass(frozen=True)
class Network:
    """Size of the network: in-house places, arrivals in fostering a day, and days."""

    places: int = 30
    per_day: float = 0.15
    days: int = 4383

    def world(self) -> World:
        """The network as a world of the simulation, without anybody."""
        world = known_worlds.plain_world(RATES, self.days, in_house_share=known_worlds.in_house(1.0, 0.0))
        return known_worlds.with_places(world, {HOUSE: self.places})

    def arrivals(self, number: int) -> Entrants:
        """Those who arrive in one replication."""
        return known_worlds.arrivals(np.random.default_rng([77, number]), self.per_day, self.days)

    def run(self, seed: int) -> Any:  # Ciw has no types
        """One run in Ciw; what :func:`occupancy` reads.

        Raises
        ------
        ImportError
            If Ciw is not installed.
        """
        ciw = import_module("ciw")
        ciw.seed(seed)
        simulation = ciw.Simulation(self._network(ciw), tracker=ciw.trackers.NodePopulation())
        simulation.simulate_until_max_time(self.days)
        return simulation

    def _network(self, ciw: Any) -> Any:
        places, endless = self.places, float("inf")

        class Gate(ciw.routing.NodeRouting):  # type: ignore[misc]
            """In house while a place is left."""

            def next_node(self, _: Any) -> Any:
                nodes = self.simulation.nodes
                return nodes[_HOUSE if nodes[_HOUSE].number_of_individuals < places else _AGENCY]

        total = {name: sum(rate for (own, _), rate in RATES.items() if own == name) for name in SETTINGS}
        stays = [ciw.dists.Exponential(chance_a_day(total[name])) for name in SETTINGS]
        moves = [
            ciw.routing.Probabilistic([_MOVE_TO[name]], [1.0 - RATES[name, "returned_home"] / total[name]])
            for name in SETTINGS
        ]
        return ciw.create_network(
            arrival_distributions=[ciw.dists.Exponential(self.per_day), None, None, None],
            service_distributions=[ciw.dists.Deterministic(0.0), *stays],
            number_of_servers=[endless, places, endless, endless],
            routing=ciw.routing.NetworkRouting([Gate(), *moves]),
        )


def occupancy(simulation: Any, first: float, last: float) -> Floats:
    """Mean number of children in each of :data:`SETTINGS` between two moments of a run in Ciw."""
    moment = np.array([time for time, _ in simulation.statetracker.history], dtype=float)
    state = np.array([each[1:] for _, each in simulation.statetracker.history], dtype=float)
    length = np.diff(np.clip(np.append(moment, last), first, last))
    means: Floats = length @ state / (last - first)
    return means


def events(simulation: Any) -> int:
    """Arrivals and ends of placements in a run in Ciw, those at the gate left out."""
    entered: int = simulation.nodes[0].number_accepted_individuals
    ended = sum(
        record.node != _GATE
        for node in simulation.nodes[1:]
        for person in node.all_individuals
        for record in person.data_records
    )
    return entered + int(ended)
