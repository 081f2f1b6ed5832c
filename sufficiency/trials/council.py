"""The example council's own tables: places, prices, money, population, targets. All invented."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from sufficiency import dates
from sufficiency.codes import AGED_OUT
from sufficiency.dates import as_date
from sufficiency.draws import Purpose, draw, other_key
from sufficiency.history.stock import child_days, stock_at
from sufficiency.trials import council_rises
from sufficiency.trials.entrants import About
from sufficiency.trials.invented import Invented
from sufficiency.trials.lives import Life, Period, lives
from sufficiency.trials.staying import setting_after, stays_until

INVENTED = "invented"

#: Pounds a week in 2025-26 and the yearly rise, with what the figure was shaped on.
_PRICES = {
    "kinship_fostering": (352, 0.030, "Coventry strategy 2022/23 connected persons £325"),
    "in_house_fostering": (528, 0.030, "Coventry strategy 2022/23 internal fostering £460"),
    "agency_fostering": (1_044, 0.035, "Coventry strategy 2022/23 agency fostering £965"),
    "in_house_home": (4_920, 0.040, "Coventry strategy 2022/23 own homes £4219"),
    "external_home": (5_980, 0.060, "NAO 2025: £318400 a year in 2023/24; section 251 2022-23 £5980"),
    "residential_school": (5_150, 0.050, ""),
    "supported_accommodation": (1_236, 0.040, "Thurrock answer to a request 2022/23 £1278 and Lincolnshire 2023 £621"),
    "placed_with_parents": (45, 0.030, ""),
    "placed_for_adoption": (160, 0.030, ""),
    "secure": (6_900, 0.050, ""),
    "other": (2_450, 0.050, ""),
    "staying_put_kinship": (205, 0.030, "modelled average payment 2020/21 £240"),
    "staying_put_in_house": (272, 0.030, "modelled average payment 2020/21 £240"),
    "staying_put_agency": (398, 0.030, "modelled average payment 2020/21 £386"),
}
_LEDGER_DIFFERENCE = 0.02
#: Budget of 2025-26 as a share of what was then spent, where it was not near it.
_BUDGETED = {"external_home": 0.86, "agency_fostering": 0.96, "supported_accommodation": 0.94}
_BUDGET_ROUNDED_TO = 1_000

_FIXED = (
    ("Fostering service: recruitment and supervising social workers", "in_house_fostering", 1_420_000),
    ("Premises and standing costs of the two own homes", "in_house_home", 310_000),
    ("Placements and contracts team", "", 265_000),
)
_UASC_NIGHT = 143
_UASC_SOURCE = "invented, shaped on Home Office £143 a night (2020 to 2023)"

#: Births by calendar year at which the invented city's cohorts bend, and yearly growth of a cohort by migration.
_COHORTS = ((2000, 2_320), (2007, 2_720), (2012, 3_020), (2018, 2_860), (2025, 2_540))
_GROWTH_PER_THOUSAND = 4
_POPULATION_YEARS = range(2019, 2026)
_UNAVAILABLE_SHARE = 0.12

_TARGETS = (
    ("children_31_march", 345),
    ("three_or_more_placements", 0.10),
    ("two_years_same_placement", 0.70),
    ("moves_per_child_year", 0.55),
    ("exits_at_18_share", 0.38),
)


@dataclass(frozen=True)
class Council:
    """What the tables are made from: the truth of the last year and those staying put."""

    truth: Invented
    nights: dict[str, int]
    occupied: dict[str, int]
    staying: dict[tuple[str, int], int]

    @property
    def last_day(self) -> int:
        """Last day of the returns."""
        return self.truth.world.last_day

    @property
    def year(self) -> str:
        """Financial year of the last return."""
        return dates.financial_year(self.last_day)

    @property
    def next_year(self) -> str:
        """The financial year after it."""
        return dates.financial_year(self.last_day + 1)

    def __repr__(self) -> str:
        return f"Council({self.year})"


Cells = Sequence[object]


def council_of(truth: Invented) -> Council:
    """Count what the tables need."""
    last = truth.world.last_day
    first = dates.year_bounds(int(dates.collection_year(last)))[0]
    names = truth.codes.all_settings
    nights = child_days(truth.journeys, [first, last + 1], len(names))[0].sum((1, 2)).tolist()
    occupied = stock_at(truth.journeys, [last], len(names))[0].sum((1, 2)).tolist()
    stays = list(_stays(truth))
    after = Counter[str]()
    for setting, begin, end, _ in stays:
        after[setting] += max(min(end, last + 1) - max(begin, first), 0)
    counted = dict(zip(names, nights, strict=True))
    return Council(
        truth=truth,
        nights={name: counted[name] + after[name] for name in names},
        occupied=dict(zip(names, occupied, strict=True)),
        staying=dict(Counter((setting, life.age(last)) for setting, begin, end, life in stays if begin <= last < end)),
    )


def _stays(truth: Invented) -> Iterable[tuple[str, int, int, Life]]:
    for life in lives(truth):
        period: Period = life.periods[-1]
        setting = setting_after(period)
        if period.reason == AGED_OUT and setting is not None:
            yield setting, life.adult, stays_until(life, period), life


def _price(setting: str, *, year: int) -> float:
    """Pounds a week, ``year`` years after 2025-26."""
    pounds, rise, _ = _PRICES[setting]
    return round(pounds * (1.0 + rise * year))


def prices(council: Council) -> Iterable[Cells]:
    """A price of each setting from two Aprils."""
    begins = dates.year_bounds(int(dates.collection_year(council.last_day)))[0]
    for setting, (_, _, shaped_on) in _PRICES.items():
        for year, start in enumerate((begins, council.last_day + 1)):
            yield setting, as_date(start), _price(setting, year=year), INVENTED, _shaped(shaped_on)


def _shaped(shaped_on: str) -> str:
    return f"invented, shaped on {shaped_on}" if shaped_on else "invented: no robust published figure"


def capacity(council: Council) -> Iterable[Cells]:
    """Places of the council's own carers and homes, close to those that are in use."""
    staying = sum(count for (setting, _), count in council.staying.items() if setting == "staying_put_in_house")
    used = council.occupied["in_house_fostering"] + staying
    places = round((used + 5) / (1.0 - _UNAVAILABLE_SHARE))
    own = council.occupied["in_house_home"]
    begins = dates.year_bounds(int(dates.collection_year(council.last_day)))[0]
    reason = "carers resting or on hold, rooms kept for one child only; not those in use by young people staying put"
    for start, more in ((begins, 3), (council.last_day + 1, 0)):
        total = places + more
        yield "in_house_fostering", as_date(start), total, round(total * _UNAVAILABLE_SHARE), reason, INVENTED
    yield "in_house_home", as_date(begins), own + 2, 1, "one bed kept for matching", INVENTED


