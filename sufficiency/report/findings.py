"""What was found in the returns, as a page to work from: text, JSON, CSV or HTML.

File, row and column say where to look; no child's value is ever written.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from sufficiency import dates
from sufficiency.errors import Finding
from sufficiency.returns import Returns

_SEVERITIES = {
    "error": "Errors: something was set aside, or results rest on a guess",
    "warning": "Warnings: repaired, or kept with little effect",
    "info": "Worth knowing",
}
_HOW_TO_READ = (
    "Row numbers count from 1, the headings being row 1. Rows read = used + set aside + superseded by a later return."
)
_COUNTS = ("rows_read", "rows_used", "rows_set_aside", "rows_superseded")
_HEADINGS = ("read", "used", "set aside", "superseded")
#: Row numbers that the text lists for one message in one file; JSON and HTML list them all.
_ROWS_LISTED = 15


def findings_json(returns: Returns) -> str:
    """One object: ``files`` with their counts of rows, and ``findings``."""
    files = [{"file": name, **dict(zip(_COUNTS, counts, strict=True))} for name, counts in _files(returns)]
    content = {"files": files, "findings": [item.as_dict() for item in returns.findings]}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def findings_csv(returns: Returns) -> str:
    """One row per finding, to sort and tick off in a spreadsheet."""
    out = io.StringIO()
    columns = ["rule", "severity", "file", "row", "column", "message", "action"]
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(item.as_dict() for item in returns.findings)
    return out.getvalue()


def findings_text(returns: Returns) -> str:
    """A page for a data officer: each rule once, with what was done and where."""
    lines = [*_opening(returns), "", *_text_table(returns), ""]
    for severity, rules in _by_rule(returns.findings):
        lines += [_SEVERITIES[severity], ""]
        for items in rules:
            lines += [f"  {items[0].rule}: {_times(len(items))}", f"    What was done: {items[0].action}"]
            lines += [f"    {place}" for place in _places(items)]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def findings_html(returns: Returns) -> str:
    """The same as a page that needs nothing but itself: headings, captions and header cells for screen readers."""
    opening = "".join(f"<p>{escape(line)}</p>\n" for line in _opening(returns)[1:])
    parts = [_summary_html(returns.findings)]
    for severity, rules in _by_rule(returns.findings):
        parts.append(f"<h2>{escape(_SEVERITIES[severity])}</h2>\n")
        parts += [_rule_html(items) for items in rules]
    body = "".join(parts)
    return _PAGE.format(title=escape(_opening(returns)[0]), opening=opening, files=_files_html(returns), body=body)


_PAGE = """<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 Arial, sans-serif; color: #0b0c0c; background: #fff }}
main {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; margin: 1rem 0 2rem; width: 100% }}
caption {{ text-align: left; font-weight: bold; padding: .5rem 0 }}
th, td {{ text-align: left; vertical-align: top; border-bottom: 1px solid #6f777b; padding: .3rem .6rem .3rem 0 }}
.number {{ text-align: right; font-variant-numeric: tabular-nums }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{opening}{files}{body}</main>
</body>
</html>
"""


def _files(returns: Returns) -> Iterator[tuple[str, list[int]]]:
    counts = returns.files[list(_COUNTS)].to_numpy().tolist()
    yield from zip(returns.files["file"], counts, strict=True)


def _opening(returns: Returns) -> list[str]:
    first, last = dates.as_date(returns.first_day), dates.as_date(returns.last_day)
    years = f"{len(returns.years)} collection year{'' if len(returns.years) == 1 else 's'}"
    known = returns.episodes[returns.episodes["decom"] <= dates.as_date(returns.last_day).isoformat()]
    children = known["child"].nunique()
    counted = f"{len(known):,} episodes, of {children:,} children who were in care at some time"
    return ["What was found in the returns", f"{years}, {first:%d/%m/%Y} to {last:%d/%m/%Y}: {counted}.", _HOW_TO_READ]


def _totals(returns: Returns) -> list[int]:
    return [int(returns.files[column].sum()) for column in _COUNTS]


def _text_table(returns: Returns) -> list[str]:
    width = max([len(name) for name in returns.files["file"]] + [len("All files")])
    rows = [*_files(returns), ("All files", _totals(returns))]
    head = "Rows".ljust(width) + "".join(name.rjust(13) for name in _HEADINGS)
    return [head, *(name.ljust(width) + "".join(f"{count:13,}" for count in counts) for name, counts in rows)]


def _by_rule(findings: Sequence[Finding]) -> Iterator[tuple[str, list[list[Finding]]]]:
    """Findings by severity and, within it, by rule, the most frequent first."""
    for severity in _SEVERITIES:
        rules: dict[str, list[Finding]] = {}
        for item in findings:
            if item.severity == severity:
                rules.setdefault(item.rule, []).append(item)
        if rules:
            yield severity, sorted(rules.values(), key=lambda items: (-len(items), items[0].rule))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _grouped(items: Sequence[Finding]) -> Iterator[tuple[Finding, list[int]]]:
    """A finding for each file, column and message, with the rows where it was found."""

    def place(item: Finding) -> tuple[str, str, str]:
        return item.file or "", item.column or "", item.message

    for _, group in groupby(sorted(items, key=place), key=place):
        alike = list(group)
        yield alike[0], sorted(item.row for item in alike if item.row is not None)


def _where(item: Finding) -> str:
    return ", ".join(part for part in (item.file, item.column) if part)


def _places(items: Sequence[Finding]) -> Iterator[str]:
    for item, rows in _grouped(items):
        listed = ", ".join(f"{row}" for row in rows[:_ROWS_LISTED])
        more = f" and {len(rows) - _ROWS_LISTED:,} more" if len(rows) > _ROWS_LISTED else ""
        where = f"{_where(item)}: " if _where(item) else ""
        at = f" (row{'' if len(rows) == 1 else 's'} {listed}{more})" if rows else ""
        yield f"{where}{item.message}{at}"


def _head(names: Sequence[str], numbers: bool) -> str:
    style = ' class="number"' if numbers else ""
    first, *rest = names
    cells = "".join(f'<th scope="col"{style}>{escape(name)}</th>' for name in rest)
    return f'<thead><tr><th scope="col">{escape(first)}</th>{cells}</tr></thead>'


def _files_html(returns: Returns) -> str:
    rows = [*_files(returns), ("All files", _totals(returns))]
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f'<td class="number">{count:,}</td>' for count in counts)
        + "</tr>\n"
        for name, counts in rows
    )
    head = _head(("File", *(f"Rows {name}" for name in _HEADINGS)), numbers=True)
    return f"<table><caption>Rows of each file</caption>{head}<tbody>\n{body}</tbody></table>\n"


def _summary_html(findings: Sequence[Finding]) -> str:
    if not findings:
        return "<p>Nothing was found.</p>\n"
    body = "".join(
        f'<tr><th scope="row"><a href="#{escape(items[0].rule)}">{escape(items[0].rule)}</a></th><td>{severity}</td>'
        f'<td class="number">{len(items):,}</td></tr>\n'
        for severity, rules in _by_rule(findings)
        for items in rules
    )
    head = _head(("Rule", "Severity", "Times"), numbers=False)
    return f"<table><caption>Rules that found something</caption>{head}<tbody>\n{body}</tbody></table>\n"


def _rule_html(items: Sequence[Finding]) -> str:
    rule = escape(items[0].rule)
    body = "".join(
        f"<tr><td>{escape(item.file or 'All')}</td><td>{escape(item.column or '')}</td><td>{escape(item.message)}</td>"
        f"<td>{', '.join(str(row) for row in rows)}</td></tr>\n"
        for item, rows in _grouped(items)
    )
    caption = f"<caption>{rule}: {_times(len(items))}</caption>"
    head = _head(("File", "Column", "What was found", "Rows"), numbers=False)
    done = f"<p>What was done: {escape(items[0].action)}</p>\n"
    return f'<h3 id="{rule}">{rule}</h3>\n{done}<table>{caption}{head}<tbody>\n{body}</tbody></table>\n'
