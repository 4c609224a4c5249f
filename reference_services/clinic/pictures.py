"""What reports draw of the clinic, as data: visits, waiting, time that was used. See ``reports/pictures.py``."""

from __future__ import annotations

from typing import Any

PROVIDERS, ROOMS = {"kind": "provider"}, {"kind": "room"}


def _use_of(title: str, kind: dict[str, str]) -> dict[str, Any]:
    """A day's calendar replaces the one before; a slot counts from its confirmation, unless it is given back."""
    slot = ["resource_id", "slot.hold_id"]
    return {
        "title": title,
        "per": "resource_id",
        "offered": [{"event": "CalendarChanged", "key": ["resource_id", "day"], "spans": "sessions", "where": kind}],
        "used": [
            {"event": "SlotTaken", "key": slot, "spans": "slot", "where": kind},
            {"event": "SlotFreed", "key": slot, "where": {**kind, "was": "taken"}},
        ],
    }


PICTURES: dict[str, Any] = {
    "headline": "Nobody was booked twice: $booked visits booked, $fulfilled seen, $missed missed",
    "gauges": [
        {
            "title": "Visits",
            "unit": "visits",
            "series": [
                {
                    "name": "to come",
                    "changes": [
                        {"event": "AppointmentBooked", "amount": "+1"},
                        {"event": "VisitFulfilled", "amount": "-1"},
                        {"event": "PatientNoShow", "amount": "-1"},
                        {"event": "AppointmentCancelled", "amount": "-1"},
                    ],
                },
                {"name": "fulfilled", "changes": [{"event": "VisitFulfilled", "amount": "+1"}]},
                {"name": "missed", "changes": [{"event": "PatientNoShow", "amount": "+1"}]},
                {"name": "cancelled", "changes": [{"event": "AppointmentCancelled", "amount": "+1"}]},
                {"name": "booked", "drawn": False, "changes": [{"event": "AppointmentBooked", "amount": "+1"}]},
            ],
        },
        {
            "title": "No-shows",
            "unit": "visits",
            "share_of": "due",
            "series": [
                {"name": "missed", "changes": [{"event": "PatientNoShow", "amount": "+1"}]},
                {
                    "name": "due",
                    "drawn": False,
                    "changes": [
                        {"event": "PatientNoShow", "amount": "+1"},
                        {"event": "VisitFulfilled", "amount": "+1"},
                    ],
                },
            ],
        },
        {
            "title": "Waiting list",
            "unit": "patients",
            "told_by": "peak",
            "series": [
                {
                    "name": "waiting",
                    "changes": [
                        {"event": "WaitlistJoined", "amount": "+1"},
                        {"event": "WaitlistLeft", "amount": "-1"},
                        {"event": "OfferAccepted", "amount": "-1"},
                        {"event": "OfferFellThrough", "amount": "+1"},
                    ],
                },
            ],
        },
        {
            "title": "Slots filled from the waiting list",
            "unit": "slots",
            "share_of": "given back while somebody waited",
            "series": [
                {
                    "name": "filled",
                    "changes": [
                        {
                            "event": "AppointmentBooked",
                            "amount": "+1",
                            "belongs_to": {"event": "OfferAccepted", "same": {"appointment_id": "appointment_id"}},
                        }
                    ],
                },
                {
                    "name": "given back while somebody waited",
                    "drawn": False,
                    "changes": [{"event": "OfferMade", "amount": "+1", "where": {"asked_before": []}}],
                },
            ],
        },
    ],
    "waits": [
        {
            "title": "Waiting days, by clinic",
            "unit": "visits",
            "between": "from request to visit",
            "begins": {"event": "AppointmentRequested"},
            "ends": {"event": "PatientArrived"},
            "same": "appointment_id",
            "per": "plan.clinic_id",
        }
    ],
    "utilizations": [_use_of("Use of providers' time", PROVIDERS), _use_of("Use of rooms", ROOMS)],
}
