"""notifications: what people were told, and whether it got through.

Aggregate ``message``, keyed by what it is about and its kind, so each is sent once per cause however often it is asked.
What is worth telling is each system's own: its policies ask for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import msgspec

from ..kernel.decider import Deadline, Decider
from ..kernel.effect import Effect
from ..kernel.message import Command, Event
from ..kernel.outside import OutsideRequest, SendMessage
from ..kernel.transitions import TransitionTable

# Commands


class SendNotification(Command, frozen=True):
    """Tell somebody something; its kind is a word for what it is, e.g. receipt."""

    message_id: str
    recipient: str
    kind: str
    text: str

    @classmethod
    def about(cls, thing: str, recipient: str, kind: str, text: str) -> Self:
        """One message of each kind about each thing; ``thing`` is an id without a slash, so that checkers can tell."""
        return cls(f"{thing}/{kind}", recipient, kind, text)


class RecordDelivery(Command, frozen=True):
    """The message gateway took the message, or could not be reached."""

    message_id: str
    delivered: bool
    detail: str = ""


class SendAgain(Command, frozen=True):
    """A message that did not get through is due again. Sent by time itself."""

    message_id: str


# Events


class NotificationRequested(Event, frozen=True):
    """The message is being handed to the message gateway, for the ``attempt``-th time."""

    message_id: str
    recipient: str
    kind: str
    text: str
    attempt: int = 1


class NotificationSent(Event, frozen=True):
    """The recipient was told."""

    message_id: str
    kind: str


class NotificationFailed(Event, frozen=True):
    """The recipient could not be told; the next attempt is due at ``again_at_us`` (0: there is none)."""

    message_id: str
    kind: str
    detail: str
    again_at_us: int


MESSAGE = TransitionTable(
    "none",
    {
        ("none", NotificationRequested): "requested",
        ("requested", NotificationSent): "sent",
        ("requested", NotificationFailed): "failed",
        ("failed", NotificationRequested): "requested",
        ("failed", NotificationSent): "sent",
    },
)

ATTEMPTS = 10
"""How often a message is handed over before it is given up. Each time the host makes several calls."""

# State


class Notice(msgspec.Struct, frozen=True):
    """One message and the request for it; ``again_at_us`` counts while failed (0: given up)."""

    message_id: str
    status: str = MESSAGE.initial
    request: NotificationRequested | None = None
    again_at_us: int = 0


class NoticeDecider(Decider[Notice]):
    """Decides whether a message still has to be sent."""

    name = "message"
    key_field = "message_id"
    commands = (SendNotification, RecordDelivery, SendAgain)
    events = (NotificationRequested, NotificationSent, NotificationFailed)
    transitions = MESSAGE

    def __init__(self, again_after_us: int) -> None:
        self._again_after_us = again_after_us

    def initial(self, key: str) -> Notice:
        return Notice(key)

    def decide(self, notice: Notice, command: Command, now_us: int) -> list[Event]:
        request = notice.request
        if request is None:
            if not isinstance(command, SendNotification):
                return []
            return [NotificationRequested(command.message_id, command.recipient, command.kind, command.text)]
        match command:
            case RecordDelivery(delivered=True) if notice.status in ("requested", "failed"):
                return [NotificationSent(command.message_id, request.kind)]
            case RecordDelivery(delivered=False) if notice.status == "requested":
                again_at_us = now_us + self._again_after_us if request.attempt < ATTEMPTS else 0
                return [NotificationFailed(command.message_id, request.kind, command.detail, again_at_us)]
            case SendAgain() if notice.again_at_us and now_us >= notice.again_at_us:
                return [msgspec.structs.replace(request, attempt=request.attempt + 1)]
            case _:
                return []

    def evolve(self, notice: Notice, event: Event) -> Notice:
        status = MESSAGE.next(notice.status, event)
        match event:
            case NotificationRequested():
                return Notice(notice.message_id, status, event)
            case NotificationFailed():
                return Notice(notice.message_id, status, notice.request, event.again_at_us)
            case _:
                return Notice(notice.message_id, status, notice.request)

    def deadlines(self, notice: Notice) -> Iterable[Deadline]:
        if notice.again_at_us:
            yield notice.again_at_us, SendAgain(notice.message_id)


# Effects


def _send_request(event: NotificationRequested) -> OutsideRequest:
    return SendMessage(event.message_id, event.recipient, event.kind, event.text)


def _record_sent(event: NotificationRequested, answer: Any) -> Command:
    return RecordDelivery(event.message_id, delivered=True)


def _record_failure(event: NotificationRequested, reason: str) -> Command:
    return RecordDelivery(event.message_id, delivered=False, detail=reason)


DELIVERY_CALLS = (Effect("send", NotificationRequested, _send_request, _record_sent, _record_failure),)
