"""Each invariant holds over an honest story, and breaks when one thing in it is told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from small_clinic import ANN, BOB, CAT, DESK, DR_WHO, TERMS, SmallClinic, at, checker, clinic_at

from reference_services.clinic.invariants import invariants
from reference_services.clinic.reminders import ReminderCancelled, ReminderFailed, ReminderSkipped
from reference_services.clinic.terms import DAY_US, HOUR_US, MINUTE_US
from reference_services.clinic.working_hours import Hours, Span
from reference_services.kernel.history import ProviderBooked, observation
from reference_services.kernel.message import Message
from reference_services.kernel.outside import LedgerEntry

TEN = "2026-06-10T10:00"
AWAY = [{"first": "2026-06-10", "last": "2026-06-10"}]

History = list[Message[Any]]
Change = Callable[[History], History]


def opened() -> SmallClinic:
    return clinic_at("2026-06-08T08:00", days_until="2026-06-30")


def visit() -> SmallClinic:
    """Ann comes and is seen."""
    clinic = opened()
    appointment = clinic.book(ANN, TEN)
    clinic.step("complete_intake", ANN, appointment)
    clinic.until(at(TEN))
    for name, who in (("record_arrival", DESK), ("check_in", DESK), ("fulfil_visit", DR_WHO)):
        clinic.step(name, who, appointment)
    return clinic


def far_ahead() -> SmallClinic:
    """Ann books for a day so far ahead that her card has to be asked again, and is seen."""
    clinic = opened()
    appointment = clinic.book(ANN, "2026-06-20T10:00")
    clinic.step("complete_intake", ANN, appointment)
    clinic.until(at("2026-06-20T10:00"))
    for name, who in (("record_arrival", DESK), ("check_in", DESK), ("fulfil_visit", DR_WHO)):
        clinic.step(name, who, appointment)
    return clinic


def missed() -> SmallClinic:
    """Ann does not come."""
    clinic = opened()
    clinic.book(ANN, TEN)
    clinic.until(at(TEN) + HOUR_US)
    return clinic


def cancelled() -> SmallClinic:
    """Ann cancels in time."""
    clinic = opened()
    appointment = clinic.book(ANN, TEN)
    clinic.until(at("2026-06-09T08:00"))
    clinic.step("cancel_appointment", ANN, appointment)
    return clinic


def cancelled_late() -> SmallClinic:
    """Ann cancels an hour before."""
    clinic = opened()
    appointment = clinic.book(ANN, TEN)
    clinic.until(at("2026-06-10T09:00"))
    clinic.step("cancel_appointment", ANN, appointment)
    return clinic


def moved() -> SmallClinic:
    """Ann has another time instead."""
    clinic = opened()
    appointment = clinic.book(ANN, TEN)
    clinic.step("move_appointment", ANN, appointment, {"starts": "2026-06-12T10:00"})
    return clinic


def ill() -> SmallClinic:
    """Ann's provider falls ill."""
    clinic = opened()
    clinic.book(ANN, TEN)
    clinic.publish("dr-who", "2026-06-08", "2026-06-30", away=AWAY)
    clinic.until(clinic.now_us + 1)
    return clinic


