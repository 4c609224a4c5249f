"""Tells a violation as a story: plays its tape, and picks out of all that happened what explains it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from reference_services.kernel.history import ProviderBooked
from reference_services.kernel.invariant import Finding, Violation
from reference_services.kernel.message import Message
from scenarios.faults.fault import Fault, ProviderFault
from scenarios.model import Scenario
from scenarios.run_records import RequestRow
from scenarios.story_records import (
    Arrow,
    Breach,
    FaultSpan,
    Lane,
    LeftOut,
    Moment,
    Story,
    Told,
)

from ..planted.catalog import PLANTS
from ..simulation import SimulationResult
from .stories.causes import Causes, texts_in
from .stories.choosing import Chooser, Chosen
from .stories.configuration import configuration_of, fault_in_words, knobs_of
from .stories.states import states_of
from .stories.witness import overhear
from .stories.wording import Wording, as_sentence, words
from .tape import Tape

CLIENTS, GATEWAY, PROVIDER = "clients", "gateway", "provider"

FAULTS_MAX = 5

AROUND_US = 1_000_000
"""Faults that heal within a second before the story belong to it, for what they leave behind shows later; so do those
that strike just after what never came was last seen."""

MISDATED_US = 50_000
"""From so much on, an event tells that its process dated it otherwise than when it happened."""


class NothingToTell(Exception):
    """The run breaks no rule, or not the one that was asked for; one line says which it does break."""


def story_of(tape: Tape, invariant: str = "", replay: str = "doorbuster replay tape.json") -> Story:
    """The story of the first violation of ``invariant`` on ``tape``, of any if that is empty.

    ``replay`` is the command line that plays the tape again. Raises `NothingToTell`, and what playing a tape raises.
    """
    witness, result, scenario = overhear(tape)
    finding = _broken(result, invariant)
    violation = finding.samples[0]
    observed = next((each for each in witness.history if each.id == violation.event_id and not each.version), None)
    causes = Causes(witness, tape.requests)
    chosen = Chooser(causes, violation, observed, result.end_us).chosen()
    return _Telling(tape, scenario, causes, chosen, violation, result).story(finding, replay)


def _broken(result: SimulationResult, invariant: str) -> Finding:
    broken = [finding for finding in result.findings if finding.status == "broken"]
    for finding in broken:
        if invariant in ("", finding.name):
            return finding
    names = ", ".join(finding.name for finding in broken) or "none"
    raise NothingToTell(f"the run does not break {invariant or 'any rule'}; broken are: {names}")


class _Telling:
    """One story in the making."""

    def __init__(
        self,
        tape: Tape,
        scenario: Scenario,
        causes: Causes,
        chosen: Chosen,
        violation: Violation,
        result: SimulationResult,
    ) -> None:
        self._tape = tape
        self._scenario = scenario
        self._causes = causes
        self._chosen = chosen
        self._violation = violation
        self._end_us = result.end_us
        self._words = Wording(scenario.opens_at_us, _all_ids(causes, violation))
        self._moments: dict[str, Moment] = {}
        self._shown_faults: list[tuple[str, Fault]] = []

    def story(self, finding: Finding, replay: str) -> Story:
        self._tell_events()
        self._tell_requests()
        self._tell_missing()
        self._tell_the_break()
        self._tell_faults()
        moments = tuple(sorted(self._moments.values(), key=self._place))
        violation, plant = self._violation, PLANTS.get(self._tape.plant)
        before, after = states_of(self._causes, self._chosen, self._words)
        return Story(
            scenario=self._scenario.name,
            title=self._scenario.title,
            seed=self._tape.seed,
            headline=as_sentence(self._words.tidy(violation.message)),
            rule=Told(finding.name, finding.statement),
            breach=Breach(
                self._words.tidy(violation.message),
                self._words.short(violation.subject or self._chosen.subject),
                self._words.after_opening_us(violation.time_us or self._end_us),
            ),
            lanes=self._lanes(moments),
            moments=moments,
            plant=self._tape.plant,
            plant_summary=plant.summary if plant is not None else "",
            arrows=tuple(self._arrows(moments)),
            faults=tuple(self._fault_span(moment_id, fault) for moment_id, fault in self._shown_faults),
            state_subject=self._words.short(self._chosen.subject),
            state_before=before,
            state_after=after,
            left_out=tuple(self._left_out()),
            configuration=configuration_of(self._tape, self._scenario),
            replay=replay,
        )

    def _tell_events(self) -> None:
        for event_id in self._chosen.events:
            event = self._causes.events[event_id]
            heard = self._causes.heard.get(event_id)
            broke = event_id == self._chosen.breaking and self._chosen.copy is None
            self._tell_event(event, event_id, heard.process if heard else "", self._causes.time_us(event_id), broke)
            self._tell_source(event)
        copy = self._chosen.copy
        for index, event in enumerate(copy.item if copy is not None else ()):
            assert copy is not None
            self._tell_event(event, f"{event.id}#copy", copy.process, copy.time_us, index == 0, "copy")

    def _tell_event(
        self, event: Message[Any], moment_id: str, process: str, time_us: int, broke: bool, fate: Any = ""
    ) -> None:
        sentence = self._words.sentence(event.data)
        if abs(event.time_us - time_us) >= MISDATED_US:
            sentence += f" Dated {self._words.instant(event.time_us)} by its command."
        if fate == "copy":
            sentence += " Its readers have this version already and drop it."
        self._add(
            moment_id, time_us, self._lane_of(event.subject), "event", type(event.data).__name__, sentence,
            subject=self._words.short(event.subject), by=self._by(event.causation_id), process=process,
            cause_id=event.causation_id, fate=fate, broke=broke,
        )  # fmt: skip

    def _by(self, command_id: str) -> str:
        heard = self._causes.witness.commands.get(command_id)
        name = type(heard.item.data).__name__ if heard is not None else ""
        if self._causes.source(command_id) == "deadline":
            return f"{name}, due" if name else "a deadline"
        return name

    def _tell_source(self, event: Message[Any]) -> None:
        """What the provider said, where that led to an event."""
        command_id = event.causation_id
        heard = self._causes.witness.commands.get(command_id)
        source = self._causes.source(command_id)
        if heard is None or source not in ("provider", "answer") or command_id in self._moments:
            return
        how = "Webhook" if source == "provider" else f"Answer to {command_id.rsplit(':', 2)[1]}"
        sentence = f"{how}: {self._words.sentence(heard.item.data)}"
        title = type(heard.item.data).__name__
        self._add(command_id, heard.time_us, PROVIDER, "answer", title, sentence, process=heard.process,
                  subject=self._words.short(heard.item.subject), cause_id=self._causes.parent(command_id))  # fmt: skip

    def _tell_requests(self) -> None:
        """The requests behind what is shown, and their answers where those matter."""
        answers = {row.command_id: row for row in self._causes.witness.requests if row.command_id}
        for request in self._chosen.requests:
            asked = self._causes.requests.get(request)
            if asked is None:
                continue
            data = {"customer": asked.customer, **asked.do.path, **_body(asked.do.body)}
            self._add(request, asked.time_us, CLIENTS, "command", asked.do.operation, self._words.sentence(data),
                      subject=self._words.short(asked.customer))  # fmt: skip
            self._tell_attempts(request)
            row = answers.get(request)
            if row is not None and self._matters(row):
                title = f"{row.status} {row.outcome}" if row.status else "no answer"
                sentence = f"{asked.do.operation} is answered: {row.outcome}{', ' + row.reason if row.reason else ''}."
                self._add(f"{request}#answer", row.ended_us, CLIENTS, "answer", title, sentence,
                          subject=self._words.short(row.customer), cause_id=request)  # fmt: skip

    def _matters(self, row: RequestRow) -> bool:
        """Whether an answer is part of the story: the rule is about it, or there was none worth the name."""
        violation = self._violation
        return (
            row.command_id in violation.message
            or row.ended_us == violation.time_us
            or row.outcome in ("unknown", "error")
        )

    def _tell_attempts(self, request: str) -> None:
        """The commands that a gateway made of a request, if they are not called as they should be."""
        for command_id, heard in self._causes.witness.commands.items():
            if command_id != request and self._causes.request_behind(command_id) == request:
                sentence = f"Command {self._words.short(command_id)}: {self._words.sentence(heard.item.data)}"
                self._add(
                    command_id, heard.time_us, GATEWAY, "command", type(heard.item.data).__name__, sentence,
                    process=heard.process, subject=self._words.short(heard.item.subject), cause_id=request,
                )  # fmt: skip

    def _tell_missing(self) -> None:
        for missing in self._chosen.missing:
            sentence = f"{as_sentence(missing.why)} {self._words.sentence(missing.data)}".rstrip()
            self._add(f"{missing.id}#missing", missing.time_us, missing.lane, "command", missing.title, sentence,
                      process=missing.process, cause_id=missing.cause_id, fate=missing.fate,
                      subject=self._words.short(missing.subject))  # fmt: skip

    def _tell_the_break(self) -> None:
        """The moment at which the rule broke, where no event did it."""
        if any(moment.broke for moment in self._moments.values()):
            return
        observed, violation = self._chosen.observed, self._violation
        if observed is not None and isinstance(observed.data, ProviderBooked):
            entry = observed.data.entry
            title, lane, time_us = entry.kind.capitalize(), PROVIDER, entry.time_us
        else:
            lane = self._lane_of(self._chosen.subject or violation.subject)
            title, time_us = "The rule is broken", violation.time_us or self._end_us
            if time_us >= self._end_us:
                title = "End of the run"
        sentence, subject = as_sentence(self._words.tidy(violation.message)), self._words.short(self._chosen.subject)
        self._add("breach", time_us, lane, "answer", title, sentence, broke=True, subject=subject)

    def _tell_faults(self) -> None:
        """Those that struck while the story went on; of many those that struck whom it is about."""
        near = [fault for fault in self._tape.trouble().faults if self._belongs(fault)]
        seen = {moment.process for moment in self._moments.values()}
        near.sort(key=lambda fault: (_process(fault) not in seen, fault.at_us))
        for number, fault in enumerate(sorted(near[:FAULTS_MAX], key=lambda each: each.at_us), 1):
            moment_id = f"fault/{number}"
            lanes = self._lanes_hit(fault)
            self._add(moment_id, self._scenario.opens_at_us + fault.at_us, lanes[0] if lanes else CLIENTS, "fault",
                      words(fault.kind), fault_in_words(fault), process=_process(fault))  # fmt: skip
            self._shown_faults.append((moment_id, fault))

    def _belongs(self, fault: Fault) -> bool:
        """Whether a fault lasted while the story went on, or later struck whoever had in hand what was lost."""
        times = [
            moment.time_us for moment in self._moments.values() if moment.kind != "fault" and moment.id != "breach"
        ]
        holders = {missing.process for missing in self._chosen.missing}
        first_us, last_us = min(times, default=0), max(times, default=0)
        strikes = fault.at_us <= last_us + (0 if self._chosen.breaking else AROUND_US)
        return fault.heals_us >= first_us - AROUND_US and (strikes or _process(fault) in holders - {""})

    def _fault_span(self, moment_id: str, fault: Fault) -> FaultSpan:
        return FaultSpan(
            moment_id=moment_id, kind=words(fault.kind), summary=fault.summary, colour=fault.colour,
            from_us=fault.at_us, until_us=fault.heals_us, target=_process(fault), lanes=self._lanes_hit(fault),
            knobs=knobs_of(fault),
        )  # fmt: skip

    def _lanes_hit(self, fault: Fault) -> tuple[str, ...]:
        target = _process(fault)
        services = {service.name for service in self._causes.system.services} | {GATEWAY}
        lane = target if target in services else target.rpartition("-")[0]
        if lane in services:
            return (lane,)
        return (PROVIDER,) if isinstance(fault, ProviderFault) else ()

    def _lanes(self, moments: Iterable[Moment]) -> tuple[Lane, ...]:
        """The lanes in which anything happens, from the clients to the provider."""
        names = [CLIENTS, GATEWAY, *(service.name for service in self._causes.system.services), PROVIDER]
        used = {moment.lane for moment in moments if moment.kind != "fault"}
        used |= {lane for _, fault in self._shown_faults for lane in self._lanes_hit(fault)}
        processes: dict[str, set[str]] = {}
        for moment in moments:
            if moment.process and moment.process.rpartition("-")[0] in names:
                processes.setdefault(moment.process.rpartition("-")[0], set()).add(moment.process)
        return tuple(Lane(name, tuple(sorted(processes.get(name, ())))) for name in names if name in used)

    def _arrows(self, moments: Iterable[Moment]) -> Iterator[Arrow]:
        """From each moment's nearest cause that is shown, through those that are not."""
        shown = {moment.id for moment in moments}
        for moment in moments:
            skipped, cause, seen = 0, moment.cause_id, {moment.id}
            while cause and cause not in seen:
                seen.add(cause)
                before = cause if cause in shown else self._causes.request_behind(cause)
                if before in shown:
                    yield Arrow(before, moment.id, skipped)
                    break
                skipped += cause in self._causes.events
                is_event = cause in self._causes.events
                cause = self._causes.events[cause].causation_id if is_event else self._causes.parent(cause)

    def _left_out(self) -> Iterator[LeftOut]:
        shown = set(self._chosen.events)
        events = Counter(type(each.data).__name__ for each in self._causes.events.values() if each.id not in shown)
        requests = len(self._causes.requests.keys() - set(self._chosen.requests))
        yield from (LeftOut(f"request{'s' * (requests != 1)} of clients", requests) for _ in range(bool(requests)))
        yield from (LeftOut(name, count) for name, count in events.most_common())
        faults = len(self._tape.faults) - len(self._shown_faults)
        yield from (LeftOut(f"fault{'s' * (faults != 1)} at other times", faults) for _ in range(bool(faults)))

    def _lane_of(self, subject: str) -> str:
        service = self._causes.service(subject)
        if service is not None:
            return service.name
        kind, _, name = subject.partition("/")
        return name if kind == "service" else CLIENTS

    def _add(self, moment_id: str, time_us: int, lane: str, kind: Any, title: str, sentence: str, **more: Any) -> None:
        after_us = self._words.after_opening_us(time_us)
        self._moments[moment_id] = Moment(
            id=moment_id, time_us=after_us, lane=lane, kind=kind, title=title, sentence=sentence, **more
        )  # fmt: skip

    def _place(self, moment: Moment) -> tuple[Any, ...]:
        """In order of time; at one instant causes first, as events are numbered, and the break last."""
        order = self._causes.order.get(moment.id.removesuffix("#copy"), -1)
        ranks = {"fault": 0, "command": 1, "answer": 2, "event": 3}
        late = 4 if moment.fate in ("lost", "never") else ranks[moment.kind]
        return moment.time_us, moment.id == "breach", moment.id.endswith("#copy"), late, order, moment.id


def _all_ids(causes: Causes, violation: Violation) -> Iterator[str]:
    """Every text in which an id can stand that a story may mention."""
    yield violation.message
    yield from causes.requests
    yield from causes.witness.commands
    for event in causes.events.values():
        yield from texts_in(event.data)


def _body(body: Any) -> dict[str, Any]:
    """What a request carries, by field."""
    return dict(body) if isinstance(body, dict) else {}


def _process(fault: Fault) -> str:
    """The process that a fault strikes, or both ends of a connection; empty for one that strikes no process."""
    return str(getattr(fault, "target", ""))
