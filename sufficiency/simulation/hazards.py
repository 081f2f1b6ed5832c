"""The hazards of one replication: a table, or the posteriors from which an engine draws it where children pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from sufficiency.draws import KeyWords, Purpose, draws, key_words, other_key
from sufficiency.rates.hazards import Hazards as Estimated

Floats = npt.NDArray[np.float64]

#: A uniform may be nought, whose normal is not finite.
_LEAST_UNIFORM = 2.0**-54


@dataclass(frozen=True)
class Posterior:
    """Gammas of events per child-day: shapes and rates of (settings in care, 6 hazard ages, 6 durations, 2, 16 causes).

    Raises
    ------
    ValueError
        Where a shape or a rate is no such number.
    """

    shape: Floats
    rate: Floats

    def __post_init__(self) -> None:
        lasts = np.isfinite(self.shape).all() and np.isfinite(self.rate).all()
        if self.shape.shape != self.rate.shape or not lasts or (self.shape < 0).any() or (self.rate <= 0).any():
            msg = "hazards hold a negative or missing number"
            raise ValueError(msg)

    def __repr__(self) -> str:
        return f"Posterior{self.shape.shape}"


@dataclass(frozen=True)
class Hazards:
    """Events per child-day of one replication.

    Attributes
    ----------
    posterior
        The Gamma of every cell.
    scale
        Factor of each setting and cause, shape (settings, causes).
    key
        Draws each cell; None takes the means.
    """

    posterior: Posterior
    scale: Floats
    key: KeyWords | None

    def __repr__(self) -> str:
        return f"Hazards({'means' if self.key is None else 'drawn'} of {self.posterior!r})"

    @classmethod
    def known(cls, table: Floats) -> Hazards:
        """Hazards that are certain."""
        posterior = Posterior(np.ascontiguousarray(table), np.ones(table.shape))
        return cls(posterior, np.ones((table.shape[0], table.shape[-1])), None)

    @cached_property
    def table(self) -> Floats:
        """All cells, in the shape of the posterior."""
        shape, rate = self.posterior.shape, self.posterior.rate
        cells = shape / rate if self.key is None else gammas(shape, rate, self.key, Purpose.HAZARD)
        return np.asarray(cells * self.scale[:, None, None, None, :])


def apart(estimated: Estimated) -> Posterior:
    """The Gammas of what each cell's hazard has apart from all others; their means are the posterior's."""
    return Posterior(estimated.apart, estimated.apart / estimated.mean)


def shared_rates(estimated: Estimated, own: Posterior, keys: Sequence[KeyWords]) -> Floats:
    r"""Rates of the Gammas of each replication's cells, their means moved by what cells share in it.

    Two uniforms of a draw make two of the standard normals of a cause.

    Parameters
    ----------
    own
        From :func:`apart`.

    Returns
    -------
    Shape (replications, \*shape of the posterior).
    """
    causes, directions = estimated.shared.shape[:2]
    subject, pair = other_key(np.arange(causes)), np.arange(-(-directions // 2))
    first, second = key_words(keys)
    words = first[..., None], second[..., None]
    uniforms = np.stack(draws(words, subject[:, None], pair, Purpose.HAZARD), axis=-1).reshape(len(keys), causes, -1)
    normals = ndtri(np.maximum(uniforms[..., :directions], _LEAST_UNIFORM))
    return np.asarray(own.rate / estimated.factors(normals))


def given_shared(estimated: Estimated, own: Posterior, key: KeyWords) -> Posterior:
    """The Gammas of one replication alone: see :func:`shared_rates`."""
    return Posterior(own.shape, shared_rates(estimated, own, [key])[0])


def gammas(shape: Floats, rate: Floats, key: KeyWords, purpose: Purpose, first: int = 0) -> Floats:
    """A draw of every Gamma of a table; the last axis numbers the draws, from ``first``."""
    found: Floats = many_gammas(shape, rate, [key], purpose, first)[0]
    return found


def many_gammas(shape: Floats, rate: Floats, keys: Sequence[KeyWords], purpose: Purpose, first: int = 0) -> Floats:
    r"""The same for several replications: shape (replications, \*shape)."""
    # Loaded here: the compiler is slow to load and not wanted with --help.
    from sufficiency.simulation import kernel  # noqa: PLC0415

    columns = shape.shape[-1]
    flat = (shape.size // columns, columns)
    out, words = np.empty((len(keys), *flat)), np.array(keys, dtype=np.uint64)
    numbers, lanes = first + np.arange(columns + kernel.LANES), np.empty((kernel.LANE_ROWS, kernel.LANES))
    kernel.draw_gammas(words, int(purpose), numbers, shape.reshape(flat), rate.reshape(flat), lanes, out)
    return out.reshape(len(keys), *shape.shape)
