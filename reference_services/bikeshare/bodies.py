"""What calls send and what they are answered with: the bodies of the bike share's API."""

from __future__ import annotations

from typing import Annotated

import msgspec

from ..kernel.edge import NAME_PATTERN, whole
from .pricing import PlanName

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Name = Annotated[str, msgspec.Meta(pattern=whole(NAME_PATTERN))]
CardToken = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=whole(r"[A-Za-z0-9_-]+"))]
Instant = Annotated[str, msgspec.Meta(min_length=20, max_length=35, description="RFC 3339 with an offset")]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]

# Requests


class PassRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which pass, and the card to charge."""

    plan: PlanName
    card_token: CardToken


class UnlockRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bike that the rider stands at."""

    bike_id: Name


class ReleaseRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bike was pulled out for this trip; ``released_at`` by the dock's clock, without it just now."""

    bike_id: Name
    trip_id: Name
    released_at: Instant | None = None


class ReturnRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bike at a dock; ``docked_at`` by the dock's clock, without it just now.

    ``buffered``: the dock was offline and has closed already. ``maintenance``: it is a dock for bikes to be repaired.
    """

    bike_id: Name
    docked_at: Instant | None = None
    buffered: bool = False
    maintenance: bool = False


class BikeReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the bike stands in a dock, as it was asked for this trip."""

    trip_id: Name
    docked: bool


class StationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new station, with bikes in its docks."""

    name: Text
    latitude: Latitude
    longitude: Longitude
    docks: Annotated[int, msgspec.Meta(ge=1, le=200)]
    bikes: Annotated[tuple[Name, ...], msgspec.Meta(max_length=200)] = ()


class VanRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bike that the van takes or brings."""

    bike_id: Name


class SettlementRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the rider was right."""

    upheld: bool


# Answers


class PassBody(msgspec.Struct, frozen=True):
    """A pass as its owner sees it."""

    pass_id: str
    plan: str
    status: str
    until: str | None = None
    reason: str | None = None


class PassesBody(msgspec.Struct, frozen=True):
    """A rider's latest passes, newest first."""

    passes: list[PassBody]


class TripBody(msgspec.Struct, frozen=True):
    """A trip as its rider sees it. ``reason`` tells why it came to nothing."""

    trip_id: str
    status: str
    bike_id: str
    from_station: str
    to_station: str
    started_at: str | None = None
    overdue_at: str | None = None
    ended_at: str | None = None
    fare: str | None = None
    reason: str | None = None


class TripsBody(msgspec.Struct, frozen=True):
    """A rider's latest trips, newest first."""

    trips: list[TripBody]


class StationBody(msgspec.Struct, frozen=True):
    """A station and the bikes that can be had there, by what is known; only the bike itself decides."""

    station_id: str
    docks: int
    docks_free: int
    bikes: list[str]


class CareBody(msgspec.Struct, frozen=True):
    """A bike that the operator should look after: ``flagged`` in a dock, or ``handed-in`` beside a full station."""

    bike_id: str
    station_id: str
    reason: str


class CaresBody(msgspec.Struct, frozen=True):
    """All bikes that the operator should look after."""

    bikes: list[CareBody]


class ReturnBody(msgspec.Struct, frozen=True):
    """What became of a return: ``docked``, ``handed-in``, ``known`` already, or ``refused``."""

    bike_id: str
    station_id: str
    outcome: str


class ChargeBody(msgspec.Struct, frozen=True):
    """A charge as the rider sees it."""

    charge_id: str
    purpose: str
    about: str
    amount: str
    status: str
    disputed: bool


class ChargesBody(msgspec.Struct, frozen=True):
    """A rider's latest charges, newest first."""

    charges: list[ChargeBody]


class PlanBody(msgspec.Struct, frozen=True):
    """A plan on offer."""

    plan: str
    price: str
    included_s: int
    overage_step_s: int
    overage: str


class PlansBody(msgspec.Struct, frozen=True):
    """Every plan on offer."""

    plans: list[PlanBody]
