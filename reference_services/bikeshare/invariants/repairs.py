"""A bike that has to be repaired is not ridden."""

from __future__ import annotations

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ..bike_messages import BikeDocked, BikeFlagged, BikeRepaired, BikeReserved, DockingIgnored, UnlockRejected
from ..stations import ReturnTaken
from ..terms import Terms


class FlaggedStays(Invariant):
    """Knows which bikes stand in, or came from, a dock for repairs."""

    name = "flagged-stays"
    statement = (
        "A bike that was returned to a maintenance dock is flagged within the bound; none that is flagged is given to "
        "a rider before it is repaired, and only such a one is refused for it."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._flagged: set[str] = set()
        self._returns: set[tuple[str, int]] = set()
        self._unflagged: dict[str, int] = {}

    @on(ReturnTaken)
    def taken(self, message: Message[ReturnTaken]) -> None:
        if message.data.maintenance:
            self._returns.add((message.data.bike_id, message.data.docked_at_us))

    @on(DockingIgnored)
    def ignored(self, message: Message[DockingIgnored]) -> None:
        self._returns.discard((message.data.bike_id, message.data.docked_at_us))

    @on(BikeDocked)
    def docked(self, message: Message[BikeDocked]) -> None:
        told = (message.data.bike_id, message.data.docked_at_us)
        if told in self._returns:
            self._returns.remove(told)
            if message.data.bike_id not in self._flagged:
                self._unflagged[message.data.bike_id] = message.time_us

    @on(BikeFlagged)
    def flagged(self, message: Message[BikeFlagged]) -> None:
        self._flagged.add(message.data.bike_id)
        self._unflagged.pop(message.data.bike_id, None)

    @on(BikeRepaired)
    def repaired(self, message: Message[BikeRepaired]) -> None:
        self._flagged.discard(message.data.bike_id)

    @on(BikeReserved)
    def reserved(self, message: Message[BikeReserved]) -> None:
        bike_id = message.data.bike_id
        if bike_id in self._flagged or bike_id in self._unflagged:
            self.violate(f"{bike_id} is given to a rider, and has to be repaired", message)

    @on(UnlockRejected)
    def rejected(self, message: Message[UnlockRejected]) -> None:
        event = message.data
        if event.reason == "bike-flagged" and event.bike_id not in self._flagged:
            self.violate(f"{event.bike_id} is refused as if it had to be repaired", message)

    def finish(self, end_us: int) -> None:
        for bike_id, since_us in self._unflagged.items():
            if end_us > since_us + self._bound_us:
                text = f"{bike_id} came to a maintenance dock and is not flagged"
                self.violate(text, subject=f"bike/{bike_id}", time_us=end_us)
