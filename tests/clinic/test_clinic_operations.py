"""The clinic's API calls, without HTTP: who may, whose things one sees, and what a bad request is told."""

from __future__ import annotations

from typing import Any

import pytest
from small_clinic import ANN, BOB, CAT, DESK, DR_NO, DR_WHO, PUBLIC, TERMS, SmallClinic, at, clinic_at

from reference_services.clinic import schedule_operations
from reference_services.clinic.system import build
from reference_services.kernel.problem import Problem

PATIENT_OR_DESK = ("patient", "front_desk")

API = {
    "set_clinic": ("PUT", "/clinics/{clinic_id}", ("front_desk",)),
    "set_calendar": ("PUT", "/calendars/{resource_id}", ("front_desk",)),
    "search_availability": ("GET", "/availability", ("anyone",)),
    "book_appointment": ("POST", "/appointments", PATIENT_OR_DESK),
    "list_appointments": ("GET", "/appointments", ("patient",)),
    "view_agenda": ("GET", "/agenda", ("provider",)),
    "view_appointment": ("GET", "/appointments/{appointment_id}", ("patient", "front_desk", "provider")),
    "move_appointment": ("POST", "/appointments/{appointment_id}/move", PATIENT_OR_DESK),
    "cancel_appointment": ("POST", "/appointments/{appointment_id}/cancellation", PATIENT_OR_DESK),
    "complete_intake": ("POST", "/appointments/{appointment_id}/intake", ("patient",)),
    "record_arrival": ("POST", "/appointments/{appointment_id}/arrival", ("front_desk",)),
    "check_in": ("POST", "/appointments/{appointment_id}/check-in", ("front_desk",)),
    "fulfil_visit": ("POST", "/appointments/{appointment_id}/fulfilment", ("provider",)),
    "join_waitlist": ("POST", "/entries", ("patient",)),
    "view_entry": ("GET", "/entries/{entry_id}", ("patient",)),
    "accept_offer": ("POST", "/entries/{entry_id}/acceptance", ("patient",)),
    "leave_waitlist": ("POST", "/entries/{entry_id}/withdrawal", ("patient",)),
    "take_payment_report": ("POST", "/webhooks/payments", ("payment_provider",)),
    "set_contact": ("PUT", "/contacts/{patient_id}", PATIENT_OR_DESK),
    "view_contact": ("GET", "/contacts/{patient_id}", PATIENT_OR_DESK),
}


def test_who_may_call_what() -> None:
    assert {
        operation.name: (operation.method, operation.path, operation.roles)
        for _, operation in build(TERMS).operations()
    } == API


@pytest.fixture
def clinic() -> SmallClinic:
    return clinic_at("2026-06-08T08:00", days_until="2026-06-30")


def slug_of(call: Any) -> str:
    with pytest.raises(Problem) as raised:
        call()
    assert raised.value.detail or raised.value.kind.title
    return raised.value.kind.slug


@pytest.mark.parametrize(
    ("changes", "slug", "words"),
    [
        ({"starts": "2026-06-08T07:45"}, "in-the-past", "has passed: at the clinic it is 2026-06-08T08:00:00"),
        ({"starts": "2026-07-01T10:00"}, "outside-hours", "sees nobody at"),
        ({"starts": "2026-06-10T10:05"}, "off-grid", "every 15 minutes"),
        ({"minutes": 17}, "slot-length", "a visit takes 15 minutes, not 17"),
        ({"service": "checkup", "minutes": 15}, "slot-length", "a checkup takes 30 minutes, not 15"),
        ({"service": "surgery"}, "service-not-offered", "offers visit, checkup, not 'surgery'"),
        ({"provider_id": "dr-strange"}, "not-found", "no provider 'dr-strange'"),
        ({"provider_id": "room-1"}, "not-found", "no provider 'room-1'"),
        ({"starts": "in the morning at"}, "no-such-time", "is not a time"),
        ({"patient_id": "bob"}, "forbidden", "patients book for themselves"),
    ],
)
def test_a_booking_that_cannot_be_is_told_why(
    clinic: SmallClinic, changes: dict[str, Any], slug: str, words: str
) -> None:
    body = {"provider_id": "dr-who", "service": "visit", "starts": "2026-06-10T10:00", "card_token": "card-ok"}

    with pytest.raises(Problem, match=words) as raised:
        clinic.ask("book_appointment", ANN, body={**body, **changes})

    assert raised.value.kind.slug == slug
    assert raised.value.body()["status"] in (403, 404, 422)
    assert not clinic.events("AppointmentRequested")


@pytest.mark.parametrize(
    ("starts", "words"),
    [("2026-03-29T02:30", "the clocks go forward over it"), ("2026-10-25T02:30", "comes twice")],
)
def test_the_hours_that_daylight_saving_skips_or_repeats(starts: str, words: str) -> None:
    clinic = clinic_at(f"{starts[:8]}20T08:00", days_until=starts[:10])

    with pytest.raises(Problem, match=words) as raised:
        clinic.book(ANN, starts)

    assert raised.value.kind.slug == "no-such-time"


