"""The HTTP gateway in virtual time: the same operations and views as for real, without the bytes.

A request costs service time on one of the gateway's servers. An action's command goes to its inbox; the answer is given
when its decision has come back on the events, or, where the caller prefers to wait, when the outcome is settled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from reference_services.kernel.message import Message, Record, Refused
from reference_services.kernel.operation import ANYONE, Action, Call, Outcome, Principal, Query, command_id_of
from reference_services.kernel.outside import PaymentReport
from reference_services.kernel.problem import FORBIDDEN, OVERLOADED, UNPROCESSABLE, Problem, ProblemKind
from reference_services.kernel.projection import Views
from reference_services.kernel.system import System
from scenarios.steps import Do, Got

from .broker import VirtualBroker
from .clock import VirtualClock
from .server import Server
from .workers import Inboxes

Answer = Callable[[Got], None]

DECISION_WAIT_US = 2_000_000
"""How long a caller without ``Prefer: wait`` waits for a decision before it is told to ask later, as for real."""


FETCH_US = 1_000
"""A consumer fetches what has arrived, then what has arrived since; a fetch takes about this long."""


class Exchange:
    """One request under way: what was asked, and who waits for the answer."""

    __slots__ = ("answer", "awaits_decision", "call", "command", "do", "open", "operation")

    def __init__(self, do: Do, operation: Action | Query, call: Call, answer: Answer) -> None:
        self.do = do
        self.operation = operation
        self.call = call
        self.answer = answer
        self.command: Message[Any] | None = None
        self.open = True
        self.awaits_decision = False

    def close(self, got: Got) -> None:
        """Answer, unless that has been done."""
        if self.open:
            self.open = False
            self.answer(got)

    def outcome(self, views: Views) -> Outcome:
        """What the request has led to so far. Raises `Problem`."""
        if isinstance(self.operation, Query):
            return self.operation.read(self.call, views)
        assert self.command is not None
        return self.operation.outcome(self.command.data, views)

    def watched_key(self) -> str:
        """The key of the aggregate whose events can settle the outcome: the command's, or the one in the path."""
        if self.command is not None:
            return self.command.subject.partition("/")[2]
        return next(iter(self.call.path.values()), "")


