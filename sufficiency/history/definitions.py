"""The page of definitions: ``python -m sufficiency.history.definitions docs/indicators.md`` writes its tables."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from sufficiency.history import comparators, measures, outcomes

_PART = re.compile(r"(<!-- begin: (?P<name>[a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _markdown(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _spans(*, annual: bool) -> str:
    return "year" if annual else "year, quarter, any days"


def _journeys() -> str:
    rows = (
        (
            f"`{item.named(yearly=True)}`",
            item.means,
            "number" + (", per 10,000" if item.rated else ""),
            _spans(annual=item.annual),
            item.source,
        )
        for item in measures.MEASURES
    )
    return _markdown(("measure", "what it is", "given as", "over", "definition from"), rows)


def _outcomes() -> str:
    rows = (
        (f"`{name}`", item.means, "year" if item.annual else "year, quarter", item.source)
        for name, item in outcomes.OUTCOMES.items()
    )
    return _markdown(("measure", "what it is", "over", "definition from"), rows)


def _compared() -> str:
    rows = ((f"`{name}`", item.means, item.over, item.under) for name, item in comparators.MEASURES.items())
    return _markdown(("measure", "what it is", "column", "over column"), rows)


def parts() -> dict[str, str]:
    """Each generated part of the page by its name."""
    return {"journeys": _journeys(), "outcomes": _outcomes(), "comparators": _compared()}


def filled(page: str) -> str:
    """The page with every part between its markers as it is now."""
    made = parts()
    return _PART.sub(lambda found: f"{found[1]}{made[found['name']]}{found[3]}", page)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(filled(target.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
