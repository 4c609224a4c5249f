"""Whole stories: a booking, a visit, a move, an illness and a waiting list, each from its beginning to its end."""

from __future__ import annotations

from typing import Any

import pytest
from small_clinic import ANN, BOB, CAT, DESK, DR_WHO, PHONES, SmallClinic, at, clinic_at

from reference_services.clinic.reminders import NOTICES
from reference_services.clinic.requests import MoveRequest
from reference_services.clinic.terms import DAY_US, HOUR_US
from reference_services.kernel.operation import Action, Call, Principal
from reference_services.kernel.problem import Problem

TEN = "2026-06-10T10:00"
DAN = Principal("dan", "patient")


@pytest.fixture
def clinic() -> SmallClinic:
    return clinic_at("2026-06-08T08:00", days_until="2026-06-30")


def refusal(call: Any) -> str:
    with pytest.raises(Problem) as raised:
        call()
    return raised.value.kind.slug


def kinds(clinic: SmallClinic) -> list[str]:
    return [kind for _, _, kind in clinic.texts]


def test_a_visit_from_the_booking_to_the_copay(clinic: SmallClinic) -> None:
    appointment = clinic.book(ANN, TEN)
    clinic.step("complete_intake", ANN, appointment)
    clinic.until(at("2026-06-10T09:55"))
    clinic.step("record_arrival", DESK, appointment)
    clinic.step("check_in", DESK, appointment)
    clinic.until(at("2026-06-10T10:15"))
    clinic.step("fulfil_visit", DR_WHO, appointment)
    clinic.until(clinic.now_us + DAY_US)

    assert clinic.status(appointment) == "fulfilled"
    assert [entry.amount_cents for entry in clinic.books.ledger] == [2500]
    assert clinic.texts == [
        (at("2026-06-09T10:00"), PHONES["ann"], "early"),
        (at("2026-06-10T08:00"), PHONES["ann"], "late"),
    ]
    assert clinic.broken() == []


def test_the_form_comes_before_the_check_in(clinic: SmallClinic) -> None:
    appointment = clinic.book(ANN, TEN)
    assert refusal(lambda: clinic.step("check_in", DESK, appointment)) == "not-now"
    clinic.step("record_arrival", DESK, appointment)
    assert refusal(lambda: clinic.step("check_in", DESK, appointment)) == "intake-missing"
    clinic.step("complete_intake", ANN, appointment)
    clinic.step("check_in", DESK, appointment)
    assert refusal(lambda: clinic.step("record_arrival", DESK, appointment)) == "not-now"
    assert refusal(lambda: clinic.step("cancel_appointment", ANN, appointment)) == "not-cancellable"


def test_a_visit_that_nobody_closes_is_closed(clinic: SmallClinic) -> None:
    seen, left = clinic.book(ANN, TEN), clinic.book(BOB, TEN, provider="dr-no")
    clinic.step("complete_intake", ANN, seen)
    clinic.until(at(TEN))
    for appointment in (seen, left):
        clinic.step("record_arrival", DESK, appointment)
    clinic.step("check_in", DESK, seen)
    clinic.until(at(TEN) + 5 * HOUR_US)

    assert (clinic.status(seen), clinic.status(left)) == ("fulfilled", "cancelled")
    assert clinic.events("VisitFulfilled")[0].closed_out
    assert [entry.amount_cents for entry in clinic.books.ledger] == [2500]
    assert clinic.broken() == []


def test_one_provider_one_room_and_one_patient_at_a_time(clinic: SmallClinic) -> None:
    clinic.book(ANN, TEN, service="checkup")

    assert refusal(lambda: clinic.book(BOB, "2026-06-10T10:15")) == "slot-taken"
    assert refusal(lambda: clinic.book(ANN, "2026-06-10T10:15", provider="dr-no")) == "patient-busy"
    clinic.book(BOB, TEN, provider="dr-no")
    clinic.publish("dr-new", "2026-06-08", "2026-06-30")
    assert refusal(lambda: clinic.book(CAT, TEN, provider="dr-new")) == "no-room"
    assert clinic.broken() == []


def test_one_visit_a_week_with_one_provider(clinic: SmallClinic) -> None:
    first = clinic.book(ANN, TEN)

    assert refusal(lambda: clinic.book(ANN, "2026-06-17T09:45")) == "one-per-week"
    clinic.book(ANN, "2026-06-17T10:00")
    clinic.book(ANN, "2026-06-12T10:00", provider="dr-no")
    clinic.step("cancel_appointment", ANN, first)
    assert refusal(lambda: clinic.book(ANN, "2026-06-11T10:00")) == "one-per-week"
    clinic.book(ANN, TEN)
    assert clinic.broken() == []