class VirtualGateway:
    """Answers calls from views and turns actions into commands."""

    def __init__(
        self,
        clock: VirtualClock,
        system: System,
        broker: VirtualBroker,
        inboxes: Inboxes,
        *,
        processes: int,
        concurrency: int,
        service_us: Mapping[str, int],
    ) -> None:
        self._clock = clock
        self._system = system
        self._inboxes = inboxes
        self._source = f"{system.name}.gateway"
        self._operations = {operation.name: operation for _, operation in system.operations()}
        self._service_us = {operation.name: service_us[service.name] for service, operation in system.operations()}
        self._views = Views(system.view_types())
        self._limit = processes * concurrency
        self._queued = 0
        self._fetched: deque[tuple[int, Record]] = deque()
        self._servers = tuple(Server(clock) for _ in range(processes))
        self._turn = 0
        self._undecided: dict[str, list[Exchange]] = {}
        self._impatient: deque[tuple[int, Exchange]] = deque()
        self._unsettled: dict[str, list[Exchange]] = {}
        for service in system.services:
            for partition in broker.topic(system.events_topic(service)):
                partition.subscribe(self._fetch)

    @property
    def in_flight(self) -> int:
        """Requests that are queued, or whose decision is awaited."""
        return len(self._undecided) + self._queued

    def call(self, do: Do, command_id: str, answer: Answer) -> None:
        """Take in a request; ``answer`` is called once, when the response is ready."""
        if self.in_flight >= self._limit:
            answer(_got_problem(Problem(OVERLOADED), self._system))
            return
        operation = self._operations[do.operation]
        call = Call(do.principal, do.path, do.body, command_id, self._clock.now_us)
        self._enqueue(Exchange(do, operation, call, answer))

    def command_id(self, do: Do) -> str:
        """The id of the command that ``do`` asks for; empty for a query."""
        if isinstance(self._operations[do.operation], Query):
            return ""
        return command_id_of(do.principal, do.operation, do.idempotency_key)

    def deliver_webhook(self, report: PaymentReport, webhook_id: str) -> None:
        """The provider reports something. It is taken in even under overload: refusing it would only bring it back."""
        operation = next(found for found in self._operations.values() if isinstance(found, Action) and found.signed)
        principal = Principal("webhook", operation.roles[0])
        do = Do(operation.name, principal, idempotency_key=webhook_id)
        call = Call(principal, {}, report, self.command_id(do), self._clock.now_us)
        self._enqueue(Exchange(do, operation, call, _nobody_waits))

    def _enqueue(self, exchange: Exchange) -> None:
        self._turn = (self._turn + 1) % len(self._servers)
        self._queued += 1
        service_us = self._service_us[exchange.operation.name]
        self._servers[self._turn].put(self._clock.now_us, service_us, self._serve, exchange)

    def _serve(self, exchange: Exchange) -> None:
        self._queued -= 1
        roles = exchange.operation.roles
        try:
            if exchange.do.principal.role not in roles and ANYONE not in roles:
                raise Problem(FORBIDDEN)
            if isinstance(exchange.operation, Query):
                self._answer_or_wait(exchange)
            else:
                self._act(exchange, exchange.operation)
        except Problem as problem:
            exchange.close(_got_problem(problem, self._system))

    def _act(self, exchange: Exchange, operation: Action) -> None:
        call = exchange.call
        if operation.body is not None and not operation.signed:
            call = msgspec.structs.replace(call, body=_validated(call.body, operation.body))
        data = operation.command(call, self._views)
        command = self._system.command(data, call.command_id, self._clock.now_us, source=self._source)
        exchange.command = command
        exchange.awaits_decision = not operation.signed
        self._inboxes.append(command)
        if operation.signed:
            exchange.close(Got(202, "ok"))
            return
        self._undecided.setdefault(command.id, []).append(exchange)
        self._impatient.append((self._clock.now_us + DECISION_WAIT_US, exchange))
        if len(self._impatient) == 1:
            self._clock.after(DECISION_WAIT_US, self._end_patience)

    def _fetch(self, record: Record, arrives_us: int) -> None:
        """Fold what arrives, in batches as a consumer fetches them."""
        self._fetched.append((arrives_us, record))
        if len(self._fetched) == 1:
            self._clock.after(arrives_us + FETCH_US - self._clock.now_us, self._fold_fetched)

    def _fold_fetched(self, _: None = None) -> None:
        fetched, now_us = self._fetched, self._clock.now_us
        while fetched and fetched[0][0] <= now_us:
            self._fold(fetched.popleft()[1])
        if fetched:
            self._clock.after(fetched[0][0] + FETCH_US - now_us, self._fold_fetched)

    def _fold(self, record: Record) -> None:
        self._views.fold(record)
        first = record[0]
        for exchange in self._undecided.pop(first.causation_id, ()):
            exchange.awaits_decision = False
            if type(first.data) is Refused:
                exchange.close(_got_refusal(first.data.reason, first.data.detail, self._system))
            else:
                self._answer_or_wait(exchange)
        key = first.subject.partition("/")[2]
        if key in self._unsettled:
            for exchange in self._unsettled.pop(key):
                self._answer_or_wait(exchange, waited=True)

    def _answer_or_wait(self, exchange: Exchange, *, waited: bool = False) -> None:
        outcome = exchange.outcome(self._views)
        if not exchange.open:
            return
        if outcome.settled or not exchange.do.wait_s:
            exchange.close(self._got(exchange, outcome))
            return
        key = exchange.watched_key()
        self._unsettled.setdefault(key, []).append(exchange)
        if not waited:
            wait_us = exchange.do.wait_s * 1_000_000
            self._after(wait_us, lambda: self._stop_waiting(self._unsettled, key, exchange))

    def _end_patience(self, _: None) -> None:
        """Answer those whose decision has not come in time; all are equally patient, so the oldest is first."""
        impatient = self._impatient
        while impatient and (impatient[0][0] <= self._clock.now_us or not impatient[0][1].awaits_decision):
            exchange = impatient.popleft()[1]
            if exchange.awaits_decision and exchange.command is not None:
                self._stop_waiting(self._undecided, exchange.command.id, exchange)
        if impatient:
            self._clock.after(impatient[0][0] - self._clock.now_us, self._end_patience)

    def _stop_waiting(self, waiting: dict[str, list[Exchange]], key: str, exchange: Exchange) -> None:
        if not exchange.open:
            return
        others = [other for other in waiting.pop(key, ()) if other is not exchange]
        if others:
            waiting[key] = others
        if waiting is self._undecided:
            exchange.close(Got(202, "ok"))
        else:
            exchange.close(self._got(exchange, exchange.outcome(self._views)))

    def _got(self, exchange: Exchange, outcome: Outcome) -> Got:
        if outcome.settled and outcome.refused:
            return _got_refusal(outcome.refused, "", self._system)
        body = msgspec.to_builtins(outcome.body)
        operation = exchange.operation
        if isinstance(operation, Query):
            return Got(200, "ok", body)
        if not outcome.settled:
            return Got(202, "ok", body)
        return Got(201 if operation.created else 200, "ok", body)

    def _after(self, delay_us: int, call: Callable[[], None]) -> None:
        self._clock.after(delay_us, lambda _: call())


def _validated(body: Any, body_type: type) -> Any:
    try:
        return msgspec.convert(body, body_type)
    except msgspec.ValidationError as error:
        raise Problem(UNPROCESSABLE, str(error)) from error


def _got_problem(problem: Problem, system: System) -> Got:
    if problem.kind.slug in system.refusals:
        return _got_refusal(problem.kind.slug, problem.detail, system)
    return Got(problem.kind.status, "error", problem.body(), problem.kind.slug)


def _got_refusal(reason: str, detail: str, system: System) -> Got:
    kind = system.refusals.get(reason, ProblemKind(reason, 409, reason))
    return Got(kind.status, "refused", Problem(kind, detail).body(), reason)


def _nobody_waits(got: Got) -> None:
    """A webhook's sender only needs to know that it was taken."""
