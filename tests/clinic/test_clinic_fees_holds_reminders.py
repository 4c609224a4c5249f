"""Worked examples: who pays a fee, which hold lasts, and when a reminder goes out, daylight-saving nights included.

Local times in Berlin. In 2026 the clocks go forward on 29 March, from 02:00 to 03:00, and back on 25 October, from
03:00 to 02:00; the second pass of that hour has the offset +01:00.
"""

from __future__ import annotations

from contextlib import suppress

import pytest
from small_clinic import ANN, BERLIN, DESK, TERMS, SmallClinic, at, clinic_at

from reference_services.clinic.local_time import local_text
from reference_services.clinic.schedules import ChangeDay, DayDecider, ExpireHold, HoldSlot, Slot
from reference_services.clinic.working_hours import Span
from reference_services.kernel.problem import Problem

FEE, NO_FEE = 2000, 0


def collected_cents(clinic: SmallClinic) -> int:
    return sum(entry.amount_cents for entry in clinic.books.ledger)


def booked(starts: str, at_time: str) -> tuple[SmallClinic, str]:
    clinic = clinic_at(at_time, days_until=starts[:10])
    return clinic, clinic.book(ANN, starts)


@pytest.mark.parametrize(
    ("starts", "cancelled", "cents"),
    [
        ("2026-06-10T10:00", "2026-06-09T10:00", NO_FEE),
        ("2026-06-10T10:00", "2026-06-10T07:59", NO_FEE),
        ("2026-06-10T10:00", "2026-06-10T08:00", NO_FEE),
        ("2026-06-10T10:00", "2026-06-10T08:00:01", FEE),
        ("2026-06-10T10:00", "2026-06-10T09:59:59", FEE),
        ("2026-06-10T00:30", "2026-06-09T22:30", NO_FEE),
        ("2026-06-10T00:30", "2026-06-09T22:31", FEE),
        # The night with 23 hours: from 01:30 to 04:30 it is two hours, not three.
        ("2026-03-29T04:30", "2026-03-29T01:30", NO_FEE),
        ("2026-03-29T04:30", "2026-03-29T01:31", FEE),
        ("2026-03-29T04:00", "2026-03-29T01:30", FEE),
        ("2026-03-29T03:00", "2026-03-29T00:00", NO_FEE),
        ("2026-03-29T03:00", "2026-03-29T00:01", FEE),
        # The night with 25 hours: from 01:30 to 03:00 it is two and a half, not one and a half.
        ("2026-10-25T03:00", "2026-10-25T01:00", NO_FEE),
        ("2026-10-25T03:00", "2026-10-25T01:59:59", NO_FEE),
        ("2026-10-25T03:00", "2026-10-25T02:00:00+02:00", NO_FEE),
        ("2026-10-25T03:00", "2026-10-25T02:00:01+02:00", FEE),
        ("2026-10-25T03:00", "2026-10-25T02:00:00+01:00", FEE),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30", NO_FEE),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T01:31", FEE),
    ],
)
def test_who_cancels_pays_only_after_the_cutoff(starts: str, cancelled: str, cents: int) -> None:
    clinic, appointment = booked(starts, f"{starts[:8]}{int(starts[8:10]) - 1:02}T08:00")
    clinic.until(at(cancelled))

    clinic.step("cancel_appointment", ANN, appointment)
    clinic.until(clinic.now_us + 10**10)

    assert collected_cents(clinic) == cents
    assert clinic.broken() == []


@pytest.mark.parametrize(
    ("starts", "comes", "cents"),
    [
        ("2026-06-10T10:00", "2026-06-10T09:50", 2500),
        ("2026-06-10T10:00", "2026-06-10T10:00", 2500),
        ("2026-06-10T10:00", "2026-06-10T10:14:59", 2500),
        ("2026-06-10T10:00", None, FEE),
        ("2026-06-10T10:00", "2026-06-10T10:15", FEE),
        ("2026-06-10T10:00", "2026-06-10T11:00", FEE),
        ("2026-03-29T01:45", "2026-03-29T01:59:59", 2500),
        ("2026-03-29T01:45", "2026-03-29T03:00", FEE),
        ("2026-10-25T02:45:00+02:00", "2026-10-25T02:59:59+02:00", 2500),
        ("2026-10-25T02:45:00+02:00", "2026-10-25T02:00:00+01:00", FEE),
        ("2026-10-25T02:45:00+01:00", "2026-10-25T02:00:00+01:00", 2500),
        ("2026-10-25T02:00:00+01:00", "2026-10-25T02:14:59+01:00", 2500),
    ],
)
def test_who_comes_by_the_end_of_the_grace_period_pays_the_copay_and_others_the_fee(
    starts: str, comes: str | None, cents: int
) -> None:
    clinic, appointment = booked(starts, f"{starts[:8]}{int(starts[8:10]) - 1:02}T08:00")
    clinic.step("complete_intake", ANN, appointment)
    if comes is not None:
        clinic.until(at(comes))
        with suppress(Problem):  # too late: the appointment is no more
            clinic.step("record_arrival", DESK, appointment)
            clinic.step("check_in", DESK, appointment)

    clinic.until(at(starts) + 10**11)

    assert collected_cents(clinic) == cents
    assert clinic.broken() == []