def test_a_declined_card_leaves_nothing_behind(clinic: SmallClinic) -> None:
    assert refusal(lambda: clinic.book(ANN, TEN, card_token="card-declined")) == "payment-declined"

    clinic.book(BOB, TEN)
    clinic.book(ANN, TEN, provider="dr-no")
    assert clinic.broken() == []


def test_a_move_takes_the_new_time_and_frees_the_old_one(clinic: SmallClinic) -> None:
    appointment = clinic.book(ANN, TEN, service="checkup")

    clinic.step("move_appointment", ANN, appointment, {"starts": "2026-06-10T10:15"})
    names = [type(message.data).__name__ for message in clinic.told]
    assert names.index("AppointmentMoved") < names.index("SlotFreed")
    clinic.book(BOB, "2026-06-10T10:00")
    clinic.until(at("2026-06-10T10:00"))

    assert kinds(clinic) == ["early", "early", "late", "late"]
    assert clinic.broken() == []


def test_a_move_that_fails_leaves_exactly_the_old_place(clinic: SmallClinic) -> None:
    appointment = clinic.book(ANN, TEN)
    clinic.book(BOB, "2026-06-11T10:00")

    there = {"starts": "2026-06-11T10:00"}
    assert refusal(lambda: clinic.step("move_appointment", ANN, appointment, there)) == "slot-taken"
    assert clinic.step("view_appointment", ANN, appointment).body.starts == "2026-06-10T10:00:00+02:00"
    assert refusal(lambda: clinic.book(CAT, TEN)) == "slot-taken"
    assert clinic.broken() == []


def test_a_move_to_where_it_is_already_changes_nothing(clinic: SmallClinic) -> None:
    appointment = clinic.book(ANN, TEN)

    assert refusal(lambda: clinic.step("move_appointment", ANN, appointment, {"starts": TEN})) == "same-time"
    assert clinic.events("MoveRequested") == []


def test_what_happens_after_a_move_does_not_change_how_the_move_went(clinic: SmallClinic) -> None:
    """Whoever asks again with the same key is answered from how things stand by then."""
    appointment = clinic.book(ANN, TEN)
    _, operation = clinic.system.operation("move_appointment")
    assert isinstance(operation, Action)
    body = MoveRequest("2026-06-12T10:00")
    call = Call(ANN, {"appointment_id": appointment}, body, "c-1", clinic.now_us)
    command = operation.command(call, clinic.views)
    clinic.step("move_appointment", ANN, appointment, {"starts": body.starts})
    assert operation.outcome(command, clinic.views).refused == ""

    clinic.book(BOB, TEN)
    assert refusal(lambda: clinic.step("move_appointment", ANN, appointment, {"starts": TEN})) == "slot-taken"
    assert operation.outcome(command, clinic.views).refused == ""
    assert clinic.step("view_appointment", ANN, appointment).body.reason == "slot-taken"

    clinic.step("move_appointment", ANN, appointment, {"starts": "2026-06-13T10:00"})
    clinic.step("cancel_appointment", ANN, appointment)
    assert operation.outcome(command, clinic.views).refused == ""
    assert clinic.step("view_appointment", ANN, appointment).body.reason == "patient"


def test_within_the_cutoff_nothing_is_moved_any_more(clinic: SmallClinic) -> None:
    appointment = clinic.book(ANN, TEN)
    clinic.until(at("2026-06-10T08:01"))

    later = {"starts": "2026-06-12T10:00"}
    assert refusal(lambda: clinic.step("move_appointment", ANN, appointment, later)) == "not-movable"


def test_an_old_authorization_is_renewed_and_collected_once() -> None:
    clinic = clinic_at("2026-06-01T08:00", days_until="2026-06-20")
    appointment = clinic.book(ANN, "2026-06-15T10:00")
    clinic.step("complete_intake", ANN, appointment)
    clinic.until(at("2026-06-15T09:55"))
    for name, who in (("record_arrival", DESK), ("check_in", DESK), ("fulfil_visit", DR_WHO)):
        clinic.step(name, who, appointment)
    clinic.until(clinic.now_us + 10 * DAY_US)

    assert [event.renewed for event in clinic.events("CopayAuthorized")] == [False, True, True]
    assert len(clinic.events("CopayVoided")) == 2
    assert [entry.payment_id for entry in clinic.books.ledger] == [f"{appointment}/3"]
    assert clinic.broken() == []


