"""The example authority: an invented council with seven yearly returns and all its tables."""

from __future__ import annotations

from pathlib import Path

from sufficiency.trials.council import write_tables
from sufficiency.trials.invented import Invented, invent
from sufficiency.trials.known import read_world
from sufficiency.trials.write_returns import write_returns

#: Collection years of the example: years ending 31 March.
YEARS = range(2020, 2027)
README = """\
# The example authority

**Everything here is invented.** No child, family, carer, home or council in these files exists, and
no figure describes a real authority. Identifiers begin with INVENTED, pupil numbers with Z999, and
postcodes with ZX, ZY or ZZ: areas that do not exist.

- `returns/2020` to `returns/2026`: SSDA903 returns of the years ending 31 March, one folder each.
- `council.toml`: its name, for the annex.
- `tables/`: the council's own tables: places, prices with their uplifts and lists of placements,
  deflators, fixed costs, income, budget, ledger, population, young people staying put, targets.
  Each row's source says that it is invented, or what it assumes.

`sufficiency example DIR` writes all of it again, byte for byte: a known world
(`sufficiency/trials/example_world.toml`) is run by the package's own simulation from an empty start
in 2004, and the returns are written from what came out. Its profile is shaped on a real council's
published table and its dynamics on England's; `docs/example.md` shows both side by side.
"""

COUNCIL = """\
# What the annex calls this council. Everything about it is invented.
name     = "Example Borough Council (invented)"
invented = true
"""


def example_truth() -> Invented:
    """The truth behind the example's returns."""
    return invent(read_world())


def write_example(folder: Path | str) -> list[Path]:
    """Write the example authority: returns, council tables and a note that says it is invented.

    The same bytes on every platform, whenever it is called.

    Parameters
    ----------
    folder
        Made where it does not exist; files of the same names are overwritten.

    Returns
    -------
    list of Path
        Every file written.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    truth = example_truth()
    notes = {"README.md": README, "council.toml": COUNCIL}
    for name, text in notes.items():
        (place / name).write_text(text, encoding="utf-8", newline="\n")
    return [
        *(place / name for name in notes),
        *write_returns(truth, place / "returns", YEARS),
        *write_tables(truth, place / "tables"),
    ]
