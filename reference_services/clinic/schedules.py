"""schedules: the authority on slots. It alone decides who has a provider or a room at which time.

Aggregate ``day``, keyed by resource_id/date: one day, in the clinic's local time, of one provider or one room. A slot
is held for some minutes, and ends once: taken, freed or expired. A taken slot can later be freed, when its appointment
is cancelled or moved, or when the calendar closes over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeVar

import msgspec

from ..kernel.decider import Deadline, Decider
from ..kernel.message import Command, Event
from ..kernel.transitions import TransitionTable
from .terms import Terms
from .working_hours import Span

SERVICES = {"visit": 1, "checkup": 2}
"""What providers offer, and how many slots of the grid it takes."""

LONGEST_VISIT_SLOTS = max(SERVICES.values())

FreedBecause = Literal["not-wanted", "calendar-changed"]


class Slot(msgspec.Struct, frozen=True):
    """A time for an appointment. ``hold_id`` names this attempt to have it; an appointment may make several."""

    hold_id: str
    appointment_id: str
    service: str
    starts_us: int
    ends_us: int

    def overlaps(self, other: Slot) -> bool:
        """Whether the two share some time."""
        return self.starts_us < other.ends_us and other.starts_us < self.ends_us


# Commands


class ChangeDay(Command, frozen=True):
    """A new calendar says when the resource can be had on this day."""

    resource_id: str
    day: str
    kind: str
    clinic_id: str
    calendar_version: int
    sessions: tuple[Span, ...]


class HoldSlot(Command, frozen=True):
    """Keep a time for an appointment while the rest of it is arranged."""

    resource_id: str
    day: str
    slot: Slot


class TakeSlot(Command, frozen=True):
    """Everything is arranged: the held time is the appointment's."""

    resource_id: str
    day: str
    slot: Slot


class FreeSlot(Command, frozen=True):
    """The appointment does not want the time any more."""

    resource_id: str
    day: str
    hold_id: str


class ExpireHold(Command, frozen=True):
    """The hold has run its time. Sent by time itself."""

    resource_id: str
    day: str
    hold_id: str


# Events


class CalendarChanged(Event, frozen=True):
    """From now on the resource can be had in these sessions of the day."""

    resource_id: str
    day: str
    kind: str
    clinic_id: str
    calendar_version: int
    sessions: tuple[Span, ...]


class SlotHeld(Event, frozen=True):
    """The time is kept (FHIR: busy-tentative) until ``expires_us``."""

    resource_id: str
    day: str
    kind: str
    slot: Slot
    expires_us: int


class SlotRefused(Event, frozen=True):
    """The time cannot be had: ``slot-taken``, ``outside-hours``, ``in-the-past`` or ``hold-expired``."""

    resource_id: str
    day: str
    kind: str
    slot: Slot
    reason: str


class SlotTaken(Event, frozen=True):
    """The time is the appointment's (FHIR: busy). ``turn`` counts what was taken and freed on this day."""

    resource_id: str
    day: str
    kind: str
    clinic_id: str
    slot: Slot
    calendar_version: int
    turn: int


class SlotFreed(Event, frozen=True):
    """The time is not the appointment's any more. ``offered`` says that others may have it now."""

    resource_id: str
    day: str
    kind: str
    clinic_id: str
    slot: Slot
    was: Literal["held", "taken"]
    because: FreedBecause
    offered: bool
    turn: int


class HoldExpired(Event, frozen=True):
    """The hold ran out; others may have the time."""

    resource_id: str
    day: str
    kind: str
    slot: Slot


# The life of one slot

SLOT = TransitionTable(
    "free",
    {
        ("free", SlotHeld): "busy-tentative",
        ("busy-tentative", SlotTaken): "busy",
        ("busy-tentative", SlotFreed): "freed",
        ("busy-tentative", HoldExpired): "expired",
        ("busy", SlotFreed): "freed",
    },
)

# State


