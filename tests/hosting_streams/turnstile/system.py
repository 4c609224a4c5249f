"""A tiny system for testing the host: people pass turnstiles, each owes a toll, and turnstiles close by themselves."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from pathlib import Path

import msgspec

from reference_services.kernel.decider import Deadline, Decider
from reference_services.kernel.effect import Effect
from reference_services.kernel.message import Command, Event, Refused
from reference_services.kernel.outside import MessageReceipt, SendMessage
from reference_services.kernel.policy import Policy, reacts_to
from reference_services.kernel.problem import ProblemKind
from reference_services.kernel.system import Service, System


class Terms(msgspec.Struct, frozen=True):
    """How many may pass a turnstile, and how long it stays open after the last one.

    In the folder ``mishaps``, a file ``kill`` ends the process that charges somebody rude, ``raise`` makes it fail, and
    ``misread`` makes the answers to calls unreadable.
    """

    capacity: int = 1_000_000
    open_for_us: int = 3_600_000_000
    mishaps: str = "/nowhere"


class Enter(Command, frozen=True):
    """Somebody wants to pass. A person without a name is a defect that the decider trips over."""

    gate: str
    person: str


class CloseGate(Command, frozen=True):
    """Nobody came for a while. Sent by time itself."""

    gate: str


class Entered(Event, frozen=True):
    """The ``number``-th person passed."""

    gate: str
    person: str
    number: int
    closes_us: int


class GateClosed(Event, frozen=True):
    """The turnstile is closed until somebody comes."""

    gate: str


class Gate(msgspec.Struct, frozen=True):
    """One turnstile."""

    gate: str
    entered: int = 0
    closes_us: int = 0


class GateDecider(Decider[Gate]):
    """Counts people."""

    name = "gate"
    key_field = "gate"
    commands = (Enter, CloseGate)
    events = (Entered, GateClosed)

    def __init__(self, terms: Terms) -> None:
        self._terms = terms

    def initial(self, key: str) -> Gate:
        return Gate(key)

    def decide(self, state: Gate, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, Enter):
            if not command.person:
                raise ValueError("nobody has no name")
            if state.entered >= self._terms.capacity:
                return [Refused("full")]
            return [Entered(state.gate, command.person, state.entered + 1, now_us + self._terms.open_for_us)]
        return [GateClosed(state.gate)] if 0 < state.closes_us <= now_us else []

    def evolve(self, state: Gate, event: Event) -> Gate:
        if isinstance(event, Entered):
            return Gate(state.gate, event.number, event.closes_us)
        return Gate(state.gate, state.entered)

    def deadlines(self, state: Gate) -> Iterable[Deadline]:
        if state.closes_us:
            yield state.closes_us, CloseGate(state.gate)


class AskToll(Command, frozen=True):
    """Tell somebody what they owe."""

    toll: str
    person: str


class RecordReceipt(Command, frozen=True):
    """The message has been taken."""

    toll: str
    message_id: str


class TollAsked(Event, frozen=True):
    """The message is being sent."""

    toll: str
    person: str


class TollTold(Event, frozen=True):
    """The person knows."""

    toll: str
    message_id: str


class TollDecider(Decider[str]):
    """Tells each person once what they owe. The state is how far that has come."""

    name = "toll"
    key_field = "toll"
    commands = (AskToll, RecordReceipt)
    events = (TollAsked, TollTold)

    def initial(self, key: str) -> str:
        return "none"

    def decide(self, state: str, command: Command, now_us: int) -> list[Event]:
        if isinstance(command, AskToll):
            return [TollAsked(command.toll, command.person)] if state == "none" else []
        assert isinstance(command, RecordReceipt)
        return [TollTold(command.toll, command.message_id)] if state == "asked" else []

    def evolve(self, state: str, event: Event) -> str:
        return "asked" if isinstance(event, TollAsked) else "told"


@reacts_to(Entered)
def ask_toll(event: Entered) -> Iterable[Command]:
    """Every passage owes a toll."""
    yield AskToll(f"{event.gate}-{event.number}", event.person)


def surcharge(mishaps: Path) -> Policy:
    """A policy that makes the rude pay twice, unless something is wrong with it."""

    def react(event: Entered) -> Iterable[Command]:
        if event.person != "rude":
            return
        if (mishaps / "kill").exists():
            (mishaps / "kill").unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        if (mishaps / "raise").exists():
            raise ValueError("the till is jammed")
        yield AskToll(f"{event.gate}-{event.number}-rude", event.person)

    return Policy("surcharge", Entered, react)


def tell(mishaps: Path) -> Effect:
    """Tell people what they owe, unless something is wrong with it."""

    def answer(event: TollAsked, receipt: MessageReceipt) -> RecordReceipt:
        if (mishaps / "misread").exists():
            raise ValueError("the receipt is in Latin")
        return RecordReceipt(event.toll, receipt.message_id)

    return Effect("tell", TollAsked, lambda event: SendMessage(event.toll, event.person, "toll", "please pay"), answer)


TELL = tell(Path(Terms().mishaps))


def build(terms: Terms) -> System:
    """Wire it."""
    mishaps = Path(terms.mishaps)
    policies = (ask_toll, surcharge(mishaps))
    return System(
        "turnstile",
        (
            Service("gates", "Counts people.", (GateDecider(terms),)),
            Service("tolls", "Tells them what they owe.", (TollDecider(),), policies, (tell(mishaps),)),
        ),
        {"full": ProblemKind("full", 409, "Nobody may pass any more")},
    )
