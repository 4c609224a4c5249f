"""notifications: what riders are told of, and when. How it gets through is `shared.notifications`."""

from __future__ import annotations

from collections.abc import Iterator

from ..kernel.edge import decimal_of
from ..kernel.message import Command
from ..kernel.policy import reacts_to
from ..shared.notifications import SendNotification
from .account_messages import FareComputed, FeeReversed, HoldPlaced
from .passes import RenewalFailed


@reacts_to(FareComputed)
def send_receipt(event: FareComputed) -> Iterator[Command]:
    """A ride that cost something gets its receipt."""
    if event.fare_cents:
        text = f"Thank you for riding. This ride cost {decimal_of(event.fare_cents)} beyond your pass."
        yield SendNotification.about(event.trip_id, event.rider_id, "receipt", text)


@reacts_to(RenewalFailed)
def send_renewal_failure(event: RenewalFailed) -> Iterator[Command]:
    """A rider whose pass was not renewed is told before the next unlock."""
    text = "Your pass was not renewed; please buy a new one."
    yield SendNotification.about(event.pass_id, event.rider_id, "renewal-failed", text)


@reacts_to(HoldPlaced)
def send_lost_bike_notice(event: HoldPlaced) -> Iterator[Command]:
    """A rider whose bike is missing is told what it will cost."""
    text = f"Your bike is missing. Please return it, or {decimal_of(event.amount_cents)} will be charged."
    yield SendNotification.about(event.trip_id, event.rider_id, "lost-bike", text)


@reacts_to(FeeReversed)
def send_reversal_notice(event: FeeReversed) -> Iterator[Command]:
    """A rider who had returned the bike in time is told that the fee is off."""
    text = "Your bike was back in time. The fee is reversed."
    yield SendNotification.about(event.trip_id, event.rider_id, "fee-reversed", text)


POLICIES = (send_receipt, send_renewal_failure, send_lost_bike_notice, send_reversal_notice)