def test_the_night_hour_that_comes_twice_can_be_had_twice() -> None:
    clinic = clinic_at("2026-10-20T08:00", days_until="2026-10-25")

    clinic.book(ANN, "2026-10-25T02:30:00+02:00")
    clinic.book(BOB, "2026-10-25T02:30:00+01:00")

    assert clinic.broken() == []


def test_nobody_reads_or_touches_anothers_appointment(clinic: SmallClinic) -> None:
    appointment = clinic.book(ANN, "2026-06-10T10:00")

    for stranger in (BOB, DR_NO):
        assert slug_of(lambda who=stranger: clinic.step("view_appointment", who, appointment)) == "not-found"
    for name in ("cancel_appointment", "complete_intake"):
        assert slug_of(lambda each=name: clinic.step(each, BOB, appointment)) == "not-found"
    move = {"starts": "2026-06-11T10:00"}
    assert slug_of(lambda: clinic.step("move_appointment", BOB, appointment, move)) == "not-found"
    assert slug_of(lambda: clinic.step("fulfil_visit", DR_NO, appointment)) == "not-found"
    assert clinic.ask("list_appointments", BOB).body.appointments == []
    assert clinic.ask("view_agenda", DR_NO).body.appointments == []

    for friend in (ANN, DESK, DR_WHO):
        assert clinic.step("view_appointment", friend, appointment).body.patient_id == "ann"
    assert [each.appointment_id for each in clinic.ask("list_appointments", ANN).body.appointments] == [appointment]
    assert [each.appointment_id for each in clinic.ask("view_agenda", DR_WHO).body.appointments] == [appointment]


@pytest.mark.parametrize(
    ("who", "operation"),
    [
        (ANN, "set_clinic"),
        (ANN, "record_arrival"),
        (DR_WHO, "check_in"),
        (DESK, "fulfil_visit"),
        (DR_WHO, "view_contact"),
    ],
)
def test_a_role_may_do_its_own_work_only(clinic: SmallClinic, who: Any, operation: str) -> None:
    assert slug_of(lambda: clinic.ask(operation, who)) == "forbidden"


def test_contacts_are_the_patients_own(clinic: SmallClinic) -> None:
    path = {"patient_id": "ann"}
    assert slug_of(lambda: clinic.ask("view_contact", BOB, path)) == "not-found"
    assert slug_of(lambda: clinic.ask("set_contact", BOB, path, {"phone": "+491" + "5" * 8})) == "not-found"
    assert clinic.ask("view_contact", ANN, path).body.phone == clinic.ask("view_contact", DESK, path).body.phone
    assert slug_of(lambda: clinic.ask("view_contact", DESK, {"patient_id": "zoe"})) == "not-found"


def test_a_waiting_patients_entry_is_their_own(clinic: SmallClinic) -> None:
    wish = {"provider_id": "dr-who", "service": "visit", "card_token": "card-ok"}
    entry = {"entry_id": clinic.ask("join_waitlist", ANN, body=wish).body.entry_id}

    for name, body in (
        ("view_entry", None),
        ("leave_waitlist", None),
        ("accept_offer", {"starts": "2026-06-10T10:00"}),
    ):
        assert slug_of(lambda each=name, sent=body: clinic.ask(each, BOB, entry, sent)) == "not-found"
    offered = {"starts": "2026-06-10T10:00"}
    assert slug_of(lambda: clinic.ask("accept_offer", ANN, entry, offered)) == "offer-lapsed"
    assert slug_of(lambda: clinic.ask("join_waitlist", ANN, body=wish)) == "already-waiting"


def search(clinic: SmallClinic, **changes: Any) -> list[tuple[str, str]]:
    body = {"clinic_id": "clinic-1", "service": "visit", "limit": "4", **changes}
    openings = clinic.ask("search_availability", PUBLIC, body=body).body.openings
    return [(opening.provider_id, opening.starts[11:16]) for opening in openings]


def test_a_search_shows_the_earliest_free_times(clinic: SmallClinic) -> None:
    assert search(clinic, provider_id="dr-who") == [("dr-who", each) for each in ("08:15", "08:30", "08:45", "09:00")]
    assert search(clinic) == [("dr-no", "08:15"), ("dr-who", "08:15"), ("dr-no", "08:30"), ("dr-who", "08:30")]

    clinic.book(ANN, "2026-06-08T08:30", service="checkup")

    assert search(clinic, provider_id="dr-who") == [("dr-who", each) for each in ("08:15", "09:00", "09:15", "09:30")]
    assert search(clinic, provider_id="dr-who", service="checkup", limit=1) == [("dr-who", "09:00")]


