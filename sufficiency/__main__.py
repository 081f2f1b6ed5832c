"""``python -m sufficiency``: the same commands where programs are blocked."""

from __future__ import annotations

from sufficiency.cli import main

if __name__ == "__main__":
    main()
