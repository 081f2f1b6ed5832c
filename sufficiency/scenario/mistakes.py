"""Mistakes that are easily made in a scenario file, and what is said of each: ``docs/scenario-mistakes.md``.

The page is made by ``python -m sufficiency.scenario docs``; a test writes each of these files and
compares what is said with what stands here.
"""

from __future__ import annotations

from dataclasses import dataclass

ABOUT = '[about]\ntitle = "More carers"\nquestion = "What if?"\n'
#: The name that every one of these files is given.
FILE = "my-plan.toml"
NO_VALUE = "the value is none that TOML knows (is text in quotes, and a number without £, % or commas?)"


@dataclass(frozen=True)
class Mistake:
    """A file with something wrong in it.

    Attributes
    ----------
    what
        The mistake, in words.
    text
        The whole file.
    said
        What ``sufficiency scenario check`` says of it, a sentence a problem.
    """

    what: str
    text: str
    said: tuple[str, ...]


def _plan(what: str, text: str, *said: str, top: str = "") -> Mistake:
    """A mistake in a file that tells its story properly; ``top`` stands before it."""
    return Mistake(what, top + ABOUT + text, said)


MISTAKES: tuple[Mistake, ...] = (
    _plan(
        "A key that there is not",
        "",
        f"{FILE}, line 1, startz: 'startz' is not a key here. Did you mean 'starts'?",
        top="startz = 3\n",
    ),
    _plan(
        "A lever's name misspelt",
        "[levers.entrys]\nchange = 0.1\n",
        f"{FILE}, line 4: There is no lever 'entrys'. Did you mean 'entries'?",
    ),
    _plan(
        "A parameter's name misspelt",
        "[levers.entries]\nchang = 0.1\n",
        f"{FILE}, line 5, levers.entries.chang: 'chang' is not a key here. Did you mean 'change'?",
    ),
    _plan(
        "[lever. …] for [levers. …]",
        "[lever.entries]\nchange = 0.1\n",
        f"{FILE}, line 4, lever: 'lever' is not a key here. Did you mean 'levers'?",
    ),
    _plan(
        "A value below its range",
        "[levers.entries]\nchange = -2\n",
        f"{FILE}, line 5, levers.entries.change: -2 is out of range: it must be at least -1.",
    ),
    _plan(
        "Ten for ten per cent",
        "[levers.entries]\nchange = 10\n",
        f"{FILE}, line 5, levers.entries.change: 10 is out of range: it must be at most 3.",
    ),
    _plan(
        "A number in quotes",
        '[levers.entries]\nchange = "ten"\n',
        f"{FILE}, line 5, levers.entries.change: 'ten' cannot be used: it must be a number, "
        "without quotes, £, % or commas.",
    ),
    _plan(
        "A per cent sign",
        "[levers.entries]\nchange = 10%\n",
        f"{FILE}, line 5: This is not valid TOML: something follows the value (one key a line; a number "
        "without £, % or commas).",
    ),
    _plan(
        "Half a month",
        "[levers.entries]\nramp_months = 2.5\n",
        f"{FILE}, line 5, levers.entries.ramp_months: 2.5 cannot be used: it must be a whole number.",
    ),
    _plan(
        "An age band written another way",
        '[levers.entries]\nages = ["10-15"]\n',
        f"{FILE}, line 5, levers.entries.ages: '10-15' is not one of '0', '1 to 4', '5 to 9', '10 to 15' or "
        "'16 to 17'. Did you mean '10 to 15'?",
    ),
    _plan(
        "One age band without brackets",
        '[levers.entries]\nages = "10 to 15"\n',
        f"{FILE}, line 5, levers.entries.ages: This must be a list, in square brackets, even of one.",
    ),
    _plan(
        "A list with nothing in it",
        "[levers.entries]\nages = []\n",
        f"{FILE}, line 5, levers.entries.ages: An empty list means nothing: name at least one, or leave the key out.",
    ),
    _plan(
        "A setting that there is not",
        '[levers.reunification]\nsettings = ["in_house_fosterin"]\n',
        f"{FILE}, line 5, levers.reunification.settings: 'in_house_fosterin' is not a setting. "
        "Did you mean 'in_house_fostering'?",
    ),
    _plan(
        "A cause that there is not",
        '[levers.hazard_multiplier]\ncause = "adoption"\nchange = 0.1\n',
        f"{FILE}, line 5, levers.hazard_multiplier.cause: 'adoption' is not one of 'to_kinship', 'to_fostering', "
        "'to_home', 'to_residential_school', 'to_supported_accommodation', 'to_placed_with_parents', "
        "'to_placed_for_adoption', 'to_secure', 'to_other', 'returned_home', 'adopted', 'special_guardianship', "
        "'other_order', 'independent_living', 'transferred' or 'other'. Did you mean 'adopted'?",
    ),
    _plan(
        "A lever that is no table",
        "[levers]\nentries = 3\n",
        f"{FILE}, line 5: Lever 'entries' needs a table: [levers.entries]",
    ),
    _plan(
        "The same lever twice",
        "[levers.entries]\nchange = 0.1\n[levers.entries]\nchange = 0.2\n",
        f"{FILE}, line 6: This is not valid TOML: the table [levers.entries] is given twice (several of one lever "
        "are written [[levers.entries]] each).",
    ),
    _plan(
        "The same key twice",
        "[levers.entries]\nchange = 0.1\nchange = 0.2\n",
        f"{FILE}, line 6: This is not valid TOML: this key is given twice.",
    ),
    Mistake(
        "Text without quotes",
        "[about]\ntitle = More carers\nquestion = 'What if?'\n",
        (f"{FILE}, line 2: This is not valid TOML: {NO_VALUE}.",),
    ),
    Mistake(
        "No question",
        "[about]\ntitle = 'More carers'\n",
        (f"{FILE}, line 1, about.question: 'question' is missing.",),
    ),
    Mistake(
        "No story at all",
        "[levers.entries]\nchange = 0.1\n",
        (f"{FILE}, about: 'about' is missing.",),
    ),
    _plan(
        "A start before the origin",
        "",
        f"{FILE}, line 1, starts: -3 is out of range: it must be at least 0.",
        top="starts = -3\n",
    ),
    _plan(
        "A start in words",
        "",
        f"{FILE}, line 1, starts: 'soon' cannot be used: it must be a month after the origin (a whole number) or a "
        "date (2027-04-01, without quotes).",
        top='starts = "soon"\n',
    ),
    _plan(
        "Based on a plan that there is not",
        "",
        f"{FILE}, line 1, based_on: There is no scenario 'baselin'. Did you mean 'baseline'? "
        "See: sufficiency scenario list",
        top='based_on = "baselin"\n',
    ),
    _plan(
        "Based on itself",
        "",
        f"{FILE}, line 1, based_on: based_on = 'my-plan' leads round in a circle.",
        top='based_on = "my-plan"\n',
    ),
    _plan(
        "Money below nought, in the second of two investments",
        '[[investment]]\nwhat = "team"\nper_year = 50_000\n[[investment]]\nwhat = "training"\nper_year = -5\n',
        f"{FILE}, line 9, investment.per_year: -5 is out of range: it must be at least 0.",
    ),
    _plan(
        "A date for what can have none",
        "[levers.staying_put_length]\nchange = 0.05\nstarts = 12\n",
        f"{FILE}, line 4, levers.staying_put_length: Lever staying_put_length holds for the whole forecast: give it "
        "starts = 0, and no ramp_months or months.",
    ),
    _plan(
        "Several things at once: all are told",
        '[levers.entries]\nchange = 9\nchildren = "boys"\n[levers.placement_stabilty]\n',
        f"{FILE}, line 1, colour: 'colour' is not a key here. Valid: about, based_on, starts, levers, investment.",
        f"{FILE}, line 6, levers.entries.change: 9 is out of range: it must be at most 3.",
        f"{FILE}, line 7, levers.entries.children: 'boys' is not one of 'all', 'uasc' or 'not uasc'.",
        f"{FILE}, line 8: There is no lever 'placement_stabilty'. Did you mean 'placement_stability'?",
        top="colour = 1\n",
    ),
)


def mistakes_page() -> str:
    """The page of mistakes, as Markdown."""
    lines = [
        "# Mistakes in scenario files, and what is said of them",
        "",
        "`sufficiency scenario check FILE` reads a plan as `sufficiency run` would and tells everything that is wrong",
        "with it at once: file, line, key, and the nearest name that would have been right. Below are mistakes that",
        "are easily made. Each file is checked by a test that compares every sentence.",
        "",
        "This page is made by `python -m sufficiency.scenario docs`. Every lever and its ranges: [levers](levers.md).",
        "",
    ]
    for number, mistake in enumerate(MISTAKES, start=1):
        lines += [
            f"## {number}. {mistake.what}",
            "",
            "```toml",
            mistake.text.rstrip(),
            "```",
            "",
            "says",
            "",
            "```text",
        ]
        lines += [*mistake.said, "```", ""]
    return "\n".join(lines).rstrip() + "\n"
