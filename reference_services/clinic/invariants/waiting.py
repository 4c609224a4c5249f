"""The waiting list: one question at a time about each slot, to the one who has waited longest."""

from __future__ import annotations

from collections import defaultdict

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ..schedules import HoldExpired, Slot, SlotFreed, SlotHeld
from ..terms import Terms
from ..waitlist import (
    OfferAccepted,
    OfferBooked,
    OfferFellThrough,
    OfferLapsed,
    OfferMade,
    WaitlistJoined,
    WaitlistLeft,
)

OfferKey = tuple[str, int]
"""A queue and the start of a slot."""


class OneOfferASlot(Invariant):
    """Knows who waits in each queue, in order, and which offers are live."""

    name = "one-offer-a-slot"
    statement = (
        "A slot has at most one live offer; it is made to the earliest patient who waits and was not asked before, "
        "lasts as long as offers do, lapses then, not before, and is accepted only while it is live; what is not "
        "accepted is at once offered to the next."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._ttl_us = terms.offer_ttl_us
        self._bound_us = terms.settlement_bound_us
        self._waiting: dict[str, list[str]] = defaultdict(list)
        self._booking: set[str] = set()
        self._live: dict[OfferKey, OfferMade] = {}
        self._asked: dict[OfferKey, tuple[int, list[str]]] = {}
        self._to_pass_on: dict[OfferKey, Message[OfferLapsed]] = {}

    @on(WaitlistJoined)
    def joined(self, message: Message[WaitlistJoined]) -> None:
        self._waiting[message.data.queue.key].append(message.data.entry_id)

    @on(WaitlistLeft)
    def left(self, message: Message[WaitlistLeft]) -> None:
        self._waiting[message.data.queue.key].remove(message.data.entry_id)

    @on(OfferMade)
    def made(self, message: Message[OfferMade]) -> None:
        event = message.data
        key = (event.queue.key, event.opening.starts_us)
        if key in self._live:
            self.violate(f"{event.entry_id} is offered what {self._live[key].entry_id} has not answered about", message)
        lapsed_at, asked = self._asked.get(key, (0, []))
        if lapsed_at != message.version:
            asked = []  # the slot was given back once more, so everybody may be asked again
        self._judge_passing_on(key, message)
        earliest = self._next(event.queue.key, asked)
        if earliest != event.entry_id:
            self.violate(f"{event.entry_id} is asked before {earliest}, who has waited longer", message)
        if event.lapses_us != min(message.time_us + self._ttl_us, event.opening.starts_us):
            self.violate(f"the offer to {event.entry_id} does not last as long as offers do", message)
        self._live[key] = event
        self._asked[key] = (message.version, [*asked, event.entry_id])

    @on(OfferLapsed)
    def lapsed(self, message: Message[OfferLapsed]) -> None:
        event = message.data
        key = (event.queue.key, event.opening.starts_us)
        offer = self._end(key, event.entry_id, message)
        if offer is not None and event.because == "not-answered":
            self._judge_lapse(offer, message)
        asked = self._asked.get(key, (0, []))[1]
        self._asked[key] = (message.version, asked)
        in_time = message.time_us < event.opening.starts_us
        if event.because != "slot-taken" and in_time and self._next(event.queue.key, asked) is not None:
            self._to_pass_on[key] = message

    @on(OfferAccepted)
    def accepted(self, message: Message[OfferAccepted]) -> None:
        event = message.data
        offer = self._end((event.queue.key, event.opening.starts_us), event.entry_id, message)
        if offer is not None and message.time_us >= offer.lapses_us:
            self.violate(f"{event.entry_id} accepts after the offer's time", message)
        self._booking.add(event.entry_id)

    @on(OfferBooked)
    def booked(self, message: Message[OfferBooked]) -> None:
        event = message.data
        self._booking.discard(event.entry_id)
        if event.entry_id in self._waiting[event.queue.key]:
            self._waiting[event.queue.key].remove(event.entry_id)

    @on(OfferFellThrough)
    def fell_through(self, message: Message[OfferFellThrough]) -> None:
        event = message.data
        self._booking.discard(event.entry_id)
        key = (event.queue.key, event.opening.starts_us)
        self._asked[key] = (message.version, self._asked.get(key, (0, []))[1])

    def finish(self, end_us: int) -> None:
        for (queue, _), offer in self._live.items():
            if end_us > offer.lapses_us + self._bound_us:
                self.violate(
                    f"the offer to {offer.entry_id} outlived its time", subject=f"queue/{queue}", time_us=end_us
                )
        for lapsed in self._to_pass_on.values():
            if end_us > lapsed.time_us + self._bound_us:
                self.violate(f"what {lapsed.data.entry_id} did not want is offered to nobody else", lapsed)

    def _next(self, queue: str, asked: list[str]) -> str | None:
        """Whoever has waited longest of those who were not asked and are not being booked."""
        free = (entry for entry in self._waiting[queue] if entry not in self._booking)
        return next((entry for entry in free if entry not in asked), None)

    def _judge_lapse(self, offer: OfferMade, message: Message) -> None:
        late_us = message.time_us - offer.lapses_us
        if late_us < 0:
            self.violate(f"the offer to {offer.entry_id} lapses {-late_us} us early", message)
        elif late_us > self._bound_us:
            self.violate(f"the offer to {offer.entry_id} lapses {late_us} us late", message)

    def _judge_passing_on(self, key: OfferKey, message: Message) -> None:
        """Whoever is next is asked by the same decision: between two the slot would be nobody's to have."""
        lapsed = self._to_pass_on.pop(key, None)
        if lapsed is not None and lapsed.version != message.version:
            self.violate(f"what {lapsed.data.entry_id} did not want was offered to nobody else", message)

    def _end(self, key: OfferKey, entry_id: str, message: Message) -> OfferMade | None:
        offer = self._live.pop(key, None)
        if offer is None or offer.entry_id != entry_id:
            self.violate(f"an offer to {entry_id} ends that is not live", message)
            return None
        return offer


class FreedSlotOffered(Invariant):
    """Liveness: knows which slots were given back while somebody waited for them.

    A slot that begins before the bound is over may come too late to be offered, and one that somebody keeps again need
    not be.
    """

    name = "freed-slot-offered"
    statement = "Every slot that is given back while somebody waits for it is offered within the bound."

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._waiting: dict[str, set[str]] = defaultdict(set)
        self._kept: dict[str, dict[str, Slot]] = defaultdict(dict)
        self._owed: dict[OfferKey, int] = {}
        self._live: set[OfferKey] = set()

    @on(WaitlistJoined)
    def joined(self, message: Message[WaitlistJoined]) -> None:
        self._waiting[message.data.queue.key].add(message.data.entry_id)

    @on(WaitlistLeft)
    def left(self, message: Message[WaitlistLeft]) -> None:
        self._leave(message.data.queue.key, message.data.entry_id)

    @on(SlotHeld)
    def held(self, message: Message[SlotHeld]) -> None:
        event = message.data
        if event.kind != "provider":
            return
        self._kept[event.resource_id][event.slot.hold_id] = event.slot
        for key in [key for key in self._owed if f"/{event.resource_id}/" in key[0] and _touches(event.slot, key[1])]:
            del self._owed[key]

    @on(HoldExpired)
    def expired(self, message: Message[HoldExpired]) -> None:
        self._kept[message.data.resource_id].pop(message.data.slot.hold_id, None)

    @on(SlotFreed)
    def freed(self, message: Message[SlotFreed]) -> None:
        event = message.data
        kept = self._kept[event.resource_id]
        kept.pop(event.slot.hold_id, None)
        queue = f"{event.clinic_id}/{event.resource_id}/{event.slot.service}"
        key = (queue, event.slot.starts_us)
        given_back = event.kind == "provider" and event.was == "taken" and event.because == "not-wanted"
        in_time = event.slot.starts_us > message.time_us + self._bound_us
        if not (given_back and in_time and self._waiting[queue]) or key in self._live:
            return
        if not any(slot.overlaps(event.slot) for slot in kept.values()):
            self._owed[key] = message.time_us

    @on(OfferMade)
    def made(self, message: Message[OfferMade]) -> None:
        key = (message.data.queue.key, message.data.opening.starts_us)
        self._owed.pop(key, None)
        self._live.add(key)

    @on(OfferLapsed)
    def lapsed(self, message: Message[OfferLapsed]) -> None:
        self._live.discard((message.data.queue.key, message.data.opening.starts_us))

    @on(OfferAccepted)
    def accepted(self, message: Message[OfferAccepted]) -> None:
        event = message.data
        self._live.discard((event.queue.key, event.opening.starts_us))
        self._leave(event.queue.key, event.entry_id)

    @on(OfferFellThrough)
    def fell_through(self, message: Message[OfferFellThrough]) -> None:
        self._waiting[message.data.queue.key].add(message.data.entry_id)

    def finish(self, end_us: int) -> None:
        for (queue, starts_us), since_us in self._owed.items():
            if end_us > since_us + self._bound_us:
                text = f"the slot at {starts_us} was given back and never offered"
                self.violate(text, subject=f"queue/{queue}", time_us=end_us)

    def _leave(self, queue: str, entry_id: str) -> None:
        waiting = self._waiting[queue]
        waiting.discard(entry_id)
        if not waiting:
            for key in [key for key in self._owed if key[0] == queue]:
                del self._owed[key]


def _touches(slot: Slot, starts_us: int) -> bool:
    """Whether ``slot`` may keep some of the visit that begins at ``starts_us``: a neighbour counts as well."""
    length_us = slot.ends_us - slot.starts_us
    return slot.starts_us - 2 * length_us < starts_us < slot.ends_us
