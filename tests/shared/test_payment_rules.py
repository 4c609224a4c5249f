"""A payment by example: whatever the provider says, however often and in whichever order, or if it says nothing."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from given_when_then import Given, given

from reference_services.kernel.message import Command, Event
from reference_services.kernel.outside import Authorize, LookUp, PaymentReport, Refund, Void
from reference_services.shared.payments import (
    ATTEMPTS,
    PAYMENT,
    PROVIDER_CALLS,
    AskProvider,
    AuthorizationRequested,
    AuthorizePayment,
    CancelPayment,
    Payment,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDecider,
    PaymentDeclined,
    PaymentRefunded,
    PaymentUnresolved,
    PaymentVoided,
    RecordReport,
    RefundRequested,
    ReportIgnored,
    VoidRequested,
)

NOW_US = 1_788_256_800_000_000
MINUTE_US = 60_000_000
ASK_AFTER_US = 2 * MINUTE_US
ASK_AT_US = NOW_US + ASK_AFTER_US
ORDER_ID, PAYMENT_ID = "o-1", "o-1/1"
TOTAL_CENTS = 5_000

AUTHORIZATION_REQUESTED = AuthorizationRequested(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, "card-ok", ASK_AT_US)
PAYMENT_AUTHORIZED = PaymentAuthorized(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, ASK_AT_US)
PAYMENT_DECLINED = PaymentDeclined(PAYMENT_ID, ORDER_ID, "card-declined")
PAYMENT_CAPTURED = PaymentCaptured(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, "capture-1")
PAYMENT_UNRESOLVED = PaymentUnresolved(PAYMENT_ID, ORDER_ID, ASK_AT_US, asked=1)
VOID_REQUESTED = VoidRequested(PAYMENT_ID, ORDER_ID, ASK_AT_US, unwanted=True)
VOID_REQUESTED_UNKNOWN = VoidRequested(PAYMENT_ID, ORDER_ID, ASK_AT_US, unwanted=False)
PAYMENT_VOIDED = PaymentVoided(PAYMENT_ID, ORDER_ID)
REFUND_REQUESTED = RefundRequested(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, ASK_AT_US)
PAYMENT_REFUNDED = PaymentRefunded(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, "refund-1")

PAYMENT_STORIES: dict[str, tuple[Event, ...]] = {
    "none": (),
    "requested": (AUTHORIZATION_REQUESTED,),
    "authorized": (AUTHORIZATION_REQUESTED, PAYMENT_AUTHORIZED),
    "unresolved": (AUTHORIZATION_REQUESTED, PAYMENT_UNRESOLVED),
    "voiding": (AUTHORIZATION_REQUESTED, VOID_REQUESTED),
    "declined": (AUTHORIZATION_REQUESTED, PAYMENT_DECLINED),
    "voided": (AUTHORIZATION_REQUESTED, VOID_REQUESTED, PAYMENT_VOIDED),
    "captured": (AUTHORIZATION_REQUESTED, PAYMENT_AUTHORIZED, PAYMENT_CAPTURED),
    "refund_requested": (AUTHORIZATION_REQUESTED, PAYMENT_AUTHORIZED, PAYMENT_CAPTURED, REFUND_REQUESTED),
    "refunded": (AUTHORIZATION_REQUESTED, PAYMENT_AUTHORIZED, PAYMENT_CAPTURED, REFUND_REQUESTED, PAYMENT_REFUNDED),
}

AUTHORIZE = AuthorizePayment(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, "card-ok")
CANCEL = CancelPayment(PAYMENT_ID)
ASK = AskProvider(PAYMENT_ID)
SAID_AUTHORIZED = RecordReport(PAYMENT_ID, "authorized")
SAID_CAPTURED = RecordReport(PAYMENT_ID, "captured", TOTAL_CENTS, 0, "capture-1")
SAID_DECLINED = RecordReport(PAYMENT_ID, "declined", reason="card-declined")
SAID_VOIDED = RecordReport(PAYMENT_ID, "voided")
SAID_REFUNDED = RecordReport(PAYMENT_ID, "refunded", TOTAL_CENTS, TOTAL_CENTS, "capture-1", "refund-1")
SAID_UNKNOWN = RecordReport(PAYMENT_ID, "unknown")
DUPLICATE = ReportIgnored(PAYMENT_ID, "capture-1", "duplicate")
CONTRADICTION = ReportIgnored(PAYMENT_ID, "capture-1", "contradiction")

# What each command leads to in each status, when the provider has been silent for too long. Absent: nothing happens.

TABLE: list[tuple[str, Command, dict[str, str]]] = [
    ("authorize", AUTHORIZE, {"none": "requested"}),
    (
        "cancel",
        CANCEL,
        {
            "requested": "voiding",
            "authorized": "voiding",
            "unresolved": "voiding",
            "captured": "refund_requested",
        },
    ),
    (
        "silence",
        ASK,
        {
            "requested": "unresolved",
            "authorized": "unresolved",
            "unresolved": "unresolved",
            "voiding": "voiding",
            "refund_requested": "refund_requested",
        },
    ),
    ("authorized", SAID_AUTHORIZED, {"requested": "authorized", "unresolved": "authorized"}),
    (
        "captured",
        SAID_CAPTURED,
        {
            "none": "ignored: contradiction",
            "requested": "captured",
            "authorized": "captured",
            "unresolved": "captured",
            "voiding": "refund_requested",
            "declined": "ignored: contradiction",
            "voided": "ignored: contradiction",
            "captured": "ignored: duplicate",
            "refund_requested": "ignored: duplicate",
            "refunded": "ignored: duplicate",
        },
    ),
    ("declined", SAID_DECLINED, {"requested": "declined", "unresolved": "declined", "voiding": "declined"}),
    (
        "voided",
        SAID_VOIDED,
        {"requested": "voided", "authorized": "voided", "unresolved": "voided", "voiding": "voided"},
    ),
    ("refunded", SAID_REFUNDED, {"refund_requested": "refunded"}),
    ("unknown", SAID_UNKNOWN, {"requested": "voiding", "unresolved": "voiding"}),
]


def a_payment(*events: Event) -> Given[Payment]:
    """The first payment for Ann's order, and what has happened to it."""
    return given(PaymentDecider(ASK_AFTER_US), *events, key=PAYMENT_ID)


