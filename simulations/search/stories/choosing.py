"""Which events a story shows: the one that broke the rule, what led to it, and what else it is about; no more."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from reference_services.kernel.history import Answered, Diverged, RepeatedDecision, VersionsMissing
from reference_services.kernel.invariant import Violation
from reference_services.kernel.message import Message, event_id
from scenarios.story_records import EVENTS_MAX

from .causes import Causes, previous, texts_in
from .missing import Missing, missing_in
from .witness import Appended

_NAMES = re.compile(r"[\w][\w./:\-]+")

MISSING_MAX = 3
"""So many things that never came are shown: the first explain the others."""

NEAR, NEAR_BESIDE, RELATED = 4, 2, 4
"""So many of the nearest causes (of the breaking event, and of its counterpart), and of the events that the violation
is about, come before anything else."""


class Chosen(msgspec.Struct, frozen=True):
    """What is shown. ``breaking`` is the id of the event that broke the rule, empty if it broke only in the end.

    ``observed`` is what a client, the provider or a host saw, where that broke it. ``subject`` is the aggregate that it
    is about, ``copy`` the second content of a version.
    """

    events: tuple[str, ...]
    breaking: str = ""
    observed: Message[Any] | None = None
    subject: str = ""
    copy: Appended | None = None
    missing: tuple[Missing, ...] = ()
    requests: tuple[str, ...] = ()


class Chooser:
    """Chooses for one violation."""

    def __init__(self, causes: Causes, violation: Violation, observed: Message[Any] | None, end_us: int) -> None:
        self._causes = causes
        self._violation = violation
        self._observed = observed
        self._end_us = end_us
        self._values = {event.id: texts_in(event.data) | {event.subject} for event in causes.events.values()}
        self._named = self._names_in(violation.message)
        self._about = self._named | self._key_of(violation.subject)

    def chosen(self) -> Chosen:
        """The choice, at most `EVENTS_MAX` events by construction."""
        if self._violation.event_id in self._causes.events:
            return self._around((self._violation.event_id,))
        match self._observed.data if self._observed is not None else None:
            case VersionsMissing(subject=subject, version=version):
                return self._around((event_id(subject, version, 0),))
            case Diverged(subject=subject, version=version):
                return self._around_copy(subject, version)
            case RepeatedDecision(first=first, again=again):
                return self._around((again, first))
            case Answered(command_id=command_id):
                return self._in_the_end((command_id,))
            case _:
                return self._in_the_end(tuple(sorted(self._about & self._causes.requests.keys())) or self._just_told())

    def _around(self, anchors: Sequence[str], copy: Appended | None = None) -> Chosen:
        """The story of an event: its causes, and what came before it in the same matter."""
        breaking, *others = anchors
        chain = list(self._causes.ancestors(breaking))
        side = [each for other in others for each in self._causes.ancestors(other)]
        subject = self._causes.events[breaking].subject
        related = self._related(subject, before=breaking)
        first = [*anchors, *chain[:NEAR], *side[:NEAR_BESIDE], *related[:RELATED]]
        order = [*first, *chain[-1:], *side[-1:], *chain, *related]
        events = self._first(order, EVENTS_MAX - (len(copy.item) if copy is not None else 0))
        return Chosen(events, breaking, self._observed, subject, copy, (), self._requests_behind(events))

    def _just_told(self) -> tuple[str, ...]:
        """The requests that were answered at the very moment of the violation: clients saw what cannot be."""
        rows = self._causes.witness.requests
        return tuple(row.command_id for row in rows if row.ended_us == self._violation.time_us and row.command_id)

    def _around_copy(self, subject: str, version: int) -> Chosen:
        kept = next(each for each in self._causes.history_of(subject) if each.version == version)
        copies = [each for each in self._causes.copies if each.item[0].id == kept.id]
        return self._around((kept.id, *filter(None, [previous(kept)])), copies[0] if copies else None)

    def _in_the_end(self, commands: tuple[str, ...]) -> Chosen:
        """The story of what never came: where it should have come from, and the last that came instead."""
        missing = self._missing(commands)
        subject = self._subject(commands, missing)
        related = self._related(subject, before="")
        asking = [each.cause_id for each in missing if each.cause_id in self._causes.events]
        following = [event for command in commands for event in self._followed(command)]
        causes = [cause for event in asking for cause in self._causes.ancestors(event)]
        first = [*asking, *following[:NEAR], *causes[:NEAR], *related[:RELATED]]
        events = self._first([*first, *causes[-1:], *causes, *related, *following], EVENTS_MAX)
        requests = tuple(dict.fromkeys([*commands, *self._requests_behind(events), *self._requests_missed(missing)]))
        return Chosen(events, "", self._observed, subject, None, missing, requests)

    def _first(self, order: Iterable[str], most: int) -> tuple[str, ...]:
        """The first different ones, in the order in which they happened."""
        kept = list(dict.fromkeys(order))[:most]
        return tuple(sorted(kept, key=self._causes.order.__getitem__))

    def _related(self, subject: str, before: str) -> list[str]:
        """Events in the same matter, those first that name most of what the violation names, the latest first.

        Those that name less than half as much as the first are of another matter.
        """
        causes = self._causes
        limit = causes.order[before] if before else self._until()
        weak = self._values[before] if before else frozenset()
        scored = []
        for event in causes.events.values():
            named = self._values[event.id]
            about, own = len(self._named & named), event.subject == subject
            if causes.order[event.id] < limit and (about or own):
                score = 4 * about + 6 * own + len(weak & named)
                scored.append((-score, -causes.order[event.id], event.id, about, own))
        most = max((about for *_, about, _ in scored), default=0)
        return [event for _, _, event, about, own in sorted(scored) if own or 2 * about > most]

    def _until(self) -> int:
        """How many events had happened when the rule was seen broken."""
        seen_us = self._violation.time_us or self._end_us
        return sum(self._causes.time_us(event) <= seen_us for event in self._causes.events)

    def _missing(self, commands: tuple[str, ...]) -> tuple[Missing, ...]:
        """What never came in this matter; if nothing did in this one, and the run is over, then elsewhere."""
        everything = missing_in(self._causes, self._end_us)
        requests = set(commands)
        own = [
            each
            for each in everything
            if (requests and self._causes.request_behind(each.cause_id) in requests)
            or any(name in each.about or name in each.id for name in self._about)
            or each.lane in self._about
        ]
        in_the_end = (self._violation.time_us or self._end_us) >= self._end_us
        return tuple((own or (everything if in_the_end else []))[:MISSING_MAX])

    def _subject(self, commands: tuple[str, ...], missing: tuple[Missing, ...]) -> str:
        """The aggregate that it is about."""
        known = Counter(event.subject for event in self._causes.events.values())
        named = self._violation.subject
        for subject, _ in known.most_common():
            if named and named in (subject, subject.partition("/")[2]):
                return subject
        followed = [self._causes.events[event].subject for command in commands for event in self._followed(command)]
        events = self._causes.events
        of_missing = [each.subject for each in missing]
        caused = [events[each.cause_id].subject for each in missing if each.cause_id in events]
        return next((each for each in (*followed, *of_missing, *caused) if each in known), "")

    def _followed(self, command_id: str) -> list[str]:
        """The events that a request led to, under whatever id its command went."""
        return [
            event
            for command, events in self._causes.led_to.items()
            if command and self._causes.request_behind(command) == command_id
            for event in events
        ]

    def _requests_behind(self, events: Iterable[str]) -> tuple[str, ...]:
        causes = [self._causes.events[event].causation_id for event in events]
        return tuple(dict.fromkeys(filter(None, (self._causes.request_behind(each) for each in causes))))

    def _requests_missed(self, missing: Iterable[Missing]) -> list[str]:
        return [each.cause_id for each in missing if each.cause_id in self._causes.requests]

    def _names_in(self, text: str) -> frozenset[str]:
        """What a checker's message names that events know too."""
        known = frozenset().union(*self._values.values()) | self._causes.requests.keys()
        known |= {service.name for service in self._causes.system.services}
        return frozenset(each.strip(".:,") for each in _NAMES.findall(text)) & known

    def _key_of(self, subject: str) -> frozenset[str]:
        kind, _, key = subject.partition("/")
        if kind == "service":
            return frozenset((key,))
        return frozenset(filter(None, (key, subject)))
