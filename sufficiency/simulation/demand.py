"""What a plan's demand side means for one authority: the plan's hazards, entrants and first placements.

A plan says that relatives come before foster carers, or that children seeking asylum are held at a
threshold; only with an authority's rates, forecast and children can either be put in numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sufficiency import dates
from sufficiency.codes import AGE_EDGES, CAUSES, MOVE_PREFIX, REPORTED_AGE, TYPES
from sufficiency.draws import KeyWords, Purpose, draws, replication_keys
from sufficiency.forecast import EntrantForecast
from sufficiency.forecast.threshold import arrivals_needed, target_path
from sufficiency.rates import Rates
from sufficiency.rates.openings import GROUPS
from sufficiency.rates.stays import Stays, back_in_care, in_care, stays_of
from sufficiency.scenario import Effects
from sufficiency.scenario.demand_effects import Threshold
from sufficiency.simulation.world import Leavers, Stock

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

KINSHIP, FOSTERING = TYPES.index("kinship"), TYPES.index("fostering")
_TO_KINSHIP, _TO_FOSTERING = (CAUSES.index(MOVE_PREFIX + TYPES[kind]) for kind in (KINSHIP, FOSTERING))
#: Arrivals as forecast are averaged over so many paths.
_PATHS = 400
#: Of a group's ages at entry, so many at even steps stand for all.
_AGES = 15


def planned_demand(
    effects: Effects, rates: Rates, forecast: EntrantForecast, stock: Stock, leavers: Leavers
) -> tuple[Effects, EntrantForecast]:
    """The effects with moves to relatives in their hazards, and the forecast with arrivals at the threshold.

    Raises
    ------
    ValueError
        When a threshold needs the child population and neither the plan nor the council gives it
        (:meth:`~sufficiency.scenario.Scenario.unknown_population` tells it before).
    """
    if not effects.demand.changes_anything:
        return effects, forecast
    changed = replace(effects, hazards=effects.hazards * kinship_factors(rates, effects.demand.kin_at_moves))
    threshold = effects.demand.threshold
    if threshold is None or not threshold.reach.any():
        return changed, forecast
    arrivals = threshold_arrivals(changed, threshold, rates, forecast, stock, leavers)
    return changed, forecast.with_asylum(arrivals, threshold.reach)


def kinship_factors(rates: Rates, share: Floats) -> Floats:
    """Factors on hazards that turn a share of the moves to fostering into moves to relatives or friends.

    As many as are lost to the one are gained by the other, in expectation, in each setting and age band.

    Parameters
    ----------
    share
        By month and age band.

    Returns
    -------
    Shape (months, settings in care, 5 age bands, 16 causes).
    """
    expected = rates.exposure.child_days * rates.hazards.mean
    by_age = expected.sum((2, 3)) + rates.hazards.mean.sum((2, 3))
    bands = np.zeros((by_age.shape[0], share.shape[1], len(CAUSES)))
    for age, band in enumerate(REPORTED_AGE):
        bands[:, band] += by_age[:, age]
    ratio = bands[..., _TO_FOSTERING] / bands[..., _TO_KINSHIP]
    factors = np.ones((len(share), *bands.shape))
    factors[..., _TO_FOSTERING] = 1 - share[:, None, :]
    factors[..., _TO_KINSHIP] = 1 + share[:, None, :] * ratio
    return factors


def kin_first(everybody: Ints, ends: Ints, keys: Sequence[KeyWords], share: Floats, months: Ints) -> Ints:
    """Entrants of some replications, some of those for fostering placed with relatives or friends instead.

    Each child has its own uniform for it, so that a larger share moves the same children and others.

    Parameters
    ----------
    everybody, ends
        As :func:`~sufficiency.simulation.setup.draw_entrants` gives them.
    share
        By month and age band.
    months
        First days of the months and of the one after.
    """
    subject, day, born, uasc, kind = everybody
    band = dates.band_of(dates.age_on(born, day), AGE_EDGES)
    month = np.searchsorted(months, day, side="right") - 1
    wanted = np.where((kind == FOSTERING) & (uasc == 0), share[month, np.minimum(band, share.shape[1] - 1)], 0.0)
    uniform = np.empty(len(subject))
    for key, part in zip(keys, np.split(np.arange(len(subject)), ends[:-1]), strict=True):
        # The second uniform of the draw of the first type.
        _, uniform[part] = draws(key, subject[part].astype(np.uint64), 0, Purpose.FIRST_TYPE)
    changed = everybody.copy()
    changed[-1, uniform < wanted] = KINSHIP
    return changed


def threshold_arrivals(
    effects: Effects, threshold: Threshold, rates: Rates, forecast: EntrantForecast, stock: Stock, leavers: Leavers
) -> Floats:
    """Expected arrivals of each month that hold children seeking asylum at a threshold: shape (months,).

    Raises
    ------
    ValueError
        Without a child population.
    """
    months = effects.months
    calendar = dates.month_start(forecast.first_month + np.arange(months + 1))
    stays = stays_of(rates, effects.hazards, calendar)
    seeking, gone = stock.uasc, leavers.uasc
    opening = in_care(stays, stock.dob[seeking], stock.care_start[seeking], int(calendar[0])).sum(0)
    opening += back_in_care(stays, leavers.dob[gone], leavers.exit_day[gone], leavers.home[gone]).sum(0)
    staying = _staying(stays, rates, forecast)
    paths = forecast.counts(replication_keys(0, range(_PATHS)))[:, 1::2, :months] * effects.entries[1::2]
    before = paths.sum(1).mean(0)
    acting = threshold.reach > 0
    now = _number_at(int(np.argmax(acting)), float(seeking.sum()), opening, staying, before)
    wanted = target_path(now, threshold.share * _children(threshold, forecast)[:months], threshold.way)
    return arrivals_needed(wanted, opening, staying, before, acting)


def _number_at(start: int, at_origin: float, opening: Floats, staying: Floats, before: Floats) -> float:
    """Expected number in care when the threshold begins to act."""
    if start == 0:
        return at_origin
    return float(opening[start - 1] + before[:start] @ staying[:start, start - 1])


def _staying(stays: Stays, rates: Rates, forecast: EntrantForecast) -> Floats:
    """Chance that who arrives in a month (row) is in care at a month's end (column)."""
    shares, calendar = forecast.asylum_mix / forecast.asylum_mix.sum(), stays.months
    found = np.zeros((len(calendar) - 1, len(calendar) - 1))
    for number, (_, seeking) in enumerate(GROUPS):
        if not seeking or shares[number // 2] == 0:
            continue
        own = rates.openings.ages[number]
        ages = own[((np.arange(_AGES) + 0.5) / _AGES * len(own)).astype(np.int64)]
        for month in range(len(found)):
            middle = int(calendar[month] + calendar[month + 1]) // 2
            born, day = middle - ages, np.full(_AGES, middle)
            # Nobody is followed beyond the month of the last 18th birthday.
            last = int(np.searchsorted(calendar, dates.birthday(born, dates.ADULT).max())) + 1
            end = min(last, len(found))
            chance = in_care(stays.between(month, end), born, day, middle)
            found[month, month:end] += shares[number // 2] * chance.mean(0)
    return found


def _children(threshold: Threshold, forecast: EntrantForecast) -> Floats:
    """Children who live in the area, month by month."""
    if threshold.children is not None:
        return np.full(forecast.months, threshold.children)
    if forecast.area is None:
        msg = "a threshold needs the child population"
        raise ValueError(msg)
    return np.asarray(np.exp(forecast.area.logs(forecast.first_month + np.arange(forecast.months))))
