"""Calls, the ids that they give, the problems that they meet, and when a failed effect is tried again."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_services.kernel import problem as problems
from reference_services.kernel.effect import Effect, RetryPlan, answer_id
from reference_services.kernel.message import Event
from reference_services.kernel.operation import Call, Outcome, Principal, command_id_of, is_client_command
from reference_services.kernel.outside import MessageReceipt, PaymentReport
from reference_services.kernel.problem import NOT_FOUND, Problem, ProblemKind

ANN = Principal("ann", "customer")
EFFECT = Effect("authorize", Event, lambda event: None, lambda event, answer: None)
KINDS = [kind for kind in vars(problems).values() if isinstance(kind, ProblemKind)]


def test_a_repeated_call_asks_for_the_same_command() -> None:
    assert command_id_of(ANN, "place_order", "key-1") == command_id_of(ANN, "place_order", "key-1")
    assert command_id_of(ANN, "place_order", "key-1").startswith("c-")
    assert is_client_command(command_id_of(ANN, "place_order", "key-1"))


@pytest.mark.parametrize(
    ("principal", "operation", "key"),
    [
        (Principal("bob", "customer"), "place_order", "key-1"),
        (Principal("ann", "staff"), "place_order", "key-1"),
        (ANN, "cancel_order", "key-1"),
        (ANN, "place_order", "key-2"),
    ],
    ids=["another caller", "another role", "another operation", "another key"],
)
def test_another_call_asks_for_another_command(principal: Principal, operation: str, key: str) -> None:
    assert command_id_of(principal, operation, key) != command_id_of(ANN, "place_order", "key-1")


def test_a_call_names_what_it_creates_after_itself() -> None:
    call = Call(ANN, {}, None, "c-1", 0)

    assert call.new_id("order") == call.new_id("order")
    assert call.new_id("order").startswith("order-")
    assert call.new_id("order").removeprefix("order-") != call.new_id("cart").removeprefix("cart-")
    assert call.new_id("order") != Call(ANN, {}, None, "c-2", 0).new_id("order")


def test_an_outcome_is_the_end_of_it_unless_it_says_otherwise() -> None:
    outcome = Outcome("body")

    assert outcome.settled
    assert not outcome.refused


def test_a_problem_is_told_as_rfc_9457_has_it() -> None:
    assert Problem(NOT_FOUND, "there is no mug", sku="mug").body() == {
        "type": "urn:doorbuster:problem:not-found",
        "title": "There is no such thing",
        "status": 404,
        "detail": "there is no mug",
        "sku": "mug",
    }


@pytest.mark.parametrize(("detail", "text"), [("there is no mug", "there is no mug"), ("", "There is no such thing")])
def test_a_problem_reads_well_in_a_log(detail: str, text: str) -> None:
    assert str(Problem(NOT_FOUND, detail)) == text


def test_every_kind_of_problem_has_a_name_of_its_own() -> None:
    assert len(KINDS) >= 12
    assert len({kind.slug for kind in KINDS}) == len(KINDS)
    assert all(400 <= kind.status < 600 for kind in KINDS)


@given(st.integers(1, 60), st.integers(), st.integers(1, 10**9), st.integers(0, 10**9))
def test_a_pause_lies_between_nothing_and_its_ceiling(attempt: int, seed: int, base_us: int, more_us: int) -> None:
    plan = RetryPlan(base_us=base_us, cap_us=base_us + more_us)

    pause_us = plan.pause_us(attempt, random.Random(seed))

    assert 0 <= pause_us <= min(plan.cap_us, base_us * 2 ** (attempt - 1))


def test_pauses_are_spread_over_their_whole_range() -> None:
    draw, plan = random.Random(1), RetryPlan(base_us=1_000, cap_us=4_000)

    pauses = [plan.pause_us(9, draw) for _ in range(500)]

    assert min(pauses) < 100
    assert max(pauses) > 3_900


def test_each_answer_to_a_call_is_a_command_of_its_own() -> None:
    captured, declined = PaymentReport("p", "captured", 5, 5, 0, "c"), PaymentReport("p", "declined")
    answers = [answer_id("payment/p/1/0", EFFECT, answer) for answer in (captured, declined, MessageReceipt("m"), None)]

    assert answers == [
        "payment/p/1/0:authorize:captured",
        "payment/p/1/0:authorize:declined",
        "payment/p/1/0:authorize:done",
        "payment/p/1/0:authorize:gave-up",
    ]
