"""Finished blocks of replications in files, so that a run that was stopped goes on where it was.

Counts only: what a block is reduced to, without journeys. No child's date or number is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from sufficiency.simulation.reduced import Replication

#: Arrays of one shape in every replication.
_STACKED = tuple(item.name for item in fields(Replication) if item.name not in {"number", "flows", "times", "journeys"})
_WANTED = {"numbers", "lengths", "flows", "times", *_STACKED}


@dataclass(frozen=True)
class Kept:
    """A folder of finished blocks: one file a block, in a folder a plan.

    Whoever hands out the folder sees to it that the blocks in it are of the same inputs, options
    and version.
    """

    folder: Path

    def part(self, name: str) -> Kept:
        """A folder within, for another set of runs."""
        return replace(self, folder=self.folder / name)

    def load(self, plan: str, numbers: Sequence[int]) -> list[Replication] | None:
        """A finished block; None where there is none, or none that can be read."""
        try:
            with self._path(plan, numbers).open("rb") as stream, np.load(stream, allow_pickle=False) as read:
                content = {name: read[name] for name in read.files}
        except (OSError, ValueError, BadZipFile):
            return None
        # What another state of the code has written is no block.
        if set(content) != _WANTED or content["numbers"].tolist() != list(numbers):
            return None
        cuts = np.cumsum(content["lengths"])[:-1]
        flows, times = np.split(content["flows"], cuts), np.split(content["times"], cuts)
        return [
            Replication(
                number=number,
                flows=flows[at],
                times=times[at],
                journeys=None,
                **{name: content[name][at] for name in _STACKED},
            )
            for at, number in enumerate(numbers)
        ]

    def save(self, plan: str, parts: Sequence[Replication]) -> None:
        """Keep a finished block; a file is whole or not there, however the program ends."""
        numbers = [part.number for part in parts]
        path = self._path(plan, numbers)
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {name: np.stack([getattr(part, name) for part in parts]) for name in _STACKED}
        arrays["numbers"] = np.array(numbers)
        arrays["lengths"] = np.array([len(part.flows) for part in parts])
        for name in ("flows", "times"):
            arrays[name] = np.concatenate([getattr(part, name) for part in parts])
        half = path.with_suffix(".half")
        with half.open("wb") as stream:
            np.savez_compressed(stream, **arrays)
        half.replace(path)

    def _path(self, plan: str, numbers: Sequence[int]) -> Path:
        return self.folder / plan / f"{numbers[0]:06d}.npz"
