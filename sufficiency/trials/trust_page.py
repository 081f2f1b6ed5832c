"""The files that a back-test leaves: scores, their sums, and the page that says how far to trust the forecast."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sufficiency.codes import Codes, read_codes
from sufficiency.trials.baselines import LAST_VALUE
from sufficiency.trials.scoring import LEVELS, OURS, SCORE_COLUMNS
from sufficiency.trials.trust import SPANS, Trust, pit_histogram, summarise, trust

PAGE = "trust.md"
_READING = """\
*Mean error* is how far the middle forecast was out, in children. *CRPS* is the same idea for a whole range: smaller is
better, and for a single number it is the mean error. *In 8 of 10* is how often what came lay within the range that
should hold it 8 times in 10, and *width* how wide that range was; for small whole numbers it is often held more often,
because a range cannot be cut finer than a child.
"""
_HEADING = ("Months ahead", "Method", "Mean error", "Bias", "CRPS", "In 5 of 10", "In 8 of 10", "In 19 of 20", "Width")
_WARNING = "Inside the council only: small numbers are not hidden here.\n"


def write_trust(folder: Path, scores: pd.DataFrame, codes: Codes | None = None) -> list[Path]:
    """Write ``scores.csv``, ``summary.csv``, ``pit.csv`` and the page into a folder; where they are.

    Nothing but counts of children is in them; small ones are not hidden.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables = {"scores": scores[list(SCORE_COLUMNS)], "summary": summarise(scores), "pit": pit_histogram(scores)}
    written = []
    for name, table in tables.items():
        path = folder / f"{name}.csv"
        table.to_csv(path, index=False, lineterminator="\n")
        written.append(path)
    page = folder / PAGE
    page.write_text(trust_page(scores, codes or read_codes()), encoding="utf-8", newline="\n")
    return [*written, page]


def trust_page(scores: pd.DataFrame, codes: Codes) -> str:
    """How far to trust the forecast, in plain English and then in tables."""
    found = trust(scores)
    lines = ["# How far to trust the forecast", "", _WARNING, *[f"{line}\n" for line in found.sentences()]]
    if not found.known:
        return "\n".join(lines)
    lines += [*_settings(found, codes), "## The figures", "", _READING, *_tables(summarise(scores))]
    return "\n".join(lines)


def _settings(found: Trust, codes: Codes) -> list[str]:
    if not found.worse_settings:
        return ["In every kind of placement the forecast was at least as close as no change.\n"]
    names = ", ".join(codes.label(name).lower() for name in found.worse_settings)
    return [f"By kind of placement, assuming no change was closer for: {names}.\n"]


def _tables(summary: pd.DataFrame) -> list[str]:
    parts = []
    for level in LEVELS:
        own = summary[summary["level"] == level]
        if own.empty:
            continue
        parts += [
            f"### By {level}" if level != LEVELS[0] else "### All children in care",
            "",
            f"| {' | '.join(_HEADING)} |",
            f"| --- | --- |{' ---: |' * (len(_HEADING) - 2)}",
        ]
        for first, last in SPANS:
            for row in own[own["months_ahead"] == f"{first} to {last}"].itertuples():
                name = {OURS: "**sufficiency**", LAST_VALUE: "no change"}.get(str(row.method), str(row.method))
                figures = [row.mae, row.bias, row.crps, row.coverage_50, row.coverage_80, row.coverage_95, row.width_80]
                shown = [_figure(value, "{:.1f}") for value in figures[:3]]
                shown += [_figure(value, "{:.0%}") for value in figures[3:6]]
                shown += [_figure(figures[6], "{:.1f}")]
                parts.append(f"| {row.months_ahead} | {name} | {' | '.join(shown)} |")
        parts.append("")
    return parts


def _figure(value: object, form: str) -> str:
    number = float(str(value))
    return "" if number != number else form.format(number)  # noqa: PLR0124 - NaN is not itself
