"""Clumsy and hostile calls to the clinic and the bike share: each is told what is wrong, and nothing comes of it."""

from __future__ import annotations

import json
import uuid
from typing import Any, NamedTuple

import httpx
import pytest
from http_talk import assert_problem, keyed, signed
from premises import CALENDAR, OPEN_HOURS, Serve, Served


class Bad(NamedTuple):
    """A call, and how it is turned down. Names in braces stand for what is known on the premises."""

    who: tuple[str, str]
    method: str
    path: str
    body: Any
    status: int
    slug: str


ANN, MALLORY = ("ann", "patient"), ("mallory", "patient")
DESK, DR_NO = ("desk", "front_desk"), ("dr-no", "provider")
BOOKING = {"provider_id": "dr-who", "service": "visit", "starts": "2099-06-12T10:00", "card_token": "tok-1"}
WHO_CALENDAR = {**CALENDAR, "kind": "provider", "hours": OPEN_HOURS, "services": ["visit"]}


def booking(status: int, slug: str, who: tuple[str, str] = ANN, **changes: Any) -> Bad:
    return Bad(who, "POST", "/appointments/appointments", {**BOOKING, **changes}, status, slug)


def calendar(status: int, slug: str, **changes: Any) -> Bad:
    return Bad(DESK, "PUT", "/schedules/calendars/dr-who", {**WHO_CALENDAR, **changes}, status, slug)


def others_appointment(who: tuple[str, str], method: str, step: str, status: int = 404, slug: str = "not-found") -> Bad:
    body = {"starts": "2099-06-13T10:00"} if step == "/move" else None
    return Bad(who, method, f"/appointments/appointments/{{appointment_id}}{step}", body, status, slug)


CLINIC = {
    "in the past": booking(422, "in-the-past", starts="2020-06-12T10:00"),
    "outside hours": booking(422, "outside-hours", starts="2099-07-12T10:00"),
    "in the hour that is skipped": booking(422, "no-such-time", starts="2099-03-29T02:30"),
    "in the hour that comes twice": booking(422, "no-such-time", starts="2099-10-25T02:30"),
    "with an offset that the clocks do not have": booking(422, "no-such-time", starts="2099-06-12T10:00+01:00"),
    "in a leap second": booking(422, "no-such-time", starts="2099-06-12T10:00:60"),
    "in the year 1": booking(422, "no-such-time", starts="0001-01-01T00:00:00"),
    "in the year 9999": booking(422, "no-such-time", starts="9999-12-31T23:59:59-12:00"),
    "with a NUL": booking(422, "no-such-time", starts="2099-06-12T10:00\x00"),
    "in other digits": booking(422, "no-such-time", starts="\u0662\u0660\u0669\u0669-06-12T10:00"),
    "17 minutes": booking(422, "slot-length", minutes=17),
    "minus 15 minutes": booking(422, "unprocessable", minutes=-15),
    "10**30 minutes": booking(422, "unprocessable", minutes=10**30),
    "between two slots": booking(422, "off-grid", starts="2099-06-12T10:07"),
    "an unknown provider": booking(404, "not-found", provider_id="dr-strange"),
    "a room": booking(404, "not-found", provider_id="room-1"),
    "an unknown service": booking(422, "service-not-offered", service="surgery"),
    "for somebody else": booking(403, "forbidden", patient_id="bob"),
    "a card with a line break": booking(422, "unprocessable", card_token="tok-1\n"),
    "a provider in a path": booking(422, "unprocessable", provider_id="../dr-who"),
    "by a dock": booking(403, "forbidden", who=("park", "dock")),
    "a rule for ever looked for": calendar(422, "unprocessable", rule="FREQ=DAILY;INTERVAL=0"),
    "a rule of seconds": calendar(422, "unprocessable", rule="FREQ=SECONDLY"),
    "a day that there is not": calendar(422, "unprocessable", first_day="2099-02-30"),
    "closes before it opens": calendar(422, "unprocessable", hours={"opens": "17:00", "closes": "08:00"}),
    "a provider who is a room": calendar(409, "calendar-taken", kind="room"),
    "a clinic that there is not": calendar(404, "not-found", clinic_id="clinic-9"),
    "a zone in a path": Bad(
        DESK, "PUT", "/schedules/clinics/c", {"zone": "../etc", "hours": OPEN_HOURS}, 422, "unprocessable"
    ),
    "a number with a line break": Bad(
        ANN, "PUT", "/reminders/contacts/ann", {"phone": "+4915112345678\n"}, 422, "unprocessable"
    ),
    "another's number": Bad(MALLORY, "GET", "/reminders/contacts/ann", None, 404, "not-found"),
    "another's number, to change": Bad(
        MALLORY, "PUT", "/reminders/contacts/ann", {"phone": "+4915112345678"}, 404, "not-found"
    ),
    "another's number, as a provider": Bad(DR_NO, "GET", "/reminders/contacts/ann", None, 403, "forbidden"),
    "another's appointment": others_appointment(MALLORY, "GET", ""),
    "another provider's appointment": others_appointment(DR_NO, "GET", ""),
    "another's appointment, as a rider": others_appointment(("ann", "rider"), "GET", "", 403, "forbidden"),
    "another's appointment, to move": others_appointment(MALLORY, "POST", "/move"),
    "another's appointment, to cancel": others_appointment(MALLORY, "POST", "/cancellation"),
    "another's intake form": others_appointment(MALLORY, "POST", "/intake"),
    "another provider's visit": others_appointment(DR_NO, "POST", "/fulfilment"),
    "arrived, says the patient": others_appointment(ANN, "POST", "/arrival", 403, "forbidden"),
    "another's place in the queue": Bad(MALLORY, "GET", "/waitlist/entries/{entry_id}", None, 404, "not-found"),
}