@pytest.mark.parametrize(("name", "command", "outcomes"), TABLE, ids=[name for name, _, _ in TABLE])
@pytest.mark.parametrize("status", PAYMENT_STORIES)
def test_what_a_command_leads_to(status: str, name: str, command: Command, outcomes: dict[str, str]) -> None:
    payment = a_payment(*PAYMENT_STORIES[status])

    decided = payment.when(command, ASK_AT_US)

    assert payment.state.status == status
    assert outcome_of(decided.events, decided.after.state.status) == outcomes.get(status, "-")


def outcome_of(events: list[Event], status: str) -> str:
    match events:
        case []:
            return "-"
        case [ReportIgnored(reason=reason)]:
            return f"ignored: {reason}"
        case _:
            return status


def test_the_table_covers_every_command_and_every_status() -> None:
    assert {type(command) for _, command, _ in TABLE} == set(PaymentDecider.commands)
    assert set(PAYMENT_STORIES) == set(PAYMENT.statuses)


# The good day, in any order


def test_a_card_is_charged_with_what_the_order_asked_for() -> None:
    payment = a_payment().when(AUTHORIZE, NOW_US).then(AUTHORIZATION_REQUESTED)
    payment = payment.when(SAID_AUTHORIZED, NOW_US).then(PAYMENT_AUTHORIZED)

    payment.when(SAID_CAPTURED, NOW_US).then(PAYMENT_CAPTURED).waits_for()


@pytest.mark.parametrize("reports", permutations([SAID_AUTHORIZED, SAID_CAPTURED, SAID_AUTHORIZED, SAID_CAPTURED]))
def test_reports_may_overtake_each_other_and_come_twice(reports: tuple[RecordReport, ...]) -> None:
    payment, happened = a_payment(AUTHORIZATION_REQUESTED), []
    for report in reports:
        decided = payment.when(report, NOW_US)
        payment, happened = decided.after, happened + decided.events

    assert [type(event) for event in happened if type(event) is not ReportIgnored] == [
        PaymentAuthorized,
        PaymentCaptured,
    ]
    assert happened.count(DUPLICATE) == 1
    assert payment.state.status == "captured"


def test_a_capture_implies_the_authorization_that_nobody_told_of() -> None:
    implied = PaymentAuthorized(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, NOW_US)

    a_payment(AUTHORIZATION_REQUESTED).when(SAID_CAPTURED, NOW_US).then(implied, PAYMENT_CAPTURED)


def test_another_capture_of_the_same_payment_is_a_contradiction() -> None:
    other = RecordReport(PAYMENT_ID, "captured", TOTAL_CENTS, 0, "capture-2")

    a_payment(*PAYMENT_STORIES["captured"]).when(other).then(ReportIgnored(PAYMENT_ID, "capture-2", "contradiction"))


NOT_THE_WHOLE: dict[str, tuple[int, str]] = {
    "nothing": (0, ""),
    "a part": (TOTAL_CENTS - 1, "money-1"),
    "too much": (TOTAL_CENTS + 1, "money-1"),
    "no id": (TOTAL_CENTS, ""),
}