def test_an_ill_provider_cancels_without_a_fee_and_tells_the_patients(clinic: SmallClinic) -> None:
    appointment, other = clinic.book(ANN, TEN), clinic.book(BOB, TEN, provider="dr-no")
    clinic.until(at("2026-06-10T08:30"))

    clinic.publish("dr-who", "2026-06-08", "2026-06-30", away=[{"first": "2026-06-10", "last": "2026-06-10"}])
    clinic.until(clinic.now_us + 1)
    assert clinic.texts[-1] == (at("2026-06-10T08:30"), PHONES["ann"], "notice")
    assert (clinic.status(appointment), clinic.status(other)) == ("cancelled", "booked")
    assert refusal(lambda: clinic.book(CAT, "2026-06-10T15:00")) == "outside-hours"
    clinic.until(at("2026-06-12T10:00"))

    assert [entry.payment_id.partition("/")[0] for entry in clinic.books.ledger] == [other]
    assert clinic.broken() == []


def test_a_closed_room_moves_the_visit_to_another_one(clinic: SmallClinic) -> None:
    appointment = clinic.book(ANN, TEN)
    room = clinic.step("view_appointment", ANN, appointment).body.room_id

    clinic.publish(room, "2026-06-08", "2026-06-30", away=[{"first": "2026-06-10", "last": "2026-06-10"}])
    clinic.until(clinic.now_us + 1)

    now = clinic.step("view_appointment", ANN, appointment).body
    assert now.status == "booked"
    assert {room, now.room_id} == {"room-1", "room-2"}
    assert kinds(clinic) == ["notice"]
    assert clinic.broken() == []


def test_a_visit_that_is_moved_and_then_cancelled_is_told_of_both_times(clinic: SmallClinic) -> None:
    """Both notices are about the same place: the one that the visit was moved to, and then lost."""
    appointment = clinic.book(ANN, TEN)
    room = clinic.step("view_appointment", ANN, appointment).body.room_id
    away = [{"first": "2026-06-10", "last": "2026-06-10"}]

    clinic.publish(room, "2026-06-08", "2026-06-30", away=away)
    clinic.until(clinic.now_us + 1)
    clinic.publish("dr-who", "2026-06-08", "2026-06-30", away=away)
    clinic.until(clinic.now_us + HOUR_US)

    assert clinic.status(appointment) == "cancelled"
    texts = [(event.message_id, event.text) for event in clinic.events("ReminderAddressed")]
    assert texts == [
        (f"{appointment}/2/moved/notice", NOTICES["moved"]),
        (f"{appointment}/2/cancelled/notice", NOTICES["cancelled"]),
    ]
    assert clinic.broken() == []


def test_a_visit_is_not_moved_to_where_it_is(clinic: SmallClinic) -> None:
    """It would take a second place at the same time, and the patient would be told of a room that has not changed."""
    appointment = clinic.book(ANN, TEN)
    clinic.book(BOB, TEN, provider="dr-no")

    assert refusal(lambda: clinic.step("move_appointment", ANN, appointment, {"starts": TEN})) == "same-time"
    clinic.until(clinic.now_us + HOUR_US)
    assert kinds(clinic) == []
    assert clinic.broken() == []


def test_whoever_is_there_is_reminded_of_nothing_even_in_another_room(clinic: SmallClinic) -> None:
    appointment = clinic.book(ANN, TEN)
    room = clinic.step("view_appointment", ANN, appointment).body.room_id
    clinic.until(at("2026-06-10T07:00"))
    clinic.step("record_arrival", DESK, appointment)

    clinic.publish(room, "2026-06-08", "2026-06-30", away=[{"first": "2026-06-10", "last": "2026-06-10"}])
    clinic.until(at("2026-06-10T09:00"))

    assert kinds(clinic) == ["early", "notice"]
    assert clinic.broken() == []


def test_a_shorter_calendar_closes_the_days_that_only_the_one_before_had(clinic: SmallClinic) -> None:
    appointment, other = clinic.book(ANN, "2026-06-20T10:00"), clinic.book(CAT, TEN)

    clinic.publish("dr-who", "2026-06-08", "2026-06-14")
    clinic.until(clinic.now_us + HOUR_US)

    assert (clinic.status(appointment), clinic.status(other)) == ("cancelled", "booked")
    assert kinds(clinic) == ["notice"]
    assert refusal(lambda: clinic.book(BOB, "2026-06-20T10:00")) == "outside-hours"
    clinic.publish("dr-who", "2026-06-15", "2026-06-21")
    clinic.book(BOB, "2026-06-20T10:00")
    assert clinic.status(other) == "cancelled"
    assert clinic.broken() == []


