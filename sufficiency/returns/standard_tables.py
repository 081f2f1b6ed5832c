"""Tables of the Standard Safeguarding Dataset: their columns, and what each is called in the collection."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sufficiency.returns.layout import Table


def _table(name: str, meaning: str, needed: str, wished: str) -> Table:
    return Table(name, meaning, tuple(needed.split()), tuple(wished.split()), frozenset())


PERSON = _table("person", "one row per person", "CHILD DOB", "SEX ETHNIC MOTHER")
STAYS = _table("cla_episodes", "one row per episode of care", "CHILD DECOM RNE DEC REC", "CIN PLACEMENT")
PLACEMENT = _table(
    "cla_placement",
    "one row per placement",
    "PLACEMENT START END PLACE",
    "CHILD PLACE_PROVIDER PL_POST URN REASON_PLACE_CHANGE PL_DISTANCE",
)
LEGAL = _table("legal_status", "one row per legal status", "CHILD LS START END", "")
IMMIGRATION = _table("immigration_status", "one row per immigration status", "CHILD STATUS START", "END")
STANDARD = (PERSON, STAYS, PLACEMENT, LEGAL, IMMIGRATION)

#: Heading in the dataset → table and column here. Some were called otherwise in earlier versions.
_HEADINGS = {
    "pers_person_id": (PERSON, "CHILD"),
    "pers_dob": (PERSON, "DOB"),
    "pers_sex": (PERSON, "SEX"),
    "pers_ethnicity": (PERSON, "ETHNIC"),
    "pers_is_mother": (PERSON, "MOTHER"),
    "clae_person_id": (STAYS, "CHILD"),
    "clae_cla_episode_start_date": (STAYS, "DECOM"),
    "clae_cla_episode_start_reason": (STAYS, "RNE"),
    "clae_cla_primary_need_code": (STAYS, "CIN"),
    "clae_cla_primary_need": (STAYS, "CIN"),
    "clae_cla_episode_ceased_date": (STAYS, "DEC"),
    "clae_cla_episode_ceased": (STAYS, "DEC"),
    "clae_cla_episode_ceased_reason": (STAYS, "REC"),
    "clae_cla_placement_id": (STAYS, "PLACEMENT"),
    "clap_cla_placement_id": (PLACEMENT, "PLACEMENT"),
    "clap_person_id": (PLACEMENT, "CHILD"),
    "clap_cla_placement_start_date": (PLACEMENT, "START"),
    "clap_cla_placement_end_date": (PLACEMENT, "END"),
    "clap_cla_placement_type": (PLACEMENT, "PLACE"),
    "clap_cla_placement_provider": (PLACEMENT, "PLACE_PROVIDER"),
    "clap_cla_placement_postcode": (PLACEMENT, "PL_POST"),
    "clap_cla_placement_urn": (PLACEMENT, "URN"),
    "clap_cla_placement_distance": (PLACEMENT, "PL_DISTANCE"),
    "clap_cla_placement_change_reason": (PLACEMENT, "REASON_PLACE_CHANGE"),
    "lega_person_id": (LEGAL, "CHILD"),
    "lega_legal_status": (LEGAL, "LS"),
    "lega_legal_status_start_date": (LEGAL, "START"),
    "lega_legal_status_end_date": (LEGAL, "END"),
    "immi_person_id": (IMMIGRATION, "CHILD"),
    "immi_immigration_status": (IMMIGRATION, "STATUS"),
    "immi_immigration_status_start_date": (IMMIGRATION, "START"),
    "immi_immigration_status_end_date": (IMMIGRATION, "END"),
}
_KNOWN = {re.sub(r"[^a-z]", "", name): place for name, place in _HEADINGS.items()}


def recognise(cells: Sequence[str]) -> tuple[Table, tuple[str, ...]] | None:
    """The table of the dataset that has these headings, and their names here; None where most are of none.

    The prefix of every heading says which table it is of.
    """
    places = [_KNOWN.get(re.sub(r"[^a-z]", "", cell.lower())) for cell in cells]
    tables = [place[0] for place in places if place is not None]
    if not tables:
        return None
    table = max(STANDARD, key=tables.count)
    names: list[str] = []
    for place in places:
        name = place[1] if place is not None and place[0] is table else ""
        names.append("" if name in names else name)
    return table, tuple(names)
