"""What LA and YEAR columns may say: an authority's name, a year. Anything else slipped in, and is shown to nobody."""

from __future__ import annotations

import re

#: A name of words, perhaps with a short number; an ONS code; DfE's number of an authority.
_AUTHORITY = re.compile(r"[^\W\d_][^\d_]{2,79}(?:\s\d{1,3})?|[EWSN]\d{8}|\d{3}")
#: 2024, 2024.0 (from a workbook), 2023/24, 2023-2024, FY 2023-24.
_YEAR = re.compile(r"(?:FY|YEAR)?\s*((?:19|20)\d\d)(?:\.0+)?(?:\s*[/_–-]\s*(\d\d|\d{4}))?", re.IGNORECASE)
#: The last day of a collection year: 31/03/2024, 2024-03-31.
_YEAR_END = re.compile(r"31[/.-]0?3[/.-]((?:19|20)\d\d)|((?:19|20)\d\d)-03-31(?:[ T]00:00:00)?")
#: Years outside these are slips of the pen, not collection years.
YEARS = (1992, 2099)


def authority(text: str) -> str:
    """The name as it stands; blank where it is none."""
    name = text.strip()
    return name if _AUTHORITY.fullmatch(name) else ""


def year(text: str) -> str:
    """A year as 2024, or as 2023/24 where both its ends are named; blank where it is none."""
    given, (first, latest) = text.strip(), YEARS
    if ended := _YEAR_END.fullmatch(given):
        last = int(ended[1] or ended[2])
        return f"{last - 1}/{last % 100:02d}" if first <= last <= latest else ""
    found = _YEAR.fullmatch(given)
    if found is None or not first <= int(found[1]) <= latest:
        return ""
    if found[2] is None:
        return found[1]
    # A second year that does not follow the first is no second year.
    return f"{found[1]}/{found[2][-2:]}" if int(found[2][-2:]) == (int(found[1]) + 1) % 100 else ""
