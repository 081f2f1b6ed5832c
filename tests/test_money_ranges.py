"""What a range of spend holds: chance alone, with parameters, with prices; told from the outcome and the prices."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from money_world import history_of, outcome_of, repeated, stay, tables_of
from run_folder import write_run_folder
from small_world import known_history

from sufficiency.costs import cost_plan, count_money
from sufficiency.costs.ranges import COLUMNS, spend_ranges
from sufficiency.draws import replication_keys
from sufficiency.forecast import EntrantForecast, forecast_entrants
from sufficiency.forecast.paths import AtItsMeans, at_its_means, stream_rates
from sufficiency.history import History
from sufficiency.rates import Rates, estimate_rates
from sufficiency.report.book import open_book
from sufficiency.report.council import Council
from sufficiency.report.disclosure import Rules
from sufficiency.report.finished import read_finished
from sufficiency.report.ranges import WIDENED, published_ranges, range_words
from sufficiency.report.sections.money import spend_section
from sufficiency.report.sections.money_ahead import before_income, budgets_ahead
from sufficiency.simulation import Matched, Outcome, simulate, supply_of
from sufficiency.simulation.setup import Parameters
from sufficiency.tables import Prices

HOME, AGENCY = "external_home", "agency_fostering"
KEYS = 1_500
LIST = "setting,from,pounds_per_week,status\n" + "\n".join(
    f"{HOME},2027-04-01,{pounds},own" for pounds in (3500, 4200, 4800, 5300, 6100, 7400, 12_000)
)


@pytest.fixture(scope="module")
def ready() -> tuple[History, Rates, EntrantForecast]:
    history = known_history(per_day=0.15)
    return history, estimate_rates(history), forecast_entrants(history, months=24, evaluate=False)


def _outcome(ready: tuple[History, Rates, EntrantForecast], parameters: Parameters, replications: int) -> Outcome:
    history, rates, forecast = ready
    # Fitting how well vacancies suit takes most of the time, and has nothing to do with what is looked at here.
    matched = Matched(supply_of(history))
    return simulate(
        history,
        replications=replications,
        years=2,
        workers=1,
        rates=rates,
        forecast=forecast,
        matched=matched,
        parameters=parameters,
        journeys=0,
    )


@pytest.mark.unit
def test_entrants_at_their_means_scatter_about_the_mean_of_all_their_models(
    ready: tuple[History, Rates, EntrantForecast],
) -> None:
    forecast = ready[2]
    known = forecast.at_its_means()
    assert known.at_its_means() is known
    keys = replication_keys(7, range(KEYS))
    drawn, fixed = (one.counts(keys).sum(axis=1) for one in (forecast, known))
    # Means of two years, the same to four standard errors of the drawn one.
    apart = drawn.sum(axis=1).mean() - fixed.sum(axis=1).mean()
    assert abs(apart) < 4 * drawn.sum(axis=1).std() / np.sqrt(KEYS)
    assert fixed.sum(axis=1).std() < 0.95 * drawn.sum(axis=1).std()
    # A month's counts scatter as Poisson counts of a Gamma rate do: mean + dispersion × mean², by stream.
    for stream, model in enumerate(known.fitted):
        counts = known.counts(keys)[:, stream::2].sum(axis=1)
        assert isinstance(model, AtItsMeans)
        # Those who come back and look new are Poisson beside them.
        mean = model.rates + known.unseen[stream]
        expected = mean + model.dispersion * model.rates**2
        assert counts.mean(axis=0) == pytest.approx(mean, abs=5 * np.sqrt(expected.max() / KEYS))
        assert counts.var(axis=0).mean() == pytest.approx(expected.mean(), rel=0.08)
    # Neither a replication's key nor the mix moves the mean of a group.
    shares = known.counts(keys)[:, 0::2].sum(axis=(0, 2)) / known.counts(keys)[:, 0::2].sum()
    assert shares == pytest.approx(forecast.mix[0] / forecast.mix[0].sum(), abs=0.02)


@pytest.mark.unit
def test_a_model_that_is_known_is_its_own_mean() -> None:
    model = AtItsMeans(np.array([3.0, 4.0, 5.0]), 0.0, "known", "")
    again = at_its_means(model, 0, 3)
    assert (again.rates.tolist(), again.dispersion) == ([3, 4, 5], 0)
    words = np.zeros((2, 4, 1), dtype=np.uint64)
    words[1, :, 0] = np.arange(4)
    assert stream_rates(model, (words[0], words[1]), 0, 3).tolist() == [[3, 4, 5]] * 4


@pytest.mark.functional
def test_where_parameters_are_known_chance_alone_is_all_there_is(
    ready: tuple[History, Rates, EntrantForecast],
) -> None:
    """Parameters that a great many child-years fix: both simulations are the same futures but for rounding of rates."""
    history, rates, forecast = ready
    sure = _certain(rates)
    world = history, sure, forecast.at_its_means()
    alone, full = (_outcome(world, parameters, 30) for parameters in ("mean", "draw"))
    assert (alone.parameters, full.parameters) == ("mean", "draw")
    assert np.array_equal(alone.entrants, full.entrants)
    nights = [one.nights.sum(axis=(1, 2)) for one in (alone, full)]
    assert nights[0] == pytest.approx(nights[1], rel=0.01)
    assert nights[0].std() == pytest.approx(nights[1].std(), rel=0.05)


def _certain(rates: Rates) -> Rates:
    """The same rates with a million times what they were learnt from."""
    many = 1_000_000
    hazards, returning = rates.hazards, rates.returning
    observed, expected = rates.exit_multiplier
    return replace(
        rates,
        hazards=replace(hazards, apart=hazards.apart * many, shared=hazards.shared * 1e-6),
        returning=replace(returning, shape=returning.shape * many, rate=returning.rate * many),
        exit_multiplier=(observed * many, expected * many),
        in_house={kind: (int(own * many), int(whole * many)) for kind, (own, whole) in rates.in_house.items()},
    )


@pytest.mark.functional
def test_chance_alone_is_the_narrowest_and_its_mean_is_that_of_all(
    ready: tuple[History, Rates, EntrantForecast], tmp_path: Path
) -> None:
    prices = _prices(tmp_path, ready[0])
    alone, full = (_outcome(ready, parameters, 120) for parameters in ("mean", "draw"))
    paid = [cost_plan(alone, prices, draw_prices=False), cost_plan(full, prices, draw_prices=False)]
    table = spend_ranges(paid)
    assert tuple(table.columns) == COLUMNS
    assert set(table["includes"]) == {"chance", "chance and parameters"}
    last = table[table["financial_year"] == table["financial_year"].max()].set_index("includes")
    spread = [costs.yearly(costs.total())[:, -1].std() for costs in paid]
    assert spread[0] < spread[1]
    width = last["p90"] - last["p10"]
    assert width["chance"] < width["chance and parameters"]
    error = np.hypot(*last["mean_error"])
    assert abs(last["mean"].diff().iloc[-1]) < 3 * error


def _prices(folder: Path, history: History) -> Prices:
    rows = "\n".join(
        f"{name},2019-04-01,{1_000 + 500 * number},own" for number, name in enumerate(history.codes.in_care)
    )
    prices = tables_of(folder, prices=rows).prices
    assert prices is not None
    return prices


@pytest.mark.unit
def test_what_a_range_includes_is_told_from_the_outcome_and_the_prices(tmp_path: Path) -> None:
    tables = tables_of(tmp_path, price_list=LIST)
    assert tables.prices is not None
    drawn = repeated(outcome_of([stay(HOME, "2027-04-01", "2029-04-01")]), 40)
    known = replace(drawn, parameters="mean")
    held = {
        (outcome.parameters, draw): cost_plan(outcome, tables.prices, draw_prices=draw).held
        for outcome in (drawn, known)
        for draw in (True, False)
    }
    assert held == {
        ("draw", True): "chance, parameters and prices",
        ("draw", False): "chance and parameters",
        ("mean", True): "chance and prices",
        ("mean", False): "chance",
    }
    # One child who stays throughout: chance makes no spread, prices at means none either.
    table = spend_ranges([cost_plan(one, tables.prices, draw_prices=False) for one in (known, drawn)])
    assert (table["p90"] == table["p10"]).all()
    wide = spend_ranges([cost_plan(known, tables.prices, draw_prices=False), cost_plan(drawn, tables.prices)])
    wide = wide[wide["includes"] == "chance, parameters and prices"]
    assert (wide["p90"] > wide["p10"]).all()
    with pytest.raises(ValueError, match="each holding more than the one before"):
        spend_ranges([cost_plan(drawn, tables.prices), cost_plan(known, tables.prices)])


@pytest.mark.functional
def test_a_run_tells_each_source_and_net_only_where_something_is_received(tmp_path: Path) -> None:
    history = history_of([(HOME, "2024-01-01", "")])
    outcome = repeated(outcome_of([stay(HOME, "2027-04-01", "2029-04-01")]), 12)
    alone = replace(repeated(outcome, 5), parameters="mean", replications=5, detailed=1)
    alone = replace(alone, nights=outcome.nights[:5])
    texts: dict[str, str] = {"price_list": LIST}
    grant: dict[str, str] = {"income": "what,from,pounds_per_night,pounds_per_year\nGrant,2026-04-01,,1200"}
    for given, bases in ((texts, {"gross"}), (texts | grant, {"gross", "net"})):
        tables = tables_of(tmp_path / str(len(bases)), **given)
        told = count_money(history, {"baseline": outcome}, tables, by_chance=alone).tables["spend_ranges"]
        assert set(told["basis"]) == bases
        year = told[(told["financial_year"] == "2027-28") & (told["basis"] == "gross")]
        assert year["includes"].tolist() == ["chance", "chance and parameters", "chance, parameters and prices"]
        assert year["replications"].tolist() == [5, 12, 12]
    assert "spend_ranges" not in count_money(history, {"baseline": outcome}, tables).tables


def _ranges() -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    for year, middle in (("2026-27", 25.0), ("2027-28", 26.0)):
        for includes, half in (("chance", 1.0), ("chance and parameters", 2.0)):
            figures = {"p10": middle - half, "p50": middle, "p80": middle + half / 2, "p90": middle + half}
            pounds = {name: value * 1e6 for name, value in figures.items()}
            errors = {f"{name}_error": 1e4 for name in ("mean", *figures)}
            about: dict[str, object] = {
                "scenario": "baseline",
                "financial_year": year,
                "basis": "gross",
                "includes": includes,
            }
            rows.append({**about, "replications": 6, "mean": middle * 1e6, **pounds, **errors})
    return pd.DataFrame(rows)[list(COLUMNS)]


@pytest.mark.unit
def test_sentences_say_what_chance_makes_and_where_the_rest_comes_from() -> None:
    said = range_words(_ranges())
    assert "lie between £24.0 million and £26.0 million in 2026-27" in said
    assert "and between £25.0 million and £27.0 million in 2027-28: by chance alone" in said
    assert (
        "widens that to between £23.0 million and £27.0 million, and to between £24.0 million and £28.0 million: "
        in said
    )
    assert said.endswith(": the rates of the past are known from few children.")
    one = _ranges().query("financial_year == '2026-27' and includes == 'chance'")
    assert "2027-28" not in range_words(one)
    assert "What is not known" not in range_words(one)


@pytest.mark.functional
def test_the_annex_tells_the_ranges_rounded_and_ends_with_the_range_shown_elsewhere(tmp_path: Path) -> None:
    made = write_run_folder(tmp_path / "run", replications=6, years=2)
    table = _ranges()
    odd = table.assign(p10=table["p10"] + 123.4)
    path = made / "internal" / "money" / "spend_ranges.parquet"
    path.parent.mkdir(exist_ok=True)
    odd.to_parquet(path, index=False)
    book = open_book(read_finished(made), Council(), Rules())
    page = spend_section(book)
    assert "lie between £24.0 million and £26.0 million in 2026-27" in page
    assert "With 6 futures a P80 is known to about" in page
    rows, shown = (_published(made, name) for name in ("spend_ranges", "spend"))
    assert [row["What the range holds"] for row in rows] == ["Chance", "Chance and parameters"] * 2
    assert rows[0]["P10"] == "24000"
    annex = [row for row in shown if row["Scenario"] == "Baseline"]
    for name in ("P10", "P50 (middle)", "P80", "P90"):
        assert [row[name] for row in rows[1::2]] == [row[name] for row in annex]
    # Ranges stretched by the back-test stand below what was simulated.
    wider = published_ranges(book.run, book.future, 1.2)
    assert wider["includes"].tolist()[:3] == ["chance", "chance and parameters", f"chance and parameters, {WIDENED}"]
    assert wider["p10"].tolist()[:2] == [24_000_000, 23_000_000]
    assert "and ranges are stretched for how past forecasts of children did." in range_words(wider)
    # Where the baseline's spend may not be published neither may this.
    hidden = replace(book.future, spend=book.future.spend.head(0))
    assert published_ranges(book.run, hidden, 1.0).empty


@pytest.mark.functional
def test_the_annex_tells_budgets_before_income_whose_lines_add_up(tmp_path: Path) -> None:
    made = write_run_folder(tmp_path / "run", replications=6, years=2)
    book = open_book(read_finished(made), Council(), Rules())
    assert budgets_ahead(book) == []
    lines = {"pressures": [1e6, 0.0], "growth": [-2e5, 1e5], "inflation": [5e5, 6e5], "fixed_costs": [0.0, 5e4]}
    net = {"base_budget": [19e6, 20.3e6], "budget_requirement": [20.3e6, 21.03e6], "income": [0.0, -2e4]}
    plan = pd.DataFrame({"scenario": "baseline", "financial_year": ["2026-27", "2027-28"], **lines, **net})
    income = {"scenario": "baseline", "cut": "kind", "name": "income", "mean": [-7e5, -7.2e5]}
    summary = pd.DataFrame({"financial_year": ["2026-27", "2027-28"], **income})
    for name, table in (("medium_term", plan), ("summary", summary)):
        (made / "internal" / "money").mkdir(exist_ok=True)
        table.to_parquet(made / "internal" / "money" / f"{name}.parquet", index=False)
    gross = before_income(plan, summary)
    assert gross["base"].tolist() == pytest.approx([19.7e6, 21e6])
    assert gross["needed"].tolist() == pytest.approx([21e6, 21.75e6])
    assert (gross[[*lines, "base"]].sum(axis=1) - gross["needed"]).abs().max() < 1e-6
    said = " ".join(budgets_ahead(book))
    assert "homes need £21.8 million in 2027-28, where the budget begun with is £19.7 million" in said
    assert "What adds to it: what last year's budget did not hold £1.0 million, price rises £1.1 million" in said
    assert "is set for placements" not in said
    assert "What takes from it: more or fewer nights and their mix £100,000." in said
    rows = {row["Line"]: row for row in _published(made, "medium_term")}
    assert [rows["Inflation"][year] for year in ("2026-27", "2027-28")] == ["500", "600"]
    assert "Income" not in rows
    annex = book.future.spend[book.future.spend["scenario"] == "baseline"]["p80"].tolist()
    assert [int(rows["Contingency to P80"]["2026-27"]) * 1000 + 21_000_000] == annex[:1]
    # Where next year's budget is set already, that is what members will ask about.
    budget = {"financial_year": "2026-27", "setting": "all", "against": "forecast", "budget": 20e6, "actual": 19.5e6}
    pd.DataFrame([budget]).to_parquet(made / "internal" / "money" / "variance.parquet", index=False)
    assert (
        "For 2026-27 a budget of £20.0 million is set for placements, staying put among them; the mean forecast is"
        " £500,000 less than that." in " ".join(budgets_ahead(book))
    )
    hidden = replace(book, future=replace(book.future, spend=book.future.spend.head(0)))
    assert budgets_ahead(hidden) == []


def _published(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "publish" / "tables" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))
