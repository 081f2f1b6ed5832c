"""Exact answers for worlds simple enough to have one, made apart from either engine.

Days are whole, as in the model: a child who has been in a place for a day with hazard h leaves it
with chance 1 − exp(−h) on the next, leavers go before newcomers of the same day, and a place given
back can be taken on the same day. Stays are so geometric, the daily chains below exact, and the
textbook formulae of queues (A. K. Erlang, 1917) their limits for long stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binom, poisson

Floats = npt.NDArray[np.float64]


def chance_a_day(hazard: float) -> float:
    """Chance that a child with a hazard per day leaves on a given day."""
    return float(-np.expm1(-hazard))


def daily_matrix(rates: Floats) -> Floats:
    """One day's transitions from intensities per day between states (diagonal nought): shape (states, states)."""
    total = rates.sum(axis=1)
    chance = -np.expm1(-total)
    matrix: Floats = np.diag(1.0 - chance)
    moving = total > 0
    matrix[moving] += (chance[moving] / total[moving])[:, None] * rates[moving]
    return matrix


def daily_stock(matrix: Floats, opening: Floats, arrivals: Floats) -> Floats:
    """Mean stock by state at each day's end, from the stock before and mean arrivals: shape (days, states)."""
    now, days = opening, []
    for arriving in arrivals:
        now = now @ matrix + arriving
        days.append(now)
    return np.array(days)


@dataclass(frozen=True)
class Queue:
    """One setting with a limited number of places, day by day from empty.

    Attributes
    ----------
    held, full, waiting, refused
        Means at each day's end: places held, the chance that none is left, children waiting; and the
        mean number of the day's arrivals who found no place. Shape (days,).
    """

    held: Floats
    full: Floats
    waiting: Floats
    refused: Floats


def queue(places: int, per_day: float, hazard: float, days: int, *, waiting_room: int) -> Queue:
    """The exact daily chain of Poisson arrivals at some places, from empty.

    Parameters
    ----------
    waiting_room
        Children who may wait; 0 is the loss system, and a room that is never full the waiting list.
    """
    size = places + waiting_room
    numbers = np.arange(size + 1)
    inside = np.minimum(numbers, places)
    leaving = _leavers(numbers, inside, chance_a_day(hazard))
    coming = _comers(size, per_day)
    turned = _turned_away(numbers, places, per_day)
    now = np.zeros(size + 1)
    now[0] = 1.0
    rows = []
    for _ in range(days):
        left = now @ leaving
        now = left @ coming
        rows.append((now @ inside, now[places:].sum(), now @ (numbers - inside), left @ turned))
    return Queue(*np.array(rows).T)


def always_enough(places: int, per_day: float, hazard: float, days: tuple[int, int]) -> float:
    """Chance that children of unlimited places, from empty, are never more than ``places`` as a day ends.

    Parameters
    ----------
    days
        The first day looked at and the one after the last, counted from 0.
    """
    most = places + int(20 * np.sqrt(max(per_day / hazard, 1.0))) + 50
    numbers = np.arange(most + 1)
    step = _leavers(numbers, numbers, chance_a_day(hazard)) @ _comers(most, per_day)
    now = np.zeros(most + 1)
    now[0] = 1.0
    for day in range(days[1]):
        now = now @ step
        if day >= days[0]:
            now[places + 1 :] = 0.0
    return float(now.sum())


def _leavers(numbers: npt.NDArray[np.int64], inside: npt.NDArray[np.int64], chance: float) -> Floats:
    gone = numbers[:, None] - numbers[None, :]
    return np.where(gone >= 0, binom.pmf(gone, inside[:, None], chance), 0.0)


def _comers(size: int, per_day: float) -> Floats:
    numbers = np.arange(size + 1)
    matrix: Floats = poisson.pmf(numbers[None, :] - numbers[:, None], per_day)
    matrix[:, -1] = poisson.sf(size - numbers - 1, per_day)
    return matrix


def _turned_away(numbers: npt.NDArray[np.int64], places: int, per_day: float) -> Floats:
    """Mean arrivals beyond the places left, of a day that begins (after leavers) with so many children."""
    more = np.arange(200)
    beyond = np.maximum(more[None, :] - np.maximum(places - numbers, 0)[:, None], 0)
    found: Floats = beyond @ poisson.pmf(more, per_day)
    return found


def erlang_b(places: int, load: float) -> float:
    """Share of arrivals lost in continuous time, by Erlang's recursion; ``load`` is arrivals per stay."""
    lost = 1.0
    for number in range(1, places + 1):
        lost = load * lost / (number + load * lost)
    return lost


def erlang_c(places: int, load: float) -> float:
    """Share of arrivals that wait in continuous time (M/M/c)."""
    lost = erlang_b(places, load)
    return places * lost / (places - load * (1.0 - lost))


def survival(hazards: Floats, edges: tuple[int, ...], days: int) -> Floats:
    """Chance of a stay longer than 0, 1, 2, … days under hazards by duration band: shape (days,)."""
    band = np.searchsorted(edges, np.arange(days - 1), side="right") - 1
    summed = np.concatenate(([0.0], np.cumsum(hazards[band])))
    return np.exp(-summed)