RIDER, THIEF, OPERATOR = ("ann", "rider"), ("mallory", "rider"), ("op", "operator")
PARK, HALL = ("park", "dock"), ("hall", "dock")
STATION = {"name": "Hall", "latitude": 38.9, "longitude": -77.03, "docks": 5, "bikes": []}


def station(status: int, slug: str, **changes: Any) -> Bad:
    return Bad(OPERATOR, "PUT", "/fleet/stations/hall", {**STATION, **changes}, status, slug)


def back(status: int, slug: str, who: tuple[str, str] = PARK, at: str = "park", **changes: Any) -> Bad:
    return Bad(who, "POST", f"/fleet/stations/{at}/returns", {"bike_id": "b-1", **changes}, status, slug)


BIKESHARE = {
    "an unknown bike": Bad(RIDER, "POST", "/trips/trips", {"bike_id": "b-9"}, 404, "not-found"),
    "a bike in a path": Bad(RIDER, "POST", "/trips/trips", {"bike_id": "../b-1"}, 422, "unprocessable"),
    "no bike": Bad(RIDER, "POST", "/trips/trips", {"bike_id": None}, 422, "unprocessable"),
    "a dock unlocks": Bad(PARK, "POST", "/trips/trips", {"bike_id": "b-1"}, 403, "forbidden"),
    "a plan that there is not": Bad(
        RIDER, "POST", "/passes/passes", {"plan": "gold", "card_token": "tok-1"}, 422, "unprocessable"
    ),
    "an unknown dock": back(404, "not-found", who=("mars", "dock"), at="mars"),
    "another station's dock": back(403, "forbidden", who=HALL),
    "a return of an unknown bike": back(404, "not-found", bike_id="b-9"),
    "a clock in the future": back(422, "unprocessable", docked_at="2099-01-01T00:00:00Z"),
    "a clock in the year 9999": back(422, "unprocessable", docked_at="9999-12-31T23:59:59.999999Z"),
    "a clock in the year 1": back(422, "unprocessable", docked_at="0001-01-01T00:00:00+23:59"),
    "a clock in a leap second": back(422, "unprocessable", docked_at="2016-12-31T23:59:60Z"),
    "a clock without an offset": back(422, "unprocessable", docked_at="2026-01-01T00:00:00.0"),
    "a clock with a NUL": back(422, "unprocessable", docked_at="2026-01-01T00:00:00Z\x00"),
    "a rider returns": back(403, "forbidden", who=RIDER),
    "a release of no trip": Bad(
        PARK, "POST", "/fleet/stations/park/releases", {"bike_id": "b-1", "trip_id": "t-9"}, 409, "not-unlocked"
    ),
    "another bike's report": Bad(
        ("b-2", "bike"), "POST", "/fleet/bikes/b-1/reports", {"trip_id": "t-9", "docked": True}, 403, "forbidden"
    ),
    "beyond the pole": station(422, "unprocessable", latitude=90.1),
    "beyond the date line": station(422, "unprocessable", longitude=-180.1),
    "10**30 docks": station(422, "unprocessable", docks=10**30),
    "no docks": station(422, "unprocessable", docks=0),
    "a bike twice": station(422, "unprocessable", bikes=["b-7", "b-7"]),
    "a bike from elsewhere": station(422, "unprocessable", bikes=["b-1"]),
    "a bike that no path can name": station(422, "unprocessable", bikes=["b/7"]),
    "more bikes than docks": station(409, "station-full", docks=1, bikes=["b-7", "b-8"]),
    "another's trip": Bad(THIEF, "GET", "/trips/trips/{trip_id}", None, 404, "not-found"),
    "another's trip, as a dock": Bad(PARK, "GET", "/trips/trips/{trip_id}", None, 403, "forbidden"),
    "another's charge": Bad(THIEF, "POST", "/billing/charges/{charge_id}/disputes", None, 404, "not-found"),
    "settled by the rider": Bad(
        RIDER, "POST", "/billing/charges/{charge_id}/settlement", {"upheld": True}, 403, "forbidden"
    ),
}

