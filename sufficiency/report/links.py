"""What a reader who knows the returns knows besides sums: some groups lie within others.

A child in an in-house home is with the council's own provision; one in care for sixteen years is
sixteen or more. Each becomes a sum with a rest that nobody sees and that is nought or more. One
that the figures do not keep, for want of a code perhaps, binds nobody and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sufficiency.report.disclosure import Counts, Key

OWN_OR_PARENTS = "own provision or with parents"
Group = tuple[str, str]


def _of(dimension: str, *values: str) -> tuple[Group, ...]:
    return tuple((dimension, value) for value in values)


#: Settings that the provider tells of, on the council's own side and on the other.
OWN_SETTINGS = ("in_house_fostering", "in_house_home", "placed_with_parents")
BOUGHT_SETTINGS = ("agency_fostering", "external_home")

#: (groups that lie within, groups that they lie within), each by dimension and value, on any one day.
WITHIN: tuple[tuple[tuple[Group, ...], tuple[Group, ...]], ...] = (
    (_of("setting", "supported_accommodation"), _of("age_band", "16 to 17")),
    (_of("age_band", "0"), _of("time_in_care", "0 to 6 months", "7 to 12 months")),
    (_of("time_in_care", "16 years and over"), _of("age_band", "16 to 17")),
    (
        _of("time_in_care", "11 to 15 years", "16 years and over"),
        _of("age_band", "10 to 15", "16 to 17"),
    ),
)
WITHIN_PROVIDER: tuple[tuple[tuple[Group, ...], tuple[Group, ...]], ...] = (
    (_of("setting", *OWN_SETTINGS), _of("provider", OWN_OR_PARENTS)),
    (_of("setting", *BOUGHT_SETTINGS), _of("provider", "private", "voluntary")),
    (_of("setting", "agency_fostering"), _of("provider", "private", "voluntary")),
    (_of("setting", *BOUGHT_SETTINGS), _of("provider", "private", "voluntary", "other public")),
)


def link(counts: Counts, days: Iterable[str], *, provider: bool) -> None:
    """Tell a system of counts which groups of children lie within which, on each day."""
    for day in days:
        for lesser, greater in (*WITHIN, *(WITHIN_PROVIDER if provider else ())):
            inner = [("stock", day, *group) for group in lesser]
            outer = [("stock", day, *group) for group in greater]
            at_most(counts, inner, outer)


def at_most(counts: Counts, lesser: Sequence[Key], greater: Sequence[Key]) -> None:
    """Say that some counts together are no more than others, where all are published and it is so."""
    if not all(key in counts.values for key in (*lesser, *greater)):
        return
    rest = sum(counts.values[key] for key in greater) - sum(counts.values[key] for key in lesser)
    if rest >= 0:
        name = ("rest", *(part for key in (*greater, ("less",), *lesser) for part in key))
        counts.balance(greater, [*lesser, name])
