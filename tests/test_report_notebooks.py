"""The notebooks: clean as kept, refusing what they do not know, and running on a finished run."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from run_folder import write_run_folder

from sufficiency.errors import UserError
from sufficiency.provenance import shipped
from sufficiency.report.faults import load_quality
from sufficiency.report.notebooks import NOTEBOOKS, SEARCHES, execute, execute_all, parameters_of
from sufficiency.report.past import load_history
from sufficiency.report.places import forget_places
from sufficiency.report.stories import load_futures

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run_folder(tmp_path_factory.mktemp("notebooks"), replications=4, years=2)


@pytest.mark.unit
@pytest.mark.parametrize("name", [*NOTEBOOKS, *SEARCHES])
def test_a_notebook_is_kept_without_outputs_or_functions(name: str) -> None:
    book = nbformat.read(shipped("notebooks") / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in code) == 1
    for cell in code:
        assert cell.outputs == []
        assert cell.execution_count is None
        assert "def " not in cell.source
    nbformat.validate(book)


@pytest.mark.unit
def test_parameters_are_read_from_the_notebook() -> None:
    assert set(parameters_of("scenario")) == {"returns", "scenario", "replications", "seed", "years", "folder"}
    with pytest.raises(UserError, match="Did you mean 'history'"):
        parameters_of("histori")


@pytest.mark.unit
def test_an_unknown_parameter_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Did you mean 'replications'"):
        execute("scenario", {"replication": 5}, tmp_path)
    assert not (tmp_path / "internal").exists()


@pytest.mark.unit
def test_a_scenario_that_was_not_run_is_refused_with_the_nearest(folder: Path) -> None:
    with pytest.raises(UserError, match="Did you mean 'baseline'"):
        load_futures("base-line", folder=folder)


@pytest.mark.unit
def test_a_finished_run_is_read_instead_of_simulated(folder: Path) -> None:
    past = load_history(folder=folder)
    assert past.said.endswith("31 March 2019") or "children in care on 31 March 2026" in past.said
    futures = load_futures("", folder=folder)
    assert list(futures.titles) == ["baseline", "reduce-ifa-use"]
    assert len(futures.fan("baseline")) == 8
    assert futures.differences("reduce-ifa-use")["label"].iloc[0] == "All children in care"
    assert futures.homes("baseline")["group"].nunique() == 11


@pytest.mark.unit
def test_young_people_who_stay_put_are_in_no_chart_of_children_in_care(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(folder, again)
    path = again / "internal" / "results" / "stock.parquet"
    stock = pd.read_parquet(path)
    adults = stock.drop_duplicates(["scenario", "replication", "month_end"]).astype({"setting": str})
    pd.concat([stock.astype({"setting": str}), adults.assign(setting="staying_put_in_house", children=20)]).to_parquet(
        path
    )
    before, after = load_futures("", folder=folder), load_futures("", folder=again)
    pd.testing.assert_frame_equal(before.fan("baseline"), after.fan("baseline"))
    pd.testing.assert_frame_equal(before.differences("reduce-ifa-use"), after.differences("reduce-ifa-use"))


@pytest.mark.notebook
def test_a_notebook_that_stops_keeps_no_place_of_this_machine(folder: Path) -> None:
    with pytest.raises(UserError, match="stopped"):
        execute("scenario", {"folder": ".", "scenario": "base-line"}, folder)
    book = json.loads((folder / "internal" / "notebooks" / "scenario.ipynb").read_text(encoding="utf-8"))
    text = json.dumps(book)
    for place in (folder, ROOT, Path.home(), sys.prefix):
        assert str(place) not in text
    stopped = [out for cell in book["cells"] for out in cell.get("outputs", []) if out["output_type"] == "error"]
    assert stopped[0]["evalue"] == "The run holds no scenario 'base-line'. Did you mean 'baseline'?"
    assert any("stories.py" in line for line in stopped[0]["traceback"])
    holders = [book["metadata"], *(cell["metadata"] for cell in book["cells"])]
    assert not [name for about in holders for name in ("papermill", "execution") if name in about]


@pytest.mark.unit
def test_what_a_fault_quotes_and_where_it_arose_is_forgotten(tmp_path: Path) -> None:
    frame = "\x1b[36mFile \x1b[39m\x1b[32m~/somewhere/deep/reader.py:12\x1b[39m, in \x1b[36mread_rows\x1b[39m(path)\n"
    fault = {
        "output_type": "error",
        "ename": "KeyError",
        "evalue": "'INV000900'",
        "traceback": ["KeyError  Traceback", frame + "     12 raise KeyError(child)", "KeyError: 'INV000900'"],
    }
    warned = {"output_type": "stream", "name": "stderr", "text": [f"{tmp_path}/lib/odd.py:3: UserWarning: odd\n"]}
    table = {
        "output_type": "execute_result",
        "data": {"text/html": [f"<td>1/2</td> {tmp_path}/returns"]},
        "metadata": {},
    }
    cells = [
        {"cell_type": "markdown", "metadata": {"execution": {}}, "source": ["1/2 and a/b"]},
        {
            "cell_type": "code",
            "metadata": {},
            "source": [f'returns = "{tmp_path}/returns"'],
            "outputs": [fault, warned, table],
        },
    ]
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps({"metadata": {"papermill": {}}, "cells": cells}), encoding="utf-8")
    forget_places(path, {"returns": f"{tmp_path}/returns", "origin": None})
    text = path.read_text(encoding="utf-8")
    kept = json.loads(text)["cells"]
    assert str(tmp_path) not in text
    assert "INV000900" not in text
    assert "somewhere" not in text
    assert kept[0]["source"] == ["1/2 and a/b"]
    assert kept[1]["source"] == ['returns = "returns"']
    assert kept[1]["outputs"][0]["traceback"] == ["reader.py:12, in read_rows", "KeyError"]
    assert kept[1]["outputs"][1]["text"] == ["odd.py:3: UserWarning: odd\n"]
    assert kept[1]["outputs"][2]["data"]["text/html"] == ["<td>1/2</td> returns"]


@pytest.mark.unit
def test_what_a_run_found_is_read_instead_of_its_returns(folder: Path) -> None:
    faults = load_quality(folder=folder)
    assert "0 errors, 0 warnings" in faults.said
    assert list(faults.main_rows.columns) == ["read", "used", "set aside", "superseded", "share set aside"]
    assert faults.by_year.index.tolist() == [2024, 2025]
    assert faults.gravest.empty


@pytest.mark.notebook
def test_every_notebook_runs_on_a_finished_run(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    written = execute_all(folder)
    assert "KeyboardInterrupt" not in capfd.readouterr().err
    # The invented folder holds no tables of money; the finance notebook is run in test_workbook.py.
    assert [path.stem for path in written] == [name for name in NOTEBOOKS if name != "finance"]
    for path in written:
        content = path.read_text(encoding="utf-8")
        book = json.loads(content)
        outputs = [out for cell in book["cells"] if cell["cell_type"] == "code" for out in cell["outputs"]]
        assert outputs
        assert all(out["output_type"] != "error" for out in outputs)
        assert str(folder) not in content
        assert str(shipped("notebooks")) not in content
        assert str(ROOT) not in content


def _outputs(path: Path) -> list[dict[str, object]]:
    book = json.loads(path.read_text(encoding="utf-8"))
    return [out for cell in book["cells"] if cell["cell_type"] == "code" for out in cell["outputs"]]


@pytest.mark.notebook
def test_a_search_runs_on_returns_and_says_its_answer(tmp_path: Path) -> None:
    asked = {"lever": "entries.change", "low": -0.4, "high": 0.0, "replications": 6, "years": 1}
    path = execute("solve", {**asked, "target": "children <= 345 by 2027-03 with 0.5"}, tmp_path)
    outputs = _outputs(path)
    assert sum("image/png" in str(out.get("data", {})) for out in outputs) == 2
    assert "entries.change" in path.read_text(encoding="utf-8")


@pytest.mark.notebook
def test_a_combined_plan_is_compared_and_taken_apart_from_returns(tmp_path: Path) -> None:
    asked = {"scenarios": ["reduce-ifa-use"], "take_apart": "reduce-ifa-use", "replications": 4, "years": 1}
    outputs = _outputs(execute("comparison", asked, tmp_path))
    assert sum("image/png" in str(out.get("data", {})) for out in outputs) == 4
    assert any("beyond what each does alone" in json.dumps(out) for out in outputs)


@pytest.mark.notebook
def test_gaps_are_worked_out_from_returns(tmp_path: Path) -> None:
    outputs = _outputs(execute("gaps", {"scenario": "reduce-ifa-use", "replications": 4, "years": 1}, tmp_path))
    assert sum("image/png" in str(out.get("data", {})) for out in outputs) == 1
    assert any("needed, 80% sure" in json.dumps(out) for out in outputs)
