"""Units of one product, as clients saw them promised and refused.

The books know two bounds. ``kept``: units that must be taken, because an answer promised them and nothing can have
given them back yet. ``possible``: further units that may be taken, by orders whose fate clients do not know. A promise
needs room beside what is kept; "sold-out" needs that what is kept and possible could leave too little.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from ..kernel.client_history import ClientCall, KeyHistory
from ..kernel.linearizability import Model, Operation, Timing
from .client_orders import HELD, READY, ClientOrder, Request, Sighting, requests
from .terms import Terms

STOCK_RULE = "stock-linearizable"
BOOKKEEPER = "nobody"
"""Whose operations mark what can be the case from a certain time on."""

NEVER_HELD = ("sale-not-open", "sale-closed", "empty-order", "total-too-high")
"""Refusals of an order before anything was asked of the inventory."""

GIVEN_BACK = ("refunding", "refunded")
"""Statuses of an order that was held, and may hold nothing any more."""


class Action(NamedTuple):
    """What an operation does or tells. ``own`` units of a refused order are themselves among the possible."""

    kind: Literal["received", "maybe-received", "asked", "promised", "held", "maybe-back", "freed", "sold-out"]
    units: int
    own: int = 0


class Books(NamedTuple):
    """Units received for certain and at most, units that must be taken, and more that may be."""

    received: int = 0
    received_at_most: int = 0
    kept: int = 0
    possible: int = 0


class StockModel(Model[Books]):
    """Promises and refusals of units, one after the other."""

    initial = Books()

    def step(self, state: Books, argument: Action, result: Any) -> Books | None:
        received, at_most, kept, possible = state
        units = argument.units
        match argument.kind:
            case "received":
                return Books(received + units, at_most + units, kept, possible)
            case "maybe-received":
                return Books(received, at_most + units, kept, possible)
            case "asked":
                return Books(received, at_most, kept, possible + units)
            case "promised":
                return Books(received, at_most, kept + units, possible - units) if kept + units <= at_most else None
            case "held":
                return state if kept + units <= at_most else None
            case "maybe-back":
                return Books(received, at_most, kept - units, possible + units)
            case "freed":
                return Books(received, at_most, kept, possible - units)
            case "sold-out":
                return state if received - kept - possible + argument.own < units else None

    def timing(self, argument: Action, result: Any) -> Timing:
        """More room for promises and more that may be taken never hurts; promises only take room from others."""
        match argument.kind:
            case "received":
                return "any"
            case "promised" | "freed":
                return "latest"
            case _:
                return "soonest"

    def saw(self, operation: Operation) -> str:
        action = operation.argument
        assert isinstance(action, Action)
        return f"{operation.client} saw {_SAW[action.kind].format(units=action.units)}"

    def situation(self, state: Books) -> str:
        unsure = f", and at most {state.possible} more can have been" if state.possible else ""
        return f"{state.kept} of {state.received_at_most} units must have been taken by then{unsure}"


_SAW = {
    "received": "{units} units taken in",
    "maybe-received": "no answer about {units} units delivered",
    "asked": "an order of {units} asked for",
    "promised": "an order of {units} promised",
    "held": "an order of {units} held",
    "maybe-back": "that an order of {units} could be undone",
    "freed": "that an order of {units} holds nothing",
    "sold-out": "an order of {units} refused as sold-out",
}


def stock_histories(
    calls: Iterable[ClientCall], orders: Iterable[ClientOrder], terms: Terms, clock_error_us: int | None
) -> Iterator[KeyHistory]:
    """One history per product, from all calls of a run, in order of return, and the orders that they are about."""
    operations: dict[str, list[Operation]] = defaultdict(list)
    for request, call in requests(calls, ("receive_stock",)):
        operations[call.path["sku"]].extend(_receipt(request, call.body["units"]))
    for order in orders:
        for sku, units in order.units.items():
            operations[sku].extend(_of_order(order, units, terms, clock_error_us))
    model = StockModel()
    for sku, of_sku in operations.items():
        yield KeyHistory(STOCK_RULE, sku, model, of_sku)


def _receipt(request: Request, units: int) -> Iterator[Operation]:
    if request.refused:
        return
    if request.returned_us is None:
        yield _instant(request.invoked_us, Action("maybe-received", units))
    else:
        yield _told(request.client, request.invoked_us, request.returned_us, Action("received", units))


def _of_order(order: ClientOrder, units: int, terms: Terms, clock_error_us: int | None) -> Iterator[Operation]:
    placing = order.placing
    if placing is None or _never_held(order, placing):
        return
    own = units
    if _sold_out_at_once(order, placing, terms, clock_error_us):
        own = 0
    else:
        yield _instant(placing.invoked_us, Action("asked", units))
        if placing.returned_us is not None and _holds_nothing(order, placing):
            yield _instant(placing.returned_us, Action("freed", units))
    if len(order.units) == 1:
        for request in order.requests:
            if request.refused == "sold-out" and request.returned_us is not None:
                action = Action("sold-out", units, own)
                yield _told(request.client, request.invoked_us, request.returned_us, action)
    if order.exact:
        yield from _promise(order, placing, units, clock_error_us)


def _never_held(order: ClientOrder, placing: Request) -> bool:
    return placing.refused in NEVER_HELD or (placing.refused == "limit-exceeded" and len(order.units) == 1)


def _holds_nothing(order: ClientOrder, placing: Request) -> bool:
    """Whether the order had nothing any more when its refusal came back: its only line was itself refused."""
    return placing.refused == "sold-out" and len(order.units) == 1


def _sold_out_at_once(order: ClientOrder, placing: Request, terms: Terms, clock_error_us: int | None) -> bool:
    """Whether the refusal came too soon for a hold to have run out before, so that there never was one."""
    if clock_error_us is None or placing.returned_us is None or not _holds_nothing(order, placing):
        return False
    return placing.returned_us - placing.invoked_us < terms.reservation_ttl_us - clock_error_us


def _promise(order: ClientOrder, placing: Request, units: int, clock_error_us: int | None) -> Iterator[Operation]:
    """What the order's answers promise, and when the promise may end."""
    promised = order.first_seen(READY) or _first_held(order)
    if promised is None:
        return
    until_us = _kept_until_us(order, promised, clock_error_us)
    if until_us is not None and until_us <= promised.seen_us:
        yield _told(promised.client, placing.invoked_us, promised.seen_us, Action("held", units))
        return
    yield _told(promised.client, placing.invoked_us, promised.seen_us, Action("promised", units))
    if until_us is not None:
        yield _instant(until_us, Action("maybe-back", units))


