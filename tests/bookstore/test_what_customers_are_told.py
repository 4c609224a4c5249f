"""What the bookstore tells its customers of."""

from __future__ import annotations

import pytest
from examples import ORDER_CONFIRMED, ORDER_ID, ORDER_REFUNDED, PICKUP_BY_US, cancelled

from reference_services.bookstore.notifications import POLICIES
from reference_services.bookstore.order_messages import PickupReminderDue
from reference_services.kernel.message import Event
from reference_services.shared.notifications import SendNotification


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (ORDER_CONFIRMED, "receipt"),
        (PickupReminderDue(ORDER_ID, "ann", PICKUP_BY_US), "pickup-reminder"),
        (cancelled("sold-out"), "cancellation"),
        (ORDER_REFUNDED, "refund"),
    ],
)
def test_what_a_customer_is_told_of(event: Event, kind: str) -> None:
    (policy,) = [policy for policy in POLICIES if policy.on is type(event)]

    (command,) = policy.react(event)

    assert isinstance(command, SendNotification)
    assert (command.message_id, command.recipient, command.kind) == (f"{ORDER_ID}/{kind}", "ann", kind)
