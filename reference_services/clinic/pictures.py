"""What reports draw of the clinic, as data: time by what became of it, visits, waiting. See ``reports/pictures.py``."""

from __future__ import annotations

PROVIDERS, ROOMS = {"kind": "provider"}, {"kind": "room"}


def _taken(where: dict[str, str]) -> list[dict[str, object]]:
    """A slot counts as taken from its confirmation until it is given back, if ever."""
    return [
        {"event": "SlotTaken", "amount": "+1", "where": where},
        {"event": "SlotFreed", "amount": "-1", "where": {**where, "was": "taken"}},
    ]


def _held(where: dict[str, str]) -> list[dict[str, object]]:
    return [
        {"event": "SlotHeld", "amount": "+1", "where": where},
        {"event": "SlotTaken", "amount": "-1", "where": where},
        {"event": "HoldExpired", "amount": "-1", "where": where},
        {"event": "SlotFreed", "amount": "-1", "where": {**where, "was": "held"}},
    ]


PICTURES = {
    "headline": "Nobody was booked twice: $booked visits booked, $fulfilled seen, $missed missed",
    "gauges": [
        {
            "title": "Slots by provider",
            "unit": "slots",
            "per": "resource_id",
            "series": [
                {"name": "taken", "changes": _taken(PROVIDERS)},
                {"name": "held", "changes": _held(PROVIDERS)},
            ],
        },
        {
            "title": "Slots by room",
            "unit": "slots",
            "per": "resource_id",
            "series": [{"name": "in use", "changes": _taken(ROOMS)}, {"name": "kept", "changes": _held(ROOMS)}],
        },
        {
            "title": "Visits",
            "unit": "appointments",
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
            "title": "Waiting list",
            "unit": "patients",
            "series": [
                {
                    "name": "waiting",
                    "changes": [
                        {"event": "WaitlistJoined", "amount": "+1"},
                        {"event": "WaitlistLeft", "amount": "-1"},
                        {"event": "OfferAccepted", "amount": "-1"},
                    ],
                },
                {"name": "got an earlier time", "changes": [{"event": "OfferAccepted", "amount": "+1"}]},
            ],
        },
    ],
}
