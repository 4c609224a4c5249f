"""Notifications by example: once per cause, and not given up lightly."""

from __future__ import annotations

import pytest
from given_when_then import Given, given

from reference_services.kernel.message import Event
from reference_services.kernel.outside import MessageReceipt, SendMessage
from reference_services.shared.notifications import (
    ATTEMPTS,
    DELIVERY_CALLS,
    Notice,
    NoticeDecider,
    NotificationFailed,
    NotificationRequested,
    NotificationSent,
    RecordDelivery,
    SendAgain,
    SendNotification,
)

NOW_US = 1_788_256_800_000_000
AGAIN_AFTER_US = 120_000_000
AGAIN_AT_US = NOW_US + AGAIN_AFTER_US
MESSAGE_ID = "o-1/receipt"
SEND = SendNotification.about("o-1", "ann", "receipt", "Thank you.")
GOT_THROUGH = RecordDelivery(MESSAGE_ID, delivered=True)
DID_NOT = RecordDelivery(MESSAGE_ID, delivered=False, detail="timed out")
REQUESTED = NotificationRequested(MESSAGE_ID, "ann", "receipt", "Thank you.")
SENT = NotificationSent(MESSAGE_ID, "receipt")
FAILED = NotificationFailed(MESSAGE_ID, "receipt", "timed out", AGAIN_AT_US)


def a_message(*events: Event) -> Given[Notice]:
    """A receipt for Ann, and what has happened to it."""
    return given(NoticeDecider(AGAIN_AFTER_US), *events, key=MESSAGE_ID)


def test_there_is_one_message_of_each_kind_about_each_thing() -> None:
    assert SendNotification(MESSAGE_ID, "ann", "receipt", "Thank you.") == SEND


def test_a_message_is_sent_once_however_often_it_is_asked_for() -> None:
    message = a_message().when(SEND).then(REQUESTED)

    message.when(SEND).then_nothing()
    message.when(GOT_THROUGH).then(SENT).when(SEND).then_nothing()


@pytest.mark.parametrize("told", [GOT_THROUGH, DID_NOT])
def test_what_was_sent_stays_sent(told: RecordDelivery) -> None:
    a_message(REQUESTED, SENT).when(told).then_nothing().waits_for()


@pytest.mark.parametrize("told", [GOT_THROUGH, DID_NOT, SendAgain(MESSAGE_ID)])
def test_nothing_is_recorded_of_a_message_that_nobody_asked_for(told: RecordDelivery | SendAgain) -> None:
    a_message().when(told).then_nothing()


@pytest.mark.parametrize(("at_us", "sends"), [(AGAIN_AT_US - 1, False), (AGAIN_AT_US, True)])
def test_a_message_that_did_not_get_through_is_tried_again_later(at_us: int, sends: bool) -> None:
    message = a_message(REQUESTED).when(DID_NOT, NOW_US).then(FAILED)
    message.waits_for((AGAIN_AT_US, SendAgain(MESSAGE_ID)))

    decided = message.when(SendAgain(MESSAGE_ID), at_us)

    again = NotificationRequested(MESSAGE_ID, "ann", "receipt", "Thank you.", attempt=2)
    assert decided.events == ([again] if sends else [])
    assert DELIVERY_CALLS[0].request(REQUESTED) == DELIVERY_CALLS[0].request(again), "the gateway must recognize it"


def test_a_message_that_got_through_after_all_is_not_tried_again() -> None:
    message = a_message(REQUESTED, FAILED).when(GOT_THROUGH).then(SENT)

    message.waits_for()
    message.when(SendAgain(MESSAGE_ID), AGAIN_AT_US).then_nothing()


def test_a_message_is_given_up_in_the_end() -> None:
    message = a_message(REQUESTED)
    for _ in range(ATTEMPTS - 1):
        message = message.when(DID_NOT, NOW_US).then(FAILED).when(SendAgain(MESSAGE_ID), AGAIN_AT_US).after

    message.when(DID_NOT, NOW_US).then(NotificationFailed(MESSAGE_ID, "receipt", "timed out", 0)).waits_for()


def test_the_message_gateway_is_asked_and_its_word_is_recorded() -> None:
    (effect,) = DELIVERY_CALLS

    assert effect.request(REQUESTED) == SendMessage(MESSAGE_ID, "ann", "receipt", "Thank you.")
    assert effect.answer(REQUESTED, MessageReceipt("m-1")) == GOT_THROUGH
    assert effect.gave_up(REQUESTED, "timed out") == DID_NOT
