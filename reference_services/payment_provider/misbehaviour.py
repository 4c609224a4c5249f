"""Misbehaviour: how slow, forgetful and repetitive the outside is, as knobs, and the draws that follow from them.

Every draw comes from a stream of its own, named for the knob and the request or webhook that it is about. So turning
one knob moves no other draw, and who is declined under one seed is declined again whatever else is turned.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from ..kernel.random_streams import lognormal_us, stream, uniform

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Duration = Annotated[int, msgspec.Meta(ge=0, le=366 * 86_400_000_000)]
PositiveDuration = Annotated[int, msgspec.Meta(ge=1, le=366 * 86_400_000_000)]

EARLY_HEAD_START_US = 100_000
"""An early webhook leaves at once and the API's own answer waits at least this long."""

Fate = Literal["answered", "lost", "failed", "failed-after", "silent"]
"""What becomes of one attempt. ``lost``: it never arrives; ``failed``: it is refused with an error and not done;
``failed-after``: done, yet answered with an error; ``silent``: done, and no answer ever comes."""


class Misbehaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The knobs of a provider. Shares run from 0 to 1; the defaults are a provider on a good day.

    ``latency`` is the time from a request to its answer, ``settle`` the time from the answer to an authorization until
    the money is collected and the webhook about it leaves; both are lognormal, given by median and 99th percentile.
    A request may be lost, fail before or after it is done, or stay without an answer (``timeout``). A webhook may come
    in up to ``webhook_duplicate_copies_up_to`` more copies, each at most ``webhook_duplicate_spacing_up_to`` after the
    one before; late by a time drawn evenly up to ``webhook_late_up_to``; never; before the answer to the request that
    caused it (``early``); or held back for a moment so that younger ones overtake it (``reorder``).
    An authorization that is not captured within ``authorization_lifetime`` is void.
    """

    latency_median_us: Duration = 80_000
    latency_p99_us: Duration = 400_000
    settle_median_us: Duration = 300_000
    settle_p99_us: Duration = 2_000_000
    decline_share: Share = 0.0
    lost_request_share: Share = 0.0
    error_share: Share = 0.0
    error_after_commit_share: Share = 0.0
    timeout_share: Share = 0.0
    webhook_duplicate_share: Share = 0.0
    webhook_duplicate_copies_up_to: Annotated[int, msgspec.Meta(ge=1, le=10)] = 1
    webhook_duplicate_spacing_up_to_us: Duration = 5_000_000
    webhook_late_share: Share = 0.0
    webhook_late_up_to_us: Duration = 20 * 60_000_000
    webhook_lost_share: Share = 0.0
    webhook_early_share: Share = 0.0
    webhook_reorder_share: Share = 0.0
    webhook_reorder_up_to_us: Duration = 2_000_000
    authorization_lifetime_us: PositiveDuration = 7 * 86_400_000_000

    def __post_init__(self) -> None:
        _check_spread("latency", self.latency_median_us, self.latency_p99_us)
        _check_spread("settle", self.settle_median_us, self.settle_p99_us)


class Behaviour(msgspec.Struct, frozen=True):
    """What one attempt at one request meets.

    ``answer_after_us`` and ``capture_after_us`` (for an automatic capture) count from its arrival. ``early``: webhooks
    about it leave at once instead of with the answer.
    """

    fate: Fate
    answer_after_us: int
    capture_after_us: int
    declined: bool
    early: bool


def draw_behaviour(knobs: Misbehaviour, seed: int, idempotency_key: str, attempt: int) -> Behaviour:
    """Draw what attempt number ``attempt`` (from 1) with ``idempotency_key`` meets.

    The card's answer, the time to settle and earliness belong to the request, everything else to the attempt.
    """
    early = _hits(knobs.webhook_early_share, seed, "provider.early", idempotency_key)
    entity = f"{idempotency_key}#{attempt}"
    latency_us = lognormal_us(knobs.latency_median_us, knobs.latency_p99_us, seed, "provider.latency", entity)
    if early:
        latency_us = max(latency_us, EARLY_HEAD_START_US)
        capture_after_us = 0
    else:
        settle_us = lognormal_us(knobs.settle_median_us, knobs.settle_p99_us, seed, "provider.settle", idempotency_key)
        capture_after_us = latency_us + settle_us
    declined = _hits(knobs.decline_share, seed, "provider.decline", idempotency_key)
    return Behaviour(_draw_fate(knobs, seed, entity), latency_us, capture_after_us, declined, early)


def draw_deliveries(knobs: Misbehaviour, seed: int, webhook_id: str) -> tuple[int, ...]:
    """Draw when the copies of one webhook leave, in microseconds after their time, in order. Empty: it is lost."""
    if _hits(knobs.webhook_lost_share, seed, "provider.webhook.lost", webhook_id):
        return ()
    delay_us = 0
    if _hits(knobs.webhook_late_share, seed, "provider.webhook.late", webhook_id):
        delay_us += _up_to(knobs.webhook_late_up_to_us, seed, "provider.webhook.late-by", webhook_id)
    if _hits(knobs.webhook_reorder_share, seed, "provider.webhook.reorder", webhook_id):
        delay_us += _up_to(knobs.webhook_reorder_up_to_us, seed, "provider.webhook.reorder-by", webhook_id)
    delays = [delay_us]
    if _hits(knobs.webhook_duplicate_share, seed, "provider.webhook.duplicate", webhook_id):
        most = knobs.webhook_duplicate_copies_up_to
        copies = 1 + stream(seed, "provider.webhook.copies", webhook_id).randrange(most)
        spacing_us = knobs.webhook_duplicate_spacing_up_to_us
        for copy in range(1, copies + 1):
            entity = f"{webhook_id}#{copy}"
            delays.append(delays[-1] + _up_to(spacing_us, seed, "provider.webhook.spacing", entity))
    return tuple(delays)


def _draw_fate(knobs: Misbehaviour, seed: int, entity: str) -> Fate:
    if _hits(knobs.lost_request_share, seed, "provider.lost", entity):
        return "lost"
    if _hits(knobs.error_share, seed, "provider.error", entity):
        return "failed"
    if _hits(knobs.error_after_commit_share, seed, "provider.error-after", entity):
        return "failed-after"
    if _hits(knobs.timeout_share, seed, "provider.timeout", entity):
        return "silent"
    return "answered"


def _hits(share: float, seed: int, purpose: str, entity: str) -> bool:
    return share > 0 and uniform(seed, purpose, entity) < share  # at share 0 the draw cannot matter


def _up_to(most_us: int, seed: int, purpose: str, entity: str) -> int:
    return int(uniform(seed, purpose, entity) * (most_us + 1))


def _check_spread(name: str, median_us: int, p99_us: int) -> None:
    if p99_us < median_us:
        raise ValueError(f"{name}_p99 must be at least {name}_median")
    if median_us == 0 < p99_us:
        raise ValueError(f"{name}_median must be more than 0, or {name}_p99 must be 0 too")
