"""The limit per customer by example: over all live orders, from two devices too."""

from __future__ import annotations

import pytest
from given_when_then import Given, given

from reference_services.bookstore.allowances import (
    ENDED_KEPT,
    Allowance,
    AllowanceClaimed,
    AllowanceDecider,
    AllowanceRefused,
    AllowanceReleased,
    ClaimAllowance,
    ReleaseAllowance,
)
from reference_services.kernel.message import Event

LIMIT = 2


def an_allowance(*events: Event) -> Given[Allowance]:
    """What Ann has of hoodies."""
    return given(AllowanceDecider(), *events, key="ann/hoodie")


def claim(order_id: str, units: int, limit: int = LIMIT) -> ClaimAllowance:
    return ClaimAllowance("ann", "hoodie", order_id, units, limit)


def claimed(order_id: str, units: int) -> AllowanceClaimed:
    return AllowanceClaimed("ann", "hoodie", order_id, units)


@pytest.mark.parametrize(
    ("has", "wants", "may"), [(0, 1, True), (0, 2, True), (0, 3, False), (1, 1, True), (1, 2, False), (2, 1, False)]
)
def test_no_more_than_the_limit_over_all_live_orders(has: int, wants: int, may: bool) -> None:
    allowance = an_allowance(*(claimed(f"o-{number}", 1) for number in range(has)))

    answer = claimed("new", wants) if may else AllowanceRefused("ann", "hoodie", "new", wants)

    allowance.when(claim("new", wants)).then(answer)


def test_two_devices_of_one_customer_meet_in_one_place() -> None:
    decider = AllowanceDecider()
    phone, laptop = claim("from-phone", 2), claim("from-laptop", 2)

    assert decider.subject(phone) == decider.subject(laptop) == "allowance/ann/hoodie"
    an_allowance().when(phone).then(claimed("from-phone", 2)).when(laptop).then(
        AllowanceRefused("ann", "hoodie", "from-laptop", 2)
    )


@pytest.mark.parametrize(
    "other", [ClaimAllowance("bob", "hoodie", "o-2", 1, LIMIT), ClaimAllowance("ann", "mug", "o-2", 1, LIMIT)]
)
def test_each_customer_has_an_allowance_of_each_product(other: ClaimAllowance) -> None:
    decider = AllowanceDecider()

    assert decider.subject(other) != decider.subject(claim("o-1", 1))


def test_what_an_ended_order_had_can_be_had_again() -> None:
    allowance = an_allowance(claimed("o-1", 2)).when(ReleaseAllowance("ann", "hoodie", "o-1"))
    free = allowance.then(AllowanceReleased("ann", "hoodie", "o-1", 2))

    free.when(claim("o-2", 2)).then(claimed("o-2", 2))


def test_a_claim_made_twice_counts_once() -> None:
    an_allowance(claimed("o-1", 1)).when(claim("o-1", 1)).then_nothing()


def test_a_claim_that_comes_after_its_release_is_turned_away() -> None:
    release = ReleaseAllowance("ann", "hoodie", "o-2")
    ended = an_allowance(claimed("o-1", 1)).when(release).then(AllowanceReleased("ann", "hoodie", "o-2", 0))

    ended.when(release).then_nothing()
    ended.when(claim("o-2", 1)).then_nothing()
    ended.when(claim("o-3", 1)).then(claimed("o-3", 1)).when(claim("o-2", 1, limit=9)).then_nothing()


def test_of_ended_orders_only_the_latest_are_kept() -> None:
    released = (AllowanceReleased("ann", "hoodie", f"o-{number}", 0) for number in range(ENDED_KEPT + 1))
    allowance = an_allowance(*released)

    assert len(allowance.state.ended) == ENDED_KEPT
    allowance.when(claim("o-1", 1)).then_nothing()
    allowance.when(claim("o-0", 1)).then(claimed("o-0", 1))
