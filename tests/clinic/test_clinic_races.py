"""What a story cannot show: answers that overtake each other, come twice, or come when nobody wants them any more."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from small_clinic import TERMS, at

from reference_services.clinic import appointments, billing, reminders, saga, schedules, waitlist
from reference_services.clinic.appointment_messages import (
    AppointmentRejected,
    RecordAuthorization,
    RecordHold,
    RecordRefusal,
    RecordTake,
    RequestAppointment,
)
from reference_services.clinic.appointments import AppointmentDecider
from reference_services.clinic.billing import (
    AskAgain,
    AuthorizeCopay,
    CancelCopay,
    ChargeFee,
    CollectCopay,
    CopayDecider,
    RecordReport,
    RenewAuthorization,
)
from reference_services.clinic.calendars import (
    AddResource,
    CalendarDecider,
    CalendarSet,
    ClinicDecider,
    ClinicSet,
    FollowClinic,
    ResourceAdded,
    SetCalendar,
    SetClinic,
    tell_new_resource,
    tell_resources,
)
from reference_services.clinic.diaries import ENDED_KEPT, ClaimTime, DiaryDecider, Plan, ReleaseTime
from reference_services.clinic.schedules import ChangeDay, DayDecider, FreeSlot, HoldSlot, Slot, TakeSlot
from reference_services.clinic.terms import DAY_US
from reference_services.clinic.working_hours import Hours, Span, WorkingHours
from reference_services.kernel.decider import Decider
from reference_services.kernel.message import Command, Event
from reference_services.shared.notifications import ATTEMPTS

TEN_US = at("2026-06-10T10:00")
NOW_US = at("2026-06-08T08:00")
DAY = "2026-06-10"
SLOT = Slot("a-1/1", "a-1", "visit", TEN_US, TEN_US + TERMS.slot_us)
PLAN = Plan("clinic-1", "dr-who", DAY, SLOT)
REQUEST = RequestAppointment("a-1", "ann", PLAN, ("room-1", "room-2"), "card-ok")


class Story:
    """One aggregate and the commands that it was sent."""

    def __init__(self, decider: Decider[Any], key: str) -> None:
        self.decider = decider
        self.state = decider.initial(key)

    def send(self, command: Command, now_us: int = NOW_US) -> list[str]:
        """What happens because of ``command``, by name."""
        return [type(event).__name__ for event in self.events(command, now_us)]

    def events(self, command: Command, now_us: int = NOW_US) -> list[Event]:
        events = self.decider.decide(self.state, command, now_us)
        for event in events:
            self.state = self.decider.evolve(self.state, event)
        return events


def held(resource: str) -> RecordHold:
    return RecordHold("a-1", "a-1/1", resource)


def taken(resource: str) -> RecordTake:
    return RecordTake("a-1", "a-1/1", resource, DAY)


def refused(resource: str, reason: str = "slot-taken") -> RecordRefusal:
    return RecordRefusal("a-1", "a-1/1", resource, reason)


@pytest.fixture
def booking() -> Story:
    story = Story(AppointmentDecider(TERMS), "a-1")
    assert story.send(REQUEST) == ["AppointmentRequested"]
    assert story.send(REQUEST) == []
    return story


def test_the_next_room_is_asked_until_there_is_none(booking: Story) -> None:
    assert booking.send(held("dr-who")) == ["RoomSought"]
    assert booking.send(refused("room-1")) == ["RoomSought"]
    assert booking.send(refused("room-1")) == []
    assert booking.send(refused("room-2")) == ["AppointmentRejected"]
    assert booking.state.status == "rejected"


def test_an_authorization_after_the_hold_is_of_no_use(booking: Story) -> None:
    booking.send(held("dr-who"))
    booking.send(held("room-1"))
    assert booking.send(refused("dr-who", "hold-expired")) == ["AppointmentRejected"]
    assert booking.send(RecordAuthorization("a-1")) == []
    assert booking.send(refused("room-1", "hold-expired")) == []


@pytest.mark.parametrize(
    ("before", "card_asked"),
    [
        ([], False),
        ([held("dr-who")], False),
        ([held("dr-who"), held("room-1")], True),
        ([held("dr-who"), held("room-1"), RecordAuthorization("a-1")], True),
    ],
)
def test_a_copay_is_cancelled_only_if_it_was_asked_for(booking: Story, before: list[Command], card_asked: bool) -> None:
    for command in before:
        booking.send(command)
    (rejected,) = booking.events(refused("dr-who", "hold-expired"))
    assert isinstance(rejected, AppointmentRejected)

    asked = [command for command in saga.undo_rejected.react(rejected) if isinstance(command, CancelCopay)]
    assert asked == ([CancelCopay("a-1")] if card_asked else [])


def test_a_time_that_comes_for_an_appointment_that_is_over_goes_back(booking: Story) -> None:
    for command in (held("dr-who"), held("room-1"), RecordAuthorization("a-1")):
        booking.send(command)
    assert booking.send(taken("dr-who")) == ["SlotSecured"]
    assert booking.send(taken("dr-who")) == []
    assert booking.send(refused("room-1", "hold-expired")) == ["AppointmentRejected"]
    assert booking.send(taken("room-1")) == ["SlotReturned"]


def test_a_calendar_that_closes_over_half_of_a_booking_ends_it(booking: Story) -> None:
    for command in (held("dr-who"), held("room-1"), RecordAuthorization("a-1"), taken("dr-who")):
        booking.send(command)
    lost = appointments.RecordLoss("a-1", "a-1/1", "dr-who")
    assert booking.send(lost) == ["AppointmentRejected"]
    assert booking.send(lost) == []


def test_a_lost_room_during_a_move_hangs_on_the_move(booking: Story) -> None:
    for command in (held("dr-who"), held("room-1"), RecordAuthorization("a-1"), taken("dr-who"), taken("room-1")):
        booking.send(command)
    assert booking.state.status == "booked"
    later = Slot("", "a-1", "visit", TEN_US + DAY_US, TEN_US + DAY_US + TERMS.slot_us)
    assert booking.send(appointments.MoveAppointment("a-1", "2026-06-11", later, ("room-1",))) == ["MoveRequested"]
    assert booking.send(appointments.RecordLoss("a-1", "a-1/1", "room-1")) == ["PlaceLost"]
    failed = booking.send(RecordRefusal("a-1", "a-1/2", "dr-who", "slot-taken"))
    assert failed == ["MoveFailed", "AppointmentCancelled"]


def test_whoever_is_first_of_arrival_and_no_show_job_wins(booking: Story) -> None:
    for command in (held("dr-who"), held("room-1"), RecordAuthorization("a-1"), taken("dr-who"), taken("room-1")):
        booking.send(command)
    due_us = TEN_US + TERMS.no_show_grace_us
    assert booking.send(appointments.MarkNoShow("a-1"), due_us - 1) == []
    assert booking.send(appointments.RecordArrival("a-1"), due_us) == ["PatientArrived"]
    assert booking.send(appointments.MarkNoShow("a-1"), due_us) == []


@pytest.fixture
def day() -> Story:
    story = Story(DayDecider(TERMS), f"dr-who/{DAY}")
    sessions = (Span(TEN_US, TEN_US + 4 * TERMS.slot_us),)
    assert story.send(ChangeDay("dr-who", DAY, "provider", "clinic-1", 1, sessions)) == ["CalendarChanged"]
    return story


def test_a_slot_is_held_taken_and_freed_once_each(day: Story) -> None:
    hold, take = HoldSlot("dr-who", DAY, SLOT), TakeSlot("dr-who", DAY, SLOT)
    free = FreeSlot("dr-who", DAY, SLOT.hold_id)
    assert [day.send(hold), day.send(hold)] == [["SlotHeld"], []]
    assert [day.send(take), day.send(take), day.send(hold)] == [["SlotTaken"], [], []]
    assert [day.send(free), day.send(free)] == [["SlotFreed"], []]
    assert day.send(take) == ["SlotRefused"]


@pytest.mark.parametrize(
    ("starts_us", "slots", "reason"),
    [
        (TEN_US - TERMS.slot_us, 1, "outside-hours"),
        (TEN_US + 3 * TERMS.slot_us, 2, "outside-hours"),
        (TEN_US + 1, 1, "outside-hours"),
        (TEN_US, 3, "outside-hours"),
        (NOW_US, 1, "in-the-past"),
    ],
)
def test_a_time_that_is_not_open_is_refused(day: Story, starts_us: int, slots: int, reason: str) -> None:
    slot = Slot("a-2/1", "a-2", "visit", starts_us, starts_us + slots * TERMS.slot_us)
    (event,) = day.events(HoldSlot("dr-who", DAY, slot))
    assert isinstance(event, schedules.SlotRefused)
    assert event.reason == reason


def test_an_older_calendar_changes_nothing_and_a_new_one_spares_whoever_is_with_the_doctor(day: Story) -> None:
    day.send(HoldSlot("dr-who", DAY, SLOT))
    day.send(TakeSlot("dr-who", DAY, SLOT))
    assert day.send(ChangeDay("dr-who", DAY, "provider", "clinic-1", 1, ())) == []
    assert day.send(ChangeDay("dr-who", DAY, "provider", "clinic-1", 2, ()), TEN_US) == ["CalendarChanged"]
    assert SLOT.hold_id in day.state.taken


@pytest.mark.parametrize(("taken", "then"), [(False, ["CalendarChanged", "SlotFreed"]), (True, ["CalendarChanged"])])
def test_a_day_that_closes_sends_nobody_away_who_is_there_but_whoever_is_being_booked(
    day: Story, taken: bool, then: list[str]
) -> None:
    day.send(HoldSlot("dr-who", DAY, SLOT))
    if taken:
        day.send(TakeSlot("dr-who", DAY, SLOT))

    assert day.send(ChangeDay("dr-who", DAY, "provider", "clinic-1", 2, ()), TEN_US + 1) == then


def test_an_older_calendar_that_comes_late_does_not_undo_one_that_left_the_day_as_it_was(day: Story) -> None:
    sessions = day.state.sessions
    assert day.send(ChangeDay("dr-who", DAY, "provider", "clinic-1", 3, sessions)) == ["CalendarChanged"]
    assert day.send(ChangeDay("dr-who", DAY, "provider", "clinic-1", 2, ())) == []
    assert (day.state.calendar_version, day.state.sessions) == (3, sessions)


def test_a_day_that_was_closed_before_it_was_ever_open_stays_closed() -> None:
    day = Story(DayDecider(TERMS), f"dr-who/{DAY}")
    assert day.send(ChangeDay("dr-who", DAY, "provider", "clinic-1", 2, ())) == ["CalendarChanged"]
    assert day.send(ChangeDay("dr-who", DAY, "provider", "clinic-1", 1, (Span(TEN_US, TEN_US + DAY_US),))) == []


NINE_TO_FIVE, ALL_DAY = Hours("09:00", "17:00"), Hours("00:00", "24:00")
JUNE = WorkingHours("Europe/Berlin", "FREQ=DAILY", "2026-06-08", "2026-06-30", ALL_DAY, ALL_DAY, (), ())


def set_calendar(clinic_version: int) -> SetCalendar:
    return SetCalendar("dr-who", "provider", "clinic-1", ("visit",), JUNE, clinic_version)


def test_a_calendar_written_before_the_clinics_hours_changed_follows_them_nevertheless() -> None:
    story = Story(CalendarDecider(TERMS), "dr-who")
    assert story.send(set_calendar(clinic_version=1)) == ["CalendarSet"]
    assert story.send(FollowClinic("dr-who", 3, NINE_TO_FIVE, (DAY,))) == ["CalendarSet"]
    assert story.send(FollowClinic("dr-who", 2, ALL_DAY, ())) == []

    (event,) = story.events(set_calendar(clinic_version=1))
    assert isinstance(event, CalendarSet)
    assert (event.version, event.clinic_version) == (3, 3)
    assert (event.hours.clinic_hours, event.hours.blackouts) == (NINE_TO_FIVE, (DAY,))
    (event,) = story.events(set_calendar(clinic_version=4))
    assert isinstance(event, CalendarSet)
    assert (event.clinic_version, event.hours) == (4, JUNE)


def test_whoever_is_added_while_the_hours_change_learns_of_them() -> None:
    story = Story(ClinicDecider(), "clinic-1")
    story.send(SetClinic("clinic-1", "Europe/Berlin", ALL_DAY, ()))
    story.send(SetClinic("clinic-1", "Europe/Berlin", NINE_TO_FIVE, (DAY,)))

    (added,) = story.events(AddResource("clinic-1", "dr-who"))
    assert isinstance(added, ResourceAdded)
    assert list(tell_new_resource.react(added)) == [FollowClinic("dr-who", 2, NINE_TO_FIVE, (DAY,))]
    assert story.send(AddResource("clinic-1", "dr-who")) == []
    (again,) = story.events(SetClinic("clinic-1", "Europe/Berlin", ALL_DAY, ()))
    assert isinstance(again, ClinicSet)
    assert list(tell_resources.react(again)) == [FollowClinic("dr-who", 3, ALL_DAY, ())]


def test_a_claim_that_comes_after_its_release_keeps_no_time() -> None:
    diary = Story(DiaryDecider(TERMS), "ann")
    other = Plan("clinic-1", "dr-who", DAY, msgspec.structs.replace(SLOT, hold_id="a-2/1", appointment_id="a-2"))

    assert diary.send(ReleaseTime("ann", "a-1/1")) == ["TimeReleased"]
    assert diary.send(ReleaseTime("ann", "a-1/1")) == []
    assert diary.send(ClaimTime("ann", PLAN)) == []
    assert diary.send(ClaimTime("ann", other)) == ["TimeClaimed"]


def test_a_claim_that_was_refused_stays_refused() -> None:
    diary = Story(DiaryDecider(TERMS), "ann")
    other = Plan("clinic-1", "dr-who", DAY, msgspec.structs.replace(SLOT, hold_id="a-2/1", appointment_id="a-2"))
    assert diary.send(ClaimTime("ann", other)) == ["TimeClaimed"]
    assert diary.send(ClaimTime("ann", PLAN)) == ["ClaimRefused"]
    assert diary.send(ReleaseTime("ann", "a-2/1")) == ["TimeReleased"]

    assert diary.send(ClaimTime("ann", PLAN)) == []
    assert diary.send(ReleaseTime("ann", "a-1/1")) == []


def test_a_diary_remembers_the_latest_that_ended_only() -> None:
    diary = Story(DiaryDecider(TERMS), "ann")
    for number in range(ENDED_KEPT + 1):
        diary.send(ReleaseTime("ann", f"a-{number}/1"))

    assert diary.state.ended == tuple(f"a-{number}/1" for number in range(1, ENDED_KEPT + 1))


@pytest.fixture
def copay() -> Story:
    story = Story(CopayDecider(TERMS), "a-1")
    assert story.send(AuthorizeCopay("a-1", "card-ok")) == ["AuthorizationRequested"]
    assert story.send(AuthorizeCopay("a-1", "card-ok")) == []
    return story


def report(number: int, status: Any, **fields: Any) -> RecordReport:
    return RecordReport(f"a-1/{number}", status, **fields)


def test_an_authorization_that_comes_late_is_let_go(copay: Story) -> None:
    assert copay.send(CancelCopay("a-1")) == ["VoidRequested"]
    assert copay.send(CancelCopay("a-1")) == []
    assert copay.send(report(1, "authorized")) == ["AuthorizationCameLate"]
    assert copay.send(report(1, "authorized")) == []
    assert copay.send(report(1, "voided")) == ["CopayVoided"]
    assert copay.send(CollectCopay("a-1")) == []


def test_an_authorization_that_is_asked_for_after_its_cancellation_is_not_made() -> None:
    copay = Story(CopayDecider(TERMS), "a-1")
    assert copay.send(CancelCopay("a-1")) == ["CopayUnwanted"]
    assert copay.send(CancelCopay("a-1")) == []
    assert copay.send(AuthorizeCopay("a-1", "card-ok")) == []
    assert list(copay.decider.deadlines(copay.state)) == []


def test_money_that_is_due_during_a_renewal_is_collected_under_the_new_payment(copay: Story) -> None:
    copay.send(report(1, "authorized"))
    later_us = NOW_US + TERMS.authorization_renewal_us
    assert copay.send(RenewAuthorization("a-1"), later_us - 1) == []
    assert copay.send(RenewAuthorization("a-1"), later_us) == ["VoidRequested"]
    assert copay.send(CollectCopay("a-1"), later_us) == ["CollectionDue"]
    assert copay.send(ChargeFee("a-1"), later_us) == []
    assert copay.send(report(1, "voided"), later_us) == ["CopayVoided", "AuthorizationRequested"]
    assert copay.send(report(1, "authorized"), later_us) == []
    assert copay.send(report(2, "declined"), later_us) == ["CopayDeclined"]
    assert copay.send(AskAgain("a-1"), later_us + TERMS.ask_provider_after_us) == ["AuthorizationRequested"]
    assert copay.send(report(3, "authorized"), later_us) == ["CopayAuthorized", "CaptureRequested"]
    assert copay.send(report(3, "captured", captured_cents=2500, capture_id="capture-3"), later_us) == ["CopayCaptured"]
    assert copay.send(report(3, "captured", captured_cents=2500, capture_id="capture-3"), later_us) == []


def test_an_authorization_that_the_card_let_go_is_asked_for_again(copay: Story) -> None:
    copay.send(report(1, "authorized"))
    assert copay.send(ChargeFee("a-1")) == ["CollectionDue", "CaptureRequested"]
    assert copay.send(report(1, "voided")) == ["CopayVoided", "AuthorizationRequested"]
    assert copay.send(report(2, "authorized")) == ["CopayAuthorized", "CaptureRequested"]
    assert copay.send(report(2, "captured", captured_cents=2000, capture_id="capture-2")) == ["NoShowFeeCharged"]


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"captured_cents": 2000, "capture_id": "capture-1"}, True),
        ({"captured_cents": 2500, "capture_id": "capture-1"}, False),
        ({"captured_cents": 1999, "capture_id": "capture-1"}, False),
        ({"captured_cents": 2000}, False),
        ({}, False),
    ],
    ids=["the fee", "the whole co-pay", "less", "no id", "nothing"],
)
def test_only_what_was_to_be_collected_counts_as_collected(copay: Story, fields: dict[str, Any], counts: bool) -> None:
    copay.send(report(1, "authorized"))
    copay.send(ChargeFee("a-1"))
    assert copay.send(report(1, "captured", **fields)) == (["NoShowFeeCharged"] if counts else [])
    assert copay.state.status == ("captured" if counts else "capturing")


@pytest.mark.parametrize(
    ("before", "again"),
    [
        ([], "AuthorizationRequested"),
        ([CancelCopay("a-1")], "VoidRequested"),
        ([report(1, "authorized"), CollectCopay("a-1")], "CaptureRequested"),
    ],
)
def test_a_silent_provider_is_asked_again_under_the_same_payment(
    copay: Story, before: list[Command], again: str
) -> None:
    for command in before:
        copay.send(command)
    assert copay.send(AskAgain("a-1"), NOW_US) == []
    (event,) = copay.events(AskAgain("a-1"), NOW_US + TERMS.ask_provider_after_us)
    assert isinstance(event, billing.AuthorizationRequested | billing.VoidRequested | billing.CaptureRequested)
    assert (type(event).__name__, event.payment_id, event.attempt) == (again, "a-1/1", 2)


def test_a_provider_that_never_answers_is_not_asked_for_ever(copay: Story) -> None:
    asked = 1
    while copay.send(AskAgain("a-1"), copay.state.ask_at_us):
        asked += 1
    assert asked == billing.ATTEMPTS
    assert list(copay.decider.deadlines(copay.state)) == []
    assert copay.send(report(1, "authorized")) == ["CopayAuthorized"]


def test_a_reminder_that_does_not_get_through_is_tried_again_and_given_up() -> None:
    story = Story(reminders.ReminderDecider(TERMS), "a-1/early")
    schedule = reminders.ScheduleReminder("a-1", "early", "ann", "a-1/1", TEN_US, "Tomorrow.")
    assert [story.send(schedule), story.send(schedule)] == [["ReminderScheduled"], []]
    now_us = TEN_US - TERMS.early_reminder_us
    for _ in range(ATTEMPTS):
        assert story.send(reminders.SendReminder("a-1", "early"), now_us) == ["ReminderDue"]
        failed = reminders.RecordDelivery("a-1/early", "a-1/1/early", delivered=False)
        assert [story.send(failed, now_us), story.send(failed, now_us)] == [["ReminderFailed"], []]
        now_us += TERMS.ask_provider_after_us
    assert story.send(reminders.SendReminder("a-1", "early"), now_us) == []
    assert list(story.decider.deadlines(story.state)) == []


def test_a_reminder_of_the_old_time_is_not_taken_for_one_of_the_new() -> None:
    story = Story(reminders.ReminderDecider(TERMS), "a-1/early")
    story.send(reminders.ScheduleReminder("a-1", "early", "ann", "a-1/1", TEN_US, "Tomorrow."))
    story.send(reminders.SendReminder("a-1", "early"), TEN_US - TERMS.early_reminder_us)
    story.send(reminders.ScheduleReminder("a-1", "early", "ann", "a-1/2", TEN_US + DAY_US, "Tomorrow."))
    assert story.send(reminders.RecordDelivery("a-1/early", "a-1/1/early", delivered=True)) == []
    assert story.state.status == "scheduled"


@pytest.mark.parametrize("booked_first", [True, False])
def test_a_reminder_of_a_visit_that_is_over_comes_too_late(booked_first: bool) -> None:
    story = Story(reminders.ReminderDecider(TERMS), "a-1/early")
    schedule = reminders.ScheduleReminder("a-1", "early", "ann", "a-1/1", TEN_US, "Tomorrow.")
    moved = reminders.ScheduleReminder("a-1", "early", "ann", "a-1/2", TEN_US + DAY_US, "Tomorrow.")
    if booked_first:
        assert story.send(schedule) == ["ReminderScheduled"]
    cancel = reminders.CancelReminder("a-1", "early")
    assert [story.send(cancel), story.send(cancel)] == [["ReminderCancelled"], []]

    assert story.send(moved) == ["ReminderSkipped"]
    assert story.send(schedule) == ([] if booked_first else ["ReminderSkipped"])
    assert list(story.decider.deadlines(story.state)) == []


QUEUE = waitlist.Queue("clinic-1", "dr-who", "visit")


def test_an_older_change_of_the_day_takes_no_younger_offer_away() -> None:
    story = Story(waitlist.QueueDecider(TERMS), QUEUE.key)
    opening = waitlist.Opening(DAY, TEN_US, TEN_US + TERMS.slot_us, turn=3)
    assert story.send(waitlist.OfferSlot(QUEUE, opening)) == ["OpeningPassed"]
    assert story.send(waitlist.JoinWaitlist(QUEUE, "w-1", "ann", "card-ok")) == ["WaitlistJoined"]
    assert story.send(waitlist.OfferSlot(QUEUE, opening)) == ["OfferMade"]
    assert story.send(waitlist.OfferSlot(QUEUE, opening)) == ["OpeningPassed"]
    assert story.send(waitlist.WithdrawOffer(QUEUE, TEN_US, TEN_US + 1, turn=2)) == []
    assert story.send(waitlist.WithdrawOffer(QUEUE, TEN_US, TEN_US + 1, turn=4)) == ["OfferLapsed"]


@pytest.fixture
def accepted() -> Story:
    """Ann is being given the slot that she was offered; Bob waits behind her."""
    story = Story(waitlist.QueueDecider(TERMS), QUEUE.key)
    story.send(waitlist.JoinWaitlist(QUEUE, "w-1", "ann", "card-ok"))
    story.send(waitlist.JoinWaitlist(QUEUE, "w-2", "bob", "card-ok"))
    story.send(waitlist.OfferSlot(QUEUE, waitlist.Opening(DAY, TEN_US, TEN_US + TERMS.slot_us, turn=3)))
    assert story.send(waitlist.AcceptOffer(QUEUE, "w-1", "a-1", TEN_US, ("room-1",))) == ["OfferAccepted"]
    return story


def test_who_is_being_booked_is_neither_asked_nor_waiting_and_is_settled_once(accepted: Story) -> None:
    another = waitlist.Opening(DAY, TEN_US + 2 * TERMS.slot_us, TEN_US + 3 * TERMS.slot_us, turn=4)
    assert accepted.send(waitlist.LeaveWaitlist(QUEUE, "w-1")) == ["Refused"]
    assert [event.entry_id for event in accepted.events(waitlist.OfferSlot(QUEUE, another))] == ["w-2"]
    assert accepted.send(waitlist.SettleOffer(QUEUE, "w-1", "a-0")) == []
    assert accepted.send(waitlist.SettleOffer(QUEUE, "w-1", "a-1")) == ["OfferBooked"]
    assert accepted.send(waitlist.SettleOffer(QUEUE, "w-1", "a-1", "slot-taken")) == []
    assert accepted.send(waitlist.JoinWaitlist(QUEUE, "w-3", "ann", "card-ok")) == ["WaitlistJoined"]


def test_a_slot_that_somebody_has_taken_meanwhile_is_not_passed_on(accepted: Story) -> None:
    taken = waitlist.WithdrawOffer(QUEUE, TEN_US, TEN_US + 1, turn=4)
    assert accepted.send(taken) == ["OpeningPassed"]
    assert accepted.send(taken) == []
    assert accepted.send(waitlist.SettleOffer(QUEUE, "w-1", "a-1", "slot-taken")) == ["OfferFellThrough"]


@pytest.mark.parametrize(
    ("reason", "events"),
    [
        ("slot-taken", ["OfferFellThrough", "OfferMade"]),  # held, it may be, by somebody who does not take it
        ("one-per-week", ["OfferFellThrough", "OfferMade"]),
        ("outside-hours", ["OfferFellThrough"]),
        ("no-room", ["OfferFellThrough"]),
    ],
)
def test_what_somebody_else_could_have_is_passed_on(accepted: Story, reason: str, events: list[str]) -> None:
    assert accepted.send(waitlist.SettleOffer(QUEUE, "w-1", "a-1", reason)) == events


def test_a_slot_that_is_offered_again_already_is_not_offered_twice(accepted: Story) -> None:
    again = waitlist.Opening(DAY, TEN_US, TEN_US + TERMS.slot_us, turn=5)
    assert accepted.send(waitlist.OfferSlot(QUEUE, again)) == ["OfferMade"]
    assert accepted.send(waitlist.SettleOffer(QUEUE, "w-1", "a-1", "hold-expired")) == ["OfferFellThrough"]
