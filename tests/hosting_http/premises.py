"""Every system with something in it: what is known there to those who call, and who speaks in which role."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx
from bookshop import SKU, open_shop, place_order
from deciding import Deciding
from http_talk import TOKEN_SECRET, WEBHOOK_SECRET, keyed
from running_gateway import RunningGateway

from reference_services.hosting.broker import EmbeddedBroker
from reference_services.hosting.settings import Settings
from reference_services.registry import load_system

LIMIT_S = 20
OPEN_HOURS = {"opens": "00:00", "closes": "24:00"}
CALENDAR = {"clinic_id": "clinic-1", "rule": "FREQ=DAILY", "first_day": "2099-06-01", "last_day": "2099-06-30"}


@dataclass(frozen=True)
class Premises:
    """``known`` are names of what is there, by placeholder of a path; ``said`` are values by member or parameter that
    nobody could guess from their type; ``callers`` speak in a role, where ann does not."""

    known: dict[str, str]
    said: dict[str, Any] = field(default_factory=dict)
    callers: dict[str, str] = field(default_factory=dict)


def bookstore(client: httpx.Client) -> Premises:
    """A product on sale, a cart, and an order that will never be paid: nobody here talks to a provider."""
    open_shop(client)
    cart = _done(client.post("/orders/carts", headers=keyed("ann")))
    return Premises({"sku": SKU, "cart_id": cart["cart_id"], "order_id": _done(place_order(client))["order_id"]})


def clinic(client: httpx.Client) -> Premises:
    """A provider and a room, an appointment that is being made, and a patient who waits for another."""
    desk = ("desk", "front_desk")
    hours = {"zone": "Europe/Berlin", "hours": OPEN_HOURS}
    _done(client.put("/schedules/clinics/clinic-1", json=hours, headers=keyed(*desk)))
    for resource, kind in (("dr-who", "provider"), ("room-1", "room")):
        calendar = {**CALENDAR, "kind": kind, "hours": OPEN_HOURS, "services": ["visit"]}
        _done(client.put(f"/schedules/calendars/{resource}", json=calendar, headers=keyed(*desk)))
    wait_for_openings(client)
    wanted = {"provider_id": "dr-who", "service": "visit", "card_token": "tok-1"}
    booking = {**wanted, "starts": "2099-06-10T10:00"}
    booked = _done(client.post("/appointments/appointments", json=booking, headers=keyed("ann", "patient")))
    waiting = _done(client.post("/waitlist/entries", json=wanted, headers=keyed("ann", "patient")))
    _done(client.put("/reminders/contacts/ann", json={"phone": "+4915112345678"}, headers=keyed("ann", "patient")))
    return Premises(
        {
            "clinic_id": "clinic-2",
            "resource_id": "dr-no",
            "appointment_id": booked["appointment_id"],
            "entry_id": waiting["entry_id"],
            "patient_id": "ann",
        },
        {
            **CALENDAR,
            "zone": "Europe/Berlin",
            "hours": OPEN_HOURS,
            "blackouts": [],
            "services": ["visit"],
            "away": [],
            "provider_id": "dr-who",
            "service": "visit",
            "starts": "2099-06-12T10:00",
            "minutes": 15,
            "patient_id": "ann",
            "earliest": "2099-06-01T00:00:00Z",
            "latest": "2099-06-02T00:00:00+02:00",
        },
        {"provider": "dr-who"},
    )


def wait_for_openings(client: httpx.Client) -> None:
    """Wait until the days of the calendar are known to the gateway: they follow from it, one by one."""
    last_day = {"clinic_id": "clinic-1", "service": "visit", "earliest": "2099-06-30T12:00:00Z"}
    end = time.monotonic() + LIMIT_S
    while not _done(client.get("/schedules/availability", params=last_day))["openings"]:
        assert time.monotonic() < end, "the calendar does not open"
        time.sleep(0.02)


def bikeshare(client: httpx.Client) -> Premises:
    """A station with bikes, a pass that will never be paid, and a trip that came to nothing for want of one."""
    station = {"name": "Park", "latitude": 38.9, "longitude": -77.03, "docks": 5, "bikes": ["b-1", "b-2"]}
    _done(client.put("/fleet/stations/park", json=station, headers=keyed("op", "operator")))
    wanted = {"plan": "day", "card_token": "tok-1"}
    _done(client.post("/passes/passes", json=wanted, headers=keyed("ann", "rider")))
    client.post("/trips/trips", json={"bike_id": "b-1"}, headers=keyed("ann", "rider", Prefer="wait=5"))
    trips = _done(client.get("/trips/trips", headers=keyed("ann", "rider")))["trips"]
    charges = _done(client.get("/billing/charges", headers=keyed("ann", "rider")))["charges"]
    return Premises(
        {
            "station_id": "park",
            "bike_id": "b-1",
            "trip_id": trips[0]["trip_id"],
            "charge_id": charges[0]["charge_id"],
        },
        {
            "bike_id": "b-1",
            "trip_id": trips[0]["trip_id"],
            "released_at": "2026-01-01T00:00:00Z",
            "docked_at": "2026-01-01T00:00:00+01:00",
        },
        {"dock": "park", "bike": "b-1"},
    )


OPENED = {"bookstore": bookstore, "clinic": clinic, "bikeshare": bikeshare}
"""How to open each system, by its name."""

SYSTEMS = {name: load_system(name, {}) for name in OPENED}


class Served(NamedTuple):
    """A whole system behind its gateway, but for those who call a provider or wait for a deadline."""

    gateway: RunningGateway
    deciding: Deciding
    premises: Premises


Serve = Callable[[str], Served]


class WholeSystems:
    """Serves systems while the context lasts; each is started and opened when it is first asked for."""

    def __init__(self, broker: EmbeddedBroker) -> None:
        self._broker = broker
        self._served: dict[str, Served] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def serve(self, name: str) -> Served:
        """The system of that name, with something in it."""
        if name not in self._served:
            chosen = Settings(
                system=name,
                broker=self._broker.url,
                broker_embedded=True,
                partitions=2,
                token_secret=TOKEN_SECRET,
                webhook_secret=WEBHOOK_SECRET,
            )
            deciding = self._stack.enter_context(Deciding(SYSTEMS[name], chosen))
            gateway = self._stack.enter_context(RunningGateway(chosen, system=SYSTEMS[name])).wait_until_ready()
            self._served[name] = Served(gateway, deciding, OPENED[name](gateway.client))
        return self._served[name]


def _done(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body
