"""The history of a run: one stream of messages that both worlds write and the same checkers read.

Besides the domain's events it holds what only others can tell: the answers that clients got (`Answered`), the movements
of money in the provider's own books (`ProviderBooked`), what the hosts counted (`InboxCounted`), and what is wrong with
the log itself (`VersionsMissing`, `Diverged`, `RepeatedDecision`).
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Literal

import msgspec

from .message import Event, Message, Record, event_id
from .outside import LedgerEntry

AnswerOutcome = Literal["ok", "refused", "error", "unknown"]
"""``ok``: did what was asked; ``refused``: a business rule said no; ``error``: the service failed; ``unknown``: no
answer, so it may or may not have happened."""


class Answered(Event, frozen=True):
    """A client got an answer (or gave up waiting: ``unknown``) to an action whose command was ``command_id``."""

    operation: str
    outcome: AnswerOutcome
    status: int
    command_id: str
    reason: str = ""


class ProviderBooked(Event, frozen=True):
    """The payment provider moved money, by its own books."""

    entry: LedgerEntry


class InboxCounted(Event, frozen=True):
    """What became of everything that entered a service's inbox, as its host counted it at the end of the run."""

    service: str
    consumed: int
    decided: int
    duplicates: int
    dead_lettered: int
    lag: int


class VersionsMissing(Event, frozen=True):
    """An aggregate's ``version`` stands in the log right after its version ``after``, which is not the one before."""

    subject: str
    after: int
    version: int


class Diverged(Event, frozen=True):
    """A version of an aggregate stands in its log twice, with different contents."""

    subject: str
    version: int


class RepeatedDecision(Event, frozen=True):
    """A command has led to a record twice: to that of event ``first``, and to that of event ``again``."""

    command_id: str
    first: str
    again: str


OBSERVATIONS: tuple[type[Event], ...] = (
    Answered,
    ProviderBooked,
    InboxCounted,
    VersionsMissing,
    Diverged,
    RepeatedDecision,
)


def observation(data: Event, subject: str, time_us: int, sequence: int) -> Message:
    """Put an observation into an envelope of its own, so that it can stand in a history beside the events."""
    name = f"doorbuster.{type(data).__name__}"
    return Message(f"{name}/{sequence}", "doorbuster", name, subject, time_us, data)


HASHED_AT_ONCE = 64 * 1024
"""Bytes that a `HistoryHash` collects before it hashes them: one long update is cheaper than many short ones."""


class HistoryHash:
    """SHA-256 over everything that happened, in order: equal hashes mean equal runs."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._encode_into = msgspec.msgpack.Encoder().encode_into
        self._pending = bytearray()

    def add(self, message: Message) -> None:
        """Take in one message."""
        pending = self._pending
        self._encode_into(message, pending, -1)
        if len(pending) >= HASHED_AT_ONCE:
            self._hash_pending()

    def hexdigest(self) -> str:
        """The hash so far."""
        self._hash_pending()
        return self._digest.hexdigest()

    def _hash_pending(self) -> None:
        self._digest.update(self._pending)
        self._pending.clear()


def in_causal_order(records: Iterable[Record]) -> Iterator[Record]:
    """Reorder records so that none comes before what led to it, changing as little as possible.

    Topics are read side by side, so an effect can arrive before its cause. A record is held back until two events have
    been seen: the one that caused it, and its aggregate's one before it. ``records`` must have the versions of each
    aggregate in order. What never gets its turn, because of a hole in the history, is given out at the end, in order
    of arrival.
    """
    seen: set[str] = set()
    waiting: dict[str, list[tuple[int, Record]]] = {}
    for arrival in enumerate(records):
        ready = deque([arrival])
        while ready:
            position, record = ready.popleft()
            missing = next((event for event in _led_to(record) if event not in seen), None)
            if missing is not None:
                waiting.setdefault(missing, []).append((position, record))
                continue
            yield record
            for message in record:
                seen.add(message.id)
                ready.extend(waiting.pop(message.id, ()))
    yield from (record for _, record in sorted((each for held in waiting.values() for each in held), key=itemgetter(0)))


def cause_of(record: Record) -> str:
    """The id of the event whose policy or effect led to ``record``; empty for what clients and deadlines caused.

    Their commands' ids are the event's and two parts more; the event's own may contain the separator too.
    """
    cause, *more = record[0].causation_id.rsplit(":", 2)
    return cause if len(more) == 2 else ""


def _led_to(record: Record) -> Iterator[str]:
    """The ids of the events that ``record`` must not come before."""
    if cause := cause_of(record):
        yield cause
    first = record[0]
    if first.version > 1:
        yield event_id(first.subject, first.version - 1, 0)
