"""A small city, whole: every decider, policy and view of the bike share, without a broker or a clock.

What is asked is decided at once, and so is all that follows; calls to the outside are answered as a friendly provider
answers. Time passes when a test says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Set
from typing import Any

import msgspec

from reference_services.bikeshare.system import build
from reference_services.bikeshare.terms import Terms
from reference_services.kernel.aggregates import AggregateTable
from reference_services.kernel.effect import answer_id
from reference_services.kernel.message import Message, Refused
from reference_services.kernel.operation import Action, Call, Outcome, Principal, command_id_of
from reference_services.kernel.outside import Authorize, MessageReceipt, OutsideRequest, PaymentReport, Refund
from reference_services.kernel.problem import Problem, ProblemKind
from reference_services.kernel.projection import Views

OPENS_US = 1_800_000_000_000_000
OPERATOR = Principal("operator", "operator")
ANN, BOB = Principal("ann", "rider"), Principal("bob", "rider")
PARK, HALL = Principal("park", "dock"), Principal("hall", "dock")


class City:
    """Two stations, park with three bikes and hall with one dock, and whoever comes."""

    def __init__(self, terms: Terms | None = None, *, declines: Set[str] = frozenset()) -> None:
        self.system = build(terms or Terms())
        self.now_us = OPENS_US
        self.views_age_us = 0
        self.base_url = ""
        self.views = Views(self.system.view_types())
        self.history: list[Message[Any]] = []
        self._declines = declines
        self._tables = {service.name: AggregateTable(self.system, service) for service in self.system.deciding}
        self._asked = 0
        for station, docks, bikes in (("park", 5, ["b-1", "b-2", "b-3"]), ("hall", 1, [])):
            body = {"name": station, "latitude": 38.9, "longitude": -77.0, "docks": docks, "bikes": bikes}
            self.ask("open_station", OPERATOR, {"station_id": station}, body)
        self.now_us += 1_000_000

    def ask(self, name: str, who: Principal, path: dict[str, str] | None = None, body: Any = None) -> Any:
        """Make a call and return the body of its answer. Raises `Problem` if it is turned down."""
        _, operation = self.system.operation(name)
        if who.role not in operation.roles and "anyone" not in operation.roles:
            raise Problem(ProblemKind("forbidden", 403, "This token may not do that"))
        self._asked += 1
        typed = msgspec.convert(body, operation.body) if isinstance(operation, Action) and operation.body else body
        command_id = command_id_of(who, name, str(self._asked))
        call = Call(who, path or {}, typed, command_id, self.now_us, self.views_age_us, self.base_url)
        if not isinstance(operation, Action):
            return msgspec.to_builtins(operation.read(call, self.views).body)
        data = operation.command(call, self.views)
        self._handle(self.system.command(data, command_id, self.now_us, source="test"))
        said_no = [each.data for each in self.history if each.causation_id == command_id and type(each.data) is Refused]
        if said_no:
            raise Problem(self.system.refusals[said_no[0].reason], said_no[0].detail)
        outcome: Outcome = operation.outcome(data, self.views)
        if outcome.refused:
            raise Problem(self.system.refusals[outcome.refused])
        return msgspec.to_builtins(outcome.body)

    def wait(self, pause_us: int) -> None:
        """Let time pass, and everything happen that it makes happen."""
        until_us = self.now_us + pause_us
        while (due := self._next_due()) is not None and due[0] <= until_us:
            self.now_us = max(self.now_us, due[0])
            command = self._tables[due[1]].deadline_command(due[2], self.now_us)
            assert command is not None
            self._handle(command)
        self.now_us = until_us

    def happened(self, name: str) -> list[Any]:
        """The events of that name, in order."""
        return [message.data for message in self.history if type(message.data).__name__ == name]

    def _next_due(self) -> tuple[int, str, str] | None:
        due = [
            (due_us, name, subject)
            for name, table in self._tables.items()
            for subject in table.subjects()
            if (due_us := table.next_deadline_us(subject)) is not None
        ]
        return min(due, default=None)

    def _handle(self, command: Message[Any]) -> None:
        waiting = deque([command])
        while waiting:
            message = waiting.popleft()
            service, _ = self.system.owner(type(message.data))
            table = self._tables[service.name]
            record = table.decide(message)
            if not record:
                continue
            table.fold(record)
            self.views.fold(record)
            self.history += record
            for event in record:
                policies = self.system.policies_on(type(event.data))
                waiting += self.system.react(event, policies, self.now_us, event.source)
                waiting += self._answers(event)

    def _answers(self, event: Message[Any]) -> list[Message[Any]]:
        commands = []
        for effect in self.system.effects_on(type(event.data)):
            request = effect.request(event.data)
            answer = self._answer(request) if request is not None else None
            data = effect.answer(event.data, answer)
            if data is not None:
                identity = answer_id(event.id, effect, answer)
                commands.append(self.system.command(data, identity, self.now_us, source="outside"))
        return commands

    def _answer(self, request: OutsideRequest) -> PaymentReport | MessageReceipt:
        match request:
            case Authorize(payment_id=payment, amount_cents=cents, card_token=card):
                if card in self._declines:
                    return PaymentReport(payment, "declined", cents, reason="card_declined")
                return PaymentReport(payment, "captured", cents, cents, capture_id=f"capture-{payment}")
            case Refund(payment_id=payment, amount_cents=cents):
                return PaymentReport(payment, "refunded", cents, cents, cents, refund_id=f"refund-{payment}")
            case _:
                return MessageReceipt("message")