def over_a_change_of_clocks() -> SmallClinic:
    """Calendars of the two weeks between which the clocks go back, with a day off; then one is published anew."""
    clinic = clinic_at("2026-10-18T08:00", days_until="2026-10-31")
    office = {"rule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "hours": {"opens": "08:00", "closes": "17:30"}}
    days_off = [{"first": "2026-10-28", "last": "2026-10-28"}]
    for resource in ("dr-who", "dr-no"):
        clinic.publish(resource, "2026-10-19", "2026-10-31", **office, away=days_off)
    clinic.publish("dr-who", "2026-10-19", "2026-10-31", **office)
    return clinic


def waited() -> SmallClinic:
    """Bob and Cat wait; Ann cancels; Bob does not answer, Cat accepts."""
    clinic = opened()
    appointment = clinic.book(ANN, TEN)
    wish = {"provider_id": "dr-who", "service": "visit", "card_token": "card-ok"}
    clinic.ask("join_waitlist", BOB, body=wish)
    entry = clinic.ask("join_waitlist", CAT, body=wish).body.entry_id
    clinic.step("cancel_appointment", ANN, appointment)
    clinic.until(clinic.now_us + 15 * MINUTE_US)
    clinic.ask("accept_offer", CAT, {"entry_id": entry}, {"starts": "2026-06-10T10:00:00+02:00"})
    return clinic


def is_a(message: Message[Any], name: str, where: dict[str, Any]) -> bool:
    if type(message.data).__name__ != name:
        return False
    return all(getattr(message.data, field) == value for field, value in where.items())


def without(name: str, **where: Any) -> Change:
    """It never happened."""
    return lambda told: [each for each in told if not is_a(each, name, where)]


def twice(name: str) -> Change:
    """It happened once more, right afterwards."""
    return lambda told: [copy for each in told for copy in [each] * (1 + is_a(each, name, {}))]


def at_another_time(name: str, later_us: int) -> Change:
    """It happened earlier or later than it did."""
    return told_otherwise(name, lambda each: msgspec.structs.replace(each, time_us=each.time_us + later_us))


def up_to(name: str) -> Change:
    """Nothing happened after it."""
    return lambda told: told[: next(index for index, each in enumerate(told) if is_a(each, name, {})) + 1]


def with_fields(name: str, **fields: Any) -> Change:
    """It happened, but not quite so."""
    changed = msgspec.structs.replace
    return told_otherwise(name, lambda each: changed(each, data=changed(each.data, **fields)))


def instead(name: str, other: Callable[[Any], Any]) -> Change:
    """Something else happened."""
    return told_otherwise(name, lambda each: msgspec.structs.replace(each, data=other(each.data)))


def spoken_of(reminder: Any) -> tuple[str, Any, str]:
    """Which reminder an event is about."""
    return reminder.appointment_id, reminder.kind, reminder.hold_id


def with_hours(**fields: Any) -> Change:
    """The calendars said something else."""

    def change(each: Message[Any]) -> Message[Any]:
        hours = msgspec.structs.replace(each.data.hours, **fields)
        return msgspec.structs.replace(each, data=msgspec.structs.replace(each.data, hours=hours))

    return told_otherwise("CalendarSet", change)


def an_hour_off_from(first_day: str) -> Change:
    """From that day on everybody's hours are those of the clocks before they were changed."""

    def change(each: Message[Any]) -> Message[Any]:
        if each.data.day < first_day:
            return each
        sessions = tuple(Span(span.starts_us - HOUR_US, span.ends_us - HOUR_US) for span in each.data.sessions)
        return msgspec.structs.replace(each, data=msgspec.structs.replace(each.data, sessions=sessions))

    return told_otherwise("CalendarChanged", change)


def told_otherwise(name: str, change: Callable[[Message[Any]], Message[Any]]) -> Change:
    return lambda told: [change(each) if is_a(each, name, {}) else each for each in told]


def and_for_another(name: str) -> Change:
    """The same is given to another appointment, too."""

    def change(told: History) -> History:
        return [copy for each in told for copy in _with_another(each, name)]

    return change


def _with_another(each: Message[Any], name: str) -> Iterator[Message[Any]]:
    yield each
    if is_a(each, name, {}):
        slot = msgspec.structs.replace(each.data.slot, hold_id="a-other/1", appointment_id="a-other")
        yield msgspec.structs.replace(each, data=msgspec.structs.replace(each.data, slot=slot))


def and_booked_again(told: History) -> History:
    """Ann has one more appointment with the same provider, two days later, from which nobody kept her."""
    return [copy for each in told for copy in _booked_again(each)]


def _booked_again(each: Message[Any]) -> Iterator[Message[Any]]:
    yield each
    if not is_a(each, "AppointmentBooked", {}):
        return
    change = msgspec.structs.replace
    plan = each.data.place.plan
    starts_us, ends_us = plan.slot.starts_us + 2 * DAY_US, plan.slot.ends_us + 2 * DAY_US
    slot = change(plan.slot, appointment_id="a-other", starts_us=starts_us, ends_us=ends_us)
    place = change(each.data.place, plan=change(plan, slot=slot))
    yield change(each, data=change(each.data, appointment_id="a-other", place=place))


def sooner_over(told: History) -> History:
    """Offers last for a sixth of their time."""

    def hurried(each: Message[Any]) -> Message[Any]:
        lapses_us = each.time_us + (each.data.lapses_us - each.time_us) // 6
        return msgspec.structs.replace(each, data=msgspec.structs.replace(each.data, lapses_us=lapses_us))

    return told_otherwise("OfferMade", hurried)(told)


def and_money_moved(told: History) -> History:
    """The provider's own books show a capture that nobody here knows of."""
    (payment_id,) = {each.data.payment_id for each in told if is_a(each, "CopayAuthorized", {})}
    entry = LedgerEntry("capture-x", "capture", payment_id, 2500, told[-1].time_us)
    return [*told, observation(ProviderBooked(entry), f"payment/{payment_id}", told[-1].time_us, 0)]


def judged(told: History) -> set[str]:
    """The invariants that break over ``told``, watched for a month more."""
    watching = checker()
    for message in told:
        watching.observe(message)
    findings = watching.finish(told[-1].time_us + 30 * DAY_US)
    assert [finding.error for finding in findings if finding.status == "crashed"] == []
    return {finding.name for finding in findings if finding.status == "broken"}


@pytest.mark.parametrize("story", [visit, far_ahead, missed, cancelled, cancelled_late, ill, over_a_change_of_clocks])
def test_an_honest_story_breaks_nothing(story: Callable[[], SmallClinic]) -> None:
    assert judged(story().history()) == set()


LIES: list[tuple[str, Callable[[], SmallClinic], Change]] = [
    ("no-double-booking", visit, and_for_another("SlotHeld")),
    ("no-double-booking", visit, and_for_another("SlotTaken")),
    ("inside-calendar", visit, without("CalendarChanged", resource_id="dr-who")),
    ("inside-calendar", visit, with_fields("SlotTaken", calendar_version=7)),
    ("inside-calendar", visit, with_fields("CalendarChanged", sessions=())),
    ("inside-calendar", ill, without("SlotFreed")),
    ("inside-calendar", ill, without("AppointmentCancelled")),
    ("inside-calendar", ill, without("ReminderSent", kind="notice")),
    ("inside-calendar", ill, at_another_time("SlotFreed", HOUR_US)),
    ("inside-calendar", ill, at_another_time("AppointmentCancelled", HOUR_US)),
    ("inside-calendar", ill, at_another_time("ReminderDue", HOUR_US)),
    ("inside-calendar", ill, at_another_time("ReminderSent", HOUR_US)),
    ("days-as-published", over_a_change_of_clocks, with_hours(zone="Europe/Lisbon")),
    ("days-as-published", over_a_change_of_clocks, with_hours(rule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA")),
    ("days-as-published", over_a_change_of_clocks, with_hours(hours=Hours("08:00", "18:00"))),
    ("days-as-published", over_a_change_of_clocks, with_hours(clinic_hours=Hours("08:00", "12:00"))),
    ("days-as-published", over_a_change_of_clocks, with_hours(blackouts=("2026-10-26",))),
    ("days-as-published", over_a_change_of_clocks, without("ClinicSet")),
    ("days-as-published", over_a_change_of_clocks, without("CalendarSet")),
    ("days-as-published", over_a_change_of_clocks, without("CalendarChanged", day="2026-10-28")),
    ("days-as-published", over_a_change_of_clocks, at_another_time("CalendarChanged", HOUR_US)),
    ("days-as-published", over_a_change_of_clocks, an_hour_off_from("2026-10-25")),
    ("days-as-published", ill, with_hours(away=())),
    ("one-active-per-week", visit, and_booked_again),
    ("hold-ends-once", visit, twice("SlotTaken")),
    ("hold-ends-once", visit, without("SlotHeld")),
    ("hold-ends-once", visit, without("SlotTaken")),
    ("hold-ends-once", visit, at_another_time("SlotHeld", -MINUTE_US)),
    ("hold-ends-once", cancelled, twice("SlotFreed")),
    ("copay-follows-visit", visit, without("CopayCaptured")),
    ("copay-follows-visit", visit, without("VisitFulfilled")),
    ("copay-follows-visit", visit, twice("CopayCaptured")),
    ("copay-follows-visit", visit, with_fields("CopayCaptured", amount_cents=2499)),
    ("copay-follows-visit", visit, with_fields("AuthorizationRequested", amount_cents=25_000)),
    ("copay-follows-visit", visit, with_fields("CopayAuthorized", amount_cents=25_000)),
    ("copay-follows-visit", visit, with_fields("CopayAuthorized", renew_at_us=at("2026-06-30T00:00"))),
    ("copay-follows-visit", visit, without("ProviderBooked")),
    ("copay-follows-visit", visit, at_another_time("CopayCaptured", HOUR_US)),
    ("copay-follows-visit", missed, at_another_time("NoShowFeeCharged", HOUR_US)),
    ("copay-follows-visit", missed, at_another_time("CaptureRequested", HOUR_US)),
    ("copay-follows-visit", cancelled, at_another_time("CopayVoided", HOUR_US)),
    ("copay-follows-visit", cancelled, without("CopayVoided")),
    ("copay-follows-visit", far_ahead, up_to("CopayAuthorized")),
    ("copay-follows-visit", far_ahead, at_another_time("VoidRequested", HOUR_US)),
    ("copay-follows-visit", cancelled, and_money_moved),
    ("copay-follows-visit", missed, without("NoShowFeeCharged")),
    ("fee-fair", missed, at_another_time("PatientNoShow", -MINUTE_US)),
    ("fee-fair", missed, twice("NoShowFeeCharged")),
    ("fee-fair", cancelled, with_fields("AppointmentCancelled", late=True)),
    ("fee-fair", cancelled_late, with_fields("AppointmentCancelled", late=False)),
    ("fee-fair", cancelled_late, at_another_time("AppointmentCancelled", -2 * HOUR_US)),
    ("one-offer-a-slot", waited, without("OfferLapsed")),
    ("one-offer-a-slot", waited, without("WaitlistJoined", patient_id="cat")),
    ("one-offer-a-slot", waited, at_another_time("OfferLapsed", -MINUTE_US)),
    ("one-offer-a-slot", waited, at_another_time("OfferAccepted", HOUR_US)),
    ("one-offer-a-slot", waited, without("OfferMade", patient_id="bob")),
    ("one-offer-a-slot", waited, at_another_time("OfferLapsed", HOUR_US)),
    ("one-offer-a-slot", waited, sooner_over),
    ("one-offer-a-slot", waited, up_to("OfferLapsed")),
    ("move-is-atomic", moved, without("SlotFreed")),
    ("move-is-atomic", moved, without("AppointmentMoved")),
    ("move-is-atomic", moved, without("MoveRequested")),
    ("move-is-atomic", visit, without("SlotTaken", kind="room")),
    ("move-is-atomic", moved, at_another_time("SlotFreed", HOUR_US)),
    ("time-given-back", visit, without("TimeReleased")),
    ("time-given-back", missed, without("TimeReleased")),
    ("time-given-back", cancelled, without("TimeReleased")),
    ("time-given-back", moved, without("TimeReleased")),
    ("time-given-back", moved, at_another_time("TimeReleased", HOUR_US)),
    ("time-given-back", visit, without("TimeClaimed")),
    ("time-given-back", moved, without("AppointmentMoved")),
    ("reminded-once", visit, without("ReminderSent", kind="late")),
    ("reminded-once", visit, twice("ReminderSent")),
    ("reminded-once", visit, at_another_time("ReminderDue", -MINUTE_US)),
    ("reminded-once", visit, instead("ReminderScheduled", lambda due: ReminderSkipped(*spoken_of(due)))),
    ("reminded-once", visit, instead("ReminderSent", lambda sent: ReminderFailed(*spoken_of(sent), 0))),
    ("reminded-once", visit, instead("ReminderSent", lambda sent: ReminderCancelled(*spoken_of(sent)))),
    ("reminded-once", visit, at_another_time("ReminderDue", HOUR_US)),
    ("reminded-once", visit, at_another_time("ReminderSent", HOUR_US)),
    ("everything-settles", visit, without("VisitFulfilled")),
    ("everything-settles", visit, without("CopayCaptured")),
    ("everything-settles", missed, without("PatientNoShow")),
    ("everything-settles", ill, without("ReminderSent", kind="notice")),
]


@pytest.mark.parametrize(
    ("invariant", "story", "change"), LIES, ids=[f"{name}-{number}" for number, (name, _, _) in enumerate(LIES)]
)
def test_a_lie_breaks_the_invariant(invariant: str, story: Callable[[], SmallClinic], change: Change) -> None:
    told = story().history()

    assert invariant not in judged(told)
    assert invariant in judged(change(told))


def test_a_slot_that_is_given_back_and_not_offered_breaks_its_invariant() -> None:
    told = waited().history()
    freed = next(index for index, each in enumerate(told) if is_a(each, "SlotFreed", {"kind": "provider"}))

    assert "freed-slot-offered" in judged(told[: freed + 1])
    assert "freed-slot-offered" not in judged(told)


def test_a_reminder_after_the_cancellation_breaks_its_invariant() -> None:
    told = missed().history()
    early = next(each for each in told if is_a(each, "ReminderDue", {"kind": "late"}))
    called_off = cancelled().history()

    assert "reminded-once" in judged([*called_off, early])


def test_every_invariant_has_a_lie() -> None:
    names = {invariant.name for invariant in invariants(TERMS)}
    generic = {"inbox-drained", "one-history", "decided-once"}
    assert names - generic == {name for name, _, _ in LIES} | {"freed-slot-offered"}
