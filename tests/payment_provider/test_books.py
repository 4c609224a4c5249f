"""The rules of the card gateway, one by one and under any order of requests."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_services.kernel.outside import (
    MOST_CENTS,
    Authorize,
    Capture,
    LookUp,
    MessageReceipt,
    OutsideRequest,
    PaymentReport,
    Refund,
    SendMessage,
    Void,
)
from reference_services.payment_provider.books import Books, CardTerms, Handled, KeyReused

NOW_US = 1_000_000
DUE_US = 1_500_000
EXPIRES_US = 9_000_000
TERMS = CardTerms(declined=False, capture_due_us=DUE_US, expires_at_us=EXPIRES_US)
DECLINING = CardTerms(declined=True, capture_due_us=DUE_US, expires_at_us=EXPIRES_US)


def authorize(books: Books, *, card: str = "card-17", terms: CardTerms = TERMS, capture: str = "automatic") -> Handled:
    return books.handle(Authorize("a", "p", 1_000, card, capture), NOW_US, terms)  # type: ignore[arg-type]


def ask(books: Books, request: OutsideRequest, now_us: int = NOW_US) -> PaymentReport:
    answer = books.handle(request, now_us, TERMS).answer
    assert isinstance(answer, PaymentReport)
    return answer


def look_up(books: Books, now_us: int = NOW_US) -> PaymentReport:
    return ask(books, LookUp("l", "p"), now_us)


def test_an_authorization_is_captured_when_due_and_tells_once() -> None:
    books = Books()
    handled = authorize(books)
    assert handled.answer == PaymentReport("p", "authorized", 1_000)
    assert (handled.movement, handled.capture_due_us) == (None, DUE_US)
    assert list(books.captures_due()) == [("p", DUE_US)]

    movement = books.settle("p", DUE_US)
    assert movement is not None
    assert movement.webhook.type == "payment.captured"
    assert movement.webhook.report == look_up(books)
    assert look_up(books) == PaymentReport(
        "p", "captured", 1_000, captured_cents=1_000, capture_id=movement.entry.entry_id
    )
    assert list(books.ledger) == [movement.entry]
    assert list(books.captures_due()) == []
    assert books.settle("p", DUE_US) is None


def test_the_issuer_declines_and_the_decline_stays() -> None:
    books = Books()
    assert authorize(books, terms=DECLINING).answer == PaymentReport("p", "declined", 1_000, reason="card-declined")
    again = ask(books, Authorize("b", "p", 1_000, "card-ok"))
    assert again.status == "declined"
    assert books.settle("p", DUE_US) is None
    assert ask(books, Void("v", "p")).status == "declined"


@pytest.mark.parametrize(("amount_cents", "status"), [(MOST_CENTS, "authorized"), (MOST_CENTS + 1, "declined")])
def test_no_card_is_charged_with_more_than_an_amount_can_say(amount_cents: int, status: str) -> None:
    books = Books()
    assert ask(books, Authorize("a", "p", amount_cents, "card-ok")).status == status
    report = msgspec.json.encode(look_up(books))
    assert msgspec.json.decode(report, type=PaymentReport).status == status


@pytest.mark.parametrize(
    ("card", "terms", "status"),
    [("card-ok", DECLINING, "authorized"), ("card-declined", TERMS, "declined")],
)
def test_magic_cards_overrule_the_issuer(card: str, terms: CardTerms, status: str) -> None:
    assert authorize(Books(), card=card, terms=terms).answer.status == status  # type: ignore[union-attr]


def test_a_void_lets_the_authorization_go() -> None:
    books = Books()
    authorize(books)
    assert ask(books, Void("v", "p")).status == "voided"
    assert books.settle("p", DUE_US) is None
    assert list(books.captures_due()) == []
    assert ask(books, Capture("c", "p", 1_000)).status == "voided"


def test_a_void_ahead_of_its_authorization_wins() -> None:
    books = Books()
    assert ask(books, Void("v", "p")).status == "voided"
    handled = authorize(books)
    assert isinstance(handled.answer, PaymentReport)
    assert (handled.answer.status, handled.capture_due_us) == ("voided", 0)
    assert books.settle("p", DUE_US) is None


def test_a_void_that_comes_too_late_reports_the_capture() -> None:
    books = Books()
    authorize(books)
    books.settle("p", DUE_US)
    assert ask(books, Void("v", "p")).status == "captured"


def test_a_refund_gives_the_money_back_once() -> None:
    books = Books()
    authorize(books)
    books.settle("p", DUE_US)
    handled = books.handle(Refund("r", "p", 1_000), NOW_US, TERMS)
    assert handled.movement is not None
    assert handled.movement.webhook.type == "payment.refunded"
    assert handled.answer == handled.movement.webhook.report
    assert look_up(books).refund_id == handled.movement.entry.entry_id
    second = books.handle(Refund("another key", "p", 1_000), NOW_US, TERMS)
    assert (second.answer, second.movement) == (handled.answer, None)
    assert [entry.kind for entry in books.ledger] == ["capture", "refund"]


def test_refunds_in_parts_add_up_to_the_capture() -> None:
    books = Books()
    authorize(books)
    books.settle("p", DUE_US)
    assert ask(books, Refund("r1", "p", 400)).status == "captured"
    refused = ask(books, Refund("r2", "p", 601))
    assert (refused.reason, refused.refunded_cents) == ("more-than-captured", 400)
    assert ask(books, Refund("r3", "p", 600)).status == "refunded"
    assert len({entry.entry_id for entry in books.ledger}) == 3


def test_a_refund_before_the_capture_is_refused_and_changes_nothing() -> None:
    books = Books()
    authorize(books)
    assert ask(books, Refund("r", "p", 1_000)).reason == "not-captured"
    assert look_up(books) == PaymentReport("p", "authorized", 1_000)


def test_manual_capture_takes_a_part_and_no_more_than_was_authorized() -> None:
    books = Books()
    assert authorize(books, capture="manual").capture_due_us == 0
    assert ask(books, Capture("c1", "p", 1_001)).reason == "more-than-authorized"
    assert ask(books, Capture("c2", "p", 700)).captured_cents == 700
    assert ask(books, Capture("c3", "p", 300)).captured_cents == 700
    assert [entry.amount_cents for entry in books.ledger] == [700]


def test_an_authorization_ends_by_itself() -> None:
    books = Books()
    authorize(books, capture="manual")
    assert look_up(books, EXPIRES_US - 1).status == "authorized"
    late = ask(books, Capture("c", "p", 1_000), EXPIRES_US)
    assert (late.status, late.reason) == ("voided", "authorization-expired")
    assert books.settle("p", EXPIRES_US) is None


def test_nobody_has_heard_of_it() -> None:
    books = Books()
    assert look_up(books).status == "unknown"
    assert ask(books, Refund("r", "p", 1)).status == "unknown"
    assert ask(books, Capture("c", "p", 1)).status == "unknown"
    assert authorize(books).answer.status == "authorized"  # type: ignore[union-attr]


def test_a_message_is_taken_on_once_and_the_asking_is_counted() -> None:
    books = Books()
    request = SendMessage("m", "anna", "receipt", "Thank you.")
    first = books.handle(request, NOW_US, TERMS).answer
    assert isinstance(first, MessageReceipt)
    assert books.handle(request, NOW_US + 5, TERMS).answer == first
    (notice,) = books.notices
    assert (notice.message_id, notice.requests, notice.time_us) == (first.message_id, 2, NOW_US)


def test_a_key_with_another_request_is_refused() -> None:
    books = Books()
    authorize(books)
    for other in (Authorize("a", "p", 999, "card-17"), Void("a", "p"), SendMessage("a", "anna", "receipt", "")):
        with pytest.raises(KeyReused):
            books.handle(other, NOW_US, TERMS)


payments = st.sampled_from(["p", "q"])
amounts = st.integers(1, 30)
keys = st.integers(0, 40).map(str)
requests = st.one_of(
    st.builds(
        Authorize,
        keys,
        payments,
        amounts,
        st.sampled_from(["card-ok", "any", "card-declined"]),
        st.sampled_from(["automatic", "manual"]),
    ),
    st.builds(Capture, keys, payments, amounts),
    st.builds(Void, keys, payments),
    st.builds(Refund, keys, payments, amounts),
    st.builds(LookUp, keys, payments),
)
happenings = st.lists(st.tuples(st.integers(0, 8), st.one_of(requests, payments)), max_size=40)


@given(happenings)
@settings(max_examples=200)
def test_money_is_kept_together_under_any_order_of_requests(happenings: list[tuple[int, OutsideRequest | str]]) -> None:
    books = Books()
    answers: dict[OutsideRequest, object] = {}
    now_us = 0
    for pause_us, happening in happenings:
        now_us += pause_us
        terms = CardTerms(declined=now_us % 7 == 0, capture_due_us=now_us + 5, expires_at_us=now_us + 40)
        if isinstance(happening, str):
            books.settle(happening, now_us)
        else:
            try:
                answer = books.handle(happening, now_us, terms).answer
            except KeyReused:
                continue
            if not isinstance(happening, LookUp):
                assert answers.setdefault(happening, answer) == answer
        assert_money_adds_up(books, now_us)
    booked = len(books.ledger)
    for request, answer in answers.items():
        assert books.handle(request, now_us, TERMS).answer == answer
    assert len(books.ledger) == booked


def assert_money_adds_up(books: Books, now_us: int) -> None:
    moved = Counter[tuple[str, str]]()
    for entry in books.ledger:
        moved[entry.payment_id, entry.kind] += entry.amount_cents
    assert len({entry.entry_id for entry in books.ledger}) == len(books.ledger)
    for payment_id in ("p", "q"):
        report = ask(books, LookUp("", payment_id), now_us)
        assert report.refunded_cents <= report.captured_cents <= report.amount_cents
        assert report.captured_cents == moved[payment_id, "capture"]
        assert report.refunded_cents == moved[payment_id, "refund"]
        assert (report.status in ("captured", "refunded")) == (report.captured_cents > 0)
