"""What is charged to a rider and what is given back: fares, lost bikes, disputes."""

from __future__ import annotations

from bike_examples import DAY, HOUR_US, NOW_US, TERMS, Told, names, told

from reference_services.bikeshare.account_messages import (
    ChargeAgain,
    ChargeLostBike,
    ChargeRequested,
    ComputeFare,
    DisputeSettled,
    FareComputed,
    FeeCharged,
    FeeReversed,
    HoldPlaced,
    HoldReleased,
    OpenDispute,
    PlaceHold,
    RecordPaid,
    RecordRefund,
    RecordUnpaid,
    RefundStarted,
    RequestCharge,
    ReversalDeferred,
    ReverseLostBike,
    SettleDispute,
)
from reference_services.bikeshare.accounts import Account, AccountDecider

ACCOUNT = AccountDecider(TERMS)
FEE_CENTS = TERMS.lost_bike_fee_cents
DUE_US = NOW_US + TERMS.hold_us
AGAIN_US = NOW_US + TERMS.charge_again_after_us
RIDDEN = ComputeFare("ann", "t-1", DAY, NOW_US, NOW_US + HOUR_US, 0)
FARE = ChargeRequested("ann", "t-1-fare", "fare", "t-1", 400, "card", 1, "t-1-fare-1")
PAID = RecordPaid("ann", "t-1-fare", "t-1-fare-1", 400)
UNPAID = RecordUnpaid("ann", "t-1-fare", "t-1-fare-1")
FEE_PAID = RecordPaid("ann", "t-1-lost", "t-1-lost-1", FEE_CENTS)


def ann() -> Told[Account]:
    """Ann has bought a pass, so her card is known."""
    account = told(ACCOUNT, "ann")
    account.asked(RequestCharge("ann", "pass-1-1", "pass", "pass-1", 1_000, "card"))
    account.asked(RecordPaid("ann", "pass-1-1", "pass-1-1-1", 1_000))
    return account


def with_lost_bike(*, paid: bool = True) -> Told[Account]:
    """Ann's bike is missing and its fee is charged."""
    account = ann()
    account.asked(PlaceHold("ann", "t-1"))
    account.asked(ChargeLostBike("ann", "t-1"), DUE_US)
    if paid:
        account.asked(FEE_PAID)
    return account


def test_a_fare_is_computed_and_charged_once() -> None:
    account = ann()
    fare = FareComputed("ann", "t-1", DAY, NOW_US, NOW_US + HOUR_US, 0, 400)
    assert account.asked(RIDDEN) == [fare, FARE]
    assert account.asked(RIDDEN) == []
    assert names(account.asked(PAID)) == ["ChargeSucceeded"]
    assert account.asked(PAID) == []
    assert account.asked(UNPAID) == []


def test_a_ride_within_what_is_included_costs_nothing() -> None:
    short = ComputeFare("ann", "t-1", DAY, NOW_US, NOW_US + 1, 0)
    assert names(ann().asked(short)) == ["FareComputed"]


def test_a_fare_that_was_not_paid_is_asked_for_again_and_then_no_more() -> None:
    account = ann()
    account.asked(RIDDEN)
    again = ChargeAgain("ann", "t-1-fare")
    for attempt in (1, 2):
        payment_id = f"t-1-fare-{attempt}"
        assert names(account.asked(RecordUnpaid("ann", "t-1-fare", payment_id))) == ["ChargeFailed"]
        assert list(ACCOUNT.deadlines(account.state)) == [(AGAIN_US, again)]
        assert account.asked(again, AGAIN_US - 1) == []
        assert names(account.asked(again, AGAIN_US)) == ["ChargeRequested"]
    account.asked(RecordUnpaid("ann", "t-1-fare", "t-1-fare-3"))
    assert list(ACCOUNT.deadlines(account.state)) == []


def test_a_hold_comes_first_and_the_fee_when_it_is_over() -> None:
    account = ann()
    assert account.asked(PlaceHold("ann", "t-1")) == [HoldPlaced("ann", "t-1", FEE_CENTS, DUE_US)]
    assert account.asked(PlaceHold("ann", "t-1")) == []
    assert list(ACCOUNT.deadlines(account.state)) == [(DUE_US, ChargeLostBike("ann", "t-1"))]
    assert account.asked(ChargeLostBike("ann", "t-1"), DUE_US - 1) == []
    charged = account.asked(ChargeLostBike("ann", "t-1"), DUE_US)
    assert charged[0] == FeeCharged("ann", "t-1", "t-1-lost", FEE_CENTS)
    assert names(charged) == ["FeeCharged", "ChargeRequested"]
    assert account.asked(ChargeLostBike("ann", "t-1"), DUE_US) == []


