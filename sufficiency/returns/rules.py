"""Every rule by which returns are checked: its name, how grave it is, what it means, what is done.

An *error* sets something aside or makes results rest on a guess; a *warning* is repaired or kept
with little effect; an *info* is worth knowing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sufficiency.errors import Finding
from sufficiency.returns.rule import Rule
from sufficiency.returns.rules_reading import READING_RULES
from sufficiency.returns.rules_sequence import SEQUENCE_RULES

#: Rows told one by one for each rule, file and column; the rest are counted in one more finding.
MOST_TOLD = 10_000


FILE_RULES = (
    Rule("not_text", "error", "The file is not text in any encoding that returns come in.", "Not read."),
    Rule("not_readable", "error", "The file could not be opened.", "Not read."),
    Rule("empty_file", "warning", "The file is empty.", "Nothing to read."),
    Rule("no_rows", "info", "The file has headings and no rows.", "Nothing to read."),
    Rule("not_recognised", "info", "The columns are those of no table of the collection.", "All rows set aside."),
    Rule("missing_column", "error", "The file resembles a table but lacks a column it needs.", "All rows set aside."),
    Rule("column_not_there", "warning", "A column that results use is not there.", "Read as blank in every row."),
    Rule("column_twice", "warning", "Two columns have the same heading.", "The first is read."),
    Rule("too_many_cells", "error", "The row has more filled cells than there are headings.", "Row set aside."),
    Rule(
        "too_few_cells", "warning", "The row has fewer cells than there are headings.", "Missing cells read as blank."
    ),
    Rule("blank_lines", "info", "Some lines hold nothing.", "Passed over; they are not rows."),
    Rule(
        "year_unknown",
        "warning",
        "The collection year cannot be told from dates, nor from an episodes file that this file goes with.",
        "Taken for the last year.",
    ),
    Rule("two_files_one_year", "info", "Two episodes files are of one collection year.", "Read as one return."),
    Rule(
        "several_years",
        "info",
        "The file holds the ends of periods of care of several years.",
        "Read as one extract that covers them all.",
    ),
    Rule(
        "year_missing",
        "warning",
        "No return for a year between the first and the last.",
        "Ends and starts of that year are seen only where a later return shows them.",
    ),
    Rule(
        "named_for_another_year",
        "info",
        "The file's name, or its folder's, says another year than its dates.",
        "The dates are believed.",
    ),
    Rule(
        "dates_of_another_year",
        "warning",
        "No date of the table lies in the collection year of the return it came with.",
        "Kept; look whether it belongs to another return.",
    ),
)

HEADER_RULES = (
    Rule("child_missing", "error", "The row names no child.", "Row set aside."),
    Rule("dob_missing", "error", "The date of birth is blank.", "Row set aside."),
    Rule("dob_unreadable", "error", "The date of birth is not a date.", "Row set aside."),
    Rule(
        "dob_impossible",
        "error",
        "The date of birth is after the return, or makes the person older than any care leaver in it (26 or over).",
        "Row set aside.",
    ),
    Rule(
        "dob_differs",
        "warning",
        "The date of birth differs from an earlier return's, or between two rows of one return.",
        "The latest return is taken; of two rows of one return, the one that is not set aside.",
    ),
    Rule("sex_differs", "warning", "The sex differs from an earlier return's.", "The latest return is taken."),
    Rule(
        "child_reused",
        "error",
        "The identifier has a very different date of birth, and another sex or ethnic group, than before,"
        " and no episode goes on from an earlier return.",
        "Read as another child from this return on: one of the two needs an identifier of its own.",
    ),
    Rule(
        "child_unlike",
        "error",
        "The identifier has a very different date of birth, and another sex or ethnic group, than before,"
        " and yet an episode goes on from an earlier return.",
        "Read as one child, as the latest return has it: see which of the two returns is wrong.",
    ),
    Rule(
        "sex_out_of_year",
        "info",
        "Sex is written by the codes of other years (1 and 2 up to 2023/24, M, F and U from 2024/25).",
        "Read as it is.",
        dfe="101",
    ),
    Rule("sex_unknown", "warning", "The sex is blank or no known code.", "Read as not known.", dfe="101"),
    Rule("ethnicity_unknown", "warning", "The ethnicity is blank or no known code.", "Read as not known."),
    Rule(
        "duplicate_header", "warning", "The child has more than one row in one return.", "One row used, this set aside."
    ),
    Rule(
        "header_without_episodes",
        "info",
        "Children of the header have no episode (mostly care leavers, or short breaks only: nothing to mend).",
        "Kept; they are not counted in care.",
    ),
    Rule("uasc_without_header", "warning", "The child is in the UASC table and not in the header.", "Row set aside."),
    Rule(
        "uasc_comes",
        "warning",
        "The child was in care in an earlier return whose UASC table did not have it.",
        "Counted as seeking asylum throughout.",
    ),
    Rule(
        "uasc_goes",
        "warning",
        "The child is in care in the next return and not in its UASC table, and no date says that its status ceased.",
        "Counted as seeking asylum throughout.",
    ),
    Rule("duc_unreadable", "warning", "The date when UASC status ceased is not a date.", "Read as blank."),
)

EPISODE_RULES = (
    Rule(
        "short_breaks",
        "info",
        "Rows are of short-break series (V3, V4), which are not counted as being in care.",
        "Rows set aside.",
    ),
    Rule(
        "short_break_long",
        "warning",
        "A break of a short-break series lasts more than 17 days, so it may be care that counts.",
        "Row set aside like other short breaks: see whether its legal status should be V2.",
    ),
    Rule(
        "short_breaks_many",
        "warning",
        "The child's short breaks come to more than 75 days in the year, so they may be care that counts.",
        "Rows set aside like other short breaks: see whether their legal status should be V2.",
    ),
    Rule(
        "child_without_header",
        "error",
        "The child has no usable row in any header, so its date of birth is not known.",
        "Row set aside.",
    ),
    Rule("start_missing", "error", "The episode has no start date.", "Row set aside."),
    Rule("start_unreadable", "error", "The start is not a date.", "Row set aside."),
    Rule(
        "start_impossible",
        "error",
        "The start is before the Children Act took effect (14 October 1991) or over a year after the return.",
        "Row set aside.",
    ),
    Rule("start_before_birth", "error", "The episode starts before the child was born.", "Row set aside."),
    Rule("start_at_18", "error", "The episode starts on or after the 18th birthday.", "Row set aside."),
    Rule(
        "start_after_year",
        "warning",
        "The episode starts after the return's year ended.",
        "Kept; counted from its day.",
    ),
    Rule("end_unreadable", "error", "The end is not a date.", "Read as open, up to the child's next episode."),
    Rule(
        "end_impossible",
        "error",
        "The end is over a year after the return's year.",
        "Read as open, up to the child's next episode.",
    ),
    Rule("end_before_start", "error", "The episode ends before it starts.", "Row set aside."),
    Rule(
        "ends_on_start_day",
        "warning",
        "The episode ends on the day it starts, so the child spent no night in it.",
        "Row set aside; where another begins that day, that one takes over why it began.",
    ),
    Rule("end_after_year", "warning", "The episode ends after the return's year ended.", "Kept; counted from its day."),
    Rule("end_before_year", "info", "The episode ended before the return's year began.", "Kept."),
    Rule(
        "in_care_after_18",
        "warning",
        "The episode goes on more than a week after the 18th birthday.",
        "Ended on the 18th birthday.",
    ),
    Rule(
        "reason_without_end", "error", "There is a reason for ceasing and no end date.", "Read as open; reason dropped."
    ),
    Rule(
        "continues_without_end",
        "warning",
        "The episode is said to be followed by another (X1) and has no end date.",
        "Read as open, up to the child's next episode.",
    ),
    Rule(
        "end_without_reason",
        "warning",
        "There is an end date and no usable reason for it.",
        "Read as X1 where the next episode begins that day, else as ceased for another reason (E8).",
    ),
    Rule(
        "unknown_code",
        "warning",
        "The code is not one of the collection's.",
        "Row kept; the code is read as not known.",
    ),
    Rule("code_missing", "warning", "A code that every episode has is blank.", "Row kept; read as not known."),
    Rule(
        "place_unknown",
        "error",
        "The placement code is blank or not one of the collection's.",
        "Row kept; counted among other placements.",
    ),
    Rule(
        "code_out_of_year",
        "info",
        "The code was not in use in the return's year.",
        "Row kept; the code is read as it is.",
    ),
    Rule(
        "independent_living_late",
        "warning",
        "The placement is independent living (P2), which was not valid after 28 October 2023.",
        "Row kept; counted as supported accommodation.",
        dfe="217",
    ),
    Rule(
        "temporary_too_long",
        "warning",
        "A temporary placement lasts longer than its code allows (T1 6 weeks, T3 21 days, T4 7 days).",
        "Row kept; counted where the child lived before it.",
    ),
    Rule(
        "temporary_at_start",
        "warning",
        "The period of care begins (S) in a temporary placement.",
        "Row kept; counted where the child lives next.",
    ),
    Rule(
        "temporary_at_end",
        "warning",
        "The child leaves care from a temporary placement.",
        "Row kept; counted where the child lived before it.",
    ),
    Rule("young_for_placement", "warning", "The child is younger than this placement allows.", "Row kept."),
    Rule(
        "provider_missing",
        "warning",
        "The placement has no provider.",
        "Row kept; where it matters, read as not the council's own.",
    ),
    Rule("provider_wrong", "warning", "This placement cannot have this provider.", "Row kept."),
    Rule(
        "distance_wrong",
        "warning",
        "The distance from home is not a number of miles from 0 to 1,000.",
        "Row kept; the distance is read as not known.",
    ),
    Rule(
        "location_unknown",
        "warning",
        "The location of the placement is neither IN nor OUT of the authority.",
        "Row kept; the location is read as not known.",
    ),
    Rule("duplicate_episode", "warning", "The same row is in the return twice.", "One used, this set aside."),
    Rule(
        "two_episodes_one_day",
        "error",
        "The child has another episode in this return that starts on the same day.",
        "The one that lasts longest is used, this set aside.",
    ),
    Rule(
        "returns_disagree",
        "warning",
        "A later return says otherwise about this episode (its end, why it began, or its setting).",
        "The later return is taken.",
    ),
)

RULES: dict[str, Rule] = {
    rule.name: rule for rule in FILE_RULES + READING_RULES + HEADER_RULES + EPISODE_RULES + SEQUENCE_RULES
}


def finding(
    rule: str,
    message: str | None = None,
    *,
    file: str | None = None,
    row: int | None = None,
    column: str | None = None,
) -> Finding:
    """One finding of a rule; the message is the rule's own sentence unless another is given."""
    known = RULES[rule]
    return Finding(rule, known.severity, message or known.means, known.action, file, row, column)


def row_findings(
    rule: str,
    places: Iterable[tuple[str, int]],
    column: str | None,
    messages: Sequence[str] | None = None,
) -> list[Finding]:
    """A finding for each (file, row), in their order; beyond :data:`MOST_TOLD` of one file a count instead."""
    told: list[Finding] = []
    counts: dict[str, int] = {}
    for number, (file, row) in enumerate(places):
        counts[file] = counts.get(file, 0) + 1
        if counts[file] <= MOST_TOLD:
            told.append(finding(rule, messages[number] if messages else None, file=file, row=row, column=column))
    for file, count in counts.items():
        if count > MOST_TOLD:
            message = f"{count - MOST_TOLD:,} more rows like this. {RULES[rule].means}"
            told.append(finding(rule, message, file=file, column=column))
    return told
