"""Plays a tape with ears on every process: who appended what and when, what was lost with a process, what never came.

The history of a run holds what its readers see. A story needs more: the copy that readers drop, the decision that was
still in a producer's buffer when its process died. Listening changes nothing, so the run stays the run on the tape.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, cast

import msgspec

from reference_services.kernel.message import Message, Record
from reference_services.kernel.system import System
from scenarios.model import Scenario
from scenarios.run_records import RequestRow

from ...design import Design
from ...hosts.decider_host import DeciderHost
from ...hosts.outside_call import OutsideCall, Perform
from ...hosts.process import Process
from ...kafka.consumer import Work
from ...kafka.log import PartitionLog, VirtualBroker
from ...kafka.producer import Acknowledged, Producer
from ...planted.catalog import design_of
from ...simulation import Simulation, SimulationResult, Staging
from ..tape import Tape

Taking = Literal["decided", "nothing new", "dead-lettered", "dropped"]
"""What became of a command that a host took: ``dropped`` if it did not even count it."""


class Appended(msgspec.Struct, frozen=True):
    """A record or a command (``item``) as it was appended, or was lost before that, with the true time."""

    time_us: int
    process: str
    item: Any


class Taken(msgspec.Struct, frozen=True):
    """A command in the hands of a process."""

    time_us: int
    process: str
    taking: Taking


class Called(msgspec.Struct, frozen=True):
    """An outside call that a process began because of an event."""

    time_us: int
    process: str
    event_id: str
    effect: str


class Witness:
    """Hears all that happens in one run; a `simulations.sink.RunSink`, too."""

    def __init__(self) -> None:
        self.history: list[Message[Any]] = []
        self.records: list[Appended] = []
        self.commands: dict[str, Appended] = {}
        self.lost: list[Appended] = []
        self.taken: dict[str, list[Taken]] = {}
        self.calls: list[Called] = []
        self.answered: set[tuple[str, str]] = set()
        self.requests: list[RequestRow] = []
        self.system: System | None = None
        self._writing = ""

    def event(self, message: Message[Any]) -> None:
        """One message of the history."""
        self.history.append(message)

    def request(self, row: RequestRow) -> None:
        """One API call as its client saw it."""
        self.requests.append(row)

    def sample(self, time_us: int, metric: str, label: str, value: float) -> None:
        """How long queues were is not told in stories."""

    def listen(self, system: System, broker: VirtualBroker, process: Process) -> None:
        """Hear whatever is appended, of which ``process`` is the first that could do so."""
        if self.system is None:
            self.system = system
            for log in broker.logs():
                log.witness = partial(self._heard, process, log.witness)

    def write(self, process: Process, append: Callable[[], None]) -> None:
        """Let ``process`` append; who it was is known meanwhile."""
        before, self._writing = self._writing, process.name
        append()
        self._writing = before

    def _heard(self, clocked: Process, also: Callable[[Any], None] | None, item: Message[Any] | Record) -> None:
        heard = Appended(clocked.clock.now_us, self._writing, item)
        if isinstance(item, Message):
            self.commands.setdefault(item.id, heard)
        else:
            self.records.append(heard)
        if also is not None:
            also(item)


class HeardCall:
    """An outside call, with ears for its answer."""

    def __init__(self, call: OutsideCall, witness: Witness) -> None:
        self.effect = call.effect
        self.event = call.event
        self.service = call.service
        self._call = call
        self._witness = witness

    @property
    def abandoned(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self._call.abandoned

    def answered(self, command: Message[Any] | None) -> None:
        """The call is over."""
        if not self.abandoned:
            self._witness.answered.add((self.event.id, self.effect.name))
        self._call.answered(command)


class OverheardProducer(Producer):
    """A process's producer, with ears."""

    def __init__(self, process: Process, witness: Witness) -> None:
        super().__init__(process.clock, process.producer._linger_us)
        self._process = process
        self._witness = witness

    def send(self, log: PartitionLog, item: Any, acknowledged: Acknowledged, about: Any) -> None:
        """Send, and say who sends."""
        self._witness.write(self._process, lambda: super(OverheardProducer, self).send(log, item, acknowledged, about))

    def flush(self) -> None:
        """Send what waits, and say who sends."""
        self._witness.write(self._process, super().flush)

    def lose_all(self) -> int:
        """Write down what is lost."""
        now_us = self._process.clock.now_us
        self._witness.lost += [Appended(now_us, self._process.name, item) for _, item, _, _ in self._waiting]
        return super().lose_all()


def overhear(tape: Tape) -> tuple[Witness, SimulationResult, Scenario]:
    """Play ``tape`` and hear everything. Raises as `simulations.search.playing.rerun` does."""
    witness = Witness()
    scenario = tape.resolved_scenario()
    staging = Staging(tape.trouble(), _overheard(design_of(tape.plant), witness), tape.requests)
    return witness, Simulation(scenario, tape.seed, staging, sink=witness).run(), scenario


def _overheard(design: Design, witness: Witness) -> Design:
    return msgspec.structs.replace(
        design,
        gateway=_overheard_gateway(design.gateway, witness),
        decider_host=_overheard_decider_host(design.decider_host, witness),
    )


def _overheard_gateway(gateway: type[Any], witness: Witness) -> type[Any]:
    class OverheardGateway(gateway):  # type: ignore[misc]
        def __init__(self, process: Process, system: System, broker: VirtualBroker, *rest: Any, **options: Any) -> None:
            process.producer = OverheardProducer(process, witness)
            witness.listen(system, broker, process)
            super().__init__(process, system, broker, *rest, **options)

    return OverheardGateway


def _overheard_decider_host(host: type[DeciderHost], witness: Witness) -> type[DeciderHost]:
    class OverheardDeciderHost(host):  # type: ignore[misc, valid-type]
        _perform: Perform

        def __init__(self, process: Process, *rest: Any, **options: Any) -> None:
            process.producer = OverheardProducer(process, witness)
            super().__init__(process, *rest, **options)
            self._perform_unheard = self._perform
            self._perform = self._perform_overheard

        def _perform_overheard(self, call: OutsideCall) -> None:
            called = Called(self.process.clock.now_us, self.process.name, call.event.id, call.effect.name)
            witness.calls.append(called)
            self._perform_unheard(cast(OutsideCall, HeardCall(call, witness)))

        def handle(self, work: Work) -> None:
            consumed = self.consumed
            decided, duplicates, dead_lettered = self.decided, self.duplicates, self.dead_lettered
            super().handle(work)
            if self.consumed == consumed:
                return
            taking: Taking = "dropped"
            if self.decided > decided:
                taking = "decided"
            elif self.duplicates > duplicates:
                taking = "nothing new"
            elif self.dead_lettered > dead_lettered:
                taking = "dead-lettered"
            taken = Taken(self.process.clock.now_us, self.process.name, taking)
            witness.taken.setdefault(work.item.id, []).append(taken)

    return OverheardDeciderHost
