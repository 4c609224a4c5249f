"""Each trip ends once and costs what it should; a lost bike costs once, and nothing if it was back in time."""

from __future__ import annotations

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ..account_messages import (
    ChargeRequested,
    DisputeOpened,
    DisputeSettled,
    FareComputed,
    FeeCharged,
    FeeReversed,
    HoldPlaced,
    HoldReleased,
)
from ..bike_messages import BikeMissing, BikeReturned, BikeUnlocked, EarlierReturnTold
from ..pricing import plans
from ..stations import ReturnRefused
from ..terms import Terms
from ..trips import FreeMinutesGranted, TripClosed, TripEnded, TripOverdue, TripStarted


class OneEndOneFare(Invariant):
    """Counts the ends and the fares of each trip."""

    name = "one-end-one-fare"
    statement = "A trip ends at most once; each that ended has exactly one fare within the bound, no other has any."

    def __init__(self, bound_us: int) -> None:
        super().__init__()
        self._bound_us = bound_us
        self._ended: dict[str, int] = {}
        self._priced: set[str] = set()

    @on(TripEnded)
    def ended(self, message: Message[TripEnded]) -> None:
        trip_id = message.data.trip_id
        if trip_id in self._ended:
            self.violate(f"{trip_id} ends a second time", message)
        self._ended[trip_id] = message.time_us

    @on(FareComputed)
    def priced(self, message: Message[FareComputed]) -> None:
        trip_id = message.data.trip_id
        if trip_id in self._priced:
            self.violate(f"{trip_id} gets a second fare", message)
        if trip_id not in self._ended:
            self.violate(f"{trip_id} gets a fare but has not ended", message)
        self._priced.add(trip_id)

    def finish(self, end_us: int) -> None:
        for trip_id, ended_us in self._ended.items():
            if trip_id not in self._priced and end_us > ended_us + self._bound_us:
                self.violate(f"{trip_id} ended and has no fare", subject=f"trip/{trip_id}", time_us=end_us)


GRANTED = -1
"""Stands for the time since when a trip has waited for its free minutes, once it has them."""