BAD = {"clinic": CLINIC, "bikeshare": BIKESHARE}
DECIDERS_SAID_NO = {"calendar-taken", "station-full", "not-unlocked"}
"""What only a decider knows, so that its command is in the inbox; nothing but the refusal follows from it."""


def ask(whole: Served, bad: Bad, trace_id: str) -> httpx.Response:
    path = bad.path.format(**whole.premises.known)
    headers = keyed(*bad.who, traceparent=f"00-{trace_id}-{trace_id[:16]}-01")
    if bad.body is None:
        return whole.gateway.client.request(bad.method, path, headers=headers)
    headers["Content-Type"] = "application/json"
    return whole.gateway.client.request(bad.method, path, content=json.dumps(bad.body), headers=headers)


@pytest.mark.parametrize(
    ("system", "name"), [(system, name) for system, bad in BAD.items() for name in bad], ids=lambda value: value
)
def test_a_bad_request_is_told_what_is_wrong_and_nothing_comes_of_it(served: Serve, system: str, name: str) -> None:
    whole, bad, trace_id = served(system), BAD[system][name], uuid.uuid4().hex

    problem = assert_problem(ask(whole, bad, trace_id), bad.status, bad.slug)

    came_of_it = [command for command in whole.deciding.commands if trace_id in command.traceparent]
    if bad.slug in DECIDERS_SAID_NO:
        assert len(came_of_it) == 1
    else:
        assert problem["detail"]
        assert came_of_it == []


REPORT = {"payment_id": "p-1", "status": "captured", "amount_cents": 500, "captured_cents": 500, "capture_id": "c-1"}


@pytest.mark.parametrize("system", BAD)
@pytest.mark.parametrize(
    "changes",
    [
        {"payment_id": ""},
        {"payment_id": None},
        {"status": "exploded"},
        {"captured_cents": -500},
        {"captured_cents": 10**30},
        {"captured_cents": 5.5},
        {"captured_cents": 0},
        {"capture_id": ""},
        {"status": "refunded", "refunded_cents": 500},
        {"status": "refunded", "refund_id": "r-1"},
        {"reason": "x" * 20_000},
    ],
    ids=str,
)
def test_a_signature_does_not_make_a_report_good(served: Serve, system: str, changes: dict[str, Any]) -> None:
    body, headers = signed(json.dumps({**REPORT, **changes}), uuid.uuid4().hex)

    answer = served(system).gateway.client.post("/billing/webhooks/payments", content=body, headers=headers)

    assert_problem(answer, 422, "unprocessable")
