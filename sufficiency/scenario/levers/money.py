"""Levers on what placements cost: no child's journey depends on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pydantic import field_validator

from sufficiency.codes import Codes, read_codes
from sufficiency.scenario.effects import Effects
from sufficiency.scenario.levers.base import ChangeLever, Lever, known_settings, parameter
from sufficiency.scenario.levers.homes import WEEKS_A_YEAR
from sufficiency.scenario.money_effects import by_run
from sufficiency.scenario.place_effects import whole

_MONTHS = 12


class FeeInflation(ChangeLever):
    """Fees that rise faster than the council's own prices say."""

    name = "fee_inflation"
    title = "Fee inflation"
    meaning = (
        "Prices rise by so much a year on top of what the council's prices table says: for the first time in the "
        "lever's first month, and every twelve months from then on. After its end they stay where they are. To have "
        "these rises in place of the table's, leave later prices and uplifts out of the table."
    )
    evidence = (
        "External homes rose by 10.6 % a year, agency fostering by 3.7 and in-house fostering by 1.6 from 2017/18 to "
        "2022/23 in one council (derived from Coventry's strategy); no forecast of fees is known"
    )
    grade = "assumption"

    change: float = parameter(
        0.03, "share a year (0.03 is 3 points a year)", "Yearly rise on top of the table's.", ge=-0.2, le=0.5
    )
    settings: tuple[str, ...] | None = parameter(
        None, "settings", "Settings whose prices rise; every one when left out.", min_length=1, strict=False
    )

    @field_validator("settings")
    @classmethod
    def _known_settings(cls, settings: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return settings if settings is None else known_settings(settings, read_codes().all_settings)

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:
        """Scale the fees of the chosen settings."""
        part = self.parts(effects.months, start)
        rises = (np.arange(effects.months) - self.first_month(start)) % _MONTHS == 0
        factor = np.cumprod(1.0 + self.change * part * rises)
        chosen = codes.all_settings if self.settings is None else self.settings
        fees = effects.money.fees.copy()
        fees[:, [codes.all_settings.index(name) for name in chosen]] *= factor[:, None]
        return replace(effects, money=replace(effects.money, fees=fees))


class BlockContract(Lever):
    """Places bought as a block."""

    name = "block_contract"
    title = "Block contract"
    meaning = (
        "So many places of a setting are bought as a block: children in the setting fill them first and cost the "
        "block's price, those beyond them the ordinary one; the guaranteed share is paid whether used or not. The "
        "contract makes no places: it acts on money alone."
    )
    evidence = (
        "£3,370 a week in a block against £5,288 spot for children's homes in 2022/23 (Coventry); the guarantee is an "
        "assumption"
    )
    grade = "assumption"

    setting: str = parameter("external_home", "a setting", "Where the places are.")
    places: int = parameter(6, "places", "Places bought.", ge=0, le=500)
    pounds_per_week: float = parameter(3500.0, "£ a week", "Price of a place of the block.", ge=0.0, le=50_000.0)
    use_guaranteed: float = parameter(
        0.9, "share, 0 to 1", "Share of the block that is paid for whether used or not.", ge=0.0, le=1.0
    )

    @field_validator("setting")
    @classmethod
    def _known_setting(cls, setting: str) -> str:
        return known_settings((setting,), read_codes().all_settings)[0]

    def apply(self, effects: Effects, codes: Codes, start: int) -> Effects:
        """Add the contract to the fixed costs; phased in, its places come by equal monthly steps."""
        places = whole(self.places * self.parts(effects.months, start))
        what = f"Block contract: {codes.label(self.setting).lower()}"
        rows = by_run(places, what, self.setting, self.pounds_per_week * WEEKS_A_YEAR, guaranteed=True)
        costs = [replace(row, use_guaranteed=self.use_guaranteed) for row in rows]
        return replace(effects, money=effects.money.with_fixed(*costs))


LEVERS: tuple[type[Lever], ...] = (FeeInflation, BlockContract)