class Hold(msgspec.Struct, frozen=True):
    """A slot and when its hold runs out."""

    slot: Slot
    expires_us: int


class Day(msgspec.Struct, frozen=True):
    """One day of one resource. ``held`` is in order of expiry; what has ended is not kept."""

    resource_id: str
    day: str
    kind: str = ""
    clinic_id: str = ""
    calendar_version: int = 0
    sessions: tuple[Span, ...] = ()
    held: Mapping[str, Hold] = {}
    taken: Mapping[str, Slot] = {}
    turn: int = 0


Kept = TypeVar("Kept", Hold, Slot)


class DayDecider(Decider[Day]):
    """Decides who gets the time of one provider or room on one day."""

    name = "day"
    commands = (ChangeDay, HoldSlot, TakeSlot, FreeSlot, ExpireHold)
    events = (CalendarChanged, SlotHeld, SlotRefused, SlotTaken, SlotFreed, HoldExpired)
    transitions = SLOT

    def __init__(self, terms: Terms) -> None:
        self._ttl_us = terms.hold_ttl_us
        self._slot_us = terms.slot_us

    def key(self, command: Command) -> str:
        assert isinstance(command, ChangeDay | HoldSlot | TakeSlot | FreeSlot | ExpireHold)
        return f"{command.resource_id}/{command.day}"

    def initial(self, key: str) -> Day:
        resource_id, _, day = key.rpartition("/")
        return Day(resource_id, day)

    def decide(self, day: Day, command: Command, now_us: int) -> list[Event]:
        match command:
            case HoldSlot():
                return self._hold(day, command.slot, now_us)
            case TakeSlot():
                return self._take(day, command.slot)
            case FreeSlot():
                return _free(day, command.hold_id, now_us)
            case ExpireHold():
                return _expire(day, command.hold_id, now_us)
            case ChangeDay():
                return self._change(day, command, now_us)
            case _:
                raise TypeError(f"day does not decide {type(command).__name__}")

    def evolve(self, day: Day, event: Event) -> Day:
        change = msgspec.structs.replace
        match event:
            case SlotHeld():
                return change(day, held=_with(day.held, Hold(event.slot, event.expires_us)))
            case SlotTaken():
                taken = {**day.taken, event.slot.hold_id: event.slot}
                held = _without(day.held, event.slot.hold_id)
                return change(day, held=held, taken=taken, turn=event.turn)
            case SlotFreed(was="taken"):
                return change(day, taken=_without(day.taken, event.slot.hold_id), turn=event.turn)
            case SlotFreed():
                return change(day, held=_without(day.held, event.slot.hold_id), turn=event.turn)
            case HoldExpired():
                return change(day, held=_without(day.held, event.slot.hold_id))
            case CalendarChanged():
                version, sessions = event.calendar_version, event.sessions
                kind, clinic_id = event.kind, event.clinic_id
                return change(day, kind=kind, clinic_id=clinic_id, calendar_version=version, sessions=sessions)
            case _:
                return day

    def deadlines(self, day: Day) -> Iterable[Deadline]:
        for hold_id, hold in day.held.items():
            yield hold.expires_us, ExpireHold(day.resource_id, day.day, hold_id)

    def _hold(self, day: Day, slot: Slot, now_us: int) -> list[Event]:
        if slot.hold_id in day.held or slot.hold_id in day.taken:
            return []
        if slot.starts_us <= now_us:
            return [_refused(day, slot, "in-the-past")]
        if not self._open(day.sessions, slot):
            return [_refused(day, slot, "outside-hours")]
        if any(busy.overlaps(slot) for busy in _slots(day) if busy.appointment_id != slot.appointment_id):
            return [_refused(day, slot, "slot-taken")]
        return [SlotHeld(day.resource_id, day.day, day.kind, slot, now_us + self._ttl_us)]

    def _take(self, day: Day, slot: Slot) -> list[Event]:
        if slot.hold_id in day.taken:
            return []
        if slot.hold_id not in day.held:
            return [_refused(day, slot, "hold-expired")]
        version, turn = day.calendar_version, day.turn + 1
        return [SlotTaken(day.resource_id, day.day, day.kind, day.clinic_id, slot, version, turn)]

    def _change(self, day: Day, command: ChangeDay, now_us: int) -> list[Event]:
        """Visits that have begun stay as they are: whoever is with the doctor is not sent away.

        A calendar that leaves the day as it is counts as well, or an older one that comes late would count instead.
        """
        if command.calendar_version <= day.calendar_version:
            return []
        changed = CalendarChanged(
            day.resource_id, day.day, command.kind, command.clinic_id, command.calendar_version, command.sessions
        )
        after = self.evolve(day, changed)
        lost = [slot for slot in _not_begun(day, now_us) if not _inside(command.sessions, slot)]
        freed = [
            _freed(after, slot, "calendar-changed", offered=False, turn=turn)
            for turn, slot in enumerate(lost, start=day.turn + 1)
        ]
        return [changed, *freed]

    def _open(self, sessions: tuple[Span, ...], slot: Slot) -> bool:
        """Whether the slot lies in a session, on its grid."""
        length_us = slot.ends_us - slot.starts_us
        if length_us % self._slot_us or not 1 <= length_us // self._slot_us <= LONGEST_VISIT_SLOTS:
            return False
        on_grid = (each for each in sessions if (slot.starts_us - each.starts_us) % self._slot_us == 0)
        return _inside(on_grid, slot)


