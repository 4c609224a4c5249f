"""What docks tell of returns is believed, whatever became of the bike meanwhile."""

from __future__ import annotations

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ..bike_messages import BikeDocked, BikeHandedIn, BikeReserved, BikeReturned, BikeUnlocked, DockingIgnored
from ..stations import ReturnOverflowed, ReturnTaken
from ..terms import Terms


class ReturnsBelieved(Invariant):
    """Follows each return from the dock that took the bike to the bike; ``docked_at_us`` tells returns apart."""

    name = "returns-believed"
    statement = (
        "A return that a dock has taken reaches the bike within the bound and ends its ride at the device's time, "
        "unless it is older than what is known of the bike; no ride ends without one."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._told: dict[str, dict[int, int]] = {}
        self._known_us: dict[str, int] = {}

    @on(ReturnTaken, ReturnOverflowed)
    def told(self, message: Message[ReturnTaken | ReturnOverflowed]) -> None:
        event = message.data
        self._told.setdefault(event.bike_id, {}).setdefault(event.docked_at_us, message.time_us)

    @on(BikeReserved)
    def reserved(self, message: Message[BikeReserved]) -> None:
        self._know(message.data.bike_id, message.data.reserved_at_us)

    @on(BikeUnlocked)
    def unlocked(self, message: Message[BikeUnlocked]) -> None:
        self._know(message.data.bike_id, message.data.left_at_us)

    @on(BikeReturned)
    def returned(self, message: Message[BikeReturned]) -> None:
        event = message.data
        # Where a clock is wrong, a bike may be back before it left: then the ride took no time.
        for docked_at_us in self._told.get(event.bike_id, ()):
            if max(docked_at_us, event.left_at_us) == event.returned_at_us:
                return
        self.violate(f"{event.bike_id} returns at {event.returned_at_us}, which no dock has told", message)

    @on(BikeDocked, BikeHandedIn)
    def put_down(self, message: Message[BikeDocked | BikeHandedIn]) -> None:
        event = message.data
        self._told.get(event.bike_id, {}).pop(event.docked_at_us, None)
        self._know(event.bike_id, event.docked_at_us)

    @on(DockingIgnored)
    def ignored(self, message: Message[DockingIgnored]) -> None:
        event = message.data
        self._told.get(event.bike_id, {}).pop(event.docked_at_us, None)
        if event.docked_at_us > self._known_us.get(event.bike_id, 0):
            self.violate(f"{event.bike_id} was returned at {event.docked_at_us}, and that is ignored", message)

    def finish(self, end_us: int) -> None:
        for bike_id, returns in self._told.items():
            for docked_at_us, since_us in returns.items():
                if end_us > since_us + self._bound_us:
                    text = f"{bike_id} was returned at {docked_at_us}, and does not know"
                    self.violate(text, subject=f"bike/{bike_id}", time_us=end_us)

    def _know(self, bike_id: str, at_us: int) -> None:
        self._known_us[bike_id] = max(at_us, self._known_us.get(bike_id, at_us))
