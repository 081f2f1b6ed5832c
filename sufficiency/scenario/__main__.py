"""``python -m sufficiency.scenario docs/levers.md``: write the levers' reference page."""

from __future__ import annotations

import sys
from pathlib import Path

from sufficiency.scenario.reference import write_page

if __name__ == "__main__":
    write_page(Path(sys.argv[1]))