def _inside(sessions: Iterable[Span], slot: Slot) -> bool:
    return any(session.starts_us <= slot.starts_us and slot.ends_us <= session.ends_us for session in sessions)


def _free(day: Day, hold_id: str, now_us: int) -> list[Event]:
    if hold := day.held.get(hold_id):
        return [_freed(day, hold.slot, "not-wanted", offered=False, turn=day.turn + 1)]
    slot = day.taken.get(hold_id)
    if slot is None:
        return []
    others = (other for other in _slots(day) if other.hold_id != hold_id)
    offered = now_us < slot.starts_us and not any(other.overlaps(slot) for other in others)
    return [_freed(day, slot, "not-wanted", offered=offered, turn=day.turn + 1)]


def _expire(day: Day, hold_id: str, now_us: int) -> list[Event]:
    hold = day.held.get(hold_id)
    if hold is None or now_us < hold.expires_us:
        return []
    return [HoldExpired(day.resource_id, day.day, day.kind, hold.slot)]


def _freed(day: Day, slot: Slot, because: FreedBecause, *, offered: bool, turn: int) -> SlotFreed:
    was: Literal["held", "taken"] = "held" if slot.hold_id in day.held else "taken"
    return SlotFreed(day.resource_id, day.day, day.kind, day.clinic_id, slot, was, because, offered, turn)


def _refused(day: Day, slot: Slot, reason: str) -> SlotRefused:
    return SlotRefused(day.resource_id, day.day, day.kind, slot, reason)


def _slots(day: Day) -> Iterable[Slot]:
    yield from (hold.slot for hold in day.held.values())
    yield from day.taken.values()


def _not_begun(day: Day, now_us: int) -> Iterable[Slot]:
    """Whoever is still being booked is not with the doctor, whatever the time."""
    yield from (hold.slot for hold in day.held.values())
    yield from (slot for slot in day.taken.values() if slot.starts_us > now_us)


def _with(held: Mapping[str, Hold], hold: Hold) -> dict[str, Hold]:
    """``held`` and one more, in order of expiry: the clocks of two senders may differ."""
    more = {**held, hold.slot.hold_id: hold}
    return dict(sorted(more.items(), key=lambda item: item[1].expires_us))


def _without(slots: Mapping[str, Kept], hold_id: str) -> dict[str, Kept]:
    rest = dict(slots)
    del rest[hold_id]
    return rest
