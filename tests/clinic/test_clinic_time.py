"""Local time and working hours: what the clocks show, what a calendar opens, and what neither can be."""

from __future__ import annotations

import re

import msgspec
import pytest
from small_clinic import BERLIN, at

from reference_services.clinic.local_time import BadZone, NoSuchTime, local_instant_us, local_text, zone_named
from reference_services.clinic.terms import HOUR_US
from reference_services.clinic.working_hours import (
    BadHours,
    DayRange,
    Hours,
    WorkingHours,
    check_working_hours,
    sessions_by_day,
)

OFFICE = Hours("08:00", "17:00")
ALL_DAY = Hours("00:00", "24:00")
WEEK = WorkingHours(
    "Europe/Berlin", "FREQ=WEEKLY;BYDAY=MO,WE", "2026-10-19", "2026-11-01", OFFICE, Hours("07:00", "18:00"), (), ()
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-03-29T02:00", "the clocks go forward over it"),
        ("2026-03-29T02:59", "the clocks go forward over it"),
        (
            "2026-10-25T02:30",
            "comes twice in Europe/Berlin; write 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00",
        ),
        ("2026-10-25T12:00:00+02:00", "the clocks in Europe/Berlin show 2026-10-25T11:00:00+01:00"),
        ("2026-06-10T10:00:00Z", "the clocks in Europe/Berlin show 2026-06-10T12:00:00+02:00"),
        ("tomorrow at ten", "is not a time"),
        ("2026-06-10T10:00\x00", "is not a time"),
        ("2026-06-10T10:00\n", "is not a time"),
        ("2026-W24-3T10:00", "is not a time"),
        ("2026-06-10T10:00:60", "is not a time: second must be in 0..59"),
        ("2026-06-10T10:00+99:99", "is not a time"),
        ("0001-01-01T00:00", "is not between the years"),
        ("9999-12-31T23:59:59-12:00", "is not between the years"),
    ],
)
def test_a_time_that_the_clocks_do_not_show_once_is_none(text: str, words: str) -> None:
    with pytest.raises(NoSuchTime, match=re.escape(words)):
        local_instant_us(text, BERLIN)


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-10T10:00:00+02:00",
        "2026-03-29T01:59:59+01:00",
        "2026-03-29T03:00:00+02:00",
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
    ],
)
def test_what_the_clocks_show_is_read_back(text: str) -> None:
    assert local_text(local_instant_us(text, BERLIN), BERLIN) == text


def test_a_time_zone_that_there_is_not() -> None:
    with pytest.raises(BadZone, match=r"write e\.g\. Europe/Berlin"):
        zone_named("Europe/Atlantis")


def test_a_calendar_opens_the_days_of_its_rule_within_both_hours() -> None:
    days = dict(sessions_by_day(WEEK))

    assert [day for day, sessions in days.items() if sessions] == [
        "2026-10-19",
        "2026-10-21",
        "2026-10-26",
        "2026-10-28",
    ]
    assert len(days) == 14
    (session,) = days["2026-10-26"]
    assert (session.starts_us, session.ends_us) == (at("2026-10-26T08:00"), at("2026-10-26T17:00"))


def test_the_tighter_hours_count_and_none_may_be_left() -> None:
    early = msgspec.structs.replace(WEEK, hours=Hours("06:00", "09:00"))
    (session,) = dict(sessions_by_day(early))["2026-10-19"]
    assert (session.starts_us, session.ends_us) == (at("2026-10-19T07:00"), at("2026-10-19T09:00"))

    never = msgspec.structs.replace(WEEK, hours=Hours("05:00", "07:00"))
    assert not any(sessions for _, sessions in sessions_by_day(never))


def test_vacations_and_blackouts_close_days() -> None:
    away = (DayRange("2026-10-20", "2026-10-21"),)
    closed = msgspec.structs.replace(WEEK, away=away, blackouts=("2026-10-26",))

    assert [day for day, sessions in sessions_by_day(closed) if sessions] == ["2026-10-19", "2026-10-28"]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)])
def test_a_day_around_the_clock_is_as_long_as_it_is(day: str, hours: int) -> None:
    daily = WorkingHours("Europe/Berlin", "FREQ=DAILY", day, day, ALL_DAY, ALL_DAY, (), ())

    (session,) = dict(sessions_by_day(daily))[day]

    assert session.ends_us - session.starts_us == hours * HOUR_US


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rule": "FREQ=SECONDLY"}, "is not a rule of days"),
        ({"rule": "FREQ=WEEKLY;BYDAY=XX"}, "is not an RRULE"),
        ({"rule": "every Monday"}, "is not a rule of days"),
        ({"last_day": "2026-10-18"}, "is not 1 to 62 days"),
        ({"last_day": "2027-10-18"}, "is not 1 to 62 days"),
        ({"first_day": "2026-02-30"}, "is not a day"),
        ({"blackouts": ("0001-01-01",)}, "is not between the years"),
        ({"hours": Hours("17:00", "08:00")}, "is not before"),
        ({"hours": Hours("8 o'clock", "17:00")}, "is not a time of day"),
    ],
)
def test_working_hours_that_cannot_be(changes: dict[str, object], words: str) -> None:
    with pytest.raises(BadHours, match=words):
        check_working_hours(msgspec.structs.replace(WEEK, **changes))