def test_a_search_shows_no_time_without_a_room(clinic: SmallClinic) -> None:
    clinic.book(ANN, "2026-06-08T08:15")
    clinic.publish("room-1", "2026-06-08", "2026-06-30", away=[{"first": "2026-06-08", "last": "2026-06-08"}])
    clinic.publish("room-2", "2026-06-08", "2026-06-30", away=[{"first": "2026-06-08", "last": "2026-06-08"}])

    assert search(clinic, provider_id="dr-no", limit=1) == [("dr-no", "00:00")]


def test_a_search_keeps_within_the_instants_it_is_given(clinic: SmallClinic) -> None:
    window = {"provider_id": "dr-who", "earliest": "2026-06-09T08:00:00Z", "latest": "2026-06-09T08:15:00Z"}
    assert search(clinic, **window) == [("dr-who", "10:00"), ("dr-who", "10:15")]


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"clinic_id": "clinic-9"}, "not-found"),
        ({"service": "surgery"}, "not-found"),
        ({"provider_id": "dr-strange"}, "not-found"),
        ({"earliest": "2026-06-09T08:00:00.000"}, "unprocessable"),
    ],
)
def test_a_search_for_what_there_is_not(clinic: SmallClinic, changes: dict[str, str], slug: str) -> None:
    assert slug_of(lambda: search(clinic, **changes)) == slug


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"rule": "FREQ=HOURLY"}, "unprocessable"),
        ({"last_day": "2029-01-01"}, "unprocessable"),
        ({"clinic_id": "clinic-9"}, "not-found"),
        ({"services": ["surgery"]}, "unprocessable"),
    ],
)
def test_a_calendar_that_cannot_be(clinic: SmallClinic, changes: dict[str, Any], slug: str) -> None:
    assert (
        slug_of(lambda: clinic.publish("dr-who", **{"first_day": "2026-06-08", "last_day": "2026-06-30", **changes}))
        == slug
    )


@pytest.mark.parametrize(
    "body",
    [
        {"zone": "Europe/Atlantis", "hours": {"opens": "08:00", "closes": "17:00"}},
        {"zone": "Europe/Berlin", "hours": {"opens": "17:00", "closes": "08:00"}},
        {"zone": "Europe/Berlin", "hours": {"opens": "08:00", "closes": "17:00"}, "blackouts": ["2026-02-30"]},
    ],
)
def test_a_clinic_that_cannot_be(clinic: SmallClinic, body: dict[str, Any]) -> None:
    assert slug_of(lambda: clinic.ask("set_clinic", DESK, {"clinic_id": "clinic-2"}, body)) == "unprocessable"


def test_a_calendar_stays_with_whom_it_is_of(clinic: SmallClinic) -> None:
    """Or visits would stand with a provider who is a room now, or in rooms of another clinic."""
    days = {"first_day": "2026-06-08", "last_day": "2026-06-30"}
    hours = {"opens": "00:00", "closes": "24:00"}
    clinic.ask("set_clinic", DESK, {"clinic_id": "clinic-2"}, {"zone": "Europe/Berlin", "hours": hours})

    assert slug_of(lambda: clinic.publish("dr-who", **days, kind="room")) == "calendar-taken"
    assert slug_of(lambda: clinic.publish("dr-who", **days, clinic_id="clinic-2")) == "calendar-taken"
    clinic.publish("dr-who", **days)


def test_a_clinic_has_no_more_providers_and_rooms_than_one_message_names(
    clinic: SmallClinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = {"first_day": "2026-06-08", "last_day": "2026-06-30"}
    monkeypatch.setattr(schedule_operations, "RESOURCES_AT_MOST", 5)
    clinic.publish("dr-new", **days)

    assert slug_of(lambda: clinic.publish("dr-newest", **days)) == "unprocessable"
    clinic.publish("dr-who", **days)


def test_a_clinics_clocks_stay_where_they_are(clinic: SmallClinic) -> None:
    body = {"zone": "Asia/Tokyo", "hours": {"opens": "08:00", "closes": "17:00"}}

    assert slug_of(lambda: clinic.ask("set_clinic", DESK, {"clinic_id": "clinic-1"}, body)) == "zone-fixed"
    clinic.ask("set_clinic", DESK, {"clinic_id": "clinic-1"}, {**body, "zone": "Europe/Berlin"})


def test_the_front_desk_books_for_those_who_call(clinic: SmallClinic) -> None:
    appointment = clinic.book(DESK, "2026-06-10T10:00", patient_id="cat")

    assert clinic.step("view_appointment", CAT, appointment).body.status == "booked"
    assert slug_of(lambda: clinic.book(DESK, "2026-06-10T11:00")) == "not-found"
    assert at("2026-06-10T10:00") > clinic.now_us
