"""One whole run of the example: what it leaves, that it is private, and that it can be made again."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile, is_zipfile

import pandas as pd
import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from sufficiency.cli import main
from sufficiency.provenance import shipped
from sufficiency.rates.diagnostics import OBSERVED_COLUMNS
from sufficiency.report.notebooks import NOTEBOOKS
from sufficiency.report.past import TABLES
from sufficiency.returns import read_returns
from sufficiency.simulation.implied import SURVIVAL_CHECK_COLUMNS
from sufficiency.simulation.result_tables import RESULT_TABLES
from sufficiency.trials.drivers import COLUMNS as DRIVER_COLUMNS
from sufficiency.trials.drivers import DRIVERS, END, START

ROOT = Path(__file__).parents[1]
EXAMPLE = shipped("example") / "returns"
ARGUMENTS = ["--replications", "4", "--years", "2", "--scenario", "stability", "--workers", "1"]


PUBLISHED = (
    "geographic_level,la_name,region_name,time_period,cla_31_march,population_0_17,pl_foster\n"
    "Local authority,Example (invented),North,2025,365,52555,c\n"
    "Local authority,Exampleton,South,2025,365,52555,250\n"
    "Regional,North,,2025,4000,600000,2800\n"
    "National,England,,2025,81770,12000000,54000\n"
)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Published statistics, invented, that know the example authority."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "panel.csv").write_text(PUBLISHED, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def example_run(tmp_path_factory: pytest.TempPathFactory, published: Path) -> Path:
    folder = tmp_path_factory.mktemp("run") / "example"
    words = ["run", str(EXAMPLE), *ARGUMENTS, "--comparators", str(published), "--out", str(folder)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert "Annex: " in result.output
    return folder


def _texts(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file, and every file inside a zipped one (Word), and every Parquet table's values as text."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        if path.suffix == ".pdf":
            # Its text and what it says of itself: the compressed streams hold fonts and chance digits.
            read = PdfReader(path)
            words = "\n".join(page.extract_text() for page in read.pages)
            yield path.name, f"{words}\n{read.metadata}".encode()
            continue
        if is_zipfile(path):
            # Compressed bytes hold chance digits; all that was written is in the names and the members.
            with ZipFile(path) as packed:
                yield path.name, "\n".join([*packed.namelist(), packed.comment.decode("latin-1")]).encode()
                for name in packed.namelist():
                    yield f"{path.name}/{name}", packed.read(name)
        else:
            yield path.name, path.read_bytes()
        if path.suffix == ".parquet":
            yield f"{path.name} as text", pd.read_parquet(path).to_csv(index=False).encode()


#: Words, written dates, numbers that are no part of a longer one (a rate of 0.0020061006 is no date), postcodes.
WORD = re.compile(
    rb"[0-9]{2}/[0-9]{2}/[0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2} [A-Z][a-z]+ [0-9]{4}"
    rb"|[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}|(?<![0-9.])[A-Za-z0-9]+"
)


def _words(data: bytes) -> set[bytes]:
    return set(WORD.findall(data))


@pytest.mark.functional
def test_no_identifier_date_of_birth_or_postcode_is_in_any_file(example_run: Path) -> None:
    returns = read_returns(EXAMPLE)
    # Every returns file as raw text: nothing in a protected column may appear in a run's files.
    private: set[str] = set(returns.header["child"].astype(str))
    births = returns.header["dob"].dropna()
    for form in ("%d/%m/%Y", "%Y-%m-%d", "%Y%m%d", "%d %B %Y"):
        private |= set(births.dt.strftime(form))
    for column in ("home_post", "pl_post"):
        private |= set(returns.episodes[column].astype(str)) - {""}
    # Care leavers, mothers' dates of birth and UPNs are in other tables or columns than those read above.
    for path in EXAMPLE.rglob("*.csv"):
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
        for column in {"CHILD", "UPN", "DOB", "MC_DOB", "HOME_POST", "PL_POST"} & set(rows.columns):
            private |= set(rows[column]) - {""}
    allowed = {
        pd.Timestamp(day).strftime(form)
        for day in pd.date_range("2019-03-31", "2031-12-31")
        for form in ("%d/%m/%Y", "%Y-%m-%d", "%Y%m%d", "%d %B %Y")
        if day.is_month_end or day.is_month_start or day == pd.Timestamp.now().normalize()
    }
    wanted = {value.encode() for value in private - allowed}
    found = {name: len(_words(data) & wanted) for name, data in _texts(example_run)}
    assert len(wanted) > 3_000
    assert not {name: count for name, count in found.items() if count}
    # The search does find them where they are.
    source = (EXAMPLE / "2026" / "episodes.csv").read_bytes() + (EXAMPLE / "2026" / "header.csv").read_bytes()
    assert len(_words(source) & wanted) > 1_000


@pytest.mark.functional
def test_no_file_tells_where_on_this_machine_it_was_made(example_run: Path) -> None:
    places = [f"{place}{os.sep}".encode() for place in (ROOT, example_run.parent, Path.home(), sys.prefix)]
    for name, data in _texts(example_run):
        assert not [place for place in places if place in data], name


@pytest.mark.functional
def test_a_run_says_why_its_forecast_changed_and_it_adds_up(example_run: Path) -> None:
    table = pd.read_parquet(example_run / "internal" / "forecast" / "drivers.parquet")
    assert tuple(table.columns) == DRIVER_COLUMNS
    by = table.pivot_table(index=["against", "month_end"], columns="part", values="children", sort=False)
    assert len(by) == 4
    assert ((by[START] + by[list(DRIVERS)].sum(axis=1) - by[END]).abs() < 1e-9).all()
    stock = pd.read_parquet(example_run / "internal" / "results" / "stock.parquet")
    own = stock[(stock["scenario"] == "baseline") & ~stock["setting"].astype(str).str.startswith("staying_put")]
    mean = own[own["month_end"] == "2028-03-31"]["children"].sum() / 4
    assert by.loc[(slice(None), pd.Timestamp("2028-03-31")), END].tolist() == pytest.approx([mean, mean])
    page = (example_run / "publish" / "annex.html").read_text(encoding="utf-8")
    assert "as it would have been made a year ago" in " ".join(page.split())


@pytest.mark.functional
def test_a_run_leaves_how_its_rates_fit(example_run: Path) -> None:
    found = {path.stem: pd.read_parquet(path) for path in (example_run / "internal" / "rates").glob("*.parquet")}
    assert set(found) == {"cells", "observed_expected", "survival_check"}
    assert tuple(found["observed_expected"].columns) == OBSERVED_COLUMNS
    assert tuple(found["survival_check"].columns) == SURVIVAL_CHECK_COLUMNS
    assert set(found["observed_expected"]["sample"]) == {"fitted", "held out"}
    check = found["survival_check"]
    near = check[(check["followed"] >= 50) & (check["outcome"] == "still_in_care")]
    assert (near["observed"] - near["implied"]).abs().max() < 0.1


@pytest.mark.functional
def test_a_run_leaves_the_history_of_its_returns(example_run: Path) -> None:
    found = {path.stem: pd.read_parquet(path) for path in (example_run / "internal" / "history").glob("*.parquet")}
    assert set(found) == {*TABLES, "child_days", "comparators", "quality", "quality_rows", "quality_severity"}
    assert not [name for name, table in found.items() if {"child", "dob", "CHILD"} & set(table.columns)]
    rates = found["indicators"].set_index(["financial_year", "measure"])["value"]
    assert rates["2025-26", "children_31_march_per_10000"] == pytest.approx(360 / 52_555 * 10_000)
    rows = found["quality_rows"]
    assert (rows["rows_read"] == rows["rows_used"] + rows["rows_set_aside"] + rows["rows_superseded"]).all()
    compared = found["comparators"]
    assert set(compared["level"]) == {"authority", "region", "England", "returns"}
    assert "2025-26" in set(compared.loc[compared["level"] == "returns", "financial_year"])
    for path in (example_run / "publish").rglob("*"):
        assert not path.is_file() or b"Exampleton" not in path.read_bytes()
        assert "comparator" not in path.name
    shown = (example_run / "internal" / "notebooks" / "history.ipynb").read_text(encoding="utf-8")
    assert "70 in England" not in shown
    assert "68 in England" in shown


@pytest.mark.functional
def test_a_run_leaves_what_the_contract_says(example_run: Path) -> None:
    inside, published = example_run / "internal", example_run / "publish"
    for name, columns in RESULT_TABLES.items():
        assert tuple(pd.read_parquet(inside / "results" / f"{name}.parquet").columns) == columns
    assert {path.suffix for path in published.glob("annex.*")} == {".docx", ".html", ".pdf"}
    assert list(published.glob("charts/*.png"))
    assert list(published.glob("charts/*.svg"))
    assert list(published.glob("tables/*.csv"))
    assert {path.stem for path in (inside / "notebooks").glob("*.ipynb")} == set(NOTEBOOKS)
    assert (inside / "workbook.xlsx").is_file()
    assert {"summary", "reconciliation", "variance", "medium_term", "payback", "frontier", "spend_ranges"} <= {
        path.stem for path in (inside / "money").glob("*.parquet")
    }
    held = pd.read_parquet(inside / "money" / "spend_ranges.parquet")
    assert list(dict.fromkeys(held["includes"])) == ["chance", "chance and parameters", "chance, parameters and prices"]
    assert set(held["replications"]) == {4}
    assert (published / "tables" / "spend_ranges.csv").is_file()
    manifest = json.loads((example_run / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["status"] == "complete"
    assert manifest["invented"] is True
    assert [plan["name"] for plan in manifest["scenarios"]] == ["baseline", "stability"]
    assert str(EXAMPLE) not in (example_run / "manifest.json").read_text(encoding="utf-8")


@pytest.mark.functional
def test_a_run_made_again_is_byte_equal_with_more_workers(example_run: Path, published: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    words = [*ARGUMENTS[:-1], "2", "--comparators", str(published), "--no-report", "--out", str(again)]
    assert CliRunner().invoke(main, ["run", str(EXAMPLE), *words]).exit_code == 0
    tables = sorted(path.relative_to(again) for path in again.rglob("*.parquet"))
    assert len(tables) > 12
    for table in tables:
        assert (again / table).read_bytes() == (example_run / table).read_bytes(), table


@pytest.mark.functional
def test_the_folder_of_another_run_is_not_written_over(example_run: Path) -> None:
    words = ["run", str(EXAMPLE), "--replications", "5", "--no-report", "--out", str(example_run)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 1
    assert "--overwrite" in result.output


@pytest.mark.functional
def test_the_annex_can_be_written_again_in_part(example_run: Path) -> None:
    result = CliRunner().invoke(main, ["annex", str(example_run), "--only", "children"])
    assert result.exit_code == 0, result.output
    wrong = CliRunner().invoke(main, ["annex", str(example_run), "--only", "childen"])
    assert wrong.exit_code == 1
    assert "children" in wrong.output


@pytest.mark.functional
def test_a_config_file_holds_the_options_and_a_wrong_key_is_refused(published: Path, tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    text = 'replications = 2\nyears = 1\nworkers = 1\nno-report = true\nscenario = ["demand-shock"]\n'
    text += f"comparators = '{published}'\n"
    config.write_text(text, encoding="utf-8")
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["run", str(EXAMPLE), "--config", str(config), "--out", str(out)])
    assert result.exit_code == 0, result.output
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["replications"], manifest["horizon_years"]) == (2, 1)
    assert manifest["options"]["comparators"] == published.name
    assert "panel.csv" in manifest["inputs"]
    assert [plan["name"] for plan in manifest["scenarios"]] == ["baseline", "demand-shock"]
    config.write_text("replicatons = 2\n", encoding="utf-8")
    wrong = CliRunner().invoke(main, ["run", str(EXAMPLE), "--config", str(config)])
    assert wrong.exit_code == 2
    assert "Did you mean 'replications'" in wrong.output


@pytest.mark.functional
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", str(EXAMPLE), "--scenario", "edge-of-car"], "Did you mean 'edge-of-care'?"),
        (["run", "nowhere"], "does not exist"),
        (["scenario", "show", "basline"], "Did you mean 'baseline'?"),
        (["annex", str(EXAMPLE)], "manifest.json"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(words: list[str], said: str) -> None:
    result = CliRunner().invoke(main, words)
    assert result.exit_code in (1, 2)
    assert said in result.output
    assert "Traceback" not in result.output


@pytest.mark.functional
def test_an_authority_that_is_not_published_is_refused_with_the_nearest(published: Path, tmp_path: Path) -> None:
    council = tmp_path / "council.toml"
    council.write_text('name = "Exampletown"\n', encoding="utf-8")
    words = ["run", str(EXAMPLE), "--comparators", str(published), "--council", str(council), "--scenario", "basline"]
    result = CliRunner().invoke(main, [*words, "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "Did you mean 'Exampleton'?" in result.output
    assert "Did you mean 'baseline'?" in result.output
    council.write_text("invented = true\n", encoding="utf-8")
    unnamed = CliRunner().invoke(main, [*words[:-2], "--out", str(tmp_path / "out")])
    assert unnamed.exit_code == 1
    assert "published_as" in unnamed.output
    assert not (tmp_path / "out").exists()


@pytest.mark.functional
def test_published_fake_returns_run_to_the_annex(shared_data: Path, tmp_path: Path) -> None:
    returns = shared_data / "returns" / "d2i_sample"
    checked = CliRunner().invoke(main, ["check", str(returns), "--format", "json"])
    files = json.loads(checked.stdout)["files"]
    for one in files:
        assert one["rows_read"] == one["rows_used"] + one["rows_set_aside"] + one["rows_superseded"]
    assert sum(one["rows_read"] for one in files if "episodes" in one["file"]) == 3_737
    out = tmp_path / "fake"
    result = CliRunner().invoke(main, ["run", str(returns), *ARGUMENTS, "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert (out / "publish" / "annex.pdf").stat().st_size > 10_000
