"""The patients' own time: theirs again as soon as no appointment needs it."""

from __future__ import annotations

from ...kernel.invariant import Invariant
from ...kernel.message import Message
from ...kernel.observer import on
from ..appointment_messages import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    AppointmentRejected,
    MoveFailed,
    PatientNoShow,
    VisitFulfilled,
)
from ..diaries import TimeClaimed, TimeReleased
from ..terms import Terms


class TimeGivenBack(Invariant):
    """Knows what each diary keeps, for which appointments it has to, and since when it need not any more."""

    name = "time-given-back"
    statement = (
        "A patient's diary keeps the time of every appointment that stands, and gives it back within the bound once "
        "the visit is over, moved or off, or an attempt to have it has failed."
    )

    def __init__(self, terms: Terms) -> None:
        super().__init__()
        self._bound_us = terms.settlement_bound_us
        self._claimed: dict[str, str] = {}
        self._stands: set[str] = set()
        self._to_release: dict[str, int] = {}

    @on(TimeClaimed)
    def claimed(self, message: Message[TimeClaimed]) -> None:
        self._claimed[message.data.plan.slot.hold_id] = message.data.patient_id

    @on(TimeReleased)
    def released(self, message: Message[TimeReleased]) -> None:
        hold_id = message.data.hold_id
        self._claimed.pop(hold_id, None)
        if hold_id in self._stands:
            self.violate(f"{hold_id} stands, but its time is given back", message)
        since_us = self._to_release.pop(hold_id, message.time_us)
        if message.time_us > since_us + self._bound_us:
            self.violate(f"the time of {hold_id} is given back {message.time_us - since_us} us late", message)

    @on(AppointmentBooked)
    def booked(self, message: Message[AppointmentBooked]) -> None:
        self._stand(message.data.place.hold_id, message)

    @on(AppointmentMoved)
    def moved(self, message: Message[AppointmentMoved]) -> None:
        self._stand(message.data.new.hold_id, message)
        self._give_up(message.data.old.hold_id, message)

    @on(AppointmentCancelled, AppointmentRejected, MoveFailed, PatientNoShow, VisitFulfilled)
    def ended(self, message: Message) -> None:
        self._give_up(message.data.place.hold_id, message)

    def finish(self, end_us: int) -> None:
        for hold_id, since_us in self._to_release.items():
            if end_us > since_us + self._bound_us:
                text = f"the time of {hold_id} was never given back"
                self.violate(text, subject=f"diary/{self._claimed[hold_id]}", time_us=end_us)

    def _stand(self, hold_id: str, message: Message) -> None:
        self._stands.add(hold_id)
        if hold_id not in self._claimed:
            self.violate(f"{hold_id} stands, and its patient's diary does not know", message)

    def _give_up(self, hold_id: str, message: Message) -> None:
        self._stands.discard(hold_id)
        if hold_id in self._claimed:
            self._to_release[hold_id] = message.time_us
