"""On which line of a scenario file a key stands, so that what is said of it leads there.

The standard library's TOML reader gives no lines, so the text is gone through once more. It has been
read without error by then: what is looked for here is only where each key begins.
"""

from __future__ import annotations

import re
from collections import Counter

Place = tuple[str, ...]

_HEADER = re.compile(r"^\s*(\[{1,2})\s*(.+?)\s*\]{1,2}\s*(?:#.*)?$")
_KEY_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*([.=])""")
_MULTILINE = ('"""', "'''")


def key_lines(text: str) -> dict[Place, int]:
    r"""Line of every table header and key of a TOML text, by its place; tables of an array have a number in it.

    >>> key_lines("starts = 0\n[levers.entries]\nchange = -0.1\n")[("levers", "entries", "change")]
    3
    """
    found: dict[Place, int] = {}
    prefix: Place = ()
    arrays: Counter[Place] = Counter()
    waiting = ""
    depth = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if waiting:
            waiting = "" if waiting in line else waiting
            continue
        if depth > 0:
            depth += _opened(line)
            continue
        header = _HEADER.match(line)
        if header:
            prefix = _parts(header.group(2) + "=")[0]
            if header.group(1) == "[[":
                arrays[prefix] += 1
                found.setdefault(prefix, number)
                prefix = (*prefix, str(arrays[prefix] - 1))
            _record(found, prefix, number)
            continue
        parts, value = _parts(line)
        if parts:
            _record(found, (*prefix, *parts), number)
            waiting = next((mark for mark in _MULTILINE if value.count(mark) == 1), "")
            depth = 0 if waiting else _opened(value)
    return found


def line_of(found: dict[Place, int], place: Place) -> int | None:
    """Line of a key, or of what holds it where it has none of its own."""
    return next((found[place[:size]] for size in range(len(place), 0, -1) if place[:size] in found), None)


def _record(found: dict[Place, int], place: Place, number: int) -> None:
    for size in range(1, len(place) + 1):
        found.setdefault(place[:size], number)


def _parts(line: str) -> tuple[Place, str]:
    """The parts of a line's key, and what follows the sign; no parts where the line has no key."""
    parts, at = list[str](), 0
    while match := _KEY_PART.match(line, at):
        parts.append(next(group for group in match.groups()[:3] if group is not None))
        at = match.end()
        if match.group(4) == "=":
            return tuple(parts), line[at:]
    return (), ""


def _opened(value: str) -> int:
    """Brackets opened and not closed by a value or a line of one, strings and comments apart."""
    plain = re.sub(r"#.*", "", re.sub(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'', "", value))
    return sum(plain.count(mark) for mark in "[{") - sum(plain.count(mark) for mark in "]}")
