"""A whole clinic without a host: commands are decided one after the other, time goes on when it is told to.

Two providers and two rooms in Berlin, open around the clock, so that every hour can be asked for.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec

from reference_services.clinic.invariants import coverage, invariants
from reference_services.clinic.local_time import local_instant_us, zone_named
from reference_services.clinic.system import build
from reference_services.clinic.terms import HOUR_US, Terms
from reference_services.kernel.aggregates import AggregateTable
from reference_services.kernel.effect import answer_id
from reference_services.kernel.history import ProviderBooked, observation
from reference_services.kernel.invariant import Checker, InboxDrained
from reference_services.kernel.message import Message, Refused
from reference_services.kernel.operation import ANYONE, Action, Call, Outcome, Principal, command_id_of
from reference_services.kernel.problem import FORBIDDEN, Problem
from reference_services.kernel.projection import Views
from reference_services.payment_provider.books import Books, CardTerms

BERLIN = zone_named("Europe/Berlin")
TERMS = Terms()
ANN, BOB, CAT = (Principal(name, "patient") for name in ("ann", "bob", "cat"))
DESK = Principal("desk-1", "front_desk")
DR_WHO, DR_NO = Principal("dr-who", "provider"), Principal("dr-no", "provider")
PUBLIC = Principal("anyone", ANYONE)
PHONES = {"ann": "+4915100000001", "bob": "+4915100000002", "cat": "+4915100000003"}
WEEK_US = 7 * 24 * HOUR_US


def at(text: str) -> int:
    """The instant of a local time in Berlin."""
    return local_instant_us(text, BERLIN)


def checker(terms: Terms = TERMS) -> Checker:
    """A fresh checker with every rule but the one about inboxes, for here are none."""
    return Checker((each for each in invariants(terms) if each.name != InboxDrained.name), coverage(terms))


class SmallClinic:
    """All services in one place. ``now_us`` is the only clock; ``told`` are all events so far."""

    def __init__(self, now: str, first_day: str, days_until: str, terms: Terms = TERMS) -> None:
        self.system = build(terms)
        self.now_us = at(now)
        self.told: list[Message[Any]] = []
        self.texts: list[tuple[int, str, str]] = []
        self.books = Books()
        self.views = Views(self.system.view_types())
        self.checker = checker(terms)
        self._tables = {service.name: AggregateTable(self.system, service) for service in self.system.services}
        self._waiting: deque[Message[Any]] = deque()
        self._asked = 0
        self._open(first_day, days_until)

    def _open(self, first_day: str, last_day: str) -> None:
        hours = {"opens": "00:00", "closes": "24:00"}
        self.ask("set_clinic", DESK, {"clinic_id": "clinic-1"}, {"zone": "Europe/Berlin", "hours": hours})
        for resource in ("dr-who", "dr-no", "room-1", "room-2"):
            self.publish(resource, first_day, last_day)

    def publish(self, resource: str, first_day: str, last_day: str, **changes: Any) -> Outcome:
        """Publish a calendar for these days, around the clock."""
        body = {
            "kind": "room" if resource.startswith("room") else "provider",
            "clinic_id": "clinic-1",
            "rule": "FREQ=DAILY",
            "first_day": first_day,
            "last_day": last_day,
            "hours": {"opens": "00:00", "closes": "24:00"},
            "services": [] if resource.startswith("room") else ["visit", "checkup"],
            **changes,
        }
        return self.ask("set_calendar", DESK, {"resource_id": resource}, body)

    def ask(self, name: str, who: Principal, path: dict[str, str] | None = None, body: Any = None) -> Outcome:
        """Make one API call and let everything that follows happen. Raises `Problem`, also for a refusal."""
        _service, operation = self.system.operation(name)
        if who.role not in operation.roles and ANYONE not in operation.roles:
            raise Problem(FORBIDDEN)
        wanted = operation.body if isinstance(operation, Action) else operation.parameters
        data = msgspec.convert(body or {}, wanted, strict=False) if wanted is not None else None
        self._asked += 1
        command_id = command_id_of(who, name, str(self._asked))
        call = Call(who, path or {}, data, command_id, self.now_us)
        if not isinstance(operation, Action):
            return operation.read(call, self.views)
        command = operation.command(call, self.views)
        message = self.system.command(command, command_id, self.now_us, source="test")
        refused = self.decide(message)
        self.settle()
        if refused is not None:
            raise Problem(self.system.refusals[refused.reason], refused.detail)
        outcome = operation.outcome(command, self.views)
        if outcome.refused:
            raise Problem(self.system.refusals[outcome.refused])
        return outcome

    def book(self, who: Principal, starts: str, provider: str = "dr-who", service: str = "visit", **more: Any) -> str:
        """Book an appointment; returns its id."""
        card = more.pop("card_token", "card-ok")
        body = {"provider_id": provider, "service": service, "starts": starts, "card_token": card, **more}
        appointment_id: str = self.ask("book_appointment", who, body=body).body.appointment_id
        return appointment_id

    def step(self, name: str, who: Principal, appointment_id: str, body: Any = None) -> Outcome:
        """One of the steps around a visit."""
        return self.ask(name, who, {"appointment_id": appointment_id}, body)

    def status(self, appointment_id: str) -> str:
        """How an appointment stands."""
        status: str = self.step("view_appointment", DESK, appointment_id).body.status
        return status

    def until(self, time_us: int) -> None:
        """Let time go on, with all that it decides on the way."""
        while (due := self._next_due()) is not None and due[0] <= time_us:
            self.now_us = max(self.now_us, due[0])
            message = due[1].deadline_command(due[2], self.now_us)
            assert message is not None
            self.decide(message)
            self.settle()
        self.now_us = time_us

    def decide(self, message: Message[Any]) -> Refused | None:
        """Decide one command, and queue what follows."""
        service, _ = self.system.owner(type(message.data))
        table = self._tables[service.name]
        record = table.decide(message)
        if record and table.fold(record):
            self.views.fold(record)
            for event in record:
                self.told.append(event)
                self.checker.observe(event)
                policies = self.system.policies_on(type(event.data))
                self._waiting.extend(self.system.react(event, policies, self.now_us, "test"))
                self._call_outside(event)
        return next((event.data for event in record if type(event.data) is Refused), None)

    def settle(self) -> None:
        """Decide whatever waits."""
        while self._waiting:
            self.decide(self._waiting.popleft())

    def events(self, name: str) -> list[Any]:
        """Every event of that type, in order."""
        return [message.data for message in self.told if type(message.data).__name__ == name]

    def history(self) -> list[Message[Any]]:
        """Every event in order, and then, as at the end of a run, what the provider's own books say."""
        booked = [
            observation(ProviderBooked(entry), f"payment/{entry.payment_id}", self.now_us, number)
            for number, entry in enumerate(self.books.ledger)
        ]
        return [*self.told, *booked]

    def broken(self) -> list[str]:
        """The invariants that did not hold. To be asked once: it ends the history."""
        for message in self.history()[len(self.told) :]:
            self.checker.observe(message)
        return [finding.name for finding in self.checker.finish(self.now_us) if finding.status != "held"]

    def _call_outside(self, event: Message[Any]) -> None:
        for effect in self.system.effects_on(type(event.data)):
            request = effect.request(event.data)
            if request is None:
                continue
            handled = self.books.handle(request, self.now_us, CardTerms(False, 0, self.now_us + WEEK_US))
            if hasattr(request, "recipient"):
                self.texts.append((self.now_us, request.recipient, request.kind))
            command = effect.answer(event.data, handled.answer)
            if command is not None:
                command_id = answer_id(event.id, effect, handled.answer)
                message = self.system.command(command, command_id, self.now_us, source="test", causation_id=event.id)
                self._waiting.append(message)

    def _next_due(self) -> tuple[int, AggregateTable, str] | None:
        due = [
            (due_us, name, subject)
            for name, table in self._tables.items()
            for subject in table.subjects()
            if (due_us := table.next_deadline_us(subject)) is not None
        ]
        if not due:
            return None
        due_us, name, subject = min(due)
        return due_us, self._tables[name], subject


def clinic_at(now: str, days_until: str = "", first_day: str = "") -> SmallClinic:
    """A clinic at that local time, open from that day on for two months at most; everybody has a telephone."""
    first = first_day or now[:10]
    clinic = SmallClinic(now, first, days_until or first)
    for name, phone in PHONES.items():
        clinic.ask("set_contact", Principal(name, "patient"), {"patient_id": name}, {"phone": phone})
    return clinic
