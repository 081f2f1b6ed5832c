"""The annex of an invented finished run: complete, readable, and safe to publish."""

from __future__ import annotations

import csv
import json
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from disclosure_audit import audit, well_informed
from pypdf import PdfReader
from run_folder import write_run_folder

from sufficiency.errors import UserError
from sufficiency.report import Council, disclosure, write_annex
from sufficiency.report.disclosure import Counts, Rules
from sufficiency.report.finished import read_finished
from sufficiency.report.projections import THE_REST, publish_projections
from sufficiency.report.published import publish_history

pytestmark = pytest.mark.functional

#: Tables whose whole numbers are exact counts (the others hold rounded projections, pounds or hashes).
COUNT_TABLES = ("children_by_quarter", "profile", "starts", "leavers", "homes", "rows", "findings")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run_folder(tmp_path_factory.mktemp("run"), replications=8)


@pytest.fixture(scope="module")
def annex(folder: Path) -> dict[str, Path]:
    return write_annex(folder)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run_folder(tmp_path_factory.mktemp("small"), size=32, replications=4, prices=False)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run_folder(tmp_path_factory.mktemp("tiny"), size=4, replications=3, prices=False)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run_folder(tmp_path_factory.mktemp("large"), size=1600, replications=2, years=1, prices=False)


