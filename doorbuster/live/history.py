"""Makes one history out of what a live run left in several places, told as a simulated run tells its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from reference_services.kernel.history import Answered, in_causal_order
from reference_services.kernel.message import Event, Record
from scenarios.run_records import RequestRow
from simulations.recorder import Recorder


def tell_history(
    recorder: Recorder,
    records: Iterable[Record],
    requests: Iterable[RequestRow],
    closing: Iterable[tuple[str, Event]],
    end_us: int,
) -> None:
    """Tell ``recorder`` everything in an order in which nothing comes before what caused it.

    ``records`` are in order of arrival, ``requests`` in the order in which they ended, and ``closing`` are what the
    provider and the hosts observed, each with its subject: told last, at the instant ``end_us``.
    """
    for found in with_answers(list(in_causal_order(records)), requests):
        if isinstance(found, RequestRow):
            recorder.observe(_answered(found), found.customer, found.ended_us)
        else:
            recorder.record(found)
    for subject, event in closing:
        recorder.observe(event, subject, end_us)


def with_answers(records: Sequence[Record], requests: Iterable[RequestRow]) -> Iterator[Record | RequestRow]:
    """``records`` in their order, and between them the calls that asked for something, by the time of their answer.

    No answer comes before the decision that it tells of, even where the clocks of two processes say so.
    """
    undecided = {record[0].causation_id for record in records}
    too_early: dict[str, list[RequestRow]] = {}
    answers = deque(request for request in requests if request.command_id)
    for record in records:
        while answers and answers[0].ended_us < record[0].time_us:
            answer = answers.popleft()
            if answer.command_id in undecided:
                too_early.setdefault(answer.command_id, []).append(answer)
            else:
                yield answer
        yield record
        undecided.discard(record[0].causation_id)
        yield from too_early.pop(record[0].causation_id, ())
    yield from answers


def _answered(request: RequestRow) -> Answered:
    return Answered(request.operation, request.outcome, request.status, request.command_id, request.reason)
