"""Which published counts are hidden, so that no small count can be read or worked out.

Everything that a report publishes as a count of children goes into one :class:`Counts`: each count
once, under its canonical key, however many tables show it, with the sums that tie counts together.
:func:`suppress` then hides counts of 1 to 5 and as few others as it finds, until no hidden count
could be told to be other than small from all that is shown. ``docs/disclosure.md`` has the method
in plain English.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sufficiency.report.feasible import Attack, Relation

#: What a count is a count of, as words: ("stock", "2026-03-31", "setting", "secure").
Key = tuple[str, ...]


@dataclass(frozen=True)
class Rules:
    """The rules of a publication; the defaults follow the Department for Education's practice.

    Attributes
    ----------
    threshold
        Counts from 1 to this are hidden.
    symbol
        What stands in place of a hidden figure.
    round_children, round_pounds
        Projected children and pounds are rounded to the nearest of these.
    """

    threshold: int = 5
    symbol: str = "c"
    round_children: int = 5
    round_pounds: int = 1000

    def small(self, value: float) -> bool:
        """Whether a count may not be shown because it is small. Zero is not small."""
        return 1 <= value <= self.threshold

    def too_few(self, median: float) -> bool:
        """Whether a projection's median is too low for the projection to be shown."""
        return median < self.threshold + 1


@dataclass
class Counts:
    """The system of counts that will be published, and the sums that a reader could use.

    A count mentioned in a sum but never published is one that a reader does not see: it is at
    least nought and no more is known of it.
    """

    values: dict[Key, int] = field(default_factory=dict)
    totals: set[Key] = field(default_factory=set)
    relations: list[Relation] = field(default_factory=list)
    #: Sums that the figures themselves do not keep; they bind nobody and are only counted.
    broken: int = 0

    def publish(self, key: Key, value: float) -> Key:
        """Say that a count is to be shown. The same key again must carry the same count.

        Raises
        ------
        ValueError
            If the count is negative, no whole number, or differs from what the key had.
        """
        count = int(value)
        if count < 0 or count != value:
            msg = f"a published count must be a whole number of nought or more: {key}"
            raise ValueError(msg)
        if self.values.setdefault(key, count) != count:
            msg = f"two tables disagree about {key}"
            raise ValueError(msg)
        return key

    def agrees(self, key: Key, value: float) -> bool:
        """Whether a count may be published under a key: the key is new or has this very count."""
        return self.values.get(key, int(value)) == int(value)

    def add_up(self, total: Key, parts: Iterable[Key]) -> None:
        """Say that the parts make the total."""
        self.balance([total], parts)
        self.totals.add(total)

    def balance(self, left: Iterable[Key], right: Iterable[Key]) -> None:
        """Say that the counts on the left and those on the right have the same sum."""
        terms: dict[Key, int] = {}
        for side, sign in ((left, 1), (right, -1)):
            for key in side:
                terms[key] = terms.get(key, 0) + sign
        relation = {key: sign for key, sign in terms.items() if sign}
        known = all(key in self.values for key in relation)
        if known and sum(sign * self.values[key] for key, sign in relation.items()) != 0:
            self.broken += 1
        elif relation:
            self.relations.append(relation)


@dataclass(frozen=True)
class Suppressed:
    """Counts with the hidden ones marked: what a table may print.

    Attributes
    ----------
    primary, secondary
        Keys hidden because they are small, and because they would give a small one away.
    """

    values: Mapping[Key, int]
    primary: frozenset[Key]
    secondary: frozenset[Key]
    rules: Rules
    broken: int = 0

    @property
    def hidden(self) -> frozenset[Key]:
        """Every hidden key."""
        return self.primary | self.secondary

    def is_hidden(self, key: Key) -> bool:
        """Whether a count is hidden; a count that was never published is."""
        return key not in self.values or key in self.hidden

    def value(self, key: Key) -> int | None:
        """A count, or None where it is hidden."""
        return None if self.is_hidden(key) else self.values[key]

    def text(self, key: Key) -> str:
        """A count as a table shows it: ``1,204``, ``0`` or ``c``."""
        shown = self.value(key)
        return self.rules.symbol if shown is None else f"{shown:,}"

    def share(self, part: Key, whole: Key) -> str:
        """A whole percentage, or the symbol where the part, the whole or the rest may not be known.

        The rest of the whole must itself be nought or no small number, otherwise the percentage
        would tell it.
        """
        top, bottom = self.value(part), self.value(whole)
        if top is None or bottom is None or self.rules.small(bottom - top):
            return self.rules.symbol
        return percent(top, bottom)

    def log(self) -> dict[str, int]:
        """How many counts were published and hidden: for the manifest. Numbers only."""
        return {
            "counts": len(self.values),
            "zeros": sum(value == 0 for value in self.values.values()),
            "hidden_small": len(self.primary),
            "hidden_to_protect": len(self.secondary),
            "sums_not_kept": self.broken,
        }