class FareRight(Invariant):
    """Works out each fare from what devices and stations recorded, the long way."""

    name = "fare-right"
    statement = (
        "A fare is what the plan at the trip's start asks for the time between the device's release and return, less "
        "what is included and what full stations gave; what is charged, and what the closed trip says, is the fare."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bonus_us = terms.full_station_bonus_us
        self._bound_us = terms.settlement_bound_us
        self._plans = plans(terms)
        self._riding: dict[str, str] = {}
        self._sent_away: dict[str, dict[str, int]] = {}
        self._charged_as_lost: set[str] = set()
        self._started: dict[str, TripStarted] = {}
        self._returned_us: dict[str, int] = {}
        self._full_stations: dict[str, int] = {}
        self._fares: dict[str, int] = {}

    @on(BikeUnlocked)
    def unlocked(self, message: Message[BikeUnlocked]) -> None:
        self._riding[message.data.bike_id] = message.data.ride.trip_id

    @on(TripStarted)
    def started(self, message: Message[TripStarted]) -> None:
        self._started[message.data.trip_id] = message.data

    @on(BikeReturned, EarlierReturnTold)
    def returned(self, message: Message[BikeReturned | EarlierReturnTold]) -> None:
        trip_id = message.data.ride.trip_id
        self._returned_us[trip_id] = message.data.returned_at_us
        self._rides_no_more(message.data.bike_id, trip_id, message.time_us)

    @on(BikeMissing)
    def missing(self, message: Message[BikeMissing]) -> None:
        self._rides_no_more(message.data.bike_id, message.data.ride.trip_id, message.time_us)

    @on(ReturnRefused)
    def sent_away(self, message: Message[ReturnRefused]) -> None:
        event = message.data
        trip_id = self._riding.get(event.bike_id)
        # What a dock tells late may be about an earlier ride.
        started = self._started.get(trip_id or "")
        if started is not None and event.at_us > started.started_at_us:
            self._sent_away.setdefault(started.trip_id, {}).setdefault(event.station_id, message.time_us)

    @on(FreeMinutesGranted)
    def granted(self, message: Message[FreeMinutesGranted]) -> None:
        trip_id = message.data.trip_id
        self._full_stations[trip_id] = self._full_stations.get(trip_id, 0) + 1
        # Each station gives free time once, however often it sends the rider away.
        self._sent_away.setdefault(trip_id, {})[message.data.station_id] = GRANTED

    @on(FareComputed)
    def priced(self, message: Message[FareComputed]) -> None:
        event = message.data
        self._fares[event.trip_id] = event.fare_cents
        started = self._started[event.trip_id]
        plan = self._plans[started.ride.plan.name]
        free_us = plan.included_us + self._full_stations.get(event.trip_id, 0) * self._bonus_us
        left_us = self._returned_us[event.trip_id] - started.started_at_us - free_us
        cents = 0
        while left_us > 0:
            cents += plan.overage_cents
            left_us -= plan.overage_step_us
        if event.fare_cents != cents:
            self.violate(f"{event.trip_id} costs {event.fare_cents} cents, it should be {cents}", message)

    @on(ChargeRequested)
    def charged(self, message: Message[ChargeRequested]) -> None:
        event = message.data
        if event.purpose == "fare" and event.amount_cents != self._fares.get(event.about):
            fare = self._fares.get(event.about)
            self.violate(f"{event.amount_cents} cents are charged for {event.about}, whose fare is {fare}", message)

    @on(FeeCharged)
    def charged_as_lost(self, message: Message[FeeCharged]) -> None:
        self._charged_as_lost.add(message.data.trip_id)

    @on(TripClosed)
    def closed(self, message: Message[TripClosed]) -> None:
        event = message.data
        fare = self._fares.get(event.trip_id, 0) if event.outcome == "ended" else 0
        # The fee closes a trip too, and may come between a late return and its fare.
        closed_by_fee = event.trip_id in self._charged_as_lost and not event.fare_cents
        if event.fare_cents != fare and not closed_by_fee:
            self.violate(f"{event.trip_id} is closed with {event.fare_cents} cents, its fare is {fare}", message)

    def finish(self, end_us: int) -> None:
        for trip_id in self._sent_away:
            self._judge_free_minutes(trip_id, end_us)

    def _rides_no_more(self, bike_id: str, trip_id: str, now_us: int) -> None:
        if self._riding.get(bike_id) == trip_id:
            del self._riding[bike_id]
            self._judge_free_minutes(trip_id, now_us)
            self._sent_away.pop(trip_id, None)

    def _judge_free_minutes(self, trip_id: str, now_us: int) -> None:
        for station_id, since_us in self._sent_away.get(trip_id, {}).items():
            if now_us > since_us + self._bound_us and since_us != GRANTED:
                text = f"{trip_id} was sent away from {station_id}, and given no free time"
                self.violate(text, subject=f"trip/{trip_id}", time_us=now_us)


class _LateTrip:
    """What is known of a trip that may be late."""

    __slots__ = (
        "disputed",
        "ended",
        "fee",
        "hold",
        "missing",
        "overdue",
        "overdue_at_us",
        "released",
        "returned_us",
        "reversed",
        "rider_id",
        "started_us",
    )

    def __init__(self, rider_id: str, overdue_at_us: int) -> None:
        self.rider_id = rider_id
        self.overdue_at_us = overdue_at_us
        self.started_us = 0
        self.disputed = False
        self.ended = False
        self.overdue = False
        self.missing = False
        self.returned_us: int | None = None
        self.hold: int | None = None
        self.fee = False
        self.released = 0
        self.reversed = 0

    @property
    def in_time(self) -> bool:
        """Whether a return with a device time before the limit is known."""
        return self.returned_us is not None and self.returned_us < self.overdue_at_us

    @property
    def taken_back(self) -> int:
        """How often hold or fee were taken back."""
        return self.released + self.reversed


class LostMeansLate(Invariant):
    """Holds the devices' times against what was made of them."""

    name = "lost-means-late"
    statement = (
        "A bike is missing if and only if no return with a device time within the limit is known; only then, and after "
        "the hold, its fee is charged; a return in time, however late it arrives, takes hold or fee back exactly once; "
        "a disputed fee when the dispute is settled."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._limit_us = terms.overdue_after_us
        self._hold_us = terms.hold_us
        self._bound_us = terms.settlement_bound_us
        self._trips: dict[str, _LateTrip] = {}
        self._fees: dict[str, _LateTrip] = {}

    @on(BikeUnlocked)
    def unlocked(self, message: Message[BikeUnlocked]) -> None:
        # Where a clock is wrong, a bike can be missing as soon as it is known to have left, before its trip starts.
        event = message.data
        self._trips[event.ride.trip_id] = _LateTrip(event.ride.rider_id, event.left_at_us + self._limit_us)

    @on(TripStarted)
    def started(self, message: Message[TripStarted]) -> None:
        event = message.data
        if event.trip_id not in self._trips:
            self._trips[event.trip_id] = _LateTrip(event.ride.rider_id, event.started_at_us + self._limit_us)
        self._trips[event.trip_id].started_us = message.time_us

    @on(TripEnded)
    def ended(self, message: Message[TripEnded]) -> None:
        trip = self._trips.get(message.data.trip_id)
        if trip is None:
            return  # it has ended before, which is for another checker to tell
        if message.data.ended_at_us >= trip.overdue_at_us:
            self.violate(f"{message.data.trip_id} ends after its limit, as if in time", message)
        trip.ended = True
        if not trip.overdue:
            del self._trips[message.data.trip_id]

    @on(TripOverdue)
    def overdue(self, message: Message[TripOverdue]) -> None:
        trip = self._trips.get(message.data.trip_id)
        if trip is None:
            self.violate(f"{message.data.trip_id} is overdue though it has ended", message)
            return
        trip.overdue = True
        if message.time_us < trip.overdue_at_us:
            self.violate(f"{message.data.trip_id} is overdue before its time", message)
        if message.time_us > max(trip.overdue_at_us, trip.started_us) + self._bound_us:
            self.violate(f"{message.data.trip_id} is overdue long after its time", message)

    @on(BikeReturned, EarlierReturnTold)
    def returned(self, message: Message[BikeReturned | EarlierReturnTold]) -> None:
        trip = self._trips.get(message.data.ride.trip_id)
        if trip is not None:
            trip.returned_us = message.data.returned_at_us

    @on(BikeMissing)
    def missing(self, message: Message[BikeMissing]) -> None:
        trip = self._trips.get(message.data.ride.trip_id)
        if trip is None or trip.in_time:
            self.violate(f"{message.data.bike_id} is missing though it was returned in time", message)
        else:
            trip.missing = True

    @on(HoldPlaced)
    def held(self, message: Message[HoldPlaced]) -> None:
        trip = self._trips.get(message.data.trip_id)
        if trip is None or not trip.missing:
            self.violate(f"a hold is placed for {message.data.trip_id}, whose bike is not missing", message)
        else:
            trip.hold = message.time_us + self._hold_us

    @on(FeeCharged)
    def charged(self, message: Message[FeeCharged]) -> None:
        trip = self._trips.get(message.data.trip_id)
        if trip is None or trip.hold is None or message.time_us < trip.hold:
            self.violate(f"the fee for {message.data.trip_id} is charged before its hold is over", message)
        elif trip.fee or trip.released:
            self.violate(
                f"the fee for {message.data.trip_id} is charged again, or after its hold was released", message
            )
        else:
            trip.fee = True
            self._fees[message.data.charge_id] = trip

    @on(DisputeOpened, DisputeSettled)
    def disputed(self, message: Message[DisputeOpened | DisputeSettled]) -> None:
        trip = self._fees.get(message.data.charge_id)
        if trip is not None:
            trip.disputed = isinstance(message.data, DisputeOpened)

    @on(HoldReleased, FeeReversed)
    def taken_back(self, message: Message[HoldReleased | FeeReversed]) -> None:
        event = message.data
        trip = self._trips.get(event.trip_id)
        if trip is None:
            self.violate(f"hold or fee for {event.trip_id} is taken back, but there is none", message)
            return
        if isinstance(event, FeeReversed):
            trip.reversed += 1
        else:
            trip.released += 1
        if not trip.in_time:
            self.violate(f"hold or fee for {event.trip_id} is taken back though the bike was late", message)
        if trip.taken_back > 1:
            self.violate(f"hold or fee for {event.trip_id} is taken back a second time", message)

    def finish(self, end_us: int) -> None:
        for trip_id, trip in self._trips.items():
            wrong = self._wrong(trip, end_us)
            if wrong:
                self.violate(f"{trip_id} {wrong}", subject=f"trip/{trip_id}", time_us=end_us)

    def _wrong(self, trip: _LateTrip, end_us: int) -> str:
        """What should have happened by the end and has not; empty if nothing."""
        if end_us <= trip.overdue_at_us + self._bound_us:
            return ""
        if not trip.overdue:
            return "is neither ended nor overdue"
        if trip.in_time and not trip.ended:
            return "was returned in time, and has not ended"
        if trip.in_time:
            stands = trip.hold is not None and not trip.taken_back and not trip.disputed
            return "was returned in time, and its fee stands" if stands else ""
        if not trip.missing or trip.hold is None:
            return "is overdue, and its bike is not missing or nothing is held for it"
        return "is lost, and its fee is not charged" if end_us > trip.hold + self._bound_us and not trip.fee else ""
