"""Rules about the containers that returns come in: workbooks, XML, zip files, LA and YEAR columns, other datasets."""

from __future__ import annotations

from sufficiency.returns.rule import Rule

READING_RULES: tuple[Rule, ...] = (
    Rule(
        "format_not_read",
        "warning",
        "Old Excel (.xls) and OpenDocument (.ods) workbooks are not read.",
        "Not read: save it as .xlsx or CSV.",
    ),
    Rule(
        "container_damaged", "error", "The workbook, XML or zip file is damaged or not what its name says.", "Not read."
    ),
    Rule(
        "container_unsafe",
        "error",
        "The file holds declarations (DOCTYPE) that no return needs and that can make it harmful to read.",
        "Not read.",
    ),
    Rule(
        "container_too_large",
        "error",
        "The file unpacks to more than is read from a packed file.",
        "Not read: unpack it and give the folder.",
    ),
    Rule("packed_twice", "warning", "A zip file lies within a zip file.", "Not read: unpack the inner one."),
    Rule("locked", "error", "The file, or one packed in it, is protected by a password.", "Not read."),
    Rule(
        "other_authorities",
        "info",
        "Rows are of other authorities than the one asked for.",
        "Rows set aside.",
    ),
    Rule("authority_blank", "warning", "Rows name no authority, in a file of several.", "Rows set aside."),
    Rule(
        "authority_column_missing",
        "warning",
        "The file has no LA column beside others that have one.",
        "All its rows read as the chosen authority's.",
    ),
    Rule(
        "year_column",
        "info",
        "The YEAR column names years by the calendar year in which they begin.",
        "Read as the collection year that begins then.",
    ),
    Rule(
        "year_slip",
        "warning",
        "A few rows have no year, or one that hardly any other row of the file names, in a file of several.",
        "Rows set aside.",
    ),
    Rule(
        "year_blank",
        "warning",
        "Rows name no year, in a file of several.",
        "Read as a return of their own, dated by their dates.",
    ),
    Rule(
        "part_year",
        "warning",
        "The last return has no start or end late in its year: it looks like a part-year extract.",
        "Its last start or end is taken for the last day of data, and nothing is known of any day after it;"
        " give the day with --until if it is another.",
    ),
    Rule(
        "part_year_given",
        "info",
        "The last return ends on the day that was given.",
        "Everything is read as it was known on that day.",
    ),
    Rule(
        "standard_dataset",
        "info",
        "The table is of the Standard Safeguarding Dataset.",
        "Read as a table of the collection.",
    ),
    Rule(
        "placement_not_joined",
        "warning",
        "Placements have no episode that goes with them.",
        "Rows set aside.",
    ),
    Rule(
        "placement_missing",
        "warning",
        "Episodes have no placement that goes with them.",
        "Kept; their placement is not known.",
    ),
    Rule(
        "status_missing",
        "warning",
        "No table of legal statuses comes with the Standard Safeguarding Dataset's episodes.",
        "Kept; legal status is not known, and short breaks cannot be told.",
    ),
)