def test_a_hold_is_released_once() -> None:
    account = ann()
    account.asked(PlaceHold("ann", "t-1"))
    assert account.asked(ReverseLostBike("ann", "t-1")) == [HoldReleased("ann", "t-1")]
    assert account.asked(ReverseLostBike("ann", "t-1")) == []
    assert account.asked(ChargeLostBike("ann", "t-1"), DUE_US) == []


def test_a_hold_that_is_overtaken_by_its_reversal_is_not_placed() -> None:
    account = ann()
    assert account.asked(ReverseLostBike("ann", "t-1")) == [HoldReleased("ann", "t-1")]
    assert account.asked(ReverseLostBike("ann", "t-1")) == []
    assert account.asked(PlaceHold("ann", "t-1")) == []


def test_a_fee_is_reversed_once_and_its_money_goes_back() -> None:
    account = with_lost_bike()
    reversal = [
        FeeReversed("ann", "t-1", "t-1-lost", FEE_CENTS),
        RefundStarted("ann", "t-1-lost", "t-1-lost-1", FEE_CENTS),
    ]
    assert account.asked(ReverseLostBike("ann", "t-1")) == reversal
    assert account.asked(ReverseLostBike("ann", "t-1")) == []
    assert names(account.asked(RecordRefund("ann", "t-1-lost"))) == ["ChargeRefunded"]
    assert account.asked(RecordRefund("ann", "t-1-lost")) == []


def test_a_fee_that_is_reversed_before_it_is_paid_goes_back_when_it_comes() -> None:
    account = with_lost_bike(paid=False)
    assert names(account.asked(ReverseLostBike("ann", "t-1"))) == ["FeeReversed"]
    assert names(account.asked(FEE_PAID)) == ["ChargeSucceeded", "RefundStarted"]


def test_a_fee_that_is_reversed_and_declined_is_not_asked_for_again() -> None:
    account = with_lost_bike(paid=False)
    account.asked(ReverseLostBike("ann", "t-1"))
    account.asked(RecordUnpaid("ann", "t-1-lost", "t-1-lost-1"))
    assert list(ACCOUNT.deadlines(account.state)) == []


def test_a_dispute_freezes_the_fee_until_it_is_settled() -> None:
    for upheld in (True, False):
        account = with_lost_bike()
        assert names(account.asked(OpenDispute("ann", "t-1-lost"))) == ["DisputeOpened"]
        assert account.asked(ReverseLostBike("ann", "t-1")) == [ReversalDeferred("ann", "t-1")]
        assert account.asked(ReverseLostBike("ann", "t-1")) == []
        settled = account.asked(SettleDispute("ann", "t-1-lost", upheld))
        assert names(settled) == ["DisputeSettled", "FeeReversed", "RefundStarted"]
        assert account.refuses(SettleDispute("ann", "t-1-lost", upheld)) == "not-disputed"


def test_a_dispute_that_is_upheld_gives_the_money_back_once() -> None:
    account = with_lost_bike()
    account.asked(OpenDispute("ann", "t-1-lost"))
    settled = account.asked(SettleDispute("ann", "t-1-lost", upheld=True))
    assert settled[0] == DisputeSettled("ann", "t-1-lost", upheld=True)
    assert names(settled) == ["DisputeSettled", "RefundStarted"]
    assert names(account.asked(ReverseLostBike("ann", "t-1"))) == ["FeeReversed"]
    assert account.refuses(OpenDispute("ann", "t-1-lost")) == "not-disputable"


def test_a_disputed_charge_is_not_tried_again_until_that_is_settled() -> None:
    account = ann()
    account.asked(RIDDEN)
    assert account.refuses(OpenDispute("ann", "t-1-fare")) == "not-disputable"
    account.asked(UNPAID)
    account.asked(OpenDispute("ann", "t-1-fare"))
    assert account.refuses(OpenDispute("ann", "t-1-fare")) == "not-disputable"
    assert list(ACCOUNT.deadlines(account.state)) == []
    assert account.asked(ChargeAgain("ann", "t-1-fare"), AGAIN_US) == []
    account.asked(SettleDispute("ann", "t-1-fare", upheld=False))
    assert names(account.asked(ChargeAgain("ann", "t-1-fare"), AGAIN_US)) == ["ChargeRequested"]


def test_a_failed_charge_whose_dispute_is_upheld_is_written_off() -> None:
    account = ann()
    account.asked(RIDDEN)
    account.asked(UNPAID)
    account.asked(OpenDispute("ann", "t-1-fare"))
    assert names(account.asked(SettleDispute("ann", "t-1-fare", upheld=True))) == ["DisputeSettled"]
    assert list(ACCOUNT.deadlines(account.state)) == []


def test_nobody_disputes_what_there_is_not() -> None:
    assert ann().refuses(OpenDispute("ann", "t-9-fare")) == "no-such-charge"
