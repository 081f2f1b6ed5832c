"""What a rule is."""

from __future__ import annotations

from dataclasses import dataclass

from sufficiency.errors import Severity


@dataclass(frozen=True)
class Rule:
    """A named rule. ``dfe`` is the number of DfE's own validation rule where it is surely the same."""

    name: str
    severity: Severity
    means: str
    action: str
    dfe: str = ""
