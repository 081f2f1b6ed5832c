"""Scenario files: what they do, and what is said when they are wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_world import CODES, FIRST_DAY

from sufficiency.codes import CAUSES
from sufficiency.errors import UserError
from sufficiency.scenario import LEVERS, assumptions, read_scenario, scenario_files, zero_effect_arms
from sufficiency.scenario.__main__ import made
from sufficiency.scenario.effects import CARE_BANDS, phased

ROOT = Path(__file__).parents[1]
GOOD = '[about]\ntitle = "T"\nquestion = "Q?"\n'


def _problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as error:
        read_scenario(path)
    return [str(problem) for problem in error.value.problems]


@pytest.mark.unit
def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = 'colour = 1\n[about]\ntitle = "T"\n[levers.entries]\nchange = 9\n[levers.nothing]\n'
    assert len(_problems(tmp_path, text)) == 4


@pytest.mark.unit
def test_a_plan_outside_the_horizon_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "late.toml"
    path.write_text("starts = 2040-01-01\n" + GOOD + "[levers.entries]\n", encoding="utf-8")
    with pytest.raises(UserError, match="the forecast covers months 0 to 35"):
        read_scenario(path).effects(FIRST_DAY, 36, CODES)


@pytest.mark.unit
@pytest.mark.parametrize("name", list(scenario_files()))
def test_shipped_scenarios_are_valid_and_tell_their_story(name: str) -> None:
    plan = read_scenario(name)
    assert plan.about.title
    assert plan.about.question.endswith("?")
    assert plan.about.author
    assert plan.about.evidence
    plan.effects(FIRST_DAY, 60, CODES)


@pytest.mark.unit
def test_the_baseline_changes_nothing() -> None:
    effects = read_scenario("baseline").effects(FIRST_DAY, 60, CODES)
    assert not effects.changes_hazards
    assert not effects.changes_entries
    assert not effects.demand.changes_anything
    assert not effects.places.changes_anything
    assert not effects.money.changes_fees
    assert not effects.money.changes_fixed


#: Levers that scale some groups' entries, and how many causes those act on that scale rates.
ENTRIES = ("entries", "population")
CAUSES_OF = {
    "reunification": 1,
    "permanence": 3,
    "adoption": 2,
    "special_guardianship": 1,
    "placement_stability": 8,
    "step_up": 1,
    "supported_accommodation": 1,
    "hazard_multiplier": 1,
}


@pytest.mark.unit
def test_each_lever_that_has_a_change_and_ages_is_tried() -> None:
    alike = {name for name, lever in LEVERS.items() if {"change", "ages"} <= set(lever.model_fields)}
    assert alike == {*ENTRIES, *CAUSES_OF}


@pytest.mark.functional
@pytest.mark.parametrize("name", [*ENTRIES, *CAUSES_OF])
def test_every_lever_of_a_change_acts_just_where_it_says(tmp_path: Path, name: str) -> None:
    change = 'change = -0.5\nages = ["5 to 9"]\nstarts = 6\nmonths = 12\n'
    path = tmp_path / "one.toml"
    path.write_text(GOOD + f"[levers.{name}]\n" + change, encoding="utf-8")
    effects = read_scenario(path).effects(FIRST_DAY, 36, CODES)
    months = slice(6, 18)
    if name in ENTRIES:
        group = 2 * CARE_BANDS.index("5 to 9")
        assert (effects.entries[group, months] == 0.5).all()
        assert (np.delete(effects.entries, group, axis=0) == 1).all()
        changed = effects.entries[group]
    else:
        band = CARE_BANDS.index("5 to 9")
        assert (np.delete(effects.hazards, band, axis=2) == 1).all()
        setting = CODES.in_care.index("agency_fostering") if name == "step_up" else 0
        causes = (effects.hazards[10, setting, band] != 1).nonzero()[0]
        assert len(causes) == CAUSES_OF[name], [CAUSES[cause] for cause in causes]
        changed = effects.hazards[:, setting, band, causes[0]]
    assert (changed[:6] == 1).all()
    assert (changed[months] == 0.5).all()
    assert (changed[18:] == 1).all()


@pytest.mark.unit
def test_a_lever_may_be_given_several_times(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    first, second = 'change = 0.5\nages = ["0"]\n', 'change = -0.5\nages = ["0", "5 to 9"]\n'
    path.write_text(GOOD + f"[[levers.entries]]\n{first}[[levers.entries]]\n{second}", encoding="utf-8")
    entries = read_scenario(path).effects(FIRST_DAY, 12, CODES).entries
    assert entries[[0, 2 * CARE_BANDS.index("5 to 9")], 0].tolist() == [0.75, 0.5]


@pytest.mark.unit
def test_a_mistake_in_the_second_table_of_a_lever_is_told_with_its_line(tmp_path: Path) -> None:
    text = GOOD + "[[levers.entries]]\nchange = 0.5\n\n[[levers.entries]]\nramp_months = 3\nchange = 50\n"
    assert _problems(tmp_path, text) == [
        "plan.toml, line 9, levers.entries.change: 50 is out of range: it must be at most 3."
    ]


@pytest.mark.unit
def test_each_weak_lever_can_have_no_effect_and_the_plan_costs_as_much() -> None:
    plan = read_scenario("edge-of-care")
    (arm,) = zero_effect_arms(plan)
    assert arm.name == "edge-of-care (no effect of entries)"
    assert arm.about.title.endswith("(no effect of: children entering care)")
    assert arm.levers == ()
    assert arm.investment == plan.investment
    assert not arm.effects(FIRST_DAY, 36, CODES).changes_entries
    with pytest.raises(UserError, match=r"The plan has no lever 'entrys'. Did you mean 'entries'?"):
        plan.without("entrys")


@pytest.mark.unit
def test_a_plan_based_on_another_inherits_and_overrides_its_levers(tmp_path: Path) -> None:
    (tmp_path / "first.toml").write_text(
        GOOD + "[levers.entries]\nchange = -0.2\n[levers.permanence]\nchange = 0.3\n", encoding="utf-8"
    )
    second = tmp_path / "second.toml"
    second.write_text('based_on = "first"\n' + GOOD + "[levers.entries]\nchange = 0.1\n", encoding="utf-8")
    levers = {lever.name: lever.model_dump()["change"] for lever in read_scenario(second).levers}
    assert levers == {"permanence": 0.3, "entries": 0.1}


@pytest.mark.unit
def test_phasing_is_by_equal_steps() -> None:
    assert np.allclose(phased(-0.2, 6, 1, 4, None), [1, 0.95, 0.9, 0.85, 0.8, 0.8])


@pytest.mark.unit
def test_pages_and_schema_are_made_from_the_declarations() -> None:
    for path, text in made(ROOT / "docs").items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: python -m sufficiency.scenario docs"
    table = assumptions([read_scenario("edge-of-care")])
    assert set(table["parameter"]) == set(LEVERS["entries"].model_fields)
    assert (table["evidence"] != "").all()
