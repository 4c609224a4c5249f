"""The heap of deadlines, beside a model that sorts everything anew each time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reference_services.kernel.deadlines import DeadlineHeap

SUBJECTS = st.sampled_from(["a", "b", "c", "d"])
INSTANTS = st.integers(0, 9)
SCHEDULE = st.tuples(SUBJECTS, st.none() | INSTANTS)


@given(st.lists(SCHEDULE | INSTANTS, max_size=60))
def test_it_does_what_a_sorted_dictionary_would_do(steps: list[tuple[str, int | None] | int]) -> None:
    """A pair schedules an aggregate, a number lets the time come."""
    heap, model = DeadlineHeap(), {}
    for step in steps:
        if isinstance(step, int):
            due = sorted((due_us, subject) for subject, due_us in model.items() if due_us <= step)
            assert heap.pop_due(step) == [subject for _, subject in due]
            model = {subject: due_us for subject, due_us in model.items() if due_us > step}
        else:
            subject, due_us = step
            heap.schedule(subject, due_us)
            model.pop(subject, None)
            if due_us is not None:
                model[subject] = due_us
        assert heap.next_due_us() == min(model.values(), default=None)
        assert len(heap) == len(model)


def test_an_aggregate_that_is_scheduled_again_and_again_is_due_once() -> None:
    heap = DeadlineHeap()
    for due_us in (5, 7, 5, 5, 7, 5):
        heap.schedule("a", due_us)

    assert heap.pop_due(10) == ["a"]
    assert heap.pop_due(10) == []


def test_nothing_is_due_before_its_time() -> None:
    heap = DeadlineHeap()
    heap.schedule("a", 5)

    assert heap.pop_due(4) == []
    assert heap.pop_due(5) == ["a"]
