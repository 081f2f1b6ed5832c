"""Scenario files: mistakes and what is said of each, a new plan, the schema for editors, lines of keys."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sufficiency.cli import main
from sufficiency.errors import UserError
from sufficiency.inputs import Options, read_inputs
from sufficiency.provenance import shipped
from sufficiency.scenario import LEVERS, read_scenario, scenario_files
from sufficiency.scenario.editor import SCHEMA_FILE, json_schema
from sufficiency.scenario.fresh import new_scenario, write_scenario
from sufficiency.scenario.lines import key_lines, line_of
from sufficiency.scenario.mistakes import ABOUT, FILE, MISTAKES, Mistake


@pytest.mark.unit
@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake.what for mistake in MISTAKES])
def test_of_each_mistake_it_says_just_this(tmp_path: Path, mistake: Mistake) -> None:
    path = tmp_path / FILE
    path.write_text(mistake.text, encoding="utf-8")
    with pytest.raises(UserError) as told:
        read_scenario(path)
    assert tuple(str(problem) for problem in told.value.problems) == mistake.said


@pytest.mark.unit
def test_there_are_twenty_mistakes_and_more() -> None:
    assert len({mistake.text for mistake in MISTAKES}) >= 20
    assert sum(len(mistake.said) > 1 for mistake in MISTAKES) == 1


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ABOUT + "[levers.entries\n", "line 4: This is not valid TOML: a table's name needs a closing bracket."),
        (ABOUT + "[levers.entries]\nages = ['0'\n", "This is not valid TOML: a bracket is not closed."),
        (ABOUT + "starts\n", "line 4: This is not valid TOML: a key needs '=' and a value after it."),
        (ABOUT.replace("What if?", ""), "line 3, about.question: This text is empty."),
        (ABOUT.replace("What if?", "?" * 601), "This text is longer than 600 characters."),
        (ABOUT + "[levers.block_contract]\nsetting = 3\n", "3 cannot be used: it must be text, in quotes."),
        (ABOUT + "[levers.entries]\nchange = inf\n", "inf is out of range"),
        ('starts = "soon"\nabout = 3\n', "line 2, about: 3 cannot be used: it must be a table."),
        (ABOUT + "[levers]\nentries = [3]\n", "line 5: Lever 'entries' needs a table: [levers.entries]"),
        (ABOUT + 'autor = "me"\n', "line 4, about.autor: 'autor' is not a key here. Did you mean 'author'?"),
        (
            ABOUT + '[[investment]]\nwhat = "team"\nper_yaer = 5\n',
            "line 6, investment.per_yaer: 'per_yaer' is not a key here. Did you mean 'per_year'?",
        ),
        (ABOUT + "[levers.recruit]\n", "There is no lever 'recruit'. Did you mean 'recruit_foster_carers'?"),
    ],
)
def test_other_mistakes_are_told_in_plain_words_too(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / FILE
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as told:
        read_scenario(path)
    assert any(said in str(problem) for problem in told.value.problems), told.value


@pytest.mark.unit
def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_bytes(ABOUT.encode("utf-16"))
    with pytest.raises(UserError, match="not UTF-8 text"):
        read_scenario(path)


@pytest.mark.unit
def test_problems_of_a_plan_that_is_built_on_are_told_with_its_own_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "first.toml").write_text(ABOUT + "[levers.entries]\nchange = 9\n", encoding="utf-8")
    path = tmp_path / FILE
    path.write_text('based_on = "first"\n' + ABOUT + "[levers.entries]\nchange = 8\n", encoding="utf-8")
    with pytest.raises(UserError) as told:
        read_scenario(path)
    places = [str(problem).partition(", levers")[0] for problem in told.value.problems]
    assert places == [f"{FILE}, line 6", "first.toml, line 5"]


@pytest.mark.unit
def test_lines_are_found_through_strings_lists_and_inline_tables() -> None:
    text = '''
[about] # a story
title = """
starts = 7
"""
"question" = 'x = [ # no comment'

[levers.entries]
ages = [
  "0",   # ]
  "1 to 4",
]
change = 0.1
levers.x = 1
[levers]
reunification = { change = 0.1, ages = ["0"] }
[[investment]]
what = "a"
[[investment]]
what = "b"
'''
    found = key_lines(text)
    assert found[("about", "title")] == 3
    assert ("about", "starts") not in found
    assert found[("about", "question")] == 6
    assert found[("levers", "entries", "change")] == 13
    assert line_of(found, ("levers", "entries", "ages", "1")) == 9
    assert line_of(found, ("levers", "reunification", "change")) == 16
    assert [line_of(found, ("investment", number, "what")) for number in "01"] == [18, 20]
    assert line_of(found, ("nowhere",)) is None


@pytest.mark.unit
@pytest.mark.parametrize("levers", [(), tuple(LEVERS)])
def test_a_new_plan_is_valid_and_names_every_lever(tmp_path: Path, levers: tuple[str, ...]) -> None:
    (path,) = write_scenario(tmp_path, "our-plan", levers)
    plan = read_scenario(path)
    assert [lever.name for lever in plan.levers] == list(levers)
    assert all(lever == type(lever)() for lever in plan.levers)
    text = path.read_text(encoding="utf-8")
    assert all(re.search(rf"\[levers\.{name}\](  |\n)", text) for name in LEVERS)
    # What stands there as a comment may stand there without the sign.
    investment = text[text.index("# [[investment]]") :].replace("# ", "")
    assert tomllib.loads(investment)["investment"][0]["per_year"] == 150_000
    with pytest.raises(UserError, match="There is such a file already"):
        write_scenario(tmp_path, "our-plan")


@pytest.mark.unit
def test_a_new_plan_tells_every_problem_at_once() -> None:
    with pytest.raises(UserError) as told:
        new_scenario("Our Plan", ("entrys",), "baselin")
    assert [str(problem).partition(".")[0] for problem in told.value.problems] == [
        "There is no lever 'entrys'",
        "A plan's name is small letters, digits and hyphens: more-carers, for example",
        "There is no scenario 'baselin'",
    ]
    with pytest.raises(UserError, match="A plan that comes with the toolkit is called 'edge-of-care'"):
        new_scenario("edge-of-care")
    assert "# brings: entries" in new_scenario("mine", (), "edge-of-care")


@pytest.mark.functional
def test_the_commands_begin_check_show_and_list_plans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    made = runner.invoke(main, ["scenario", "new", "mine", "--lever", "step_up", "--schema"])
    assert made.exit_code == 0, made.output
    assert Path("mine.toml").read_text(encoding="utf-8").startswith("#:schema ./scenario.schema.json\n")
    assert json.loads(Path(SCHEMA_FILE).read_text(encoding="utf-8")) == json_schema()
    checked = runner.invoke(main, ["scenario", "check", "mine.toml"])
    assert "mine.toml is a valid plan: Mine." in checked.output
    assert "The evidence is weak for: step_up." in checked.output
    assert "sufficiency run RETURNS --scenario mine.toml --zero-effect" in checked.output
    assert runner.invoke(main, ["scenario", "show", "mine.toml"]).output.startswith("#:schema")
    Path("late.toml").write_text(ABOUT + "[levers.entries]\nstarts = 72\n", encoding="utf-8")
    assert "month 72: sufficiency run needs --years 7" in runner.invoke(main, ["scenario", "check", "late.toml"]).output
    again = runner.invoke(main, ["scenario", "new", "mine"])
    assert again.exit_code == 1
    assert again.output == "mine.toml: There is such a file already; choose another name.\n"
    listed = runner.invoke(main, ["scenario", "list"]).output.splitlines()
    assert [line.split()[0] for line in listed] == list(scenario_files())


def _plain(value: Any) -> Any:
    """A TOML document as JSON has it."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.unit
