"""The annex's sections, each a function from the book to Markdown."""

from __future__ import annotations

from collections.abc import Callable

from sufficiency.report.book import Book
from sufficiency.report.sections.ahead import forecast_section
from sufficiency.report.sections.assurance import (
    assumptions_section,
    method_section,
    provenance_section,
    quality_section,
)
from sufficiency.report.sections.care import children_section, profile_section
from sufficiency.report.sections.choices import plans_section
from sufficiency.report.sections.journeys import flows_section, homes_section, stability_section
from sufficiency.report.sections.money import spend_section
from sufficiency.report.sections.needs import gaps_section
from sufficiency.report.sections.summary import summary_section

#: Section → its writer, in the annex's order; the names are those of :data:`council.SECTIONS`.
WRITERS: dict[str, Callable[[Book], str]] = {
    "summary": summary_section,
    "children": children_section,
    "profile": profile_section,
    "flows": flows_section,
    "homes": homes_section,
    "stability": stability_section,
    "forecast": forecast_section,
    "gaps": gaps_section,
    "plans": plans_section,
    "spend": spend_section,
    "assumptions": assumptions_section,
    "method": method_section,
    "quality": quality_section,
    "provenance": provenance_section,
}
