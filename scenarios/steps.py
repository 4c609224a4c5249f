"""The steps of a journey: what one customer does, written once and played in both worlds.

A journey is a generator. It yields a step and is sent what came of it: SimPy resumes it in virtual time, Locust over
HTTP. It draws only from random streams of its own and never asks for the time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

import msgspec

from reference_services.kernel.client_history import ClientCall
from reference_services.kernel.history import AnswerOutcome
from reference_services.kernel.operation import Principal


class Think(msgspec.Struct, frozen=True):
    """Wait for ``pause_us`` microseconds."""

    pause_us: int


class ThinkUntil(msgspec.Struct, frozen=True):
    """Wait for the instant ``time_us`` (no wait if it has passed). Instants come from answers, e.g. a deadline."""

    time_us: int


class Do(msgspec.Struct, frozen=True):
    """Make one API call as ``principal``.

    ``path`` fills the placeholders of the operation's path; ``body`` is plain JSON data; ``wait_s`` is sent as
    ``Prefer: wait``. ``idempotency_key`` is needed for every POST; repeat it to retry the same request.
    """

    operation: str
    principal: Principal
    path: Mapping[str, str] = {}
    body: Any = None
    wait_s: int = 0
    idempotency_key: str = ""


class Got(msgspec.Struct, frozen=True):
    """What came of a `Do`: the HTTP status (0: no answer), its meaning, the JSON body, the reason of a refusal."""

    status: int
    outcome: AnswerOutcome
    body: Any = None
    reason: str = ""


def client_call(do: Do, got: Got, command_id: str, invoked_us: int, ended_us: int) -> ClientCall:
    """What a client asked and saw. A call that was never answered may have been carried out or not."""
    return ClientCall(
        client=do.principal.subject,
        operation=do.operation,
        invoked_us=invoked_us,
        returned_us=ended_us if got.outcome != "unknown" else None,
        outcome=got.outcome,
        status=got.status,
        reason=got.reason,
        command_id=command_id,
        path=do.path,
        body=do.body,
        answer=got.body,
    )


Step = Think | ThinkUntil | Do
Journey = Generator[Step, Got | None, None]


class Visit(msgspec.Struct, frozen=True):
    """One customer's arrival: when, by whom, which journey, and how to begin it.

    ``arrives_us`` counts from the start of the scenario and may be negative for work before the doors open.
    """

    arrives_us: int
    customer: str
    journey: str
    begin: Callable[[], Journey]
