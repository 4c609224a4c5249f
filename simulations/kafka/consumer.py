"""A member of a consumer group: what it holds, how far it has read, what it has in hand, and what it has committed."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

from ..clock import VirtualClock
from .groups import ConsumerGroup
from .log import PartitionLog
from .tuning import Tuning


class Work:
    """One message in hand, and how many things have still to be done before it is done with."""

    __slots__ = ("item", "offset", "open_steps", "session")

    def __init__(self, session: Session, offset: int, item: Any) -> None:
        self.session = session
        self.offset = offset
        self.item = item
        self.open_steps = 1

    def finish_step(self) -> None:
        """One thing is done; with the last, the message is done with."""
        self.open_steps -= 1
        if not self.open_steps:
            self.session.finished()


class Session:
    """One partition as one member holds it in one generation.

    ``held`` until it is given up. Offsets count as done with in order only, however much is under way at once, so a
    commit never passes over a message that is not.
    """

    __slots__ = (
        "_behind",
        "_consumer",
        "_in_hand",
        "_open",
        "done_before",
        "generation",
        "held",
        "log",
        "next_offset",
        "partition",
        "state",
        "under_way",
    )

    def __init__(self, consumer: Consumer, log: PartitionLog, partition: int, generation: int, offset: int) -> None:
        self.log = log
        self.partition = partition
        self.generation = generation
        self.held = True
        self.next_offset = offset
        self.done_before = offset
        self.under_way: deque[Work] = deque()
        self.state: Any = None
        self._consumer = consumer
        self._behind = False
        self._in_hand = 0
        self._open = False

    def open(self) -> None:
        """Begin to read: what stands in the log first, then what comes."""
        self._open = True
        self.log.subscribe(self._deliver)
        self.catch_up()

    def close(self) -> None:
        """Give the partition up. Work in hand is dropped when its turn comes."""
        self.held = False
        if self._open:
            self._open = False
            self.log.unsubscribe(self._deliver)

    def catch_up(self) -> None:
        """Read on where reading had to stop; not before the state is restored on which what is read is decided."""
        if not self._open:
            return
        self._behind = False
        if self.next_offset < self.log.end:
            arrives_us = self._consumer.clock.now_us + self.log.delay_us
            for offset, item in self.log.read(self.next_offset):
                self._deliver(offset, item, arrives_us)

    def begin(self, work: Work) -> None:
        """A message's turn has come."""
        self.under_way.append(work)
        self._in_hand -= 1
        if self._behind and self._in_hand * 2 < self._consumer.prefetch:
            self.catch_up()

    def finished(self) -> None:
        """Some message is done with: everything up to the oldest that is not, counts."""
        under_way = self.under_way
        while under_way and not under_way[0].open_steps:
            self.done_before = under_way.popleft().offset + 1
        self._consumer.commit_soon()

    def _deliver(self, offset: int, item: Any, arrives_us: int) -> None:
        if self._behind or self._in_hand >= self._consumer.prefetch or not self._consumer.reading:
            self._behind = True  # it stays in the log
            return
        if offset < self.next_offset:
            return  # read from the log while it was under way
        self.next_offset = offset + 1
        self._in_hand += 1
        self._consumer.host.take(Work(self, offset, item), arrives_us)


class Host(Protocol):
    """Who works on what a consumer reads."""

    def take(self, work: Work, arrives_us: int) -> None:
        """A message will arrive."""

    def taken_over(self, sessions: Sequence[Session]) -> None:
        """These partitions are held from now on, and about to be read."""

    def let_go(self) -> None:
        """Nothing is held any more."""


class Consumer:
    """Reads the partitions that its group gives it, of every one of ``topics``, for one host."""

    def __init__(
        self,
        clock: VirtualClock,
        name: str,
        group: ConsumerGroup,
        topics: Sequence[Sequence[PartitionLog]],
        host: Host,
        tuning: Tuning,
        *,
        commits: bool,
    ) -> None:
        self.clock = clock
        self.name = name
        self.host = host
        self.prefetch = tuning.prefetch if commits else sys.maxsize  # what is not kept cannot be left for later
        self.reading = True
        self.responsive = True
        self.sessions: list[Session] = []
        self._group = group
        self._topics = topics
        self._tuning = tuning
        self._commits = commits
        self._commit_is_due = False
        self._life = 0

    def assign(self, partitions: tuple[int, ...], generation: int) -> None:
        """Take partitions over; they are read as soon as their state is restored."""
        self.drop()
        self.sessions = [
            Session(self, topic[partition], partition, generation, self._group.committed(topic[partition].name))
            for partition in partitions
            for topic in self._topics
        ]
        if generation == 1:
            self._restored(self.sessions)
        else:
            self.clock.after(self._tuning.restore_us, self._restored, self.sessions)

    def revoke(self) -> None:
        """Commit what is done with and let go."""
        self.commit()
        self.drop()

    def drop(self) -> None:
        """Let go of everything, committing nothing."""
        for session in self.sessions:
            session.close()
        self.sessions = []
        self.host.let_go()

    def commit_soon(self) -> None:
        """Something is done with: it will be committed at the next interval."""
        if self._commits and not self._commit_is_due:
            self._commit_is_due = True
            self.clock.after(self._tuning.commit_us, self._commit_by_clock, self._life)

    def commit(self) -> None:
        """Commit what is done with now."""
        for session in self.sessions:
            self._group.commit(session.log.name, session.done_before, session.generation)

    def die(self) -> None:
        """The process is gone; the group learns it when the session has run out."""
        self._life += 1
        self._commit_is_due = False
        self.responsive = False
        self.drop()
        self.clock.after(self._tuning.session_us, self._given_up, self._life)

    def live(self) -> None:
        """The process is there again."""
        self._life += 1
        self.responsive = True
        self.reading = True
        self._group.join(self)

    def stand_still(self) -> None:
        """The process is stopped: no heartbeat, no fetch, no commit. It does not notice."""
        self._life += 1
        self._commit_is_due = False
        self.responsive = False
        self.reading = False
        self.clock.after(self._tuning.session_us, self._given_up, self._life)

    def go_on(self) -> None:
        """The process goes on as if nothing had happened, until a heartbeat tells otherwise."""
        self._life += 1
        self.responsive = True
        self.reading = True
        for session in self.sessions:
            session.catch_up()
        self.commit_soon()
        self.clock.after(self._tuning.heartbeat_us, self._heartbeat, self._life)

    def cut_off(self) -> None:
        """Nothing arrives from the broker any more, though heartbeats still get through."""
        self.reading = False

    def reconnect(self) -> None:
        """Everything arrives again."""
        self.reading = self.responsive
        if self.reading:
            for session in self.sessions:
                session.catch_up()

    @property
    def lag(self) -> int:
        """How many messages of the partitions held are not done with."""
        return sum(session.log.end - session.done_before for session in self.sessions)

    def _restored(self, sessions: list[Session]) -> None:
        if sessions is not self.sessions:
            return  # they were taken away again
        self.host.taken_over(sessions)
        for session in self.sessions:  # none, if that was too much for the host
            session.open()

    def _commit_by_clock(self, life: int) -> None:
        if life == self._life:
            self._commit_is_due = False
            self.commit()

    def _given_up(self, life: int) -> None:
        if life == self._life:
            self._group.leave(self)

    def _heartbeat(self, life: int) -> None:
        if life == self._life and any(session.generation != self._group.generation for session in self.sessions):
            self.drop()
            self._group.join(self)
