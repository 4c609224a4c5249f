"""notifications: what customers are told of, and when. How it gets through is `shared.notifications`."""

from __future__ import annotations

from collections.abc import Iterator

from ..kernel.message import Command
from ..kernel.policy import reacts_to
from ..shared.notifications import SendNotification
from .order_messages import OrderCancelled, OrderConfirmed, OrderRefunded, PickupReminderDue


@reacts_to(OrderConfirmed)
def send_receipt(event: OrderConfirmed) -> Iterator[Command]:
    """A confirmed order gets its receipt at once."""
    text = "Thank you. Your order is paid and confirmed."
    yield SendNotification.about(event.order_id, event.customer_id, "receipt", text)


@reacts_to(PickupReminderDue)
def send_pickup_reminder(event: PickupReminderDue) -> Iterator[Command]:
    """Goods that still wait shortly before the deadline get a reminder."""
    text = "Your order waits; please pick it up soon."
    yield SendNotification.about(event.order_id, event.customer_id, "pickup-reminder", text)


@reacts_to(OrderCancelled)
def send_cancellation(event: OrderCancelled) -> Iterator[Command]:
    """A customer is told why the order came to nothing."""
    text = f"Your order was cancelled: {event.reason}."
    yield SendNotification.about(event.order_id, event.customer_id, "cancellation", text)


@reacts_to(OrderRefunded)
def send_refund_notice(event: OrderRefunded) -> Iterator[Command]:
    """A customer is told that the money is on its way back."""
    text = "Your money is on its way back to you."
    yield SendNotification.about(event.order_id, event.customer_id, "refund", text)


POLICIES = (send_receipt, send_pickup_reminder, send_cancellation, send_refund_notice)
