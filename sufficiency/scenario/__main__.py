"""``python -m sufficiency.scenario docs``: write what is made from the levers' declarations.

The levers' reference page and the page of mistakes go to the folder named, the JSON Schema for editors to
``scenarios``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sufficiency.provenance import shipped
from sufficiency.scenario.editor import SCHEMA_FILE, schema_text
from sufficiency.scenario.mistakes import mistakes_page
from sufficiency.scenario.reference import lever_page


def made(docs: Path) -> dict[Path, str]:
    """What is made, by file."""
    return {
        docs / "levers.md": lever_page(),
        docs / "scenario-mistakes.md": mistakes_page(),
        shipped("scenarios") / SCHEMA_FILE: schema_text(),
    }


if __name__ == "__main__":
    given = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    for path, text in made(given.parent if given.suffix else given).items():
        path.write_text(text, encoding="utf-8", newline="\n")
