"""What people read: figures safe to publish, charts, tables, the annex and the notebooks."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sufficiency.report.annex import write_annex
    from sufficiency.report.council import Council, read_council
    from sufficiency.report.whole import write_report

__all__ = ["Council", "read_council", "write_annex", "write_report"]

_HOME = {"write_annex": "annex", "write_report": "whole", "Council": "council", "read_council": "council"}


def __getattr__(name: str) -> object:
    # Loaded on first use: `check` needs the findings' words, not matplotlib and pandoc.
    if name in _HOME:
        return getattr(import_module(f"sufficiency.report.{_HOME[name]}"), name)
    msg = f"module 'sufficiency.report' has no attribute '{name}'"
    raise AttributeError(msg)
