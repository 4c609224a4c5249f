"""What a client history that no order explains, that took too long, or that nobody can read is reported as."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from reference_services.kernel.client_history import ClientCall, KeyHistory, SequentialModels, check_client_history
from reference_services.kernel.invariant import Finding
from reference_services.kernel.linearizability import Model, Operation


class Till(Model[int]):
    """Everybody who comes takes the next number."""

    initial = 0

    def step(self, state: int, argument: Any, result: Any) -> int | None:
        return state + 1 if result == state else None

    def saw(self, operation: Operation) -> str:
        return f"{operation.client} drew number {operation.result}"

    def situation(self, state: int) -> str:
        return f"number {state} was next"


def by_till(calls: Iterable[ClientCall]) -> Iterable[KeyHistory]:
    tills: dict[str, list[Operation]] = {}
    for call in calls:
        operation = Operation(call.client, call.invoked_us, call.returned_us, "draw", call.answer)
        tills.setdefault(call.path["till"], []).append(operation)
    for till, operations in tills.items():
        yield KeyHistory("in-turn", till, Till(), operations)


def unreadable(calls: Iterable[ClientCall]) -> Iterable[KeyHistory]:
    raise KeyError("till")


def drew(client: str, number: int, invoked_us: int, returned_us: int, till: str = "till-1") -> ClientCall:
    return ClientCall(
        client=client,
        operation="draw",
        invoked_us=invoked_us,
        returned_us=returned_us,
        outcome="ok",
        path={"till": till},
        answer=number,
    )


def judged(
    *calls: ClientCall,
    histories: Callable[[Iterable[ClientCall]], Iterable[KeyHistory]] = by_till,
    configurations_max: int = 1_000,
) -> Finding:
    models = SequentialModels({"in-turn": "Numbers are drawn in turn."}, frozenset({"draw"}), histories)
    (finding,) = check_client_history(models, calls, configurations_max)
    return finding


def test_a_history_that_some_order_explains_holds():
    finding = judged(drew("ann", 1, 0, 10), drew("bob", 0, 5, 15), drew("cyd", 0, 0, 1, till="till-2"))
    assert (finding.status, finding.violations) == ("held", 0)


def test_each_key_that_nothing_explains_is_a_violation_in_words():
    finding = judged(drew("ann", 0, 0, 10), drew("bob", 0, 20, 1_000_000), drew("cyd", 7, 0, 5, till="till-2"))
    assert (finding.status, finding.violations) == ("broken", 2)
    assert [violation.subject for violation in finding.samples] == ["till-2", "till-1"]
    assert finding.last == finding.samples[1]
    assert finding.samples[1].message == (
        "till-1: bob drew number 0 (asked 1970-01-01T00:00:00.000020Z, told 1970-01-01T00:00:01.000000Z), but number 1 "
        "was next; no order of the 2 operations that clients saw explains that"
    )


def test_what_could_not_be_decided_is_no_pass():
    finding = judged(*(drew(f"client-{number}", number, 0, 100) for number in range(9)), configurations_max=3)
    assert finding.status == "crashed"
    assert finding.error == "till-1: undecided after 3 configurations"


def test_a_violation_counts_although_another_key_is_undecided():
    many = (drew(f"client-{number}", number, 0, 100) for number in range(9))
    finding = judged(*many, drew("cyd", 7, 0, 5, till="till-2"), configurations_max=3)
    assert finding.status == "broken"
    assert finding.error


def test_calls_that_cannot_be_sorted_are_a_crashed_check():
    finding = judged(drew("ann", 0, 0, 10), histories=unreadable)
    assert (finding.status, finding.error) == ("crashed", "KeyError: 'till'")
