"""Assumptions, method and limits, data quality, provenance and sign-off."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Any

import pandas as pd

from sufficiency.report.accounts import ROW_COLUMNS, combined_hash, findings_by_rule, row_account, tables_read
from sufficiency.report.book import Book
from sufficiency.report.finished import long_date
from sufficiency.report.sections.care import HIDDEN_NOTE
from sufficiency.report.tables import Table, escape
from sufficiency.report.words import few, listed, number
from sufficiency.simulation.supply import UPTAKE


def _share(setting: str) -> str:
    """Take-up of staying put at 18, in words."""
    return f"{UPTAKE[setting]:.0%}"


ALWAYS = (
    (
        "Chances of moving and leaving",
        (
            "As in the returns, by type of placement, age and time; thin groups borrow from wider ones; leaving is"
            " adjusted once for recent years"
        ),
        "The returns",
        "estimated",
    ),
    (
        "Children who will start",
        "Forecast from monthly starts by group, with chance and with what is not known of the trend",
        "The returns, tried on the past",
        "estimated",
    ),
    (
        "Children who come back",
        (
            "As in the returns, by age and time since leaving; in each year before the first return as many are taken"
            " to have left as in an average one of its first two, and to come back alike; returns show them as"
            " children who start"
        ),
        "The returns; who left before them is an assumption",
        "estimated, partly assumed",
    ),
    (
        "Places",
        (
            "The council's own fostering and homes have as many places as its table says, or as were once held at most"
            " in the last three years where it says nothing; some of them cannot be used, month by month; other"
            " providers have room for every child unless the table says otherwise"
        ),
        "The council's table, else the returns",
        "given, else assumption",
    ),
    (
        "Which vacant place suits a child",
        (
            "More vacant places suit more children, so that arrivals split between the council and other providers as"
            " in the last year; where that cannot be fitted, a constant share is taken while any place is vacant"
        ),
        "The returns; the form is an assumption",
        "estimated",
    ),
    (
        "No place of the first choice",
        "Kinship gives way to fostering, fostering to a children's home, and everything else to another placement",
        "Assumption",
        "assumption",
    ),
    (
        "Turning 18",
        (
            f"Care ends on the 18th birthday at the latest; {_share('in_house_fostering')} of those fostered by the"
            f" council or by kin and {_share('agency_fostering')} of those fostered through agencies stay put and keep"
            " the place, fewer each year, to 21 at most"
        ),
        "DfE, 2018 and 2021; Ofsted, 2017-18; the split by provider is derived",
        "published, partly assumed",
    ),
    (
        "Young people staying put now",
        "The council's count, else the return on care leavers (OC3), else the published take-up of those who turned 18",
        "The council's table, else the returns",
        "given, else estimated",
    ),
)


def assumptions_section(book: Book) -> str:
    """Assumptions with their sources and how good the evidence is."""
    rows = [["Every scenario", what, meaning, source, grade] for what, meaning, source, grade in ALWAYS]
    if book.run.has("assumptions"):
        for row in book.run.frame("assumptions").to_dict("records"):
            what = ": ".join(part for part in (str(row["lever"]), _spoken(row["parameter"])) if part)
            if str(row["value"]) in _UNSET:
                continue
            value = " ".join(part for part in (str(row["value"]), str(row["unit"])) if part.strip())
            meaning = f"{value} ({str(row['meaning']).rstrip('.')})" if value else str(row["meaning"])
            rows.append(
                [
                    book.run.title_of(str(row["scenario"])),
                    what,
                    meaning,
                    str(row["evidence"]) or "none given",
                    str(row["grade"]),
                ]
            )
    frame = pd.DataFrame(rows, columns=["Scenario", "What is assumed", "Value and meaning", "Source", "Evidence"])
    table = Table(
        "assumptions",
        "Assumptions, their sources and the grade of the evidence",
        frame,
        "Published figures carry their source; whatever has none is called an assumption.",
        (0.15, 0.15, 0.36, 0.22, 0.12),
        tuple(frame.columns[1:]),
    )
    shown = _by_lever(frame)
    said = (
        "The forecast rests on these assumptions. Change any of them in the scenario's file and run again to"
        " see what it does."
    )
    return "\n".join(["# Assumptions {#assumptions}", "", said, "", book.table(table, shown), ""])


#: What the assumptions table writes for a parameter that a plan leaves alone.
_UNSET = ("", "—", "-", "None")


def _by_lever(frame: pd.DataFrame) -> pd.DataFrame:
    """One row for each lever of a plan: its parameters one after the other."""
    lever = frame["What is assumed"].str.partition(": ")
    told = frame["Value and meaning"].where(lever[2] == "", lever[2] + ": " + frame["Value and meaning"])
    table = frame.assign(**{"What is assumed": lever[0], "Value and meaning": told})
    by = ["Scenario", "What is assumed", "Source", "Evidence"]
    joined = table.groupby(by, sort=False)["Value and meaning"].agg("; ".join).reset_index()
    return joined[list(frame.columns)]


def _spoken(name: object) -> str:
    return str(name).replace("_", " ")


def method_section(book: Book) -> str:
    """Method and limits in plain English."""
    threshold, base = book.rules.threshold, book.rules.round_children
    text = files("sufficiency.report").joinpath("templates", "method.md").read_text(encoding="utf-8")
    return Template(text).substitute(threshold=threshold, least=threshold + 1, base=base)


def quality_section(book: Book) -> str:
    """Rows read, used, set aside and superseded, and what the checks found."""
    account = row_account(book.run)
    lines = ["# The data {#quality}", ""]
    if account.empty:
        return "\n".join([*lines, "The run left no account of the rows that it read.", ""])
    lines += [_rows_in_words(book, account), "", _rows_table(book, account), "", _findings_table(book), ""]
    return "\n".join(lines)


def _rows_in_words(book: Book, account: pd.DataFrame) -> str:
    files = few(len(book.run.findings()["files"]), "file", "files")
    exact = bool((account["rows_read"] == account[list(ROW_COLUMNS[1:])].sum(axis=1)).all())
    kept = (
        "Each row read was used, set aside, or superseded by a later return; nothing was dropped unseen."
        if exact
        else (
            "**The rows read are not those used, set aside and superseded together; ask the analyst why before"
            " using this annex.**"
        )
    )
    return f"The run read {files}. {kept} The full account, row by row, stays inside the council."


def _rows_table(book: Book, account: pd.DataFrame) -> str:
    rows = [[str(name), *[book.shown("rows", str(name), column) for column in ROW_COLUMNS]] for name in account["file"]]
    frame = pd.DataFrame(rows, columns=["Tables", "Rows read", "Used", "Set aside", "Superseded"])
    note = f"{HIDDEN_NOTE} Added up over the years, since rows of one year or table would tell of its children."
    return book.table(Table("rows", "Rows of the returns: read = used + set aside + superseded", frame, note))


def _findings_table(book: Book) -> str:
    found = findings_by_rule(book.run)
    if not found:
        return "The checks of the returns found nothing to tell."
    about: dict[str, str] = {}
    for finding in book.run.findings()["findings"]:
        about.setdefault(str(finding["rule"]), str(finding["severity"]))
    rows = [[_spoken(rule), about[rule], book.shown("findings", rule)] for rule in found]
    frame = pd.DataFrame(rows, columns=["Rule", "Severity", "Times"])
    return book.table(Table("findings", "What the checks found, by rule", frame, HIDDEN_NOTE, words=("Severity",)))


def provenance_section(book: Book) -> str:
    """Where it came from, how to make it again, and who signs."""
    manifest = book.run.manifest
    versions = {str(name): str(value) for name, value in manifest.get("versions", {}).items()}
    created = long_date(str(manifest["created"])[:10])
    lines = ["# Provenance and sign-off {#provenance}", ""]
    lines += [
        (
            f"Made on {created} by *sufficiency* {versions.get('sufficiency', '')} from data to {book.today},"
            f" with {number(int(manifest['replications']))} replications of each scenario over"
            f" {few(int(manifest['horizon_years']), 'year', 'years')} and seed {manifest['seed']}."
            f"{_in_detail(manifest)} Scenarios:"
            f" {listed([escape(book.run.title_of(str(about['name']))) for about in book.run.scenarios])}."
        ),
        "",
        (
            "To make it again, run the same version on the same files with the same seed and options, as the run's"
            " manifest.json lists"
            " them; the numbers will be the same, whatever the machine's number of workers."
        ),
        "",
        f"Libraries: {listed([f'{name} {value}' for name, value in versions.items() if name != 'sufficiency'])}.",
        "",
        _inputs(book),
        "",
        _signatures(),
        "",
    ]
    return "\n".join(lines)


def _in_detail(manifest: Mapping[str, Any]) -> str:
    """What is of the first replications only, where some are not kept in detail."""
    every = int(manifest["replications"])
    # Runs made before these were counted tell of none.
    detailed = int(manifest.get("replications_in_detail", every))
    if detailed >= every:
        return ""
    return f" Entries, exits, moves and places are those of the first {number(detailed)} replications."


def _inputs(book: Book) -> str:
    """Tables and years that were read, never the files' names, and one hash for all of them."""
    digest = combined_hash(book.run)[:16]
    note = (
        f"All inputs together, with plans and prices: SHA-256 over their hashes, first 16 figures {digest}. Each"
        " file with its hash is in the run's manifest.json, which is not for publication."
    )
    table = tables_read(book.run)
    title = "Tables of the returns that the run read"
    return book.table(Table("inputs", title, table, note, (0.4, 0.6), ("Years ending March",)))


def _signatures() -> str:
    rows = [
        "Commissioned by",
        "Analysis by",
        "Checked by (not the analyst)",
        "Data owner: fit to publish",
        "Approved by",
    ]
    frame = pd.DataFrame([[row, "", ""] for row in rows], columns=["Role", "Name", "Date"])
    pipe = Table("sign_off", "", frame, widths=(0.4, 0.4, 0.2), words=("Name", "Date")).markdown(0)
    said = "This annex stays a draft until the data owner has agreed that it may be published."
    note = f'::: {{.note custom-style="Note"}}\n{said}\n:::'
    return "\n".join(["## Sign-off", "", pipe.replace("\n: Table 0: ", "").rstrip(), "", note])
