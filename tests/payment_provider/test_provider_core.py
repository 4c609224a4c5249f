"""The provider without its host: what an attempt leads to under each fate, and that facts make the same books again."""

from __future__ import annotations

import msgspec
import pytest

from reference_services.kernel.outside import Authorize, LookUp, PaymentReport, Refund, SendMessage
from reference_services.payment_provider import provider as provider_module
from reference_services.payment_provider.misbehaviour import EARLY_HEAD_START_US, Misbehaviour
from reference_services.payment_provider.provider import CaptureSettled, Fact, Provider, RequestTaken

AUTHORIZE = Authorize("p", "p", 1_000, "card-ok")


def provider(**knobs: float) -> Provider:
    return Provider(7, msgspec.convert(knobs, Misbehaviour))


def test_an_answered_authorization_settles_after_its_answer() -> None:
    bank = provider()
    reaction = bank.receive(AUTHORIZE, 100)
    assert (reaction.fate, reaction.answer) == ("answered", PaymentReport("p", "authorized", 1_000))
    assert reaction.settlement is not None
    assert reaction.settlement.due_us > 100 + reaction.answer_after_us
    assert bank.settlements() == [reaction.settlement]

    booked = bank.settle("p", reaction.settlement.due_us)
    assert booked is not None
    assert [delivery.after_us for delivery in booked.deliveries] == [0]
    assert bank.settle("p", reaction.settlement.due_us + 1) is None


def test_a_repeated_request_gets_the_same_answer_and_settles_nothing_again() -> None:
    bank = provider()
    first = bank.receive(AUTHORIZE, 100)
    second = bank.receive(AUTHORIZE, 200)
    assert (second.answer, second.settlement) == (first.answer, None)


@pytest.mark.parametrize("knob", ["lost_request_share", "error_share"])
def test_what_never_arrives_or_fails_at_once_is_not_done(knob: str) -> None:
    bank = provider(**{knob: 1.0})
    reaction = bank.receive(AUTHORIZE, 100)
    assert (reaction.answer, reaction.settlement) == (None, None)
    bank.misbehaviour = Misbehaviour()
    report = bank.receive(LookUp("l", "p"), 200).answer
    assert isinstance(report, PaymentReport)
    assert report.status == "unknown"


@pytest.mark.parametrize("knob", ["error_after_commit_share", "timeout_share"])
def test_what_fails_later_is_done_all_the_same(knob: str) -> None:
    bank = provider(**{knob: 1.0})
    reaction = bank.receive(AUTHORIZE, 100)
    assert reaction.answer is None
    assert reaction.settlement is not None
    bank.misbehaviour = Misbehaviour()
    assert bank.receive(AUTHORIZE, 200).answer == PaymentReport("p", "authorized", 1_000)


def test_early_webhooks_leave_before_the_answer() -> None:
    bank = provider(webhook_early_share=1.0, latency_median_us=10, latency_p99_us=10)
    reaction = bank.receive(AUTHORIZE, 100)
    assert reaction.answer_after_us == EARLY_HEAD_START_US
    assert reaction.settlement is not None
    assert reaction.settlement.due_us == 100
    bank.settle("p", 100)
    refund = bank.receive(Refund("r", "p", 1_000), 200)
    assert refund.booked is not None
    assert [delivery.after_us for delivery in refund.booked.deliveries] == [0]


def test_webhooks_of_a_refund_leave_with_its_answer() -> None:
    bank = provider()
    bank.receive(AUTHORIZE, 100)
    bank.settle("p", 200)
    refund = bank.receive(Refund("r", "p", 1_000), 300)
    assert refund.booked is not None
    assert [delivery.after_us for delivery in refund.booked.deliveries] == [refund.answer_after_us]


def test_a_lost_webhook_leaves_the_booking() -> None:
    bank = provider(webhook_lost_share=1.0)
    bank.receive(AUTHORIZE, 100)
    booked = bank.settle("p", 200)
    assert booked is not None
    assert booked.deliveries == ()
    assert list(bank.books.ledger) == [booked.entry]


def test_facts_make_the_same_books_again() -> None:
    facts: list[Fact] = []
    bank = Provider(7, msgspec.convert({"decline_share": 0.5}, Misbehaviour), facts.append)
    for number in range(40):
        bank.receive(Authorize(f"p{number}", f"p{number}", 10 + number, "any"), number)
    for number in range(0, 40, 2):
        bank.settle(f"p{number}", 100 + number)
        bank.receive(Refund(f"r{number}", f"p{number}", 10), 200 + number)
        bank.receive(SendMessage(f"m{number}", "anna", "refund", "Here it comes."), 300 + number)

    again = Provider(99, Misbehaviour())
    webhooks = again.rebuild(facts)
    assert list(again.books.ledger) == list(bank.books.ledger)
    assert len(bank.books.ledger) > 10
    assert again.books.notices == bank.books.notices
    assert again.settlements() == bank.settlements()
    assert len(webhooks) == len(bank.books.ledger)
    for number in range(40):
        asked = LookUp("l", f"p{number}")
        assert again.receive(asked, 400).answer == bank.receive(asked, 400).answer


def test_every_fact_is_recorded_before_it_counts_and_only_once() -> None:
    facts: list[Fact] = []
    bank = Provider(7, Misbehaviour(), facts.append)
    bank.receive(AUTHORIZE, 100)
    bank.receive(AUTHORIZE, 150)
    bank.receive(LookUp("l", "p"), 160)
    bank.settle("p", 200)
    assert [type(fact) for fact in facts] == [RequestTaken, CaptureSettled]


def test_what_cannot_be_recorded_does_not_happen() -> None:
    def fail(fact: Fact) -> None:
        raise OSError("no room")

    bank = Provider(7, Misbehaviour(), fail)
    with pytest.raises(OSError, match="no room"):
        bank.receive(AUTHORIZE, 100)
    assert bank.settlements() == []
    assert bank.books.is_new(AUTHORIZE)


def test_attempts_are_counted_for_the_latest_keys_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_module, "ATTEMPTS_KEPT", 2)
    bank = provider(error_share=0.5)

    def fates(key: str) -> list[str]:
        return [bank.receive(LookUp(key, "p"), 100).fate for _ in range(12)]

    first = fates("a")
    assert set(first) == {"answered", "failed"}
    assert fates("a") != first
    fates("b")
    fates("c")
    assert fates("a") == first