@pytest.mark.parametrize(
    ("made", "starts", "reminded"),
    [
        ("2026-06-08T09:00", "2026-06-10T10:00", ["2026-06-09T10:00:00+02:00", "2026-06-10T08:00:00+02:00"]),
        ("2026-06-09T10:00", "2026-06-10T10:00", ["2026-06-09T10:00:00+02:00", "2026-06-10T08:00:00+02:00"]),
        ("2026-06-09T10:01", "2026-06-10T10:00", ["2026-06-10T08:00:00+02:00"]),
        ("2026-06-10T07:59", "2026-06-10T10:00", ["2026-06-10T08:00:00+02:00"]),
        ("2026-06-10T08:01", "2026-06-10T10:00", []),
        # 24 hours are 24 hours: when the clocks change, the reminder comes an hour earlier or later by the wall.
        ("2026-03-27T09:00", "2026-03-29T10:00", ["2026-03-28T09:00:00+01:00", "2026-03-29T08:00:00+02:00"]),
        ("2026-03-27T09:00", "2026-03-29T04:00", ["2026-03-28T03:00:00+01:00", "2026-03-29T01:00:00+01:00"]),
        ("2026-03-27T09:00", "2026-03-30T02:30", ["2026-03-29T01:30:00+01:00", "2026-03-30T00:30:00+02:00"]),
        ("2026-10-23T09:00", "2026-10-25T10:00", ["2026-10-24T11:00:00+02:00", "2026-10-25T08:00:00+01:00"]),
        ("2026-10-23T09:00", "2026-10-25T03:30", ["2026-10-24T04:30:00+02:00", "2026-10-25T02:30:00+02:00"]),
        ("2026-10-23T09:00", "2026-10-26T02:30", ["2026-10-25T02:30:00+01:00", "2026-10-26T00:30:00+01:00"]),
    ],
)
def test_a_reminder_goes_out_a_day_and_two_hours_before(made: str, starts: str, reminded: list[str]) -> None:
    clinic, _ = booked(starts, made)

    clinic.until(at(starts))

    assert [local_text(time_us, BERLIN) for time_us, _, kind in clinic.texts if kind in ("early", "late")] == reminded
    assert clinic.broken() == []


HELD = Slot("a-1/1", "a-1", "visit", at("2026-06-10T10:00"), at("2026-06-10T10:15"))
NIGHT = Slot("a-1/1", "a-1", "visit", at("2026-10-25T03:00"), at("2026-10-25T03:15"))


@pytest.mark.parametrize(
    ("slot", "held", "asked", "stands"),
    [
        (HELD, "2026-06-10T08:00", "2026-06-10T08:04:59", True),
        (HELD, "2026-06-10T08:00", "2026-06-10T08:05", False),
        (HELD, "2026-06-10T09:59", "2026-06-10T10:03:59", True),
        (NIGHT, "2026-10-25T02:58:00+02:00", "2026-10-25T02:02:59+01:00", True),
        (NIGHT, "2026-10-25T02:58:00+02:00", "2026-10-25T02:03:00+01:00", False),
        (NIGHT, "2026-10-25T02:58:00+01:00", "2026-10-25T02:59:00+01:00", True),
    ],
)
def test_a_hold_lasts_five_minutes_whatever_the_clocks_show(slot: Slot, held: str, asked: str, stands: bool) -> None:
    day = slot_day(slot)
    decider = DayDecider(TERMS)
    state = decider.initial(f"dr-who/{day}")
    sessions = (Span(slot.starts_us, slot.ends_us),)
    for command, time_us in (
        (ChangeDay("dr-who", day, "provider", "clinic-1", 1, sessions), 0),
        (HoldSlot("dr-who", day, slot), at(held)),
        (ExpireHold("dr-who", day, slot.hold_id), at(asked)),
    ):
        for event in decider.decide(state, command, time_us):
            state = decider.evolve(state, event)

    assert (slot.hold_id in state.held) is stands


def slot_day(slot: Slot) -> str:
    return local_text(slot.starts_us, BERLIN)[:10]
