"""What should have followed from something in a run, and did not: the other half of the truth about a failure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from reference_services.kernel.aggregates import AggregateTable, VersionGap
from reference_services.kernel.effect import Effect
from reference_services.kernel.message import Message

from .causes import Causes
from .witness import Appended, Taken


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A command (or an outside call) that came to nothing though something should have followed.

    ``title`` is its name, ``why`` says how far it got; ``fate`` is ``lost`` if somebody had it, ``never`` if nobody
    ever did. ``cause_id`` is the event or the request that asked for it; ``about`` is all that it names.
    """

    id: str
    title: str
    why: str
    fate: Literal["lost", "never"]
    time_us: int
    lane: str
    cause_id: str
    subject: str
    about: str
    data: Any
    process: str = ""


def missing_in(causes: Causes, end_us: int) -> list[Missing]:
    """Everything that is missing from a run that ended at ``end_us``, in order of time."""
    search = _Search(causes)
    found = [each for event in causes.events.values() for each in search.after(event)]
    found += search.undecided()
    found += search.unsent_requests()
    found += search.missed_deadlines(end_us)
    return sorted(found, key=lambda each: each.time_us)


class _Search:
    def __init__(self, causes: Causes) -> None:
        self._causes = causes
        self._witness = causes.witness
        self._system = causes.system

    def after(self, event: Message[Any]) -> Iterator[Missing]:
        """The commands of policies that were never sent, and the calls that were never made or answered."""
        policies = self._system.policies_on(type(event.data))
        for command in self._system.react(event, policies, self._causes.time_us(event.id), event.source):
            if command.id not in self._witness.commands:
                yield self._never_sent(command, event.id)
        for service in self._system.services:
            for effect in service.effects:
                if effect.on is type(event.data) and (event.id, effect.name) not in self._witness.answered:
                    yield from self._unanswered(service.name, effect, event)

    def undecided(self) -> Iterator[Missing]:
        """The commands in an inbox of which nothing became, and which nobody found to change nothing."""
        for command_id, heard in self._witness.commands.items():
            taken = self._witness.taken.get(command_id, [])
            if command_id in self._causes.led_to or any(each.taking == "nothing new" for each in taken):
                continue
            why, time_us = self._fell(taken, command_id)
            cause = self._causes.parent(command_id) or self._causes.request_behind(command_id)
            process = taken[-1].process if taken else ""
            yield self._command(heard.item, why, cause, "lost", time_us or heard.time_us, process)

    def unsent_requests(self) -> Iterator[Missing]:
        """Requests that were answered with success and of which no command ever reached an inbox."""
        answered = {row.command_id: row for row in self._witness.requests if row.outcome == "ok" and row.command_id}
        sent = {self._causes.request_behind(each) for each in self._witness.commands}
        for request, asked in self._causes.requests.items():
            if request not in answered or request in sent:
                continue
            lost = self._lost_command(request)
            by = lost.process if lost is not None else "the gateway"
            yield Missing(
                id=request,
                title=asked.do.operation,
                why=f"{by} had answered, but never sent it to an inbox",
                fate="lost",
                time_us=lost.time_us if lost is not None else answered[request].ended_us,
                lane="gateway",
                cause_id=request,
                subject=asked.customer,
                about=request,
                data=asked.do.body,
                process=lost.process if lost is not None else "",
            )

    def missed_deadlines(self, end_us: int) -> Iterator[Missing]:
        """The deadlines that passed without their command."""
        for service in self._system.services:
            table = AggregateTable(self._system, service)
            last: dict[str, str] = {}
            for event in self._causes.events.values():
                if event.id.endswith("/0") and self._causes.service(event.subject) is service:
                    try:
                        table.fold(self._causes.record_of(event))
                        last[event.subject] = event.id
                    except VersionGap:  # nobody knows how it stands, nor what it waits for
                        table.forget(event.subject)
                        last.pop(event.subject, None)
            for subject, cause in last.items():
                command = table.deadline_command(subject, end_us)
                if command is not None and command.id not in self._witness.commands:
                    due_us = table.next_deadline_us(subject) or end_us
                    yield self._command(command, "its time came and nobody sent it", cause, "never", due_us)

    def _never_sent(self, command: Message[Any], cause: str) -> Missing:
        lost = self._lost_command(command.id)
        if lost is None:
            return self._command(command, "it was never sent", cause, "never", command.time_us)
        why = f"it was lost with {lost.process} before it was sent"
        return self._command(command, why, cause, "lost", lost.time_us, lost.process)

    def _unanswered(self, service: str, effect: Effect, event: Message[Any]) -> Iterator[Missing]:
        request = effect.request(event.data)
        if request is None:
            return
        calls = [call for call in self._witness.calls if (call.event_id, call.effect) == (event.id, effect.name)]
        last = calls[-1] if calls else None
        yield Missing(
            id=f"{event.id}:{effect.name}",
            title=effect.name,
            why=f"{last.process} called and never got to record an answer" if last else "the call was never made",
            fate="lost" if last else "never",
            time_us=last.time_us if last else self._causes.time_us(event.id),
            lane=service,
            cause_id=event.id,
            subject=event.subject,
            about=event.subject,
            data=request,
            process=last.process if last else "",
        )

    def _fell(self, taken: list[Taken], command_id: str) -> tuple[str, int]:
        """How a command came to nothing, and when; 0 if nobody ever took it."""
        if not taken:
            return "it was appended to the inbox and never taken from it", 0
        last = taken[-1]
        if last.taking == "dead-lettered":
            return f"{last.process} could not decide it and put it among the dead letters", last.time_us
        if last.taking == "dropped":
            return f"{last.process} took it, acknowledged it and dropped it", last.time_us
        lost = next((each for each in self._witness.lost if _led(each.item, command_id)), None)
        if lost is None:
            return f"{last.process} decided it, and the decision never got into the log", last.time_us
        names = " and ".join(type(event.data).__name__ for event in lost.item)
        return f"{lost.process} decided it, but died before {names} was in the log", lost.time_us

    def _lost_command(self, command_id: str) -> Appended | None:
        return next(
            (each for each in self._witness.lost if isinstance(each.item, Message) and each.item.id == command_id), None
        )

    def _command(
        self,
        command: Message[Any],
        why: str,
        cause: str,
        fate: Literal["lost", "never"],
        time_us: int,
        process: str = "",
    ) -> Missing:
        service, _ = self._system.owner(type(command.data))
        return Missing(
            id=command.id,
            title=type(command.data).__name__,
            why=why,
            fate=fate,
            time_us=time_us,
            lane=service.name,
            cause_id=cause,
            subject=command.subject,
            about=f"{command.subject} {json.dumps(msgspec.to_builtins(command.data))}",
            data=command.data,
            process=process,
        )


def _led(item: Any, command_id: str) -> bool:
    """Whether ``item`` is a record that a command led to."""
    return isinstance(item, tuple) and item[0].causation_id == command_id