def test_the_schema_takes_every_shipped_plan_and_refuses_what_is_refused() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    check = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
    for path in scenario_files().values():
        assert check.is_valid(_plain(tomllib.loads(path.read_text(encoding="utf-8")))), path.stem
    refused = 0
    for mistake in MISTAKES:
        try:
            content = tomllib.loads(mistake.text)
        except tomllib.TOMLDecodeError:
            continue
        # Which other plans there are is not for a schema to know.
        if "based_on" not in content:
            assert not check.is_valid(_plain(content)), mistake.what
            refused += 1
    assert refused >= 15


@pytest.mark.unit
def test_the_schema_travels_with_the_scenarios() -> None:
    assert json.loads((shipped("scenarios") / SCHEMA_FILE).read_text(encoding="utf-8")) == json_schema()


@pytest.mark.functional
def test_a_run_tries_each_weak_lever_without_effect_and_asks_for_the_population_first(tmp_path: Path) -> None:
    returns = shipped("example") / "returns"
    plans = ("edge-of-care", "step-down-from-residential", "fee-inflation")
    inputs = read_inputs(Options(scenarios=plans, zero_effect=True, origin="2021-03-31"), returns)
    assert [plan.name for plan in inputs.plans] == [
        "baseline",
        "edge-of-care",
        "edge-of-care (no effect of entries)",
        "step-down-from-residential",
        "step-down-from-residential (no effect of step_down_from_residential)",
        "fee-inflation",
    ]
    assert [lever.name for lever in inputs.plans[4].levers] == ["recruit_foster_carers"]
    with pytest.raises(UserError, match=r"uasc-at-threshold: Lever uasc_threshold needs the child population"):
        read_inputs(Options(scenarios=("uasc-at-threshold",), tables=tmp_path), returns)
