"""What invented care leavers do after 18, above all whether they stay with their foster carers.

Shares: DfE, former foster children aged 18 living with their former carers three months after, 57 %
(2018/19), at 19 31 % and at 20 21 % (2017/18).
"""

from __future__ import annotations

from sufficiency import dates
from sufficiency.draws import Purpose, draw
from sufficiency.trials.entrants import About
from sufficiency.trials.lives import Life, Period, choose

#: Share still there at the 18th, 19th and 20th birthday; nobody stays beyond the 21st.
STILL_THERE = (0.57, 0.31, 0.21)
_FOSTERED = {
    "kinship_fostering": "staying_put_kinship",
    "in_house_fostering": "staying_put_in_house",
    "agency_fostering": "staying_put_agency",
}
_LONGEST_AGE = 21
#: Accommodation of other care leavers: assumption, shaped on DfE's accommodation of care leavers (suitable 89 %).
_ACCOMMODATION = {
    "U1": 0.34,
    "D1": 0.22,
    "B1": 0.14,
    "K1": 0.04,
    "E1": 0.03,
    "T1": 0.05,
    "Y1": 0.04,
    "C1": 0.03,
    "X2": 0.04,
    "W2": 0.01,
    "V2": 0.02,
    "R2": 0.04,
}
_ACTIVITIES = {
    "F2": 0.30,
    "F1": 0.08,
    "F4": 0.14,
    "F5": 0.03,
    "P2": 0.02,
    "P5": 0.03,
    "G4": 0.16,
    "G5": 0.18,
    "G6": 0.06,
}
_IN_TOUCH = {"YES": 0.93, "NO": 0.03, "REFU": 0.02, "NREQ": 0.02}
_AT_HOME = "B1"
NO_INFORMATION = "0"


def setting_after(period: Period) -> str | None:
    """The staying-put setting that follows the last placement of a period, if any does."""
    return _FOSTERED.get(period.placements[-1].setting)


def stays_put(life: Life, period: Period) -> bool:
    """Whether someone who turned 18 in foster care stays."""
    return stays_until(life, period) > life.adult


def stays_until(life: Life, period: Period) -> int:
    """Day on which staying put ends; the 18th birthday where it never begins.

    One uniform decides, so that the shares still there at 18, 19 and 20 are those of
    :data:`STILL_THERE`; between two birthdays the days are spread evenly.
    """
    if setting_after(period) is None or period.reason != "aged_out":
        return life.adult
    number = period.placements[-1].number
    uniform, _ = draw(life.words, life.key, number, Purpose.STAYING_PUT)
    spread, _ = draw(life.words, life.key, number, Purpose.STAYING_PUT_LENGTH)
    years = sum(uniform < share for share in STILL_THERE)
    if years == 0:
        return life.adult
    age = dates.ADULT + years
    begin, end = life.birthday(age - 1), life.birthday(age)
    # Those who are still there at 20 mostly stay to their 21st birthday.
    return end if age == _LONGEST_AGE and spread > 0.5 else begin + 1 + int(spread * (end - begin - 1))  # noqa: PLR2004


def leaver_row(life: Life, age: int) -> tuple[str, str, str]:
    """IN_TOUCH, ACTIV and ACCOM of the year in which a care leaver turns this age."""
    day = life.birthday(age)
    period = [item for item in life.periods if item.start <= day][-1]
    doing, touch = life.draw(About.LEAVER, age)
    activity = choose(doing, _ACTIVITIES)
    if stays_until(life, period) > day >= life.adult:
        return "YES", activity, "Z1"
    in_touch = choose(touch, _IN_TOUCH)
    if in_touch != "YES":
        return in_touch, NO_INFORMATION, NO_INFORMATION
    home, _ = life.draw(About.LEAVER, 100 + age)
    if period.reason == "returned_home":
        return in_touch, activity, _AT_HOME
    return in_touch, activity, choose(home, _ACCOMMODATION)
