"""Each tight spot is marked when a history goes through it, and not by what merely looks like it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from small_clinic import ANN, DESK, TERMS, SmallClinic, at, clinic_at

from reference_services.clinic.invariants import coverage
from reference_services.clinic.schedules import HoldExpired
from reference_services.clinic.terms import MINUTE_US
from reference_services.kernel.invariant import Checker
from reference_services.kernel.message import Message
from reference_services.kernel.problem import Problem

TEN = "2026-06-10T10:00"


def booked(*, cancelled: bool = False) -> SmallClinic:
    clinic = clinic_at("2026-06-08T08:00", days_until="2026-06-30")
    appointment = clinic.book(ANN, TEN)
    if cancelled:
        clinic.step("cancel_appointment", ANN, appointment)
    return clinic


def reached(told: Iterable[Message[Any]]) -> set[str]:
    marks = coverage(TERMS)
    watching = Checker((), marks)
    for message in told:
        watching.observe(message)
    assert watching.finish(0) == []
    return {name for name, times in marks.reached.items() if times}


def first(told: list[Message[Any]], name: str) -> int:
    return next(index for index, each in enumerate(told) if type(each.data).__name__ == name)


def closing(told: list[Message[Any]]) -> Message[Any]:
    """The provider's day of the appointment closes."""
    requested = told[first(told, "AppointmentRequested")].data
    opened = next(
        each
        for each in told
        if type(each.data).__name__ == "CalendarChanged"
        and (each.data.resource_id, each.data.day) == (requested.plan.provider_id, requested.plan.day)
    )
    return msgspec.structs.replace(opened, data=msgspec.structs.replace(opened.data, calendar_version=2, sessions=()))


def test_a_calendar_races_the_booking_that_it_hits_under_way() -> None:
    told = booked().told
    place = first(told, "AppointmentRequested") + 1
    assert "calendar-change-racing-booking" in reached([*told[:place], closing(told), *told[place:]])
    assert "calendar-change-racing-booking" not in reached([*told, closing(told)])
    assert "calendar-change-racing-booking" not in reached([*told[: place - 1], closing(told), *told[place - 1 :]])


def test_an_authorization_comes_after_the_hold_only_if_it_comes() -> None:
    told = booked(cancelled=True).told
    held = told[first(told, "SlotHeld")]
    slot = held.data
    expired = msgspec.structs.replace(
        held, data=HoldExpired(slot.resource_id, slot.day, slot.kind, slot.slot), time_us=slot.expires_us
    )
    place = first(told, "CopayAuthorized")

    assert "authorization-after-hold" in reached([*told[:place], expired, *told[place:]])
    unanswered = reached([*told[:place], expired, *told[place + 1 :]])
    assert "authorization-after-hold" not in unanswered
    assert "hold-expired-while-paying" in unanswered


@pytest.mark.parametrize(
    ("step", "who", "is_race"), [("record_arrival", DESK, True), ("cancel_appointment", ANN, False)]
)
def test_the_no_show_wins_against_an_arrival_alone(step: str, who: Any, is_race: bool) -> None:
    clinic = booked()
    appointment = clinic.events("AppointmentBooked")[0].appointment_id
    clinic.until(at(TEN) + 15 * MINUTE_US)
    with pytest.raises(Problem):
        clinic.step(step, who, appointment)
    assert ("arrival-race-won-by-no-show" in reached(clinic.told)) is is_race


@pytest.mark.parametrize(
    ("now", "starts", "is_night"),
    [("2026-10-19T08:00", "2026-10-28T10:00", False), ("2026-10-25T00:30", "2026-10-25T03:30", True)],
)
def test_a_night_of_changed_clocks_is_one_that_somebody_comes_in(now: str, starts: str, is_night: bool) -> None:
    clinic = clinic_at(now, days_until="2026-10-31")
    clinic.book(ANN, starts)
    marks = reached(clinic.told)
    assert "clocks-changed-before-visit" in marks
    assert ("dst-night" in marks) is is_night
