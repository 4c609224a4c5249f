"""Consumer groups: who owns which partition, in which generation, and how far the group has come.

Eager rebalancing, as Faust and Kafka's classic protocol do it: whenever somebody joins, leaves or is given up, all let
go of everything, a new generation begins, and the partitions are dealt out again. A member that stands still does
not notice: it goes on with the work in hand until its next heartbeat tells it that it was given up (a zombie).
Sources: KIP-62 and the design section "Consumer Group Protocol" of Kafka's documentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..clock import VirtualClock
from .tuning import Tuning


class Member(Protocol):
    """A consumer as its group sees it."""

    name: str

    @property
    def responsive(self) -> bool:
        """Whether it answers heartbeats now."""

    def revoke(self) -> None:
        """Let go of every partition; what is done with is committed first."""

    def assign(self, partitions: tuple[int, ...], generation: int) -> None:
        """Take over these partitions."""


class ConsumerGroup:
    """One group. ``generation`` grows with every rebalance; commits of an older one are refused."""

    def __init__(self, clock: VirtualClock, partitions: int, tuning: Tuning) -> None:
        self.generation = 0
        self._clock = clock
        self._partitions = partitions
        self._tuning = tuning
        self._members: dict[str, Member] = {}
        self._committed: dict[str, int] = {}

    def start(self, members: Sequence[Member]) -> None:
        """Begin with these members, who have found each other before the run."""
        self._members = {member.name: member for member in members}
        self.generation = 1
        self._deal_out(1)

    def join(self, member: Member) -> None:
        """A member comes, or comes back."""
        self._members[member.name] = member
        self._rebalance()

    def leave(self, member: Member) -> None:
        """A member is gone, or has been silent for longer than a session."""
        if self._members.pop(member.name, None) is not None:
            self._rebalance()

    def commit(self, log: str, offset: int, generation: int) -> None:
        """Take note that everything before ``offset`` is done with; refused for an older generation."""
        if generation == self.generation:
            self._committed[log] = offset

    def committed(self, log: str) -> int:
        """The first offset that is not known to be done with."""
        return self._committed.get(log, 0)

    def _rebalance(self) -> None:
        """Everybody lets go. Who does not answer is waited for, then given up."""
        self.generation += 1
        silent = [member for member in self._members.values() if not member.responsive]
        for member in self._members.values():
            if member.responsive:
                member.revoke()
        wait_us = self._tuning.session_us if silent else self._tuning.rebalance_us
        self._clock.after(wait_us, self._deal_out, self.generation)

    def _deal_out(self, generation: int) -> None:
        if generation != self.generation:
            return  # somebody else has come or gone meanwhile
        for name in [name for name, member in self._members.items() if not member.responsive]:
            del self._members[name]
        members = [self._members[name] for name in sorted(self._members)]
        for turn, member in enumerate(members):
            member.assign(tuple(range(turn, self._partitions, len(members))), generation)
