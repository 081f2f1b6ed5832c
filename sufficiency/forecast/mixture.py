"""Mixtures of models: each path comes from one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sufficiency.forecast.models import Fitted, picked

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Mixture:
    """Models, each with a weight, so that their disagreement is width.

    Attributes
    ----------
    members
        Fitted models, or one model with several sets of parameters.
    name
        What the mixture is called.
    number
        Which of a path's normals draws its member.
    weights
        Of each member; none is the same for all.
    """

    members: tuple[Fitted, ...]
    name: str
    number: int
    weights: tuple[float, ...] = ()

    @property
    def note(self) -> str:
        """What a reader must know of any member's fit."""
        return "; ".join(dict.fromkeys(member.note for member in self.members if member.note))

    def which(self, coefficients: Floats) -> Ints:
        """Number of the member that each path comes from."""
        return picked(coefficients, np.array(self.weights or [1.0] * len(self.members)), self.number)

    def means(self, coefficients: Floats, steps: Floats) -> Floats:
        """See :class:`~sufficiency.forecast.models.Fitted`."""
        chosen, out = self.which(coefficients), np.empty(steps.shape)
        for number in np.unique(chosen):
            own = chosen == number
            out[own] = self.members[number].means(coefficients[own], steps[own])
        return out

    def dispersions(self, coefficients: Floats) -> Floats:
        """See :class:`~sufficiency.forecast.models.Fitted`."""
        chosen, out = self.which(coefficients), np.empty(len(coefficients))
        for number in np.unique(chosen):
            own = chosen == number
            out[own] = self.members[number].dispersions(coefficients[own])
        return out