@pytest.mark.parametrize("status", ["requested", "authorized", "unresolved", "voiding"])
@pytest.mark.parametrize(("captured_cents", "capture_id"), NOT_THE_WHOLE.values(), ids=NOT_THE_WHOLE)
def test_only_a_capture_of_the_whole_amount_counts(captured_cents: int, capture_id: str, status: str) -> None:
    payment = a_payment(*PAYMENT_STORIES[status])
    said = RecordReport(PAYMENT_ID, "captured", captured_cents, 0, capture_id)

    ignored = payment.when(said, NOW_US).then(ReportIgnored(PAYMENT_ID, capture_id, "contradiction"))

    ignored.waits_for((ASK_AT_US, ASK))
    assert ignored.when(SAID_CAPTURED, NOW_US).after.state.capture_id == "capture-1"


def test_a_capture_that_is_reported_again_as_another_amount_is_a_contradiction() -> None:
    less = RecordReport(PAYMENT_ID, "captured", TOTAL_CENTS - 1, 0, "capture-1")

    a_payment(*PAYMENT_STORIES["captured"]).when(less).then(CONTRADICTION)


@pytest.mark.parametrize(("refunded_cents", "refund_id"), NOT_THE_WHOLE.values(), ids=NOT_THE_WHOLE)
def test_only_a_refund_of_the_whole_amount_counts(refunded_cents: int, refund_id: str) -> None:
    payment = a_payment(*PAYMENT_STORIES["refund_requested"])
    said = RecordReport(PAYMENT_ID, "refunded", TOTAL_CENTS, refunded_cents, "capture-1", refund_id)

    payment.when(said).then(CONTRADICTION).when(SAID_REFUNDED).then(PAYMENT_REFUNDED)


def test_a_decline_is_final() -> None:
    payment = a_payment(AUTHORIZATION_REQUESTED).when(SAID_DECLINED).then(PAYMENT_DECLINED)

    payment.waits_for()
    payment.when(SAID_CAPTURED).then(CONTRADICTION)


# Silence


@pytest.mark.parametrize(("at_us", "asks"), [(ASK_AT_US - 1, False), (ASK_AT_US, True)])
def test_after_two_minutes_of_silence_the_provider_is_asked(at_us: int, asks: bool) -> None:
    assert ASK_AT_US == NOW_US + 2 * MINUTE_US
    payment = a_payment(AUTHORIZATION_REQUESTED)

    payment.waits_for((ASK_AT_US, ASK))
    decided = payment.when(ASK, at_us)

    next_at_us = at_us + 2 * MINUTE_US
    assert decided.events == ([PaymentUnresolved(PAYMENT_ID, ORDER_ID, next_at_us, asked=1)] if asks else [])


def test_a_silent_provider_is_asked_again_and_each_question_is_a_new_one() -> None:
    payment, keys = a_payment(AUTHORIZATION_REQUESTED), []
    for report in (None, SAID_AUTHORIZED, None, None):
        if report is not None:
            payment = payment.when(report, NOW_US).after
        decided = payment.when(ASK, payment.state.ask_at_us)
        payment = decided.after
        keys.append(request_for(decided.events[0]).idempotency_key)

    assert keys == [f"{PAYMENT_ID}/look-up/{number}" for number in (1, 2, 3, 4)]


@pytest.mark.parametrize("status", ["authorized", "unresolved", "voiding", "refund_requested"])
def test_a_provider_that_never_answers_is_not_asked_for_ever(status: str) -> None:
    payment, asked = a_payment(*PAYMENT_STORIES[status]), a_payment(*PAYMENT_STORIES[status]).state.tries
    while (decided := payment.when(ASK, payment.state.ask_at_us)).events:
        payment, asked = decided.after, asked + 1

    assert asked == ATTEMPTS
    payment.waits_for()
    for report in (SAID_CAPTURED, SAID_REFUNDED):
        payment = payment.when(report, NOW_US).after
    assert payment.state.status in ("captured", "refunded"), "its word counts whenever it comes"


@pytest.mark.parametrize("status", ["captured", "declined", "voided", "refunded", "none"])
def test_a_settled_payment_waits_for_nobody(status: str) -> None:
    a_payment(*PAYMENT_STORIES[status]).waits_for()


def test_a_payment_that_the_provider_does_not_know_is_voided_so_that_it_cannot_succeed_later() -> None:
    payment = a_payment(AUTHORIZATION_REQUESTED, PAYMENT_UNRESOLVED)

    payment.when(SAID_UNKNOWN, NOW_US).then(VOID_REQUESTED_UNKNOWN).when(SAID_VOIDED).then(PAYMENT_VOIDED)


def test_a_payment_that_was_captured_before_its_void_arrived_is_kept_if_the_order_still_wants_it() -> None:
    payment = a_payment(AUTHORIZATION_REQUESTED, PAYMENT_UNRESOLVED, VOID_REQUESTED_UNKNOWN)

    captured = payment.when(SAID_CAPTURED, NOW_US).then(
        PaymentAuthorized(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, NOW_US), PAYMENT_CAPTURED
    )

    captured.waits_for()
    captured.when(CANCEL, NOW_US).then(REFUND_REQUESTED)


