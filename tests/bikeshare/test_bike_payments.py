"""Payments: what a report or silence means, in whichever order they come."""

from __future__ import annotations

from bike_examples import NOW_US, TERMS, Told, names, told

from reference_services.bikeshare.account_messages import charge_behind, charge_reference
from reference_services.shared.payments import (
    AskProvider,
    AuthorizationRequested,
    AuthorizePayment,
    CancelPayment,
    Payment,
    PaymentDecider,
    RecordReport,
)

PAYMENT = PaymentDecider(TERMS.ask_provider_after_us)
ASK_AT_US = NOW_US + TERMS.ask_provider_after_us
REFERENCE = charge_reference("ann", "t-1-fare")
COLLECT = AuthorizePayment("p-1", REFERENCE, 400, "card")
REQUESTED = AuthorizationRequested("p-1", REFERENCE, 400, "card", ASK_AT_US)
CAPTURED = RecordReport("p-1", "captured", 400, capture_id="capture-1")


def requested() -> Told[Payment]:
    return told(PAYMENT, "p-1", REQUESTED)


def test_a_payment_is_collected_once() -> None:
    payment = told(PAYMENT, "p-1")
    assert payment.asked(COLLECT) == [REQUESTED]
    assert payment.asked(COLLECT) == []
    assert names(payment.asked(RecordReport("p-1", "authorized"))) == ["PaymentAuthorized"]
    assert names(payment.asked(CAPTURED)) == ["PaymentCaptured"]
    assert names(payment.asked(CAPTURED)) == ["ReportIgnored"]
    assert list(PAYMENT.deadlines(payment.state)) == []


def test_a_capture_may_overtake_its_authorization() -> None:
    payment = requested()
    assert names(payment.asked(CAPTURED)) == ["PaymentAuthorized", "PaymentCaptured"]
    assert payment.asked(RecordReport("p-1", "authorized")) == []


def test_a_decline_is_final() -> None:
    payment = requested()
    assert names(payment.asked(RecordReport("p-1", "declined"))) == ["PaymentDeclined"]
    assert names(payment.asked(CAPTURED)) == ["ReportIgnored"]


def test_silence_is_asked_about_and_an_unknown_payment_is_voided_first() -> None:
    payment = requested()
    assert list(PAYMENT.deadlines(payment.state)) == [(ASK_AT_US, AskProvider("p-1"))]
    assert payment.asked(AskProvider("p-1"), ASK_AT_US - 1) == []
    assert names(payment.asked(AskProvider("p-1"), ASK_AT_US)) == ["PaymentUnresolved"]
    assert names(payment.asked(RecordReport("p-1", "unknown"), ASK_AT_US)) == ["VoidRequested"]
    assert names(payment.asked(AskProvider("p-1"), 2 * ASK_AT_US)) == ["VoidRequested"]
    assert names(payment.asked(RecordReport("p-1", "voided"))) == ["PaymentVoided"]


def test_a_void_that_comes_too_late_leaves_the_money_welcome() -> None:
    payment = requested()
    payment.asked(RecordReport("p-1", "unknown"))
    assert names(payment.asked(CAPTURED)) == ["PaymentAuthorized", "PaymentCaptured"]


def test_nothing_is_given_back_of_a_payment_that_was_never_collected() -> None:
    payment = requested()
    assert names(payment.asked(CancelPayment("p-1"))) == ["VoidRequested"]
    assert payment.asked(CancelPayment("p-1")) == []
    assert names(payment.asked(RecordReport("p-1", "voided"))) == ["PaymentVoided"]


def test_a_payment_names_the_charge_that_it_is_for() -> None:
    assert charge_behind(REQUESTED.reference) == ("ann", "t-1-fare")
    assert charge_behind(charge_reference("city/ann", "t-1-fare")) == ("city/ann", "t-1-fare")


def test_a_refund_is_asked_for_until_it_arrives_once() -> None:
    payment = requested()
    payment.asked(CAPTURED)
    assert names(payment.asked(CancelPayment("p-1"))) == ["RefundRequested"]
    assert payment.asked(CancelPayment("p-1")) == []
    assert names(payment.asked(AskProvider("p-1"), ASK_AT_US)) == ["RefundRequested"]
    back = RecordReport("p-1", "refunded", 400, 400, "capture-1", "refund-1")
    assert names(payment.asked(back)) == ["PaymentRefunded"]
    assert payment.asked(back) == []
