"""The data contract's tables in Markdown, made from what the code really reads and checks.

``python -m sufficiency.returns.contract docs/data-contract.md`` writes them again into the page.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from sufficiency.codes import read_codes
from sufficiency.returns.layout import TABLES
from sufficiency.returns.rule import Rule
from sufficiency.returns.rules import EPISODE_RULES, FILE_RULES, HEADER_RULES
from sufficiency.returns.rules_reading import READING_RULES
from sufficiency.returns.rules_sequence import SEQUENCE_RULES

_PART = re.compile(r"(<!-- begin: (?P<name>[a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _markdown(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _columns() -> str:
    rows = (
        (
            f"`{table.name}`",
            table.meaning,
            ", ".join(table.needed),
            ", ".join(table.wished),
        )
        for table in TABLES
    )
    return _markdown(("table", "what it holds", "needed columns", "also read"), rows)


def _codes() -> str:
    sets = read_codes().sets
    rows = ((f"`{name}`", _listed(group)) for name, group in sets.groupby("column", sort=False))
    return _markdown(("column", "codes"), rows)


def _listed(group: pd.DataFrame) -> str:
    return ", ".join(group["code"])


def _places() -> str:
    table = read_codes().placements
    rows = (
        (row["place"], row["provider"], f"{row['age_from']} to {row['age_to']}", f"`{row['setting']}`")
        for row in table.to_dict("records")
    )
    return _markdown(("PLACE", "PLACE_PROVIDER", "age", "setting"), rows)


def _rules(rules: Sequence[Rule]) -> str:
    rows = ((f"`{rule.name}`", rule.severity, rule.means, rule.action, rule.dfe) for rule in rules)
    return _markdown(("rule", "severity", "what it means", "what is done", "DfE rule"), rows)


def parts() -> dict[str, str]:
    """Each generated part of the page by its name."""
    return {
        "columns": _columns(),
        "codes": _codes(),
        "settings": _places(),
        "file rules": _rules(FILE_RULES + READING_RULES),
        "header rules": _rules(HEADER_RULES),
        "episode rules": _rules(EPISODE_RULES),
        "sequence rules": _rules(SEQUENCE_RULES),
    }


def filled(page: str) -> str:
    """The page with every part between its markers as it is now.

    Raises
    ------
    KeyError
        Where a marker names no part.
    """
    made = parts()
    return _PART.sub(lambda found: f"{found[1]}{made[found['name']]}{found[3]}", page)


def main(path: Path) -> None:
    """Write the parts into a page."""
    page = path.read_text(encoding="utf-8")
    path.write_text(filled(page), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
