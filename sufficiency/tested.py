"""One back-test from returns to the page that says how far to trust the forecast."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from sufficiency.codes import read_codes
from sufficiency.errors import UserError
from sufficiency.folder import default_folder, fingerprint_of, prepare_folder
from sufficiency.history import build_history
from sufficiency.provenance import input_hashes, shipped, versions, write_manifest
from sufficiency.returns import read_returns
from sufficiency.tables import read_council_tables
from sufficiency.trials.backtest import (
    DEFAULT_HORIZON,
    DEFAULT_REPLICATIONS,
    backtest,
    default_origins,
)
from sufficiency.trials.trust import Trust, trust
from sufficiency.trials.trust_page import PAGE, write_trust

_SEED = 2026


@dataclass(frozen=True)
class BacktestOptions:
    """What a back-test was asked for; see the command's help for each."""

    origins: tuple[str, ...] | None = None
    horizon: int = DEFAULT_HORIZON
    replications: int = DEFAULT_REPLICATIONS
    seed: int = _SEED
    workers: int | None = None
    tables: Path | None = None
    codes: Path | None = None
    authority: str | None = None
    until: str | None = None
    strict: bool = False
    out: Path | None = None
    overwrite: bool = False
    progress: bool = False


@dataclass(frozen=True)
class Tested:
    """A finished back-test: its folder, the scores (columns of ``SCORE_COLUMNS``) and what they say."""

    folder: Path
    scores: pd.DataFrame
    trust: Trust

    def __repr__(self) -> str:
        return f"Tested({self.folder.name}: {len(self.trust.origins)} origins)"

    def lines(self) -> list[str]:
        """What came out, for whoever started it."""
        return [*self.trust.sentences(), f"Scores and this page: {self.folder / 'internal' / PAGE}"]


def run_backtest(returns: Path | str | None = None, options: BacktestOptions | None = None) -> Tested:
    """Forecast from earlier origins with only what was known then, score, and write the page.

    Parameters
    ----------
    returns
        Folder or file of SSDA903 returns; None takes the invented example authority.
    options
        What is asked for; defaults throughout when left out.

    Raises
    ------
    UserError
        When nothing can be read, a table or an option is wrong, or the returns are too short to hold any back.
    """
    asked = options or BacktestOptions()
    given = Path(returns) if returns is not None else shipped("example") / "returns"
    codes = read_codes(asked.codes)
    tables = read_council_tables(given, asked.tables, codes)
    read = read_returns(given, codes=codes, strict=asked.strict, authority=asked.authority, until=asked.until)
    hashes = input_hashes([*read.paths, *tables.paths, *([asked.codes] if asked.codes else [])])
    deciding: list[object] = [asked.origins, asked.horizon, asked.replications, asked.seed, asked.authority]
    fingerprint = fingerprint_of(hashes, [], ["backtest", *deciding, asked.until])
    history = build_history(read)
    origins = asked.origins or default_origins(history.first_day, history.origin)
    if not origins:
        told = "four years of returns are needed: three to learn from and one to hold back"
        raise UserError([f"These returns are too short for a back-test; {told}."])
    folder = prepare_folder(asked.out or default_folder(given, "-backtest"), fingerprint, overwrite=asked.overwrite)
    with _shown(len(origins), show=asked.progress) as step:
        scores = backtest(
            read,
            origins=origins,
            horizon_months=asked.horizon,
            replications=asked.replications,
            seed=asked.seed,
            workers=asked.workers,
            capacity=tables.capacity,
            children=tables.population,
            step=step,
        )
    write_trust(folder / "internal", scores, codes)
    write_manifest(folder, _manifest(asked, [str(origin) for origin in origins], hashes, fingerprint))
    return Tested(folder, scores, trust(scores))


@contextmanager
def _shown(total: int, *, show: bool) -> Iterator[Callable[[], object]]:
    """Progress with the time left, on standard error."""
    with tqdm(desc="Trying past forecasts", total=total, unit="origin", disable=not show) as bar:
        yield bar.update


def _manifest(
    asked: BacktestOptions, origins: list[str], hashes: Mapping[str, str], fingerprint: str
) -> dict[str, object]:
    return {
        "title": "Back-test",
        "created": datetime.now().astimezone().isoformat(timespec="seconds"),
        "origins": origins,
        "horizon_months": asked.horizon,
        "replications": asked.replications,
        "seed": asked.seed,
        "inputs": hashes,
        "versions": versions(),
        "fingerprint": fingerprint,
        "status": "complete",
    }
