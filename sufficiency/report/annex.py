"""The annex: a finished run's folder made into Word, HTML and PDF that are safe to publish."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sufficiency.errors import Problem, UserError
from sufficiency.report.book import Book, open_book
from sufficiency.report.council import SECTIONS, Council, unknown_sections
from sufficiency.report.disclosure import Rules
from sufficiency.report.documents import Cover, write_documents
from sufficiency.report.finished import Finished, long_date, read_finished
from sufficiency.report.sections import WRITERS
from sufficiency.report.tables import write_contents

DRAFT = (
    "Draft",
    (
        "Small numbers are hidden, but the method has yet to be proved by an audit. Until it has been, and the"
        " data owner has"
        " agreed, this annex is not for publication."
    ),
)
INVENTED = "Invented data", "The children in these returns never lived. Nothing here describes a real council."


def write_annex(
    folder: Path | str,
    *,
    only: Sequence[str] | None = None,
    council: Council | None = None,
    rules: Rules | None = None,
) -> dict[str, Path]:
    """Write the annex from a finished run's folder, and from nothing else.

    Parameters
    ----------
    folder
        The run's folder; ``publish`` inside it is written anew.
    only
        Names of the sections wanted; by default the council's choice, else all.
    council
        Name, logo and sections.
    rules
        Disclosure rules; the default follows the Department for Education's practice.

    Returns
    -------
    dict
        "docx", "html" and "pdf" → path. Charts and tables lie beside them, and
        ``internal/disclosure.json`` holds how many counts were hidden.

    Raises
    ------
    UserError
        If the folder is no finished run's, or a section is not known.
    """
    run, asked = read_finished(folder), council or Council()
    names = _chosen(only or asked.sections)
    publish = run.folder / "publish"
    for part in ("charts", "tables"):
        shutil.rmtree(publish / part, ignore_errors=True)
        (publish / part).mkdir(parents=True)
    book = open_book(run, asked, rules or Rules())
    text = "\n\n".join(WRITERS[name](book) for name in names)
    write_contents(book.tables, publish / "tables")
    _log(book)
    cover = _cover(run, book, text)
    return write_documents(text, cover, book.charts, publish)


def _chosen(names: Sequence[str]) -> list[str]:
    problems = unknown_sections(list(names))
    if problems:
        raise UserError([Problem(message) for message in problems])
    return [name for name in SECTIONS if not names or name in names]


def _log(book: Book) -> None:
    """How much was hidden: numbers only, beside the results and not for publication."""
    content = book.past.counts.log() | {
        "settings_shown_together": len(book.future.grouped),
        "forecast_shown": book.future.shown,
        "detail": list(book.past.detail),
    }
    path = book.run.folder / "internal" / "disclosure.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8", newline="\n")


def _cover(run: Finished, book: Book, text: str) -> Cover:
    headings = [line[2:].rsplit(" {#", 1) for line in text.splitlines() if line.startswith("# ")]
    version = str(run.manifest.get("versions", {}).get("sufficiency", ""))
    made = long_date(str(run.manifest["created"])[:10])
    cover = Cover(
        title=str(run.manifest.get("title") or "Sufficiency annex"),
        authority=book.authority,
        date=f"Data to {book.today}",
        version=f"Made on {made} with sufficiency {version}",
        notes=[DRAFT, INVENTED] if book.invented else [DRAFT],
        sections=[(key.rstrip("}"), heading) for heading, key in headings],
    )
    return replace(cover, logo=book.council.logo) if book.council.logo else cover
