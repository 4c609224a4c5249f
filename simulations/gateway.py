"""The HTTP gateway in virtual time: the same operations and views as for real, without the bytes.

A request costs service time on the gateway's server. An action's command goes to its inbox; the answer is given when
its decision has come back on the events, or, where the caller prefers to wait, when the outcome is settled. Nobody is
told that a request is taken whose command is not in its inbox.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from reference_services.kernel.message import Message, Record, Refused
from reference_services.kernel.operation import (
    ANYONE,
    Action,
    Call,
    Outcome,
    Principal,
    Query,
    command_id_of,
    is_client_command,
)
from reference_services.kernel.outside import PaymentReport
from reference_services.kernel.problem import (
    FORBIDDEN,
    KEY_REUSED,
    NOT_READY,
    OVERLOADED,
    STILL_IN_FLIGHT,
    UNPROCESSABLE,
    UNREACHABLE,
    Problem,
    ProblemKind,
)
from reference_services.kernel.projection import Views
from reference_services.kernel.system import System
from scenarios.steps import Do, Got

from .claims import REQUESTS_REMEMBERED, Claims
from .hosts.inboxes import Inboxes
from .hosts.process import Process
from .kafka.log import PartitionLog, VirtualBroker
from .service_times import ServiceTimes

Answer = Callable[[Got], None]

DECISION_WAIT_US = 2_000_000
"""How long a caller without ``Prefer: wait`` waits for a decision before it is told to ask later, as for real."""

APPEND_TIMEOUT_US = 5_000_000
"""How long the broker has to acknowledge a command, as for real; then nobody knows whether it was taken in."""

FETCH_US = 1_000
"""A consumer fetches what has arrived, then what has arrived since; a fetch takes about this long."""

CATCH_UP_US = 50_000
"""How long a gateway that was started again reads before it is ready."""

NO_ANSWER = Got(0, "unknown")

TAKEN = Got(202, "ok")
"""What is asked for will be decided."""


class Exchange:
    """One request under way: what was asked, and who waits for the answer.

    ``durable``: its command is in the inbox. ``patient_until_us`` is when the caller wants an answer, whatever it is.
    """

    __slots__ = (
        "answer",
        "awaits_decision",
        "call",
        "command",
        "do",
        "durable",
        "open",
        "operation",
        "patient_until_us",
    )

    def __init__(self, do: Do, operation: Action | Query, call: Call, answer: Answer) -> None:
        self.do = do
        self.operation = operation
        self.call = call
        self.answer = answer
        self.command: Message[Any] | None = None
        self.open = True
        self.awaits_decision = False
        self.durable = False
        self.patient_until_us = 0

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
    """One gateway process: answers calls from its views and turns actions into commands."""

    def __init__(
        self,
        process: Process,
        system: System,
        broker: VirtualBroker,
        inboxes: Inboxes,
        claims: Claims,
        *,
        concurrency: int,
        service_times: Mapping[str, ServiceTimes],
    ) -> None:
        self.process = process
        self.slowness = 1.0
        self._clock = process.clock
        self._system = system
        self._inboxes = inboxes
        self._claims = claims
        self._source = f"{system.name}.gateway"
        self._operations = {operation.name: operation for _, operation in system.operations()}
        self._service_times = {
            operation.name: service_times[service.name] for service, operation in system.operations()
        }
        self._limit = concurrency
        self._logs = [log for service in system.deciding for log in broker.topic(system.events_topic(service))]
        for log in self._logs:
            log.subscribe(partial(self._fetch, log))
        self._deaf_since_us: int | None = None
        self._start_empty()

    @property
    def in_flight(self) -> int:
        """Requests whose decision is awaited."""
        return len(self._undecided)

    def call(self, do: Do, command_id: str, arrives_us: int, answer: Answer) -> None:
        """Take in a request that will arrive; ``answer`` is called once, when the response is ready."""
        operation = self._operations[do.operation]
        call = Call(do.principal, do.path, do.body, command_id, arrives_us)
        if not self.process.alive:
            answer(NO_ANSWER)
        elif not self._ready:
            answer(_got_problem(Problem(NOT_READY), self._system))
        else:
            self._enqueue(Exchange(do, operation, call, answer), arrives_us)

    def command_id(self, do: Do) -> str:
        """The id of the command that ``do`` asks for; empty for a query."""
        if isinstance(self._operations[do.operation], Query):
            return ""
        return command_id_of(do.principal, do.operation, do.idempotency_key)

    def deliver_webhook(self, report: PaymentReport, webhook_id: str, answer: Answer) -> None:
        """The provider reports something. It is taken in even under overload: refusing it would only bring it back."""
        operation = next(found for found in self._operations.values() if isinstance(found, Action) and found.signed)
        principal = Principal("webhook", operation.roles[0])
        do = Do(operation.name, principal, idempotency_key=webhook_id)
        call = Call(principal, {}, report, self.command_id(do), self._clock.now_us)
        if self.process.alive and self._ready:
            self._enqueue(Exchange(do, operation, call, answer), self._clock.now_us)
        else:
            answer(NO_ANSWER)

    def kill(self) -> None:
        """The process dies: whoever waits gets no answer, and what was known is forgotten."""
        if not self.process.alive:
            return
        self.process.kill()
        for exchange in self._open:
            exchange.open = False
            exchange.answer(NO_ANSWER)
        self._start_empty(ready=False)

    def start(self) -> None:
        """Start the process again; it reads everything from the beginning before it is ready."""
        if not self.process.alive:
            self.process.start()
            self._clock.after(CATCH_UP_US, self._catch_up, self.process.life)

    def listen(self) -> None:
        """Events get through again after a time in which none did."""
        self._deaf_since_us = None
        self._read_what_was_missed()

    def stop_listening(self) -> None:
        """No event gets through any more: the views grow stale."""
        if self._deaf_since_us is None:
            self._deaf_since_us = self._clock.now_us

    def _start_empty(self, *, ready: bool = True) -> None:
        self._ready = ready
        self._deaf_since_us = None
        self._views = Views(self._system.view_types())
        self._positions: dict[str, int] = {}
        self._fetched: deque[tuple[int, Record]] = deque()
        self._open: dict[Exchange, None] = {}
        self._undecided: dict[str, Exchange] = {}
        self._decisions: OrderedDict[str, Refused | None] = OrderedDict()
        self._impatient: dict[int, deque[Exchange]] = {}
        self._unsettled: dict[str, list[Exchange]] = {}

    def _catch_up(self, life: int) -> None:
        if life != self.process.life:
            return
        if self.process.stopped:
            self.process.freeze(self._catch_up, life)
        else:
            self._read_what_was_missed()
            self._ready = True

    def _read_what_was_missed(self) -> None:
        for _, record in self._fetched:
            self._fold(record)
        self._fetched.clear()
        for log in self._logs:
            position = self._positions.get(log.name, 0)
            if position < log.end:
                self._positions[log.name] = log.end
                for _, record in log.read(position):
                    self._fold(record)

    def _enqueue(self, exchange: Exchange, arrives_us: int) -> None:
        self._open[exchange] = None
        call = exchange.call
        work = call.command_id or f"{call.principal.subject}/{exchange.operation.name}/{arrives_us}"
        service_us = self._service_times[exchange.operation.name].of(work)
        if self.slowness != 1.0:
            service_us = round(service_us * self.slowness)
        self.process.server.put(arrives_us, service_us, self._serve, exchange)

    def close(self, exchange: Exchange, got: Got) -> None:
        """Answer a request, unless that has been done."""
        if exchange.open:
            exchange.open = False
            del self._open[exchange]
            exchange.answer(got)

    def _serve(self, exchange: Exchange) -> None:
        if not exchange.open:
            return  # the process died meanwhile
        if self.process.stopped:
            self.process.freeze(self._serve, exchange)
            return
        operation = exchange.operation
        roles = operation.roles
        try:
            if exchange.do.principal.role not in roles and ANYONE not in roles:
                raise Problem(FORBIDDEN)
            if isinstance(operation, Query):
                if operation.parameters is not None:
                    # Everything in a query string is text, so it is read more leniently than a body.
                    parameters = _validated(exchange.call.body or {}, operation.parameters, strict=False)
                    exchange.call = replace(exchange.call, body=parameters)
                if self._deaf_since_us is not None:
                    exchange.call = replace(exchange.call, views_age_us=self._clock.now_us - self._deaf_since_us)
                exchange.patient_until_us = self._clock.now_us + exchange.do.wait_s * 1_000_000
                self._answer_or_wait(exchange)
            elif operation.signed:
                self._take_webhook(exchange, operation)
            else:
                self._act(exchange, operation)
        except Problem as problem:
            self.close(exchange, _got_problem(problem, self._system))

    def _take_webhook(self, exchange: Exchange, operation: Action) -> None:
        command = self.command(operation, exchange.call)
        self.process.producer.send(self._inboxes.of(command), command, self._accepted, exchange)

    def _accepted(self, exchange: Exchange) -> None:
        self.close(exchange, TAKEN)

    def _act(self, exchange: Exchange, operation: Action) -> None:
        call = exchange.call
        if call.command_id in self._undecided:
            raise Problem(STILL_IN_FLIGHT)
        if len(self._undecided) >= self._limit:
            raise Problem(OVERLOADED)
        if operation.body is not None:
            call = replace(call, body=_validated(call.body, operation.body))
        claim = self._claims.get(call.command_id)
        if claim is None:
            exchange.command = self.command(operation, call)
            self._claims.put(exchange.do, exchange.command)
        elif claim.is_for(exchange.do):
            exchange.command = claim.command
        else:
            raise Problem(KEY_REUSED)
        if exchange.command.id in self._decisions:
            self._answer_decided(exchange, self._decisions[exchange.command.id])
        else:
            self.await_decision(exchange, exchange.command)

    def command(self, operation: Action, call: Call) -> Message[Any]:
        """The command that a call asks for. Raises `Problem` if the views show that it cannot be."""
        data = operation.command(call, self._views)
        return self._system.command(data, call.command_id, self.process.now_us, source=self._source)

    def await_decision(self, exchange: Exchange, command: Message[Any]) -> None:
        """Wait for what is decided about a command, and send it."""
        patience_us = exchange.do.wait_s * 1_000_000 or DECISION_WAIT_US
        exchange.patient_until_us = self._clock.now_us + patience_us
        exchange.awaits_decision = True
        self._undecided[command.id] = exchange
        impatient = self._impatient.setdefault(patience_us, deque())
        impatient.append(exchange)
        if len(impatient) == 1:
            self._clock.at(exchange.patient_until_us, self._end_patience, (self.process.life, impatient))
        self.send(exchange, command)
        if not exchange.durable:
            self._clock.after(APPEND_TIMEOUT_US, self._append_timed_out, exchange)

    def send(self, exchange: Exchange, command: Message[Any]) -> None:
        """Have a command appended to its inbox."""
        self.process.producer.send(self._inboxes.of(command), command, self._appended, exchange)

    def _appended(self, exchange: Exchange) -> None:
        exchange.durable = True
        if exchange.awaits_decision and exchange.patient_until_us <= self._clock.now_us:
            self.stop_awaiting(exchange, TAKEN)

    def _append_timed_out(self, exchange: Exchange) -> None:
        if self.process.stopped:
            self.process.freeze(self._append_timed_out, exchange)
        elif exchange.awaits_decision and exchange.open and not exchange.durable:
            self.stop_awaiting(exchange, _got_problem(Problem(UNREACHABLE), self._system))

    def _fetch(self, log: PartitionLog, offset: int, record: Record, arrives_us: int) -> None:
        """Fold what arrives, in batches as a consumer fetches them."""
        if self._deaf_since_us is not None or not self._ready or offset < self._positions.get(log.name, 0):
            return  # it stays in the log, or was read from there while it was under way
        self._positions[log.name] = offset + 1
        self._fetched.append((arrives_us, record))
        if len(self._fetched) == 1:
            self._clock.at(arrives_us + FETCH_US, self._fold_fetched, self.process.life)

    def _fold_fetched(self, life: int) -> None:
        if life != self.process.life:
            return
        if self.process.stopped:
            self.process.freeze(self._fold_fetched, life)
            return
        fetched, now_us = self._fetched, self._clock.now_us
        while fetched and fetched[0][0] <= now_us:
            self._fold(fetched.popleft()[1])
        if fetched:
            self._clock.at(fetched[0][0] + FETCH_US, self._fold_fetched, life)

    def _fold(self, record: Record) -> None:
        if not self._views.fold(record):
            return
        first = record[0]
        if is_client_command(first.causation_id):
            refused = first.data if type(first.data) is Refused else None
            self._remember(first.causation_id, refused)
            exchange = self._undecided.pop(first.causation_id, None)
            if exchange is not None:
                self._answer_decided(exchange, refused)
        key = first.subject.partition("/")[2]
        if key in self._unsettled:
            for exchange in self._unsettled.pop(key):
                self._answer_or_wait(exchange, waited=True)

    def _remember(self, command_id: str, refused: Refused | None) -> None:
        """Keep what was decided about a client's command; the oldest is let go."""
        self._decisions[command_id] = refused
        if len(self._decisions) > REQUESTS_REMEMBERED:
            self._decisions.popitem(last=False)

    def _answer_decided(self, exchange: Exchange, refused: Refused | None) -> None:
        exchange.awaits_decision = False
        if refused is not None:
            self.close(exchange, _got_refusal(refused.reason, refused.detail, self._system))
        else:
            self._answer_or_wait(exchange)

    def _answer_or_wait(self, exchange: Exchange, *, waited: bool = False) -> None:
        if not exchange.open:
            return
        outcome = exchange.outcome(self._views)
        if outcome.settled or not exchange.do.wait_s:
            self.close(exchange, self._got(exchange, outcome))
            return
        self._unsettled.setdefault(exchange.watched_key(), []).append(exchange)
        if not waited:
            # A decision that came late, because the process stood still, may leave no time at all.
            until_us = max(exchange.patient_until_us, self._clock.now_us)
            self._clock.at(until_us, self._stop_waiting, exchange)

    def _stop_waiting(self, exchange: Exchange) -> None:
        if self.process.stopped:
            self.process.freeze(self._stop_waiting, exchange)
        elif exchange.open:
            key = exchange.watched_key()
            self._unsettled[key].remove(exchange)
            if not self._unsettled[key]:
                del self._unsettled[key]
            self.close(exchange, self._got(exchange, exchange.outcome(self._views)))

    def _end_patience(self, waiting: tuple[int, deque[Exchange]]) -> None:
        """Answer those whose decision has not come in time; all of them are equally patient, so the oldest is first."""
        life, impatient = waiting
        if life != self.process.life:
            return
        if self.process.stopped:
            self.process.freeze(self._end_patience, waiting)
            return
        now_us = self._clock.now_us
        while impatient and (impatient[0].patient_until_us <= now_us or not impatient[0].awaits_decision):
            exchange = impatient.popleft()
            if exchange.awaits_decision and exchange.durable:
                self.stop_awaiting(exchange, TAKEN)
        if impatient:
            self._clock.at(impatient[0].patient_until_us, self._end_patience, waiting)

    def stop_awaiting(self, exchange: Exchange, got: Got) -> None:
        """Answer ``got``, whatever will be decided about the request."""
        assert exchange.command is not None
        exchange.awaits_decision = False
        del self._undecided[exchange.command.id]
        self.close(exchange, got)

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


def _validated(body: Any, body_type: type, *, strict: bool = True) -> Any:
    try:
        return msgspec.convert(body, body_type, strict=strict)
    except msgspec.ValidationError as error:
        raise Problem(UNPROCESSABLE, str(error)) from error


def _got_problem(problem: Problem, system: System) -> Got:
    if problem.kind.slug in system.refusals:
        return _got_refusal(problem.kind.slug, problem.detail, system)
    return Got(problem.kind.status, "error", problem.body(), problem.kind.slug)


def _got_refusal(reason: str, detail: str, system: System) -> Got:
    kind = system.refusals.get(reason, ProblemKind(reason, 409, reason))
    return Got(kind.status, "refused", Problem(kind, detail).body(), reason)
