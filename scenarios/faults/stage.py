"""What a world lets faults do to it: the same words for virtual time and for real processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

Kind = Literal["worker", "gateway", "provider", "broker"]


class CannotHappenHere(Exception):
    """This world, or this run of it, cannot do what a fault asks for; the text says why."""


class Stage(Protocol):
    """A system that runs, seen by faults. A target is a process by its name, such as ``orders-1`` or ``gateway-1``.

    Everything may be asked twice and changes nothing the second time.
    """

    def targets(self, kind: Kind) -> tuple[str, ...]:
        """The processes of that kind, in a stable order; none where a world does not run them as processes."""

    def kill(self, target: str) -> None:
        """``kill -9``: whatever the process had in memory is gone."""

    def start(self, target: str) -> None:
        """Start a killed process again."""

    def stop(self, target: str) -> None:
        """``SIGSTOP``: the process stands still and does not know."""

    def go_on(self, target: str) -> None:
        """``SIGCONT``: it goes on with whatever it had in hand."""

    def turn_provider(self, knobs: Mapping[str, Any]) -> None:
        """Turn these of the payment provider's knobs (``Misbehaviour``'s fields, plain values)."""

    def turn_provider_back(self, knobs: Mapping[str, Any]) -> None:
        """Turn these knobs back to what the scenario says."""

    def set_clock(self, target: str, ahead_us: int) -> None:
        """Put the clock of a process this far ahead of the others'; negative is behind, 0 is right again."""

    def set_zone(self, target: str, ahead_us: int) -> None:
        """Move the time zone of a process: its wall clock changes, the instant does not."""

    def delay_broker(self, extra_us: int) -> None:
        """Every message takes this much longer through the broker; 0 is as usual."""

    def scatter_topics(self, up_to_us: int) -> None:
        """Each partition is late by a time of its own, so topics overtake each other; 0 is as usual."""

    def copy_messages(self, share: float) -> None:
        """This share of what is appended is appended twice, as by a producer that missed the answer; 0 is as usual."""

    def cut_reading(self, target: str) -> None:
        """Nothing from the broker reaches the process any more, though it can still write."""

    def cut_writing(self, target: str) -> None:
        """Nothing that the process writes reaches the broker any more; it waits in its buffer."""

    def reconnect(self, target: str) -> None:
        """Everything gets through again."""

    def slow_gateway(self, factor: float) -> None:
        """Every request takes the gateway this many times as long; 1 is as usual."""

    def repeat_requests(self, copies: int, every_us: int) -> None:
        """Clients lose patience: each sends its request again, this many times at this interval; 0 is as usual."""

    def slow_link(self, caller: str, callee: str, extra_us: int) -> None:
        """What a service or the gateway and ``provider`` or ``broker`` say to each other takes this much longer, in
        each direction; 0 is as usual."""

    def cut_link(self, caller: str, callee: str) -> None:
        """Nothing gets through between the two, in neither direction, and neither is told."""

    def mend_link(self, caller: str, callee: str) -> None:
        """Everything gets through again, also what was held up."""