def set_clinic(clinic: SmallClinic, opens: str, closes: str, *blackouts: str) -> None:
    body = {"zone": "Europe/Berlin", "hours": {"opens": opens, "closes": closes}, "blackouts": list(blackouts)}
    clinic.ask("set_clinic", DESK, {"clinic_id": "clinic-1"}, body)
    clinic.until(clinic.now_us + 1)


def test_a_day_that_the_clinic_takes_out_is_closed_to_all_whose_calendars_were_there_before(
    clinic: SmallClinic,
) -> None:
    appointment, other = clinic.book(ANN, TEN), clinic.book(BOB, "2026-06-11T10:00")

    set_clinic(clinic, "00:00", "24:00", "2026-06-10")

    assert (clinic.status(appointment), clinic.status(other)) == ("cancelled", "booked")
    assert clinic.texts[-1][1:] == (PHONES["ann"], "notice")
    assert clinic.events("ReminderAddressed")[-1].text == NOTICES["cancelled"]
    for provider in ("dr-who", "dr-no"):
        assert refusal(lambda who=provider: clinic.book(CAT, TEN, provider=who)) == "outside-hours"
    set_clinic(clinic, "00:00", "24:00")
    clinic.book(CAT, TEN)
    assert clinic.broken() == []


def test_new_hours_of_the_clinic_bind_every_calendar(clinic: SmallClinic) -> None:
    early, late = clinic.book(ANN, TEN), clinic.book(BOB, "2026-06-10T14:00")

    set_clinic(clinic, "12:00", "18:00")

    assert (clinic.status(early), clinic.status(late)) == ("cancelled", "booked")
    assert refusal(lambda: clinic.book(CAT, "2026-06-10T18:00")) == "outside-hours"
    clinic.publish("dr-who", "2026-06-08", "2026-06-30")
    assert refusal(lambda: clinic.book(CAT, "2026-06-10T18:00")) == "outside-hours"
    assert clinic.broken() == []


def test_a_clinic_that_is_said_to_be_as_it_was_changes_no_calendar(clinic: SmallClinic) -> None:
    before = len(clinic.events("CalendarSet"))

    set_clinic(clinic, "00:00", "24:00")

    assert len(clinic.events("CalendarSet")) == before


def test_without_another_room_the_visit_is_cancelled(clinic: SmallClinic) -> None:
    appointment = clinic.book(ANN, TEN)
    clinic.book(BOB, TEN, provider="dr-no")
    room = clinic.step("view_appointment", ANN, appointment).body.room_id

    clinic.publish(room, "2026-06-08", "2026-06-30", away=[{"first": "2026-06-10", "last": "2026-06-10"}])
    clinic.until(clinic.now_us + HOUR_US)

    assert clinic.status(appointment) == "cancelled"
    assert kinds(clinic) == ["notice"]
    assert clinic.broken() == []


def wait(clinic: SmallClinic, who: Principal, card: str = "card-ok", service: str = "visit") -> dict[str, str]:
    wish = {"provider_id": "dr-who", "service": service, "card_token": card}
    return {"entry_id": clinic.ask("join_waitlist", who, body=wish).body.entry_id}


def offers(clinic: SmallClinic, who: Principal, entry: dict[str, str]) -> list[str]:
    return [offer.starts for offer in clinic.ask("view_entry", who, entry).body.offers]


def test_a_freed_slot_goes_to_whoever_has_waited_longest(clinic: SmallClinic) -> None:
    appointment = clinic.book(ANN, TEN)
    bob, cat = wait(clinic, BOB), wait(clinic, CAT)
    clinic.step("cancel_appointment", ANN, appointment)
    there = ["2026-06-10T10:00:00+02:00"]

    assert (offers(clinic, BOB, bob), offers(clinic, CAT, cat)) == (there, [])
    clinic.until(clinic.now_us + 15 * 60_000_000)
    assert (offers(clinic, BOB, bob), offers(clinic, CAT, cat)) == ([], there)
    assert refusal(lambda: clinic.ask("accept_offer", BOB, bob, {"starts": there[0]})) == "offer-lapsed"
    accepted = clinic.ask("accept_offer", CAT, cat, {"starts": there[0]}).body
    assert clinic.status(accepted.appointment_id) == "booked"
    assert refusal(lambda: clinic.ask("leave_waitlist", CAT, cat)) == "not-waiting"
    assert clinic.broken() == []


