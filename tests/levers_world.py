"""A small authority with counted places, for the tests of levers on places, waiting lists and staying put."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from small_world import CODES, known_history

from sufficiency import dates
from sufficiency.forecast import EntrantForecast, forecast_entrants
from sufficiency.history import History
from sufficiency.rates import Rates, estimate_rates
from sufficiency.scenario import Effects, Scenario, read_scenario
from sufficiency.simulation import Matched, Outcome, Supply, simulate, supply_of
from sufficiency.simulation.planned import living, planned

#: Day 0 of exact arithmetic: the first of a month.
FIRST = dates.day_number("2026-04-01")
MONTHS = 60
HOUSE, AGENCY, OWN_HOME, OTHER_HOME, SUPPORTED = (
    "in_house_fostering",
    "agency_fostering",
    "in_house_home",
    "external_home",
    "supported_accommodation",
)
#: Children by setting at the origin.
LIVING = {HOUSE: 90, AGENCY: 60, OWN_HOME: 8, OTHER_HOME: 20, SUPPORTED: 6}
#: Placements of the last year by type: in house, and all.
ARRIVED = {"fostering": (100, 136)}
#: Every lever on places, waiting and staying put, at a size that changes nothing.
NEUTRAL = {
    "recruit_foster_carers": "households_per_year = 0",
    "retain_foster_carers": "change = 0",
    "transfer_agency_carers": "households_per_year = 0",
    "new_childrens_home": "beds = 0",
    "home_closure": "beds = 0",
    "market_limit": "places = 100_000\nsettings = ['agency_fostering', 'external_home']",
    "supported_lodgings": "places = 0",
    "step_across": "eligible_share = 0",
    "step_down_from_residential": "eligible_share = 0",
    "wait_for_first_choice": "share = 0",
    "staying_put": "change = 0",
    "staying_put_length": "change = 0",
    "staying_close": "young_people = 0",
}
#: The same levers, all of them doing something.
ACTING = {
    "recruit_foster_carers": "households_per_year = 12\npipeline_months = 2",
    "retain_foster_carers": "change = -0.05",
    "transfer_agency_carers": "households_per_year = 8",
    "new_childrens_home": "beds = 5\nstarts = 3",
    "home_closure": "beds = 2\nstarts = 2\nmonths = 9",
    "market_limit": "starts = 4\nramp_months = 6\nplaces = 20\nsettings = ['agency_fostering', 'external_home']",
    "supported_lodgings": "places = 6\nramp_months = 4",
    "step_across": "eligible_share = 0.4\nramp_months = 5\nafter_days = 20",
    "step_down_from_residential": "eligible_share = 0.3\nstarts = 1",
    "wait_for_first_choice": "share = 0.7",
    "staying_put": "change = 0.2\nramp_months = 3\nallowance = 0.1",
    "staying_put_length": "change = 0.1",
    "staying_close": "young_people = 3",
}


def plan_of(folder: Path, levers: dict[str, str], name: str = "plan") -> Scenario:
    """A plan of some levers with their parameters as TOML."""
    tables = "".join(f"[levers.{lever}]\n{text}\n" for lever, text in levers.items())
    path = folder / f"{name}.toml"
    path.write_text(f'[about]\ntitle = "T"\nquestion = "Q?"\n{tables}', encoding="utf-8")
    return read_scenario(path)


def supply(rows: list[tuple[str, int, int]], **other: Any) -> Supply:
    """Places throughout: setting, places, unavailable."""
    table = pd.DataFrame(rows, columns=["setting", "places", "unavailable"]).assign(**{"from": FIRST - 100})
    return Supply(
        table[["setting", "from", "places", "unavailable"]].sort_values("setting", ignore_index=True), **other
    )


BASE = supply([(HOUSE, 100, 10), (OWN_HOME, 12, 3)], one_suits={HOUSE: 0.1, OWN_HOME: 0.2})


def effects(folder: Path, levers: dict[str, str]) -> Effects:
    """What some levers do over five years from day 0."""
    return plan_of(folder, levers).effects(FIRST, MONTHS, CODES)


def plan_supply(folder: Path, levers: dict[str, str], base: Supply = BASE) -> Supply:
    """The supply of a plan of some levers."""
    return planned_by(effects(folder, levers), base)


def planned_by(done: Effects, base: Supply = BASE) -> Supply:
    """The supply under some effects."""
    children = np.array([LIVING.get(name, 0) for name in CODES.in_care])
    return planned(base, done.places, CODES, FIRST, living(base, CODES, children, ARRIVED))


def by_month(given: Supply, setting: str, column: str = "places") -> npt.NDArray[np.float64]:
    """Places (or unavailable ones) of a setting on the first of each month."""
    own = given.rows[given.rows["setting"] == setting]
    begins = dates.month_start(dates.month_index(FIRST) + np.arange(MONTHS))
    row = np.maximum(np.searchsorted(own["from"], begins, side="right") - 1, 0)
    return own[column].to_numpy(np.float64)[row]


@dataclass(frozen=True)
class Authority:
    """A history with its estimates and places, to be simulated quickly."""

    history: History
    rates: Rates
    forecast: EntrantForecast
    supply: Supply

    def __repr__(self) -> str:
        return "Authority()"

    def run(self, plan: Scenario | str = "baseline", *, supply: Supply | None = None, **options: Any) -> Outcome:
        """A plan with this authority's places, or others."""
        chosen: dict[str, Any] = {"replications": 20, "years": 3, "workers": 1, "seed": 5, **options}
        return simulate(
            self.history,
            plan,
            rates=self.rates,
            forecast=self.forecast,
            matched=Matched(supply or self.supply),
            **chosen,
        )


def authority() -> Authority:
    """About 300 children, in-house places short, external providers with room for everybody."""
    history = known_history(per_day=0.25)
    rows = [(HOUSE, 100, 10), (OWN_HOME, 50, 0)]
    table = supply(rows).rows.assign(**{"from": history.origin + 1})
    own = replace(supply_of(history), rows=table, inferred=(), one_suits={HOUSE: 0.1, OWN_HOME: 0.1})
    return Authority(history, estimate_rates(history), forecast_entrants(history, months=36, evaluate=False), own)


def stock_at_end(outcome: Outcome, setting: str, *, months: int = 12) -> npt.NDArray[np.float64]:
    """Nights a day lived in a setting over the last months, one number a replication."""
    nights = outcome.nights[:, -months:, outcome.codes.all_settings.index(setting)]
    begins = dates.month_edges(outcome.origin + 1, outcome.last_day)
    days = int(begins[-1] - begins[-1 - months])
    found: npt.NDArray[np.float64] = nights.sum(axis=1) / days
    return found
