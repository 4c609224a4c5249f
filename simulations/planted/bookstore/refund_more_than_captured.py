"""A refund is rounded up; the provider refuses to give back more than it has taken, and nobody reads its answer.

Origin: refunds that are worked out again, from rounded lines or taxes, instead of taken from the charge, and calls
whose answer counts as good as long as it is an answer.
"""

from __future__ import annotations

import msgspec

from reference_services.kernel.outside import OutsideRequest, Refund
from reference_services.shared.payments import PROVIDER_CALLS, RefundRequested

from ..plant import Plant, swapped

SOUND = next(effect for effect in PROVIDER_CALLS if effect.name == "refund")


def rounded_up(event: RefundRequested) -> OutsideRequest:
    """Give back whole units of currency."""
    return Refund(f"{event.payment_id}/refund", event.payment_id, -(-event.amount_cents // 100) * 100)


REFUND_MORE_THAN_CAPTURED = Plant(
    "refund-more-than-captured",
    "The refund is rounded up, the provider refuses it, and the customer waits for the money for ever.",
    "refunds worked out from rounded lines instead of taken from the charge",
    "money-follows-goods",
    swapped(msgspec.structs.replace(SOUND, request=rounded_up)),
    system="bookstore",
    live=True,
)
