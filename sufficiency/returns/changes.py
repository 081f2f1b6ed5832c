"""Whether the reason for a new episode (RNE) fits what changed since the one before."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sufficiency.returns.columns import Bools

_STATUS_CHANGES = ("L", "B", "U")
_PLACEMENT_CHANGES = ("P", "T", "B", "U")
_SAME_CARER = ("T", "U")
_PLACEMENT_ONLY = ("P", "T")
_STATUS_ONLY = ("L",)
#: Codes that replaced others from one collection year to the next: a change of code alone is no change.
RECODED = {"K3": "H5", "Z11": "Z1", "Z12": "Z1", "Z13": "Z1", "Z14": "Z1"}

#: Column that a finding of each rule points at.
COLUMNS = {
    "legal_status_same": "LS",
    "legal_status_differs": "LS",
    "placement_same": "RNE",
    "placement_differs": "RNE",
    "carer_differs": "RNE",
}


def change_faults(episodes: pd.DataFrame, continued: Bools) -> dict[str, Bools]:
    """Where RNE does not fit, by rule.

    Parameters
    ----------
    episodes
        As in :class:`~sufficiency.returns.Returns`, sorted by child and start.
    continued
        Whether each episode goes on from the one before. Blank cells are never held against RNE.
    """
    place = episodes["place"].replace(RECODED)
    differs = {
        "ls": _pairs(episodes["ls"], continued),
        "place": _pairs(place, continued),
        "provider": _pairs(episodes["provider"], continued),
        "urn": _pairs(episodes["urn"], continued),
        "postcode": _pairs(episodes["pl_post"], continued),
    }
    status, carer = differs["ls"], (differs["provider"][0] | differs["urn"][0])
    moved = differs["place"][0] | carer
    urn_kept = differs["urn"][1] | _both_blank(episodes["urn"], continued)
    provider_kept = differs["provider"][1] | _both_blank(episodes["provider"], continued)
    still = differs["place"][1] & provider_kept & urn_kept & differs["postcode"][1]
    rne = {name: episodes["rne"].isin(codes).to_numpy(bool) for name, codes in _SAID.items()}
    return {
        "legal_status_same": rne["status"] & status[1],
        "legal_status_differs": rne["placement_only"] & status[0],
        "placement_same": rne["placement"] & still,
        "placement_differs": rne["status_only"] & moved,
        "carer_differs": rne["same_carer"] & carer,
    }


_SAID = {
    "status": _STATUS_CHANGES,
    "placement": _PLACEMENT_CHANGES,
    "same_carer": _SAME_CARER,
    "placement_only": _PLACEMENT_ONLY,
    "status_only": _STATUS_ONLY,
}


def _codes(values: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """A number for each different text, −1 where blank."""
    where, names = pd.factorize(values)
    blank = np.flatnonzero(np.asarray(names == "", dtype=bool))
    return np.where(np.isin(where, blank), -1, where).astype(np.int64)


def _pairs(values: pd.Series, continued: Bools) -> tuple[Bools, Bools]:
    """Where an episode's value, known as is that of the one before, differs from it; and where it is the same."""
    number = _codes(values)
    before = np.insert(number[:-1], 0, -1) if len(number) else number
    told = continued & (number >= 0) & (before >= 0)
    return told & (number != before), told & (number == before)


def _both_blank(values: pd.Series, continued: Bools) -> Bools:
    number = _codes(values)
    before = np.insert(number[:-1], 0, 0) if len(number) else number
    return np.asarray(continued & (number < 0) & (before < 0))