def test_an_order_that_ends_while_its_payment_is_being_voided_does_not_want_it_any_more() -> None:
    payment = a_payment(AUTHORIZATION_REQUESTED, PAYMENT_UNRESOLVED, VOID_REQUESTED_UNKNOWN)
    unwanted = payment.when(CANCEL, NOW_US).then(VoidRequested(PAYMENT_ID, ORDER_ID, ASK_AT_US, True, attempt=2))

    unwanted.when(CANCEL, NOW_US).then_nothing()
    unwanted.when(SAID_CAPTURED, NOW_US).then(
        PaymentAuthorized(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, NOW_US), PAYMENT_CAPTURED, REFUND_REQUESTED
    )


@pytest.mark.parametrize("unwanted", [True, False])
def test_a_void_is_repeated_until_it_is_answered(unwanted: bool) -> None:
    first = VoidRequested(PAYMENT_ID, ORDER_ID, ASK_AT_US, unwanted)
    payment = a_payment(AUTHORIZATION_REQUESTED, first)

    payment.waits_for((ASK_AT_US, ASK))
    second = VoidRequested(PAYMENT_ID, ORDER_ID, ASK_AT_US + 2 * MINUTE_US, unwanted, attempt=2)
    payment.when(ASK, ASK_AT_US).then(second)


# Undoing


def test_money_that_was_captured_before_the_void_arrived_goes_back() -> None:
    payment = a_payment(AUTHORIZATION_REQUESTED, PAYMENT_AUTHORIZED, VOID_REQUESTED)

    payment.when(SAID_CAPTURED, NOW_US).then(
        PaymentAuthorized(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, NOW_US), PAYMENT_CAPTURED, REFUND_REQUESTED
    )


def test_a_refund_is_repeated_until_it_is_answered_and_counts_once() -> None:
    payment = a_payment(*PAYMENT_STORIES["refund_requested"])

    payment.waits_for((ASK_AT_US, ASK))
    payment = payment.when(ASK, ASK_AT_US).then(
        RefundRequested(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, ASK_AT_US + 2 * MINUTE_US, attempt=2)
    )
    payment.when(SAID_REFUNDED).then(PAYMENT_REFUNDED).when(SAID_REFUNDED).then_nothing().waits_for()


# Effects


@pytest.mark.parametrize(
    ("event", "request_"),
    [
        (AUTHORIZATION_REQUESTED, Authorize(PAYMENT_ID, PAYMENT_ID, TOTAL_CENTS, "card-ok")),
        (VOID_REQUESTED, Void(f"{PAYMENT_ID}/void", PAYMENT_ID)),
        (REFUND_REQUESTED, Refund(f"{PAYMENT_ID}/refund", PAYMENT_ID, TOTAL_CENTS)),
        (PAYMENT_UNRESOLVED, LookUp(f"{PAYMENT_ID}/look-up/1", PAYMENT_ID)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_the_provider_is_asked(event: Event, request_: Any) -> None:
    assert request_for(event) == request_


@pytest.mark.parametrize(
    "repeated",
    [
        (VOID_REQUESTED, VoidRequested(PAYMENT_ID, ORDER_ID, ASK_AT_US, True, attempt=2)),
        (REFUND_REQUESTED, RefundRequested(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, ASK_AT_US, attempt=2)),
        (AUTHORIZATION_REQUESTED, AuthorizationRequested(PAYMENT_ID, ORDER_ID, TOTAL_CENTS, "card-ok", ASK_AT_US + 1)),
    ],
    ids=["void", "refund", "authorize"],
)
def test_money_is_moved_by_the_same_request_however_often_it_is_sent(repeated: tuple[Event, Event]) -> None:
    first, second = repeated

    assert request_for(first) == request_for(second)


@pytest.mark.parametrize("effect", PROVIDER_CALLS, ids=[effect.name for effect in PROVIDER_CALLS])
def test_every_answer_is_recorded_as_a_webhook_would_be(effect: Any) -> None:
    report = PaymentReport(PAYMENT_ID, "captured", TOTAL_CENTS, TOTAL_CENTS, 0, "capture-1")

    assert effect.answer(AUTHORIZATION_REQUESTED, report) == RecordReport.of(report) == SAID_CAPTURED
    assert effect.gave_up(AUTHORIZATION_REQUESTED, "no answer") is None, "the payment's own deadline asks again"


def request_for(event: Event) -> Any:
    """The call that ``event`` makes necessary; exactly one effect must want it."""
    (effect,) = [effect for effect in PROVIDER_CALLS if effect.on is type(event)]
    return effect.request(event)
