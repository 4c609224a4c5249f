"""What led to what in one run.

Ids tell it: a command that a policy or an effect asked for is named after its event, an event names its command. What
clients, the provider and time sent is found among the commands that were overheard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from reference_services.kernel.message import DEADLINE_COMMAND, Message, Record, event_id
from reference_services.kernel.operation import command_id_of, is_client_command
from reference_services.kernel.system import Service, System

from ...network import Asked
from .witness import Appended, Witness

Source = Literal["client", "provider", "answer", "policy", "deadline"]
"""Who sent a command: a client, the provider by webhook or by its answer, a policy, or time."""


class Causes:
    """The events of a run with their causes. ``events`` are in order; copies that readers drop are not among them."""

    def __init__(self, witness: Witness, asked: Iterable[Asked]) -> None:
        assert witness.system is not None, "nothing was played"
        self.system: System = witness.system
        self.witness = witness
        self.events: dict[str, Message[Any]] = {m.id: m for m in witness.history if m.version}
        self.order = {event: number for number, event in enumerate(self.events)}
        self.heard: dict[str, Appended] = {}
        self.copies: list[Appended] = []
        for appended in witness.records:
            first = appended.item[0]
            if first.id in self.heard and self.heard[first.id].item != appended.item:
                self.copies.append(appended)
            for message in appended.item:
                self.heard.setdefault(message.id, appended)
        self.led_to: dict[str, list[str]] = {}
        for event in self.events.values():
            self.led_to.setdefault(event.causation_id, []).append(event.id)
        self.requests = {self.command_id(each): each for each in asked}
        self._effects = {effect.name for service in self.system.services for effect in service.effects}

    @staticmethod
    def command_id(asked: Asked) -> str:
        """The id of the command that a request asks for."""
        return command_id_of(asked.do.principal, asked.do.operation, asked.do.idempotency_key)

    def time_us(self, event: str) -> int:
        """When an event was appended, by the true time."""
        heard = self.heard.get(event)
        return heard.time_us if heard is not None else self.events[event].time_us

    def service(self, subject: str) -> Service | None:
        """The service that decides for ``subject``; None if it is no aggregate."""
        name = subject.partition("/")[0]
        return next((each for each in self.system.services for found in each.deciders if found.name == name), None)

    def record_of(self, event: Message[Any]) -> Record:
        """The whole record that ``event`` was appended with."""
        heard = self.heard.get(event.id)
        return heard.item if heard is not None else (event,)

    def request_behind(self, command_id: str) -> str:
        """The id of the client's request that ``command_id`` is for; some bugs give each attempt an id of its own."""
        if command_id in self.requests:
            return command_id
        return next((each for each in self.requests if command_id.startswith(f"{each}-")), "")

    def source(self, command_id: str) -> Source:
        """Who sent a command."""
        if command_id.startswith(DEADLINE_COMMAND):
            return "deadline"
        if is_client_command(command_id):
            return "client" if self.request_behind(command_id) else "provider"
        parts = command_id.rsplit(":", 2)
        return "answer" if len(parts) == 3 and parts[1] in self._effects else "policy"

    def parent(self, command_id: str) -> str:
        """The event that led to a command; empty for what clients sent and for what cannot be told."""
        match self.source(command_id):
            case "policy" | "answer":
                parent = command_id.rsplit(":", 2)[0]
                return parent if parent in self.events else ""
            case "deadline":
                return self._deadline_set_by(command_id)
            case "provider":
                return self._call_before(command_id)
            case _:
                return ""

    def ancestors(self, event: str) -> Iterator[str]:
        """The events that led to ``event``, nearest first."""
        seen = {event}
        while (event := self.parent(self._command_behind(event))) and event not in seen:
            seen.add(event)
            yield event

    def history_of(self, subject: str) -> list[Message[Any]]:
        """All events of one aggregate."""
        return [event for event in self.events.values() if event.subject == subject]

    def _command_behind(self, event: str) -> str:
        return self.events[event].causation_id

    def _deadline_set_by(self, command_id: str) -> str:
        """The event that set a deadline: the last one before it, of that aggregate, that names what its command names.

        A command that was decided beside the inbox was not overheard; then it is the last one before its event.
        """
        heard = self.witness.commands.get(command_id)
        following = self.led_to.get(command_id, [])
        if heard is None and not following:
            return ""
        subject = heard.item.subject if heard is not None else self.events[following[0]].subject
        before = self.order[following[0]] if following else len(self.order)
        earlier = [each for each in self.history_of(subject) if self.order[each.id] < before]
        named = texts_in(heard.item.data) if heard is not None else frozenset()
        naming = [each for each in earlier if named <= texts_in(each.data)] or earlier
        return naming[-1].id if naming else ""

    def _call_before(self, command_id: str) -> str:
        """The event whose outside call the provider reports on: the last one before, of the same aggregate."""
        heard = self.witness.commands.get(command_id)
        if heard is None:
            return ""
        earlier = [
            call.event_id
            for call in self.witness.calls
            if call.time_us <= heard.time_us and call.event_id in self.events
            and self.events[call.event_id].subject == heard.item.subject
        ]  # fmt: skip
        return earlier[-1] if earlier else ""


def texts_in(data: Any) -> frozenset[str]:
    """Every text in the fields of a message, however deep."""
    if isinstance(data, str):
        return frozenset((data,)) if data else frozenset()
    if isinstance(data, msgspec.Struct):
        return frozenset().union(*(texts_in(getattr(data, name)) for name in data.__struct_fields__))
    if isinstance(data, dict):
        return frozenset().union(*(texts_in(each) for pair in data.items() for each in pair))
    if isinstance(data, tuple | list | set | frozenset):
        return frozenset().union(*(texts_in(each) for each in data))
    return frozenset()


def previous(event: Message[Any]) -> str:
    """The id of the first event of the record before that of ``event``, of the same aggregate."""
    return event_id(event.subject, event.version - 1, 0) if event.version > 1 else ""
