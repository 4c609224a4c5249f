"""The end of one order, as clients saw it: handed over or cancelled, never both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from ..kernel.client_history import KeyHistory
from ..kernel.linearizability import UNKNOWN, Model, Operation, Timing
from .client_orders import ENDED, ENDING_REASONS, READY, ClientOrder, Request

PICKUP_RULE = "pickup-linearizable"
SHOP = "the shop"

Status = Literal["under way", "ready", "handed over", "cancelled"]
FINAL = ("handed over", "cancelled")


class PickupModel(Model[Status]):
    """An order that becomes ready, and ends once. Whatever the shop does by itself, clients see only its traces."""

    initial: Status = "under way"

    def step(self, state: Status, argument: Any, result: Any) -> Status | None:
        after = _MOVES.get((argument, state))
        if result is UNKNOWN:
            return after or state
        if result == "done":
            return after
        return state if state in _SEEN_IN[result] else None

    def timing(self, argument: Any, result: Any) -> Timing:
        return "soonest" if result in _SEEN_IN else "any"

    def saw(self, operation: Operation) -> str:
        return f"{operation.client} was told {_TOLD[str(operation.argument), str(operation.result)]}"

    def situation(self, state: Status) -> str:
        return _SITUATION[state]


_MOVES: dict[tuple[str, Status], Status] = {
    ("get ready", "under way"): "ready",
    ("give up", "under way"): "cancelled",
    ("no pickup", "ready"): "cancelled",
    ("cancel", "under way"): "cancelled",
    ("cancel", "ready"): "cancelled",
    ("pick up", "ready"): "handed over",
}
"""What each action makes of an order; elsewhere it does nothing."""

_SEEN_IN: dict[str, tuple[Status, ...]] = {
    "not-ready-for-pickup": ("under way", "handed over", "cancelled"),
    "wrong-pickup-code": ("ready",),
    "not-cancellable": ("handed over", "cancelled"),
    "handed over": ("handed over",),
    "cancelled": ("cancelled",),
}
"""In which states an answer can be given that changes nothing."""

_TOLD = {
    ("get ready", "done"): "that the order is ready",
    ("pick up", "done"): "that the goods were handed over now",
    ("pick up", "not-ready-for-pickup"): "that the order is not ready for pickup",
    ("pick up", "wrong-pickup-code"): "that the pickup code is wrong",
    ("cancel", "done"): "that the order was cancelled now",
    ("cancel", "not-cancellable"): "that the order cannot be cancelled any more",
    ("look", "handed over"): "that the goods have been handed over",
    ("look", "cancelled"): "that the order has been cancelled",
}

_SITUATION: dict[Status, str] = {
    "under way": "by all that others saw it cannot have come so far",
    "ready": "by all that others saw it waited for its pickup",
    "handed over": "by all that others saw it had been handed over before",
    "cancelled": "by all that others saw it had been cancelled before",
}

_ACTIONS = {"confirm_pickup": "pick up", "cancel_order": "cancel"}


def pickup_history(order: ClientOrder, clock_error_us: int | None) -> KeyHistory | None:
    """What clients saw of the end of ``order``; None if that is nothing, or what may always be."""
    starts_us = min([request.invoked_us for request in order.requests], default=None)
    if starts_us is None:
        return None
    told = [*_requested(order), *_looked(order, starts_us)]
    if all(operation.result is UNKNOWN for operation in told) or _given_up_at_once(order, told, starts_us):
        return None
    operations = [*told, *_by_the_shop(order, starts_us, clock_error_us)]
    return KeyHistory(PICKUP_RULE, order.order_id, PickupModel(), operations)


def _given_up_at_once(order: ClientOrder, told: list[Operation], starts_us: int) -> bool:
    """Whether it explains all answers that the shop gave the order up as soon as it was placed.

    When nearly everybody comes too late it does for nearly every order, and no search is needed to see it.
    """
    return order.first_seen(READY) is None and all(
        operation.result is UNKNOWN or (operation.result == "cancelled" and (operation.returned_us or 0) >= starts_us)
        for operation in told
    )


def _requested(order: ClientOrder) -> Iterator[Operation]:
    for request in order.requests:
        action = _ACTIONS.get(request.operation)
        if action is None or (request.refused and request.refused not in _SEEN_IN):
            continue
        if request.returned_us is None:
            yield Operation(request.client, request.invoked_us, None, action)
        else:
            result = request.refused or "done"
            yield Operation(request.client, request.invoked_us, request.returned_us, action, result)


def _looked(order: ClientOrder, starts_us: int) -> Iterator[Operation]:
    """The first time that each end was seen; it was so by then, since when nobody can tell: views may lag behind."""
    ends: list[tuple[int, str, str]] = []
    for result, statuses in (("handed over", ("picked_up",)), ("cancelled", ENDED)):
        if seen := order.first_seen(statuses):
            ends.append((seen.seen_us, seen.client, result))
    ends += [(told_us, request.client, "cancelled") for request, told_us in _told_the_end(order)]
    for seen_us, client, result in ends:
        yield Operation(client, min(starts_us, seen_us), seen_us, "look", result)


def _told_the_end(order: ClientOrder) -> Iterator[tuple[Request, int]]:
    for request in order.requests:
        if request.refused in ENDING_REASONS and request.returned_us is not None:
            yield request, request.returned_us


def _by_the_shop(order: ClientOrder, starts_us: int, clock_error_us: int | None) -> Iterator[Operation]:
    """What can happen without a client: the order gets ready, is given up, or is not picked up in time."""
    ready = order.first_seen(READY)
    if ready is not None:
        yield Operation(ready.client, min(starts_us, ready.seen_us), ready.seen_us, "get ready", "done")
    else:
        yield Operation(SHOP, starts_us, None, "get ready")
    yield Operation(SHOP, starts_us, None, "give up")
    due_us = starts_us
    if clock_error_us is not None:
        known = [seen.pickup_by_us for seen in order.sightings if seen.pickup_by_us is not None]
        due_us = max(starts_us, min(known, default=starts_us) - clock_error_us)
    yield Operation(SHOP, due_us, None, "no pickup")
