"""Histories that some order explains, and histories that none does."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_services.kernel.linearizability import UNKNOWN, Model, Operation, Timing, check


class Register(Model[int]):
    """A register that is 0 at first: ``("write", n)`` answers ``ok``; ``("read",)`` what is in it; ``("cas", a, b)``
    writes b if a is in it, and answers whether it did."""

    initial = 0

    def step(self, state: int, argument: Any, result: Any) -> int | None:
        match argument:
            case ("write", value):
                return value
            case ("read",):
                return state if result in (state, UNKNOWN) else None
            case ("cas", expected, value):
                swaps = state == expected
                if result not in (swaps, UNKNOWN):
                    return None
                return value if swaps else state
            case _:
                raise AssertionError(argument)

    def timing(self, argument: Any, result: Any) -> Timing:
        return "soonest" if argument[0] == "read" else "any"

    def saw(self, operation: Operation) -> str:
        return f"{operation.client} saw {operation.result}"

    def situation(self, state: int) -> str:
        return f"{state} was in it"


def write(value: int, invoked_us: int, returned_us: int | None) -> Operation:
    return Operation("w", invoked_us, returned_us, ("write", value), UNKNOWN if returned_us is None else "ok")


def read(value: int, invoked_us: int, returned_us: int) -> Operation:
    return Operation("r", invoked_us, returned_us, ("read",), value)


def cas(expected: int, value: int, done: bool, invoked_us: int, returned_us: int) -> Operation:
    return Operation("c", invoked_us, returned_us, ("cas", expected, value), done)


def linearizable(*operations: Operation) -> bool:
    return check(Register(), operations).linearizable


def test_nothing_happened():
    assert linearizable()


def test_reads_around_a_slow_write_see_the_new_value_then_the_old_only_in_the_right_order():
    # The two examples of Porcupine's README: C0 writes 100; C1 reads 100 and C2 reads 0 while it does.
    slow = write(100, 0, 100)
    assert linearizable(slow, read(100, 25, 75), read(0, 30, 60))
    slower = write(200, 0, 100)
    assert not linearizable(slower, read(200, 10, 30), read(0, 40, 90))


def test_a_stale_read_after_a_write_has_returned_is_found():
    assert not linearizable(write(1, 0, 10), read(0, 11, 20))


def test_operations_that_touch_are_concurrent():
    assert linearizable(write(1, 0, 10), read(0, 10, 20))


def test_a_write_that_never_returned_may_be_seen_later_at_any_time():
    assert linearizable(write(1, 0, None), read(0, 5, 6), read(0, 90, 91), read(1, 95, 99))


def test_a_write_that_never_returned_may_be_never_seen():
    assert linearizable(write(1, 0, None), read(0, 5, 6), read(0, 90, 91))


def test_a_write_that_never_returned_is_not_undone_once_it_was_seen():
    assert not linearizable(write(1, 0, None), read(1, 5, 6), read(0, 90, 91))


def test_a_write_that_never_returned_is_not_seen_before_it_was_sent():
    assert not linearizable(write(1, 50, None), read(1, 5, 6))


def test_a_write_that_never_returned_takes_effect_once_only():
    assert not linearizable(write(1, 0, None), read(1, 5, 6), write(2, 7, 8), read(2, 9, 10), read(1, 11, 12))


def test_two_compare_and_sets_from_one_value_do_not_both_win():
    # The lost update of Jepsen's cas-register test.
    assert not linearizable(cas(0, 1, True, 0, 10), cas(0, 2, True, 5, 15))
    assert linearizable(cas(0, 1, True, 0, 10), cas(0, 2, False, 5, 15))
    assert linearizable(cas(0, 1, True, 0, 10), cas(1, 0, True, 5, 15), cas(0, 1, True, 5, 20))


def test_a_verdict_tells_how_far_it_got_and_what_nothing_gets_past():
    verdict = check(Register(), [write(1, 0, 10), write(2, 20, 30), read(1, 40, 50), read(2, 60, 70)])
    assert verdict.status == "impossible"
    assert verdict.stuck == read(1, 40, 50)
    assert verdict.placed == (write(1, 0, 10), write(2, 20, 30))
    assert verdict.state == 2


def test_a_verdict_gives_an_order_that_explains_everything():
    operations = [write(1, 0, 100), read(1, 5, 20), read(0, 2, 6)]
    assert check(Register(), operations).placed == (read(0, 2, 6), write(1, 0, 100), read(1, 5, 20))


def test_a_search_that_takes_too_long_is_undecided_and_no_pass():
    hard = [write(value, 0, 100) for value in range(12)] + [read(99, 0, 100)]
    verdict = check(Register(), hard, configurations_max=500)
    assert verdict.status == "undecided"
    assert verdict.configurations == 500
    assert not verdict.linearizable


def test_many_equal_operations_at_once_are_no_reason_to_give_up():
    # 2**60 subsets, were it not that of equal operations the one that returns first goes first.
    equal = [cas(value % 2, 1 - value % 2, True, 0, 100 + value) for value in range(60)]
    verdict = check(Register(), [*equal, read(2, 0, 200)], configurations_max=10_000)
    assert verdict.status == "impossible"


def test_long_histories_need_no_deep_recursion():
    history = [write(value, 10 * value, 10 * value + 15) for value in range(5_000)]
    assert linearizable(*history, read(4_999, 60_000, 60_001))


@pytest.mark.parametrize(
    ("invoked_us", "returned_us", "result"), [(5, 4, "ok"), (0, 1, UNKNOWN), (0, None, "ok")], ids=str
)
def test_an_operation_that_cannot_have_been_is_refused(invoked_us: int, returned_us: int | None, result: Any):
    with pytest.raises(ValueError, match="an operation returns"):
        Operation("ann", invoked_us, returned_us, ("write", 1), result)


def explained_by(order: tuple[Operation, ...]) -> bool:
    """Whether ``order`` respects real time and the register."""
    state: int | None = Register.initial
    for position, operation in enumerate(order):
        for later in order[position + 1 :]:
            if later.returned_us is not None and later.returned_us < operation.invoked_us:
                return False
        state = Register().step(state, operation.argument, operation.result)
        if state is None:
            return False
    return True


def by_brute_force(operations: list[Operation]) -> bool:
    """Try every order, with and without each operation that never returned."""
    settled = [operation for operation in operations if operation.returned_us is not None]
    unknown = [operation for operation in operations if operation.returned_us is None]
    for took_effect in product((True, False), repeat=len(unknown)):
        chosen = settled + [operation for operation, did in zip(unknown, took_effect, strict=True) if did]
        if any(explained_by(order) for order in permutations(chosen)):
            return True
    return False


instants = st.integers(0, 8)
values = st.integers(0, 2)
arguments = st.one_of(
    st.tuples(st.just("write"), values), st.just(("read",)), st.tuples(st.just("cas"), values, values)
)


@st.composite
def any_operation(draw: st.DrawFn) -> Operation:
    argument = draw(arguments)
    invoked_us = draw(instants)
    if draw(st.integers(0, 4)) == 0:
        return Operation("any", invoked_us, None, argument)
    results = {"write": st.just("ok"), "read": values, "cas": st.booleans()}
    return Operation("any", invoked_us, invoked_us + draw(instants), argument, draw(results[argument[0]]))


@given(st.lists(any_operation(), max_size=6))
def test_the_search_agrees_with_brute_force(operations: list[Operation]):
    verdict = check(Register(), operations)
    assert verdict.linearizable == by_brute_force(operations)
    if verdict.linearizable:
        assert explained_by(verdict.placed)
    else:
        assert verdict.stuck not in verdict.placed or operations.count(verdict.stuck) > 1
