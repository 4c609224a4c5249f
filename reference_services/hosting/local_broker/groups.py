"""Consumer groups: who is in, who has which partitions, and how far each group has got.

Source: Apache Kafka's group membership protocol (JoinGroup, SyncGroup, Heartbeat, LeaveGroup), without static members,
and its `GroupCoordinator` for which commits are taken when.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterable, Mapping
from enum import Enum

from aiokafka import errors

OK = 0
UNKNOWN_MEMBER = errors.UnknownMemberIdError.errno
ILLEGAL_GENERATION = errors.IllegalGenerationError.errno
REBALANCING = errors.RebalanceInProgressError.errno
NO_COMMON_PROTOCOL = errors.InconsistentGroupProtocolError.errno

FIRST_JOIN_PAUSE_S = 0.3
"""How long an empty group waits for more members to come, so that they need not be rebalanced one by one."""


class State(Enum):
    """Where a group is in its life."""

    EMPTY = "empty"
    JOINING = "joining"
    SYNCING = "syncing"
    STABLE = "stable"


class Joined:
    """What a member is told when a generation begins; only the leader learns of the ``members``."""

    def __init__(
        self, error: int, generation: int = -1, protocol: str = "", leader: str = "", member_id: str = ""
    ) -> None:
        self.error = error
        self.generation = generation
        self.protocol = protocol
        self.leader = leader
        self.member_id = member_id
        self.members: list[tuple[str, bytes]] = []


class Member:
    """One member of a group and what it waits for."""

    def __init__(self, member_id: str) -> None:
        self.member_id = member_id
        self.protocols: dict[str, bytes] = {}
        self.session_s = 0.0
        self.rebalance_s = 0.0
        self.seen_at = time.monotonic()
        self.assignment = b""
        self.joining: asyncio.Future[Joined] | None = None
        self.syncing: asyncio.Future[tuple[int, bytes]] | None = None

    @property
    def waits(self) -> bool:
        """Whether the member waits for the broker, so that the broker cannot expect to hear from it."""
        return self.joining is not None or self.syncing is not None


class Group:
    """One consumer group."""

    def __init__(self) -> None:
        self.committed: dict[tuple[str, int], int] = {}
        self._state = State.EMPTY
        self._generation = 0
        self._leader = ""
        self._protocol = ""
        self._members: dict[str, Member] = {}
        self._not_before = 0.0
        self._not_after = 0.0

    async def join(
        self, client_id: str, member_id: str, protocols: Mapping[str, bytes], session_s: float, rebalance_s: float
    ) -> Joined:
        """Become or stay a member; answered when the next generation begins."""
        if member_id and member_id not in self._members:
            return Joined(UNKNOWN_MEMBER)
        member_id = member_id or f"{client_id}-{uuid.uuid4().hex}"
        member = self._members.setdefault(member_id, Member(member_id))
        member.protocols = dict(protocols)
        member.session_s, member.rebalance_s = session_s, rebalance_s
        if not self._common_protocols():
            del self._members[member_id]
            return Joined(NO_COMMON_PROTOCOL)
        if member.joining is None or member.joining.done():
            member.joining = asyncio.get_running_loop().create_future()
        joining = member.joining
        self._rebalance()
        self.look()
        return await joining

    async def sync(
        self, member_id: str, generation: int, assignments: Iterable[tuple[str, bytes]]
    ) -> tuple[int, bytes]:
        """Hand in (as the leader) and get (as anybody) the partitions of this generation."""
        error = self._check(member_id, generation)
        if error:
            return error, b""
        member = self._members[member_id]
        if self._state is State.STABLE:
            return OK, member.assignment
        if member_id == self._leader:
            self._assign(dict(assignments))
            return OK, member.assignment
        member.syncing = asyncio.get_running_loop().create_future()
        return await member.syncing

    def heartbeat(self, member_id: str, generation: int) -> int:
        """Note that a member is alive. Returns an error code."""
        error = self._check(member_id, generation)
        if member_id in self._members:
            self._members[member_id].seen_at = time.monotonic()
        return error

    def leave(self, member_id: str) -> int:
        """Take a member out. Returns an error code."""
        member = self._members.pop(member_id, None)
        if member is None:
            return UNKNOWN_MEMBER
        if member.joining is not None:
            member.joining.cancel()
        if member.syncing is not None:
            member.syncing.cancel()
        self._rebalance()
        self.look()
        return OK

    def commit(self, member_id: str, generation: int, offsets: Mapping[tuple[str, int], int]) -> int:
        """Keep how far the group has got. Returns an error code; only a group without members lets strangers commit."""
        if generation >= 0 or self._members:
            error = self._check_member(member_id, generation)
            if error:
                return error
            # It has been told of a generation whose partitions it does not have yet. While the next one is being
            # prepared it still has those of the last, and may say how far it got before it lets go of them.
            if self._state is State.SYNCING:
                return REBALANCING
            self._members[member_id].seen_at = time.monotonic()
        self.committed.update(offsets)
        return OK

    def look(self) -> None:
        """Let go of members that have not been heard of, and begin a generation once everybody is there."""
        now = time.monotonic()
        silent = [
            member_id
            for member_id, member in self._members.items()
            if not member.waits and now - member.seen_at > member.session_s
        ]
        for member_id in silent:
            del self._members[member_id]
        if silent:
            self._rebalance()
        if self._state is State.JOINING and now >= self._not_before:
            late = [member_id for member_id, member in self._members.items() if member.joining is None]
            if late and now < self._not_after:
                return
            for member_id in late:
                del self._members[member_id]
            self._begin_generation()

    def _check(self, member_id: str, generation: int) -> int:
        return self._check_member(member_id, generation) or (REBALANCING if self._state is State.JOINING else OK)

    def _check_member(self, member_id: str, generation: int) -> int:
        if member_id not in self._members:
            return UNKNOWN_MEMBER
        return OK if generation == self._generation else ILLEGAL_GENERATION

    def _rebalance(self) -> None:
        if self._state is State.JOINING:
            return
        now = time.monotonic()
        self._not_before = now + FIRST_JOIN_PAUSE_S if self._state is State.EMPTY else now
        self._not_after = now + max((member.rebalance_s for member in self._members.values()), default=0.0)
        self._state = State.JOINING
        for member in self._members.values():
            if member.syncing is not None:
                member.syncing.set_result((REBALANCING, b""))
                member.syncing = None

    def _begin_generation(self) -> None:
        if not self._members:
            self._state = State.EMPTY
            return
        self._state = State.SYNCING
        self._generation += 1
        if self._leader not in self._members:
            self._leader = next(iter(self._members))
        self._protocol = self._common_protocols()[0]
        for member in self._members.values():
            member.seen_at = time.monotonic()
            joined = Joined(OK, self._generation, self._protocol, self._leader, member.member_id)
            if member.member_id == self._leader:
                joined.members = [(each.member_id, each.protocols[self._protocol]) for each in self._members.values()]
            if member.joining is not None and not member.joining.done():
                member.joining.set_result(joined)
            member.joining = None

    def _assign(self, assignments: Mapping[str, bytes]) -> None:
        self._state = State.STABLE
        for member in self._members.values():
            member.assignment = assignments.get(member.member_id, b"")
            member.seen_at = time.monotonic()
            if member.syncing is not None:
                if not member.syncing.done():
                    member.syncing.set_result((OK, member.assignment))
                member.syncing = None

    def _common_protocols(self) -> list[str]:
        """The protocols that every member offers, in the order of the first."""
        first, *others = self._members.values()
        return [name for name in first.protocols if all(name in other.protocols for other in others)]
