"""Rules of days mean what RFC 5545 says, as a library reads it, and none takes longer than a look at a month."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from reference_services.clinic.day_rule import WEEKDAYS, BadRule, day_rule

NEAR_THE_END = date(9990, 1, 1)
"""Where the library soon gives up looking for a day that never comes."""

LOOKED_AT = 400


def days_of(rule: str, first: date, count: int = LOOKED_AT) -> list[date]:
    read = day_rule(rule, first)
    return [day for offset in range(count) if read.includes(day := first + timedelta(days=offset))]


def days_by_the_library(rule: str, first: date) -> list[date]:
    begins = datetime.combine(first, time())
    last = begins + timedelta(days=LOOKED_AT - 1)
    return [moment.date() for moment in rrulestr(rule, dtstart=begins).between(begins, last, inc=True)]


def lists_of(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(items, min_size=1, max_size=3, unique=True).map(",".join)


days = st.sampled_from(WEEKDAYS)
numbers = st.sampled_from(["1", "+2", "13", "-1", "-7", "29", "30", "31", "-31"])
nth_days = st.builds(lambda nth, day: nth + day, st.sampled_from(["1", "+2", "-1", "-2", "5", "-5"]), days)
intervals = st.integers(1, 14).map(str)
starts = st.dates(NEAR_THE_END, date(9998, 6, 1))


def rules(frequency: str, parts: dict[str, st.SearchStrategy[str]]) -> st.SearchStrategy[str]:
    optional = [st.just("") | each.map(f";{name}={{}}".format) for name, each in parts.items()]
    return st.tuples(*optional).map(lambda chosen: f"FREQ={frequency}" + "".join(chosen))


daily = rules("DAILY", {"INTERVAL": intervals, "BYDAY": lists_of(days), "BYMONTHDAY": lists_of(numbers)})
weekly = rules("WEEKLY", {"INTERVAL": intervals, "BYDAY": lists_of(days), "WKST": days})
any_weekdays = lists_of(days) | lists_of(nth_days)  # not both in one rule: the library wants a day that is each of them
monthly = rules("MONTHLY", {"INTERVAL": intervals, "BYDAY": any_weekdays, "BYMONTHDAY": lists_of(numbers)})
chosen = st.builds(
    "FREQ=MONTHLY;BYDAY={};BYSETPOS={}".format, lists_of(days), lists_of(st.sampled_from(["1", "3", "-1", "-2"]))
)


@given(rule=daily | weekly | monthly | chosen, first=starts)
def test_a_rule_names_the_days_that_the_library_finds(rule: str, first: date) -> None:
    assert days_of(rule, first) == days_by_the_library(rule, first)


def test_the_last_working_day_of_each_month() -> None:
    rule = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"

    assert days_of(rule, date(2026, 10, 1), 92) == [date(2026, 10, 30), date(2026, 11, 30), date(2026, 12, 31)]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=MO;BYSETPOS=2",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30",
    ],
)
def test_a_rule_whose_day_never_comes_is_quickly_told_from_others(rule: str) -> None:
    assert days_of(rule, date(2027, 2, 1)) == []


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("", "is not a rule of days; write e.g. FREQ=WEEKLY"),
        ("FREQ=SECONDLY", "is not a rule of days"),
        ("FREQ=DAILY\n", "is not a rule of days"),
        ("BYDAY=MO;FREQ=WEEKLY", "is not a rule of days"),
        ("FREQ=DAILY;INTERVAL=0", "change INTERVAL=0"),
        ("FREQ=DAILY;INTERVAL=-1", "change INTERVAL=-1"),
        ("FREQ=DAILY;INTERVAL=999999999999999999", "change INTERVAL=9"),
        ("FREQ=DAILY;INTERVAL=A", "change INTERVAL=A"),
        ("FREQ=DAILY;COUNT=3", "change COUNT=3"),
        ("FREQ=DAILY;UNTIL=20270101", "change UNTIL"),
        ("FREQ=DAILY;", "is not an RRULE"),
        ("FREQ=WEEKLY;BYDAY=XX", "change BYDAY=XX"),
        ("FREQ=WEEKLY;BYDAY=MO,", "change BYDAY=MO,"),
        ("FREQ=WEEKLY;BYDAY=0MO", "change BYDAY=0MO"),
        ("FREQ=WEEKLY;BYDAY=2MO", "need FREQ=MONTHLY"),
        ("FREQ=WEEKLY;BYDAY=MO;BYDAY=TU", "says something twice"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "does not go with FREQ=WEEKLY"),
        ("FREQ=DAILY;BYSETPOS=1", "need FREQ=MONTHLY"),
        ("FREQ=MONTHLY;BYSETPOS=1", "needs BYDAY or BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "change BYMONTHDAY=0"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "change BYMONTHDAY=32"),
        ("FREQ=MONTHLY;BYDAY=6MO", "change BYDAY=6MO"),
        ("FREQ=DAILY;WKST=+", "change WKST"),
    ],
)
def test_what_is_no_rule_of_days_is_told_with_what_to_change(rule: str, words: str) -> None:
    with pytest.raises(BadRule) as told:
        day_rule(rule, date(2027, 3, 1))

    assert words in str(told.value)