def fixed_costs(council: Council) -> Iterable[Cells]:
    """Costs that do not follow nights."""
    begins = dates.year_bounds(int(dates.collection_year(council.last_day)))[0]
    for what, setting, pounds in _FIXED:
        for first, last, risen in council_rises.risen(pounds, as_date(begins)):
            yield what, setting, first, last, risen, f"{INVENTED}: pay awards of 3 % a year from April 2027"


def uplifts(council: Council) -> Iterable[Cells]:
    """Rises of prices after the last of the prices table, some part-way through a year."""
    return council_rises.uplifts(as_date(council.last_day).year + 1)


def deflators(council: Council) -> Iterable[Cells]:
    """Rises of prices in general in the years ahead."""
    return council_rises.deflators(as_date(council.last_day).year)


def price_list(council: Council) -> Iterable[Cells]:
    """What each placement of some settings costs: as many as children live there, about the price given."""
    for setting in council_rises.SPREADS:
        given = _price(setting, year=1)
        source = f"{INVENTED}: lognormal about the price of the prices table"
        for pounds in council_rises.listed(council.truth.key, setting, given, council.occupied[setting]):
            yield setting, as_date(council.last_day + 1), pounds, INVENTED, source


def income(council: Council) -> Iterable[Cells]:
    """Income a night."""
    begins = dates.year_bounds(int(dates.collection_year(council.last_day)))[0]
    yield "Grant for children seeking asylum", as_date(begins), _UASC_NIGHT, "1", "", "", _UASC_SOURCE