def _first_held(order: ClientOrder) -> Sighting | None:
    """The first answer that tells that the order was held: one that shows it, or else a refused payment."""
    refused = (
        Sighting(request.client, request.returned_us, "reserved")
        for request in order.requests
        if request.refused in ("payment-declined", "payment-failed") and request.returned_us is not None
    )
    return order.first_seen(HELD) or next(refused, None)


def _kept_until_us(order: ClientOrder, promised: Sighting, clock_error_us: int | None) -> int | None:
    """When others can have had the promised units at the earliest; None for those that were handed over."""
    if order.first_seen(("picked_up",)) is not None:
        return None
    ends = [
        request.invoked_us for request in order.requests if request.operation == "cancel_order" and not request.refused
    ]
    told_us = promised.pickup_by_us if promised.status in READY else promised.reserved_until_us
    if promised.status in GIVEN_BACK or told_us is None or clock_error_us is None:
        return promised.seen_us
    return min([*ends, told_us - clock_error_us])


def _told(client: str, invoked_us: int, returned_us: int, action: Action) -> Operation:
    return Operation(client, invoked_us, returned_us, action, "told")


def _instant(time_us: int, action: Action) -> Operation:
    """Bookkeeping at a certain time."""
    return Operation(BOOKKEEPER, time_us, time_us, action, "booked")
