"""Rules of days: those that a template may have are expanded at once, the others told with what to change."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_services.clinic.working_hours import (
    DAYS_AT_ONCE,
    BadHours,
    Hours,
    WorkingHours,
    check_working_hours,
    sessions_by_day,
)

HOURS = WorkingHours(
    "Europe/Berlin",
    "FREQ=WEEKLY;BYDAY=MO",
    "2026-10-01",
    "2026-11-30",
    Hours("08:00", "17:00"),
    Hours("07:00", "18:00"),
    (),
    (),
)


def working_days(rule: str, first: str = HOURS.first_day, last: str = HOURS.last_day) -> list[str]:
    hours = msgspec.structs.replace(HOURS, rule=rule, first_day=first, last_day=last)
    check_working_hours(hours)
    return [day for day, sessions in sessions_by_day(hours) if sessions]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=DAILY;INTERVAL=30", ["2026-10-01", "2026-10-31", "2026-11-30"]),
        ("FREQ=WEEKLY;INTERVAL=4", ["2026-10-01", "2026-10-29", "2026-11-26"]),
        ("FREQ=WEEKLY;BYDAY=SU,MO;WKST=SU;INTERVAL=4", ["2026-10-25", "2026-10-26", "2026-11-22", "2026-11-23"]),
        ("FREQ=MONTHLY;BYDAY=1MO,-1FR", ["2026-10-05", "2026-10-30", "2026-11-02", "2026-11-27"]),
        ("FREQ=MONTHLY", ["2026-10-01", "2026-11-01"]),
    ],
)
def test_a_template_names_its_days(rule: str, days: list[str]) -> None:
    assert working_days(rule) == days


weekdays = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=7, unique=True)
intervals = st.integers(1, 52)
rules = st.one_of(
    st.builds("FREQ=DAILY;INTERVAL={}".format, intervals),
    st.builds("FREQ=WEEKLY;INTERVAL={};BYDAY={}".format, intervals, weekdays.map(",".join)),
    st.builds("FREQ=MONTHLY;INTERVAL={}".format, intervals),
    st.builds("FREQ=MONTHLY;INTERVAL={};BYDAY={}TU".format, intervals, st.sampled_from([1, 2, 3, 4, -1, -2, -3, -4])),
)


@given(rule=rules, first=st.dates(date(1971, 1, 1), date(9990, 1, 1)))
def test_whatever_may_be_written_is_expanded_within_the_days_asked_for(rule: str, first: date) -> None:
    last = date.fromordinal(first.toordinal() + DAYS_AT_ONCE - 1)

    assert all(first.isoformat() <= day <= last.isoformat() for day in working_days(rule, str(first), str(last)))


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
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TU", "change BYDAY=TU; with FREQ=DAILY go INTERVAL"),
        ("FREQ=DAILY;COUNT=3", "change COUNT=3"),
        ("FREQ=DAILY;UNTIL=20270101", "change UNTIL"),
        ("FREQ=DAILY;", "is not an RRULE"),
        ("FREQ=WEEKLY;BYDAY=XX", "change BYDAY=XX"),
        ("FREQ=WEEKLY;BYDAY=MO,", "change BYDAY=MO,"),
        ("FREQ=WEEKLY;BYDAY=MO\n", "change BYDAY=MO"),
        ("FREQ=WEEKLY;BYDAY=0MO", "change BYDAY=0MO"),
        ("FREQ=WEEKLY;BYDAY=2MO", "change BYDAY=2MO"),
        ("FREQ=WEEKLY;BYDAY=MO;BYDAY=TU", "says something twice"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "change BYMONTHDAY=1"),
        ("FREQ=WEEKLY;WKST=+", "change WKST"),
        ("FREQ=MONTHLY;BYDAY=MO", "change BYDAY=MO"),
        ("FREQ=MONTHLY;BYDAY=5MO", "change BYDAY=5MO"),
        ("FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=1MO", "change BYMONTHDAY=31"),
        ("FREQ=MONTHLY;BYDAY=1MO;BYSETPOS=2", "change BYSETPOS=2"),
    ],
)
def test_what_is_no_rule_of_days_is_told_with_what_to_change(rule: str, words: str) -> None:
    with pytest.raises(BadHours) as told:
        working_days(rule)

    assert words in str(told.value)