def test_an_offer_is_a_question_and_whoever_books_first_has_the_slot(clinic: SmallClinic) -> None:
    appointment = clinic.book(ANN, TEN)
    bob = wait(clinic, BOB)
    clinic.step("cancel_appointment", ANN, appointment)
    assert offers(clinic, BOB, bob)

    clinic.book(ANN, TEN)

    assert offers(clinic, BOB, bob) == []
    assert clinic.checker.coverage.reached["offer-racing-rebooking"] == 1
    assert clinic.broken() == []


def test_who_stops_waiting_passes_the_offer_on(clinic: SmallClinic) -> None:
    appointment = clinic.book(ANN, TEN)
    bob, cat = wait(clinic, BOB), wait(clinic, CAT)
    clinic.step("cancel_appointment", ANN, appointment)

    clinic.ask("leave_waitlist", BOB, bob)

    assert offers(clinic, CAT, cat)
    assert clinic.broken() == []


@pytest.mark.parametrize(
    ("provider", "starts", "card", "reason"),
    [
        ("dr-who", "2026-06-12T10:00", "card-ok", "one-per-week"),
        ("dr-no", TEN, "card-ok", "patient-busy"),
        ("dr-no", "2026-06-12T10:00", "card-declined", "payment-declined"),
    ],
)
def test_who_says_yes_and_may_not_come_waits_on_and_the_next_is_asked(
    clinic: SmallClinic, provider: str, starts: str, card: str, reason: str
) -> None:
    appointment = clinic.book(ANN, TEN)
    bob, cat = wait(clinic, BOB, card), wait(clinic, CAT)
    clinic.book(BOB, starts, provider=provider)
    clinic.step("cancel_appointment", ANN, appointment)

    clinic.ask("accept_offer", BOB, bob, {"starts": TEN})

    assert clinic.events("AppointmentRejected")[-1].reason == reason
    assert clinic.ask("view_entry", BOB, bob).body.status == "waiting"
    assert offers(clinic, BOB, bob) == []
    accepted = clinic.ask("accept_offer", CAT, cat, {"starts": TEN}).body
    assert clinic.status(accepted.appointment_id) == "booked"
    assert clinic.ask("leave_waitlist", BOB, bob).body.status == "left"
    assert clinic.broken() == []


def test_who_waits_on_keeps_the_old_place(clinic: SmallClinic) -> None:
    first, second = clinic.book(ANN, TEN), clinic.book(DAN, "2026-06-20T10:00")
    bob, cat = wait(clinic, BOB), wait(clinic, CAT)
    clinic.book(BOB, "2026-06-12T10:00")
    clinic.step("cancel_appointment", ANN, first)
    clinic.ask("accept_offer", BOB, bob, {"starts": TEN})

    clinic.step("cancel_appointment", DAN, second)

    assert offers(clinic, BOB, bob) == ["2026-06-20T10:00:00+02:00"]
    assert offers(clinic, CAT, cat) == ["2026-06-10T10:00:00+02:00"]
    assert clinic.broken() == []


def test_whatever_takes_some_of_an_offered_time_ends_the_offer(clinic: SmallClinic) -> None:
    appointment = clinic.book(ANN, TEN, service="checkup")
    bob = wait(clinic, BOB, service="checkup")
    clinic.step("cancel_appointment", ANN, appointment)
    assert offers(clinic, BOB, bob)

    clinic.book(CAT, "2026-06-10T10:15")

    assert offers(clinic, BOB, bob) == []
    assert refusal(lambda: clinic.ask("accept_offer", BOB, bob, {"starts": TEN})) == "offer-lapsed"
    assert clinic.ask("view_entry", BOB, bob).body.status == "waiting"
    assert clinic.broken() == []


def test_contact_data_never_leaves_its_service(clinic: SmallClinic) -> None:
    """A telephone number is in no event of any other service, nor in what other services' callers are answered."""
    appointment = clinic.book(ANN, TEN)
    clinic.publish("dr-who", "2026-06-08", "2026-06-30", away=[{"first": "2026-06-10", "last": "2026-06-10"}])
    clinic.until(at("2026-06-12T10:00"))

    knowing = {message.source for message in clinic.told if PHONES["ann"] in str(message.data)}
    assert knowing == {"clinic.reminders"}
    assert PHONES["ann"] not in str(clinic.step("view_appointment", ANN, appointment).body)
    assert kinds(clinic) == ["notice"]
