"""Returns: SSDA903 files found, recognised, checked and joined over the years.

Every row read is used, set aside or superseded by a later return, and each is told.
"""

from __future__ import annotations

from sufficiency.returns.model import Returns
from sufficiency.returns.reader import authorities, read_each, read_returns

__all__ = ["Returns", "authorities", "read_each", "read_returns"]
