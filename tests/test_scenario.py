"""Scenario files: what they do, and what is said when they are wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_world import CODES, FIRST_DAY

from sufficiency.codes import CAUSES
from sufficiency.errors import UserError
from sufficiency.scenario import LEVERS, assumptions, lever_page, read_scenario, scenario_files
from sufficiency.scenario.effects import CARE_BANDS, phased

ROOT = Path(__file__).parents[1]
GOOD = '[about]\ntitle = "T"\nquestion = "Q?"\n'


def _problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as error:
        read_scenario(path)
    return [str(problem) for problem in error.value.problems]


MISTAKES = [
    ("colour = 1\n" + GOOD, "row 1, colour: 'colour' is not a key here."),
    ("startz = 1\n" + GOOD, "Did you mean 'starts'?"),
    ("starts = -3\n" + GOOD + "[levers.entries]\n", None),
    ('starts = "soon"\n' + GOOD, "row 1, starts: 'soon' cannot be used"),
    ("a = 1\na = 2\n", "row 2: This is not valid TOML"),
    ("[about]\ntitle = 'T'\n", "row 1, about.question: 'question' is missing."),
    (GOOD + "[levers.entrys]\nchange = 0.1\n", "row 4: There is no lever 'entrys'. Did you mean 'entries'?"),
    (
        GOOD + "[levers.entries]\nchang = 0.1\n",
        "row 5, levers.entries.chang: 'chang' is not a key here. Did you mean 'change'?",
    ),
    (
        GOOD + "[levers.entries]\nchange = -2\n",
        "row 5, levers.entries.change: -2 is out of range: it must be at least -1",
    ),
    (GOOD + "[levers.entries]\nchange = 40\n", "it must be at most 3"),
    (GOOD + '[levers.entries]\nchange = "ten"\n', "row 5, levers.entries.change: 'ten' cannot be used"),
    (
        GOOD + '[levers.entries]\nages = ["10-15"]\n',
        "row 5, levers.entries.ages.0: '10-15' is not one of '0', '1 to 4'",
    ),
    (GOOD + "[levers.entries]\nages = []\n", "row 5, levers.entries.ages"),
    (GOOD + '[levers.entries]\nchildren = "boys"\n', "is not one of 'all', 'uasc' or 'not uasc'"),
    (GOOD + '[levers.reunification]\nsettings = ["in_house_fosterin"]\n', "Did you mean 'in_house_fostering'?"),
    (GOOD + '[levers.hazard_multiplier]\ncause = "to_moon"\n', "'to_moon' is not one of 'to_kinship'"),
    (GOOD + "[levers.entries]\nramp_months = 2.5\n", "row 5, levers.entries.ramp_months"),
    (GOOD + "[levers]\nentries = 3\n", "Lever 'entries' needs a table: [levers.entries]"),
    ('based_on = "baselin"\n' + GOOD, "There is no scenario 'baselin'. Did you mean 'baseline'?"),
    ('based_on = "plan"\n' + GOOD, "leads round in a circle"),
    (GOOD + "[[investment]]\nwhat = 'x'\nper_year = -5\n", "it must be at least 0"),
    (GOOD + "[levers.entries]\nmonths = 0\n", "it must be at least 1"),
]


@pytest.mark.unit
@pytest.mark.parametrize(("text", "said"), [pair for pair in MISTAKES if pair[1]])
def test_each_mistake_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    told = _problems(tmp_path, text)
    assert any(said in sentence for sentence in told), told
    assert all(sentence.startswith("plan.toml") or "There is no scenario" in sentence for sentence in told)


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
    assert not effects.places.changes_anything
    assert not effects.money.changes_fees
    assert not effects.money.changes_fixed


@pytest.mark.functional
@pytest.mark.parametrize("name", [name for name, lever in LEVERS.items() if "ages" in lever.model_fields])
def test_every_lever_acts_just_where_it_says(tmp_path: Path, name: str) -> None:
    change = 'change = -0.5\nages = ["5 to 9"]\nstarts = 6\nmonths = 12\n'
    path = tmp_path / "one.toml"
    path.write_text(GOOD + f"[levers.{name}]\n" + change, encoding="utf-8")
    effects = read_scenario(path).effects(FIRST_DAY, 36, CODES)
    months = slice(6, 18)
    if name == "entries":
        group = 2 * CARE_BANDS.index("5 to 9")
        assert (effects.entries[group, months] == 0.5).all()
        assert (np.delete(effects.entries, group, axis=0) == 1).all()
        changed = effects.entries[group]
    else:
        band = CARE_BANDS.index("5 to 9")
        assert (np.delete(effects.hazards, band, axis=2) == 1).all()
        causes = (effects.hazards[10, 0, band] != 1).nonzero()[0]
        expected = {"reunification": 1, "permanence": 3, "placement_stability": 8, "hazard_multiplier": 1}
        assert len(causes) == expected[name], [CAUSES[cause] for cause in causes]
        changed = effects.hazards[:, 0, band, causes[0]]
    assert (changed[:6] == 1).all()
    assert (changed[months] == 0.5).all()
    assert (changed[18:] == 1).all()


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
def test_the_reference_page_is_made_from_the_declarations() -> None:
    page = (ROOT / "docs" / "levers.md").read_text(encoding="utf-8")
    assert page == lever_page()
    table = assumptions([read_scenario("edge-of-care")])
    assert set(table["parameter"]) == set(LEVERS["entries"].model_fields)
    assert (table["evidence"] != "").all()
