"""Contacts: how patients can be reached. Part of the reminders service, and known to nobody else.

Aggregate ``contact``, keyed by patient_id. Other services speak of patients by their ids; only here a reminder gets its
telephone number, on its way out.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ..kernel.decider import Decider
from ..kernel.effect import Effect
from ..kernel.message import Command, Event
from ..kernel.outside import OutsideRequest, SendMessage

# Commands


class SetContact(Command, frozen=True):
    """Reach the patient under this number."""

    patient_id: str
    phone: str


class AddressReminder(Command, frozen=True):
    """Send a text to the patient, wherever that is. ``message_id`` is the same each time it is tried."""

    patient_id: str
    reminder_id: str
    message_id: str
    kind: str
    text: str
    attempt: int


# Events


class ContactChanged(Event, frozen=True):
    """The patient is reached under this number from now on."""

    patient_id: str
    phone: str


class ReminderAddressed(Event, frozen=True):
    """The text is being handed to the message gateway."""

    patient_id: str
    reminder_id: str
    message_id: str
    kind: str
    phone: str
    text: str
    attempt: int


class ContactMissing(Event, frozen=True):
    """Nobody knows how to reach the patient."""

    patient_id: str
    reminder_id: str
    message_id: str


class Contact(msgspec.Struct, frozen=True):
    """How a patient is reached; empty: unknown."""

    patient_id: str
    phone: str = ""


class ContactDecider(Decider[Contact]):
    """Decides under which number a patient is reached."""

    name = "contact"
    key_field = "patient_id"
    commands = (SetContact, AddressReminder)
    events = (ContactChanged, ReminderAddressed, ContactMissing)

    def initial(self, key: str) -> Contact:
        return Contact(key)

    def decide(self, contact: Contact, command: Command, now_us: int) -> list[Event]:
        match command:
            case SetContact():
                return [ContactChanged(command.patient_id, command.phone)]
            case AddressReminder():
                return [_addressed(contact, command)]
            case _:
                raise TypeError(f"contact does not decide {type(command).__name__}")

    def evolve(self, contact: Contact, event: Event) -> Contact:
        return Contact(event.patient_id, event.phone) if isinstance(event, ContactChanged) else contact


def _addressed(contact: Contact, command: AddressReminder) -> Event:
    if not contact.phone:
        return ContactMissing(command.patient_id, command.reminder_id, command.message_id)
    return ReminderAddressed(
        command.patient_id,
        command.reminder_id,
        command.message_id,
        command.kind,
        contact.phone,
        command.text,
        command.attempt,
    )


# The effect


def _send_request(event: ReminderAddressed) -> OutsideRequest:
    return SendMessage(event.message_id, event.phone, event.kind, event.text)


def send_effect(record: Any) -> Effect:
    """The call that sends a text; ``record(event, delivered)`` is the command that remembers what came of it."""
    return Effect(
        "send",
        ReminderAddressed,
        _send_request,
        lambda event, answer: record(event, delivered=True),
        lambda event, reason: record(event, delivered=False),
    )