def spent(council: Council) -> dict[str, int]:
    """Pounds of the last year as the ledger has them: nights × price, with small differences."""
    out = {}
    for number, setting in enumerate(_PRICES):
        uniform, _ = draw(council.truth.key, int(other_key(number)), About.LEDGER, Purpose.WORLD)
        off = 1.0 + _LEDGER_DIFFERENCE * (2.0 * uniform - 1.0)
        out[setting] = round(council.nights[setting] * _price(setting, year=0) / 7 * off)
    return out


def ledger(council: Council) -> Iterable[Cells]:
    """What was spent."""
    for setting, pounds in spent(council).items():
        yield council.year, setting, pounds, "invented: nights times price with small differences"


def budget(council: Council) -> Iterable[Cells]:
    """What was planned to be spent, last year and the coming one."""
    for setting, pounds in spent(council).items():
        planned = pounds * _BUDGETED.get(setting, 1.0)
        yield council.year, setting, _rounded(planned), INVENTED
    for setting, pounds in spent(council).items():
        yield council.next_year, setting, _rounded(pounds * (1.0 + _PRICES[setting][1])), INVENTED


def _rounded(pounds: float) -> int:
    return round(pounds / _BUDGET_ROUNDED_TO) * _BUDGET_ROUNDED_TO


def _cohort(born: int) -> int:
    """Births of a year, in whole children, along straight lines between the bends."""
    for (year, births), (later, then) in pairwise(_COHORTS):
        if born <= later:
            return births + (then - births) * (born - year) // (later - year)
    return _COHORTS[-1][1]


def population(_council: Council) -> Iterable[Cells]:
    """Children aged 0 to 17 by single year of age, about 50,000."""
    source = "invented, of about the size of Peterborough's"
    for year in _POPULATION_YEARS:
        for age in range(dates.ADULT):
            births = _cohort(year - age)
            yield year, age, births + births * age * _GROWTH_PER_THOUSAND // 1000, source


def staying_put(council: Council) -> Iterable[Cells]:
    """Young people with their former carers on the last day."""
    for (setting, age), count in sorted(council.staying.items()):
        yield setting, age, count, INVENTED


def targets(council: Council) -> Iterable[Cells]:
    """What the council wants to reach in two years."""
    by = as_date(dates.add_years(council.last_day, 2))
    for measure, value in _TARGETS:
        yield measure, by, value, INVENTED


TABLES = {
    "capacity": ("setting,from,places,unavailable,reason,source", capacity),
    "prices": ("setting,from,pounds_per_week,status,source", prices),
    "uplifts": ("setting,financial_year,percent,from,source", uplifts),
    "price_list": ("setting,from,pounds_per_week,status,source", price_list),
    "deflators": ("financial_year,percent,source", deflators),
    "fixed_costs": ("what,setting,from,to,pounds_per_year,source", fixed_costs),
    "income": ("what,from,pounds_per_night,uasc,age_from,age_to,source", income),
    "budget": ("financial_year,setting,pounds,source", budget),
    "ledger": ("financial_year,setting,pounds,source", ledger),
    "population": ("year,age,children,source", population),
    "staying_put": ("setting,age,young_people,source", staying_put),
    "targets": ("measure,by,value,source", targets),
}


def write_tables(truth: Invented, folder: Path) -> list[Path]:
    """Write every table of the invented council and give the files written."""
    council = council_of(truth)
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for name, (heading, rows) in TABLES.items():
        path = folder / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(heading.split(","))
            writer.writerows(rows(council))
        out.append(path)
    return out
