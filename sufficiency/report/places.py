"""Taking out of an executed notebook where on this machine it ran, and what a fault may have quoted."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from sufficiency.provenance import shipped

#: A folder and what lies in it, as a traceback or a warning writes it: ``~/a/b.py``, ``/a/b.py``, ``C:\\a\\b.py``.
_PATH = re.compile(r"(?<![\w.<])(?:~|[A-Za-z]:)?[\\/](?:[^\s\\/:'\"<>|*?]+[\\/])+([^\s\\/:'\"<>|*?]*)")
#: What colours a traceback.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
#: A step of a traceback. The code and the words between the steps are not kept.
_FRAME = re.compile(r"(?:[\w.-]+\.py:\d+, in \w+|Cell In\[\d+\], line \d+)")
#: Faults whose words this package wrote itself, and which hold no child's value.
_OWN = "UserError"


def forget_places(path: Path, parameters: Mapping[str, object]) -> None:
    """Leave nothing of this machine in an executed notebook: no path, no time taken.

    Paths become the last part of their name. Of a fault that is not this package's own only its kind
    and where it arose is kept: its words may quote a value.

    Parameters
    ----------
    path
        The executed notebook; nothing happens where it is missing.
    parameters
        What it was run with: absolute paths among them become base names.
    """
    if not path.is_file():
        return
    book = json.loads(path.read_text(encoding="utf-8"))
    given = [str(value) for value in parameters.values() if isinstance(value, str | Path) and Path(value).is_absolute()]
    for holder in (book, *book["cells"]):
        for name in ("papermill", "execution"):
            holder["metadata"].pop(name, None)
    for cell in book["cells"]:
        cell["source"] = _without(cell["source"], given)
        cell["outputs"] = [_shown(out, given) for out in cell["outputs"]] if "outputs" in cell else None
        if cell["outputs"] is None:
            del cell["outputs"]
    path.write_text(json.dumps(book, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


def _shown(out: dict[str, Any], given: list[str]) -> dict[str, Any]:
    """One output without places."""
    if out["output_type"] == "error":
        return _fault(out)
    if out["output_type"] == "stream":
        return {**out, "text": _each(out["text"], lambda text: _PATH.sub(r"\1", text))}
    # Tables and words that a cell shows: known places only, so that no slash of HTML is taken for one.
    words = {kind: _without(held, given) for kind, held in out["data"].items() if kind.startswith("text/")}
    return {**out, "data": {**out["data"], **words}}


def _fault(out: dict[str, Any]) -> dict[str, Any]:
    """A fault's kind and the files, lines and functions that it passed through; its words only if they are our own."""
    said = _PATH.sub(r"\1", str(out["evalue"])) if out["ename"] == _OWN else ""
    passed = _PATH.sub(r"\1", _COLOURS.sub("", "\n".join(out["traceback"])))
    last = f"{out['ename']}: {said}" if said else str(out["ename"])
    return {**out, "evalue": said, "traceback": [*_FRAME.findall(passed), last]}


def _without(text: Any, given: Iterable[str]) -> Any:
    """Text, or its lines, with every known place as the last part of its name."""
    root = shipped("notebooks").parent
    known = [str(place) for place in (root, Path.cwd(), Path.home(), tempfile.gettempdir(), sys.prefix)]
    places = sorted({*given, *known} - {"/"}, key=len, reverse=True)

    def forgotten(line: str) -> str:
        for place in places:
            last = (PureWindowsPath if "\\" in place else PurePosixPath)(place).name
            for written in (place.replace("\\", "\\\\"), place):
                line = line.replace(written, last)
        return line

    return _each(text, forgotten)


def _each(text: Any, change: Callable[[str], str]) -> Any:
    return [change(line) for line in text] if isinstance(text, list) else change(str(text))