class CannotKeepError(Exception):
    """A count that had to stay in sight could not."""


def suppress(counts: Counts, rules: Rules | None = None, keep: Collection[Key] = ()) -> Suppressed:
    """Decide which counts to hide; the same counts always give the same decision.

    Parameters
    ----------
    counts
        Everything that will be published, with its sums.
    rules
        The threshold, and how hidden figures look.
    keep
        Counts too important to hide for another's sake (the small among them are hidden all the same).

    Raises
    ------
    CannotKeepError
        If one of ``keep`` would have to be hidden; then fewer tables must be published.

    Returns
    -------
    Suppressed
        No published count is within the threshold, no zero is hidden, and for every hidden count
        the whole numbers that agree with all that is published run from 1 (or, where a total is
        hidden with its parts, from the fewest that the visible zeros allow) to the threshold or more.
    """
    rules = rules or Rules()
    primary = frozenset(key for key, value in counts.values.items() if rules.small(value))
    attack = Attack(counts.values, counts.relations, rules.threshold)
    hidden = set(primary)
    while (weak := attack.first_exposed(hidden)) is not None:
        chosen = _next_to_hide(weak, hidden, counts, attack)
        if chosen in keep:
            raise CannotKeepError(chosen)
        hidden.add(chosen)
    return Suppressed(dict(counts.values), primary, frozenset(hidden) - primary, rules, counts.broken)


def _next_to_hide(weak: Key, hidden: set[Key], counts: Counts, attack: Attack) -> Key:
    """The cheapest count near an exposed one whose hiding protects it, else the cheapest near it."""
    for ring in _rings(weak, hidden, counts):
        ordered = sorted(ring, key=lambda key: (key in counts.totals, counts.values[key], key))
        for key in ordered:
            if attack.is_safe(weak, hidden | {key}):
                return key
        if ordered:
            return ordered[0]
    msg = "a hidden count cannot be protected although every count beside it is hidden"
    raise RuntimeError(msg)


def _rings(weak: Key, hidden: set[Key], counts: Counts) -> Iterator[set[Key]]:
    """Shown non-zero counts in the exposed one's sums, then in the sums of the unseen beside it."""
    seen, edge = {weak}, {weak}
    while edge:
        beside = {key for relation in counts.relations if edge & relation.keys() for key in relation} - seen
        yield {key for key in beside if key not in hidden and counts.values.get(key, 0) > 0}
        edge = {key for key in beside if key in hidden or key not in counts.values}
        seen |= beside


def percent(part: float, whole: float) -> str:
    """A whole percentage, halves up: ``12%``; ``k`` above nought and below a half; ``z`` of nothing."""
    if whole == 0:
        return "z"
    exact = 100 * part / whole
    return "k" if 0 < exact < 0.5 else f"{math.floor(exact + 0.5)}%"  # noqa: PLR2004


def rounded(value: float, base: int) -> int:
    """Nearest multiple of ``base``, halves away from nought, so that gains and losses are alike.

    >>> rounded(12.5, 5), rounded(-12.5, 5), rounded(2.4, 5)
    (15, -15, 0)
    """
    steps = math.floor(abs(value) / base + 0.5)
    return int(math.copysign(steps * base, value)) if steps else 0


def grouping(
    openings: Mapping[str, int], medians: Mapping[str, float], hidden: Iterable[str], rules: Rules
) -> tuple[list[str], list[str]]:
    """Which settings' projections stand alone, and which only stand together.

    A setting stands with the others when its opening count is hidden or its lowest median is below
    six. One alone could be had by subtraction from the total, and a few may still be small: the
    smallest of the rest join them until there are two or more whose sum is no longer small.

    Parameters
    ----------
    openings
        Setting → children at the origin.
    medians
        Setting → lowest published median over scenarios and dates.
    hidden
        Settings whose opening count is hidden.

    Returns
    -------
    tuple
        Settings that stand alone, in the order given; settings that stand together.
    """
    unseen = set(hidden)
    together = [name for name in openings if name in unseen or rules.too_few(medians[name])]
    alone = sorted((name for name in openings if name not in together), key=lambda name: (medians[name], name))
    while together and alone and _still_small(together, openings, medians, rules):
        together.append(alone.pop(0))
    return [name for name in openings if name in alone], [name for name in openings if name in together]


def _still_small(names: Sequence[str], openings: Mapping[str, int], medians: Mapping[str, float], rules: Rules) -> bool:
    used = [name for name in names if openings[name] or medians[name]]
    median, opening = sum(medians[name] for name in used), sum(openings[name] for name in used)
    return len(used) < 2 or rules.too_few(median) or rules.too_few(opening)  # noqa: PLR2004
