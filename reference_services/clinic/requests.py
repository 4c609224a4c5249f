"""What the clinic's API is sent and what it answers, as types: validation and documentation are made of these."""

from __future__ import annotations

from typing import Annotated

import msgspec

from ..kernel.edge import whole
from .calendars import Kind

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=whole(r"[A-Za-z0-9_-]+"))]
CardToken = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=whole(r"[A-Za-z0-9_-]+"))]
TimeOfDay = Annotated[str, msgspec.Meta(pattern=whole(r"([01][0-9]|2[0-4]):[0-5][0-9](:[0-5][0-9])?"))]
Day = Annotated[str, msgspec.Meta(pattern=whole(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"))]
LocalTime = Annotated[
    str,
    msgspec.Meta(
        min_length=16, max_length=32, description="ISO 8601 on the clinic's clocks, with or without an offset"
    ),
]
Instant = Annotated[str, msgspec.Meta(min_length=20, max_length=35, description="RFC 3339 with an offset")]
Phone = Annotated[str, msgspec.Meta(pattern=whole(r"\+[0-9]{7,15}"), description="E.164")]

# Requests


class HoursRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From ``opens`` to ``closes`` on the clinic's clocks; ``24:00`` is the end of the day."""

    opens: TimeOfDay
    closes: TimeOfDay


class ClinicRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a clinic's clocks are, when it is open, and the days on which it is not."""

    zone: Text
    hours: HoursRequest
    blackouts: Annotated[tuple[Day, ...], msgspec.Meta(max_length=366)] = ()


class AwayRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days off, both included."""

    first: Day
    last: Day


class CalendarRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a provider or a room can be had: the days of an RRULE, from ``first_day`` to ``last_day``, at ``hours``."""

    kind: Kind
    clinic_id: Name
    rule: Text
    first_day: Day
    last_day: Day
    hours: HoursRequest
    services: Annotated[tuple[Name, ...], msgspec.Meta(max_length=20)] = ()
    away: Annotated[tuple[AwayRequest, ...], msgspec.Meta(max_length=100)] = ()


class AvailabilityParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to look for a free time: at a clinic, for a service, and with one provider or any."""

    clinic_id: Name
    service: Name
    provider_id: Name | None = None
    earliest: Instant | None = None
    latest: Instant | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


class BookingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A time with a provider, and the card for the co-pay. ``patient_id`` is for the front desk, on the telephone."""

    provider_id: Name
    service: Name
    starts: LocalTime
    card_token: CardToken
    minutes: Annotated[float, msgspec.Meta(gt=0, le=1440)] | None = None
    patient_id: Name | None = None


class MoveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The time to have instead."""

    starts: LocalTime


class WaitlistRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to wait for, and the card for its co-pay."""

    provider_id: Name
    service: Name
    card_token: CardToken


class AcceptRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The offered time to take."""

    starts: LocalTime


class ContactRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The number for text messages."""

    phone: Phone


# Answers


class ClinicBody(msgspec.Struct, frozen=True):
    """A clinic."""

    clinic_id: str
    zone: str
    opens: str
    closes: str


class CalendarBody(msgspec.Struct, frozen=True):
    """The calendar of a provider or a room."""

    resource_id: str
    kind: str
    clinic_id: str
    version: int
    slot_minutes: float


class OpeningBody(msgspec.Struct, frozen=True):
    """A free time: a hint, since only a booking decides. Instants are RFC 3339 on the clinic's clocks."""

    clinic_id: str
    provider_id: str
    service: str
    starts: str
    ends: str


class AvailabilityBody(msgspec.Struct, frozen=True):
    """Free times, earliest first."""

    openings: list[OpeningBody]


class AppointmentBody(msgspec.Struct, frozen=True):
    """An appointment. ``reason`` tells why it was rejected, cancelled or not moved."""

    appointment_id: str
    patient_id: str
    clinic_id: str
    provider_id: str
    room_id: str
    service: str
    starts: str
    ends: str
    status: str
    intake: bool
    reason: str | None = None


class AppointmentsBody(msgspec.Struct, frozen=True):
    """The latest appointments, newest first."""

    appointments: list[AppointmentBody]


class OfferBody(msgspec.Struct, frozen=True):
    """A time that was given back, to be had until ``lapses`` unless somebody else is quicker."""

    starts: str
    lapses: str


class EntryBody(msgspec.Struct, frozen=True):
    """A place in a queue. ``appointment_id`` is what came of the latest accepted offer."""

    entry_id: str
    clinic_id: str
    provider_id: str
    service: str
    status: str
    offers: list[OfferBody]
    appointment_id: str | None = None


class ContactBody(msgspec.Struct, frozen=True):
    """How a patient is reached."""

    patient_id: str
    phone: str
