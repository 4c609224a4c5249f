"""What a gateway bounds, and how far."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated

import msgspec

from ..settings import BadSettings, variable

Positive = Annotated[int, msgspec.Meta(ge=1)]
PositiveSeconds = Annotated[float, msgspec.Meta(gt=0)]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one gateway process.

    ``max_undecided`` requests may wait for a decision at once; more are turned away with 503. ``max_waiting`` may wait
    for a settled outcome; more are answered with what there is. A caller that says nothing waits ``decision_wait_s``
    for the decision and not at all for the outcome; one that says ``Prefer: wait`` waits up to ``max_wait_s``.
    ``requests_remembered`` is how many of the latest requests an idempotency key is known for.
    """

    max_undecided: Positive = 1_000
    max_waiting: Positive = 10_000
    max_body_bytes: Positive = 64 * 1024
    decision_wait_s: PositiveSeconds = 2.0
    append_timeout_s: PositiveSeconds = 5.0
    max_wait_s: Positive = 30
    requests_remembered: Positive = 50_000

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Limits:
        """Read ``DOORBUSTER_MAX_UNDECIDED`` and its like, defaults for the rest. Raises `BadSettings`."""
        raw = {
            field: environment[variable(field)] for field in cls.__struct_fields__ if environment.get(variable(field))
        }
        try:
            return msgspec.convert(raw, cls, strict=False)
        except msgspec.ValidationError as error:
            message, _, path = str(error).partition(" - at `$.")
            raise BadSettings(f"{variable(path.rstrip('`'))}: {message}") from error