def text_of(path: Path) -> str:
    """Words of an HTML annex without its pictures and tags."""
    page = re.sub(r"<style.*?</style>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r'src="data:[^"]*"', "", page)).split())


def rows_of(folder: Path, name: str) -> list[list[str]]:
    with (folder / "publish" / "tables" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def test_every_format_has_every_section_and_its_marks(annex: dict[str, Path]) -> None:
    page = text_of(annex["html"])
    with zipfile.ZipFile(annex["docx"]) as archive:
        word = re.sub(r"<[^>]+>", "", archive.read("word/document.xml").decode())
    reader = PdfReader(annex["pdf"])
    pdf = " ".join(" ".join(part.extract_text() for part in reader.pages).split())
    for heading in (
        "What matters first",
        "Where children live",
        "Plans side by side",
        "What homes will cost",
        "Sign-off",
    ):
        assert heading in page
        assert heading in word
        assert heading in pdf
    for text in (page, word, pdf):
        assert "Draft" in text
        assert "Invented data" in text
    assert "/StructTreeRoot" in reader.root_object
    assert str(reader.root_object["/Lang"]).startswith("en")


def test_prose_holds_no_slip_of_the_pen(annex: dict[str, Path]) -> None:
    page = text_of(annex["html"])
    slips = (
        r"\bNone\b",
        r"\bnan\b",
        r"\binf\b",
        r"\b(True|False)\b",
        r"[{}]",
        r"\.\.",
        r"\b1 children\b",
        r"\bc children\b",
    )
    assert not [slip for slip in slips if re.search(slip, page)]


def test_the_page_is_accessible_and_stands_alone(annex: dict[str, Path]) -> None:
    page = annex["html"].read_text(encoding="utf-8")
    assert '<html lang="en-GB">' in page
    assert 'href="#main"' in page
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    pictures = re.findall(r"<img[^>]*>", page)
    assert pictures
    assert all(re.search(r'alt="[^"]{20,}"', picture) for picture in pictures)
    assert page.count("<thead>") == page.count("<table")


def test_word_repeats_headings_describes_charts_and_numbers_pages(annex: dict[str, Path]) -> None:
    with zipfile.ZipFile(annex["docx"]) as archive:
        document = archive.read("word/document.xml").decode()
        names = archive.namelist()
        footers = "".join(archive.read(name).decode() for name in names if "footer" in name and name.endswith(".xml"))
        core = archive.read("docProps/core.xml").decode()
    assert document.count("<w:tbl>") == document.count("<w:tblHeader")
    assert all(len(words) > 20 for words in re.findall(r'<wp:docPr descr="([^"]*)"', document))
    assert "PAGE" in footers
    assert "Sufficiency of homes" in core


def test_no_published_count_is_small(annex: dict[str, Path], folder: Path) -> None:
    assert annex
    for name in COUNT_TABLES:
        for row in rows_of(folder, name)[1:]:
            small = [value for value in row[1:] if value.isdigit() and 1 <= int(value) <= 5]
            assert not small, (name, row[0])
    assert any("c" in row for row in rows_of(folder, "homes"))


def test_projections_are_rounded_and_small_settings_stand_together(annex: dict[str, Path], folder: Path) -> None:
    assert annex
    for row in rows_of(folder, "children_forecast")[1:]:
        assert all(int(value) % 5 == 0 for value in row[2:])
    names = {row[0] for row in rows_of(folder, "homes_forecast")[1:]}
    assert THE_REST in names
    assert "Secure children's home" not in names
    assert "Secure children's home" not in {row[0] for row in rows_of(folder, "spend_by_type")[1:]}


def test_every_chart_is_written_twice_and_says_the_same_again(annex: dict[str, Path], folder: Path) -> None:
    assert annex
    charts = folder / "publish" / "charts"
    before = {path.name: path.read_bytes() for path in sorted(charts.iterdir())}
    tables = {path.name: path.read_bytes() for path in sorted((folder / "publish" / "tables").iterdir())}
    assert {Path(name).stem for name in before if name.endswith(".png")} == {
        Path(name).stem for name in before if name.endswith(".svg")
    }
    write_annex(folder)
    assert before == {path.name: path.read_bytes() for path in sorted(charts.iterdir())}
    assert tables == {path.name: path.read_bytes() for path in sorted((folder / "publish" / "tables").iterdir())}


def test_only_the_sections_asked_for(small: Path) -> None:
    written = write_annex(small, only=["summary", "homes"], council=Council(name="Testshire"))
    page = text_of(written["html"])
    assert "Testshire" in page
    assert "Where children live" in page
    assert "Plans side by side" not in page
    with pytest.raises(UserError, match="Did you mean 'homes'"):
        write_annex(small, only=["home"])


@pytest.mark.parametrize(("counted", "said"), [({}, False), ({"replications_in_detail": 4}, False), (None, True)])
def test_what_is_of_fewer_replications_says_so(
    small: Path, tmp_path: Path, counted: dict[str, int] | None, said: bool
) -> None:
    folder = shutil.copytree(small, tmp_path / "run")
    path = folder / "manifest.json"
    more = {"replications": 2_000, "replications_in_detail": 500} if counted is None else counted
    manifest = {**json.loads(path.read_text(encoding="utf-8")), **more}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    page = text_of(write_annex(folder, only=["provenance"])["html"])
    assert ("Entries, exits, moves and places are those of the first 500 replications." in page) == said
    assert "those of the first 4" not in page


def test_a_small_authority_without_prices_still_gets_an_annex(small: Path) -> None:
    written = write_annex(small)
    page = text_of(written["html"])
    assert "No prices were given" in page
    assert " nan" not in page
    log = (small / "internal" / "disclosure.json").read_text(encoding="utf-8")
    assert "hidden_small" in log


def test_an_authority_with_a_handful_of_children_shows_no_forecast(tiny: Path) -> None:
    written = write_annex(tiny)
    page = text_of(written["html"])
    assert "too small" in page
    assert "8 in 10 forecasts lie" not in page
    for path in (tiny / "publish" / "tables").glob("*.csv"):
        if path.stem in COUNT_TABLES:
            for row in rows_of(tiny, path.stem)[1:]:
                assert not [value for value in row[1:] if value.isdigit() and 1 <= int(value) <= 5], path.stem


@pytest.mark.parametrize("name", ["large", "folder", "small", "tiny"])
def test_what_is_published_withstands_an_attack(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The very system of counts that the annex publishes, attacked with other code."""
    systems: list[Counts] = []
    real = disclosure.suppress

    def spy(counts: Counts, rules: Rules | None = None, **options: object) -> object:
        systems.append(counts)
        return real(counts, rules, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("sufficiency.report.published.suppress", spy)
    past = publish_history(read_finished(request.getfixturevalue(name)), Rules())
    system = next(counts for counts in reversed(systems) if counts.values == past.counts.values)
    audit(well_informed(system, past.profile_days), past.counts)
    assert past.counts.broken == 0


def test_a_hidden_number_of_asylum_seekers_cannot_be_had_from_superseded_rows(small: Path) -> None:
    past = publish_history(read_finished(small), Rules())
    cells = [("stock", day, "uasc", "Seeking asylum") for day in past.profile_days[:-1]]
    assert any(past.counts.is_hidden(key) for key in cells)
    assert {key[1] for key in past.counts.values if key[0] == "rows"} == {
        "episodes, all years",
        "all tables but the episodes, all years",
    }
    truth = sum(past.counts.values[key] for key in cells)
    shown = [past.counts.values[key] for key in past.counts.values if key[0] == "rows"]
    assert truth not in shown


def test_providers_are_shown_only_where_no_setting_that_they_tell_of_is_hidden(large: Path, tiny: Path) -> None:
    wide, narrow = (publish_history(read_finished(folder), Rules()) for folder in (large, tiny))
    assert "provider" in wide.dimensions
    assert "provider" not in narrow.dimensions
    assert not [key for key in narrow.counts.values if "provider" in key]


def test_no_name_of_a_file_is_published(annex: dict[str, Path], folder: Path) -> None:
    assert annex
    tables = "".join(path.read_text(encoding="utf-8-sig") for path in (folder / "publish" / "tables").iterdir())
    for text in (tables, text_of(annex["html"])):
        assert "B7654321" not in text
    assert rows_of(folder, "inputs")[1:] == [[name, "2020 to 2026"] for name in ("episodes", "header", "uasc")]


def test_a_flow_whose_past_is_hidden_is_not_compared_between_plans(folder: Path) -> None:
    run = read_finished(folder)
    past = publish_history(run, Rules())
    shown = set(publish_projections(run, past, Rules()).plans["measure"])
    assert {"entries", "exits", "moves"} <= shown
    for measure, flow in (("entries", "starts"), ("exits", "exits"), ("moves", "moves")):
        hidden = past.counts.secondary | {(flow, past.years[-1])}
        less = replace(past, counts=replace(past.counts, secondary=hidden))
        assert set(publish_projections(run, less, Rules()).plans["measure"]) == shown - {measure}
    bare = replace(past, years=(), flow_periods=())
    assert set(publish_projections(run, bare, Rules()).plans["measure"]) == shown - {"entries", "exits", "moves"}


def test_a_hidden_opening_hides_its_projection(folder: Path) -> None:
    run = read_finished(folder)
    past = publish_history(run, Rules())
    future = publish_projections(run, past, Rules())
    alone = [names[0] for label, names in future.groups.items() if label != THE_REST]
    for setting in alone:
        assert not past.counts.is_hidden(("stock", past.origin, "setting", setting))
    assert future.settings.loc[future.settings["group"] != THE_REST, "p50"].min() >= 5


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no manifest\.json"):
        write_annex(tmp_path)


def test_projected_spend_is_rounded_to_a_thousand_pounds(folder: Path) -> None:
    run = read_finished(folder)
    future = publish_projections(run, publish_history(run, Rules()), Rules())
    marks = future.spend[["p10", "p50", "p80", "p90"]]
    assert (marks % 1000 == 0).all().all()
    assert pd.Index(["baseline", "reduce-ifa-use"]).isin(future.spend["scenario"]).all()
