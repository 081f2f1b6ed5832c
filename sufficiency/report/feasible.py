"""What a reader could work out about hidden counts: the disclosure rules seen from the other side.

The reader knows every shown count, every sum, that a hidden count is a whole number of 1 or more
(zeros are never hidden) and that a count never shown is nought or more. The least and the greatest
value that a hidden count can take are found by integer programming (HiGHS, through SciPy), for
each knot of counts that hang together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

Key = tuple[str, ...]
#: Count → +1 or −1; the signed sum is nought.
Relation = dict[Key, int]
Solution = npt.NDArray[np.int64]


class Knot:
    """Unseen counts that hang together through sums, and the equations that bind them."""

    def __init__(
        self, keys: Sequence[Key], lower: Sequence[int], rows: Sequence[Relation], right: Sequence[int]
    ) -> None:
        self.keys = list(keys)
        self.position = {key: place for place, key in enumerate(self.keys)}
        self.lower = np.asarray(lower, dtype=float)
        entries = [(row, self.position[key], sign) for row, terms in enumerate(rows) for key, sign in terms.items()]
        cells = np.asarray(entries, dtype=np.int64).reshape(-1, 3)
        shape = (len(rows), len(self.keys))
        self.matrix = csr_array((cells[:, 2].astype(float), (cells[:, 0], cells[:, 1])), shape=shape)
        self.right = np.asarray(right, dtype=float)

    def extreme(self, key: Key, *, lowest: bool, at_most: float = np.inf) -> Solution | None:
        """A solution in which one count is least (or greatest, up to ``at_most``); None if there is none."""
        place = self.position[key]
        upper = np.full(len(self.keys), np.inf)
        upper[place] = max(at_most, self.lower[place])
        goal = np.zeros(len(self.keys))
        goal[place] = 1.0 if lowest else -1.0
        rule = [LinearConstraint(self.matrix, self.right, self.right)] if len(self.right) else []
        found = milp(
            goal,
            constraints=rule,
            bounds=Bounds(self.lower, upper),
            integrality=np.ones(len(self.keys), dtype=np.int64),
        )
        return None if found.x is None else np.rint(found.x).astype(np.int64)


class Attack:
    """Everything that a reader can see of a system of counts, for any choice of hidden ones.

    Parameters
    ----------
    values
        Every published count.
    relations
        The sums that a reader knows of.
    threshold
        A hidden count must be able to be anything from 1 to this.
    """

    def __init__(self, values: Mapping[Key, int], relations: Sequence[Relation], threshold: int) -> None:
        self.values = values
        self.relations = relations
        self.threshold = threshold
        self._of_key: dict[Key, list[int]] = {}
        for number, relation in enumerate(relations):
            for key in relation:
                self._of_key.setdefault(key, []).append(number)
        self._safe: set[frozenset[Key]] = set()
        self._floors: dict[Key, int] = {}

    def first_exposed(self, hidden: AbstractSet[Key]) -> Key | None:
        """The first hidden count, in order of keys, of which too much can be told; None if none."""
        for knot in self._knots(hidden):
            name = frozenset(knot)
            if name in self._safe:
                continue
            weak = self._weak_in(knot, hidden)
            if weak is not None:
                return weak
            self._safe.add(name)
        return None

    def is_safe(self, key: Key, hidden: AbstractSet[Key]) -> bool:
        """Whether one hidden count could be anything it must be able to be."""
        keys = self._knot_of(key, hidden)
        knot = self._equations(keys, hidden)
        return self._reaches(knot, key, [])

    def interval(self, key: Key, hidden: AbstractSet[Key]) -> tuple[int, float]:
        """Least and greatest value of a hidden count; the greatest is infinite where nothing bounds it."""
        knot = self._equations(self._knot_of(key, hidden), hidden)
        far = 10 * (sum(self.values.values()) + self.threshold)
        low, high = knot.extreme(key, lowest=True), knot.extreme(key, lowest=False, at_most=far)
        if low is None or high is None:
            msg = "the shown counts contradict each other"
            raise ValueError(msg)
        place = knot.position[key]
        return int(low[place]), float(high[place]) if high[place] < far else np.inf

    def floor(self, key: Key) -> int:
        """The least that a count can be for anyone who sees only which counts are nought.

        1 for nearly all; a total of three counts that are not nought is at least 3, whatever is hidden.
        """
        if key not in self._floors:
            seen_as_hidden = {name for name, value in self.values.items() if value > 0}
            knot = self._equations(self._knot_of(key, seen_as_hidden), seen_as_hidden)
            least = knot.extreme(key, lowest=True)
            self._floors[key] = 1 if least is None else int(least[knot.position[key]])
        return self._floors[key]

    def _weak_in(self, keys: Sequence[Key], hidden: AbstractSet[Key]) -> Key | None:
        knot = self._equations(keys, hidden)
        witnesses: list[Solution] = []
        return next((key for key in keys if key in hidden and not self._reaches(knot, key, witnesses)), None)

    def _reaches(self, knot: Knot, key: Key, witnesses: list[Solution]) -> bool:
        """Whether a count's interval runs from its floor to the threshold; solutions found are kept."""
        place = knot.position[key]
        seen = [int(solution[place]) for solution in witnesses]
        if 1 not in seen:
            low = knot.extreme(key, lowest=True)
            if low is None:
                return False
            witnesses.append(low)
            seen.append(int(low[place]))
        least = min(seen)
        floor = 1 if least == 1 else self.floor(key)
        wanted = floor + self.threshold - 1
        if least > floor:
            return False
        if max(seen) < wanted:
            high = knot.extreme(key, lowest=False, at_most=wanted)
            if high is None:
                return False
            witnesses.append(high)
            return int(high[place]) >= wanted
        return True

    def _unseen(self, key: Key, hidden: AbstractSet[Key]) -> bool:
        return key in hidden or key not in self.values

    def _knot_of(self, start: Key, hidden: AbstractSet[Key]) -> list[Key]:
        found, edge = {start}, [start]
        while edge:
            for number in self._of_key.get(edge.pop(), ()):
                fresh = {key for key in self.relations[number] if self._unseen(key, hidden)} - found
                found |= fresh
                edge.extend(fresh)
        return sorted(found)

    def _knots(self, hidden: AbstractSet[Key]) -> Iterator[list[Key]]:
        left = set(hidden)
        for key in sorted(hidden):
            if key in left:
                knot = self._knot_of(key, hidden)
                left -= set(knot)
                yield knot

    def _equations(self, keys: Sequence[Key], hidden: AbstractSet[Key]) -> Knot:
        inside = set(keys)
        numbers = sorted({number for key in keys for number in self._of_key.get(key, ())})
        rows, right = [], []
        for number in numbers:
            relation = self.relations[number]
            rows.append({key: sign for key, sign in relation.items() if key in inside})
            right.append(-sum(sign * self.values[key] for key, sign in relation.items() if key not in inside))
        return Knot(keys, [int(key in hidden) for key in keys], rows, right)
