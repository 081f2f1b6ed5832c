"""Sentences from figures, right whatever the figures are."""

from __future__ import annotations

from collections.abc import Sequence

from sufficiency.report.disclosure import percent

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def number(value: int) -> str:
    """A whole number with its thousands apart: ``1,204``; below nought with a true minus."""
    return f"{'−' if value < 0 else ''}{abs(value):,}"


def few(value: int, one: str, many: str) -> str:
    """A number of things in words up to ten: ``one plan``, ``no plans``, ``12 plans``."""
    said = _SMALL[value] if 0 <= value < len(_SMALL) else number(value)
    return f"{said} {one if value == 1 else many}"


def children(value: int) -> str:
    """``no children``, ``1 child``, ``356 children``."""
    return "no children" if value == 0 else f"{number(value)} {'child' if value == 1 else 'children'}"


def changed(before: int | None, after: int | None) -> str:
    """How a count changed: ``rose by 23 (7%)``; says so where a figure is hidden."""
    if before is None or after is None:
        return "cannot be compared, because a figure is hidden"
    if before == after:
        return "did not change"
    way = "rose" if after > before else "fell"
    share = f" ({percent(abs(after - before), before)})" if before else ""
    return f"{way} by {number(abs(after - before))}{share}".replace("(k)", "(less than 0.5%)")


def compared(before: int | None, after: int | None) -> str:
    """``23 more (7%) than``, ``12 fewer (3%) than``, ``the same as``; blank where hidden."""
    if before is None or after is None:
        return ""
    if before == after:
        return "the same as"
    share = f" ({percent(abs(after - before), before)})" if before else ""
    return f"{number(abs(after - before))} {'more' if after > before else 'fewer'}{share} than".replace(
        "(k)", "(less than 0.5%)"
    )


def between(low: int, high: int) -> str:
    """An interval: ``between 385 and 440``, or ``385`` when its ends agree after rounding."""
    return number(low) if low == high else f"between {number(low)} and {number(high)}"


def gain(value: int, low: int, high: int) -> str:
    """A plan's effect on children in care with its interval: ``about 35 fewer children in care than …``."""
    if value == low == high == 0:
        return "no difference to the number of children in care that shows after rounding"
    if value == 0:
        said = "about as many children in care as the baseline"
    else:
        said = f"about {number(abs(value))} {'more' if value > 0 else 'fewer'} children in care than the baseline"
    return f"{said} (8 in 10 paired runs: {_signed(low)} to {_signed(high)})"


def _signed(value: int) -> str:
    return "no change" if value == 0 else f"{number(abs(value))} {'more' if value > 0 else 'fewer'}"


def money(pounds: int) -> str:
    """``£24.7 million``, ``£141,000``, ``£0``."""
    sign, size = "−" if pounds < 0 else "", abs(pounds)
    return f"{sign}£{size / 1e6:,.1f} million" if size >= 1_000_000 else f"{sign}£{size:,}"  # noqa: PLR2004


def stretched_p80(widening: float) -> str:
    """What P80 of spend means, where ranges are stretched by so much and where they are not."""
    if widening == 1:
        return "P80: 8 in 10 simulated futures cost less."
    return (
        f"P80: 8 in 10 futures cost less, once ranges are stretched ({widening:.2f} times) for how past forecasts of"
        " children did."
    )


def dearer(value: int, low: int, high: int) -> str:
    """A plan's effect on spend with its interval."""
    if value == low == high == 0:
        return "the same spend"
    ends = " to ".join(
        "no change" if end == 0 else f"{money(abs(end))} {'more' if end > 0 else 'less'}" for end in (low, high)
    )
    said = f"about {money(abs(value))} {'more' if value > 0 else 'less'}" if value else "about the same"
    return f"{said} (8 in 10 paired runs: {ends})"


def listed(items: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(items) < 2:  # noqa: PLR2004
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def likely(share: float) -> str:
    """A share of replications in words: ``93% of paired runs``, ``nearly all paired runs``."""
    if share >= 0.995:  # noqa: PLR2004
        return "nearly all paired runs"
    if share < 0.005:  # noqa: PLR2004
        return "hardly any paired run"
    return f"{percent(share, 1)} of paired runs"
