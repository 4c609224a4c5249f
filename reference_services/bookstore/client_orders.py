"""What the clients' calls tell about each order: when it was placed, what it can have held, and how it was seen.

An order's id follows from the command that places it, so calls that were refused or never answered are told apart too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from ..kernel.client_history import ClientCall
from ..kernel.edge import instant_us
from ..kernel.message import derived_id

HELD = ("reserved", "paying", "paid", "confirmed", "ready", "picked_up", "refunding", "refunded")
"""Statuses before which every line of the order was held at some time."""

READY = ("confirmed", "ready", "picked_up")
ENDED = ("cancelled", "refunding", "refunded")
ENDING_REASONS = ("sold-out", "reservation-expired", "cancelled-by-customer", "not-picked-up")
"""Refusals that tell of an order that it has been cancelled."""


class Sighting(msgspec.Struct, frozen=True):
    """An order as an answer showed it. It was so at some time before ``seen_us``: views may lag behind."""

    client: str
    seen_us: int
    status: str
    reserved_until_us: int | None = None
    pickup_by_us: int | None = None


class Request(msgspec.Struct, frozen=True):
    """All calls that asked for one command. ``returned_us`` is when a client first knew what was decided, or None.

    ``refused`` is the reason; empty if it was done, or if nobody knows.
    """

    client: str
    operation: str
    invoked_us: int
    returned_us: int | None
    refused: str = ""


class ClientOrder:
    """One order, put together from all calls about it.

    ``units`` are by sku: exactly what was ordered if ``exact``, otherwise the most that the cart can have held.
    ``sightings`` are in order of time.
    """

    def __init__(self, order_id: str) -> None:
        self.order_id = order_id
        self.placing: Request | None = None
        self.requests: list[Request] = []
        self.sightings: list[Sighting] = []
        self.units: dict[str, int] = {}
        self.exact = False

    def first_seen(self, statuses: tuple[str, ...]) -> Sighting | None:
        """The first sighting in one of ``statuses``."""
        return next((sighting for sighting in self.sightings if sighting.status in statuses), None)


def in_order_of_return(calls: Iterable[ClientCall]) -> list[ClientCall]:
    """The calls in the order in which their clients learnt something; last those that never returned."""
    return sorted(calls, key=lambda call: (call.returned_us is None, call.returned_us or 0))


def client_orders(calls: Sequence[ClientCall]) -> list[ClientOrder]:
    """The orders that ``calls``, in order of their return, are about; each with all that clients saw of it."""
    orders: dict[str, ClientOrder] = {}
    carts = _most_in_carts(calls)
    for request, call in requests(calls, ("place_order", "retry_payment", "cancel_order", "confirm_pickup")):
        if call.operation == "place_order":
            order = _order(orders, f"o-{derived_id('o', call.command_id)}")
            order.placing = request
            _take_wanted(order, call.body, carts)
        else:
            order = _order(orders, call.path["order_id"])
        order.requests.append(request)
    for call in calls:
        for shown in _shown(call):
            _take_sighting(_order(orders, shown["order_id"]), shown, call)
    return list(orders.values())


def requests(calls: Iterable[ClientCall], operations: tuple[str, ...]) -> list[tuple[Request, ClientCall]]:
    """The requests for ``operations``, repetitions put together, each with one of its calls.

    ``calls`` are in order of their return. Errors tell nothing: a copy of the request may have been taken in.
    """
    merged: dict[str, tuple[Request, ClientCall]] = {}
    for call in calls:
        if call.operation not in operations:
            continue
        request, first = merged.get(call.command_id, (_request(call), call))
        invoked_us = min(request.invoked_us, call.invoked_us)
        known = request if request.returned_us is not None else _request(call)
        merged[call.command_id] = msgspec.structs.replace(known, invoked_us=invoked_us), first
    return list(merged.values())


def _request(call: ClientCall) -> Request:
    told = isinstance(call.answer, dict) and ("order_id" in call.answer or "available" in call.answer)
    known = call.outcome == "refused" or (call.outcome == "ok" and told)
    refused = call.reason if call.outcome == "refused" else ""
    return Request(call.client, call.operation, call.invoked_us, call.returned_us if known else None, refused)


def _order(orders: dict[str, ClientOrder], order_id: str) -> ClientOrder:
    order = orders.get(order_id)
    if order is None:
        order = orders[order_id] = ClientOrder(order_id)
    return order


def _most_in_carts(calls: Iterable[ClientCall]) -> dict[str, dict[str, int]]:
    """The most units of each product that each cart can have held at any time."""
    carts: dict[str, dict[str, int]] = {}
    for call in calls:
        if call.operation == "set_cart_line" and call.outcome != "refused" and call.body["units"]:
            cart = carts.setdefault(call.path["cart_id"], {})
            sku = call.path["sku"]
            cart[sku] = max(cart.get(sku, 0), call.body["units"])
    return carts


def _take_wanted(order: ClientOrder, body: Any, carts: dict[str, dict[str, int]]) -> None:
    if lines := body.get("lines"):
        order.units = {line["sku"]: line["units"] for line in lines}
        order.exact = True
    else:
        order.units = dict(carts.get(body.get("cart_id", ""), {}))


def _shown(call: ClientCall) -> Iterator[dict[str, Any]]:
    """The orders that an answer shows."""
    if call.outcome != "ok" or not isinstance(call.answer, dict):
        return
    if "order_id" in call.answer:
        yield call.answer
    elif call.operation == "list_orders":
        yield from call.answer["orders"]


def _take_sighting(order: ClientOrder, shown: dict[str, Any], call: ClientCall) -> None:
    assert call.returned_us is not None, "an answer has come back"
    order.units = {line["sku"]: line["units"] for line in shown["lines"]}
    order.exact = True
    reserved_until, pickup_by = shown.get("reserved_until"), shown.get("pickup_by")
    order.sightings.append(
        Sighting(
            call.client,
            call.returned_us,
            shown["status"],
            instant_us(reserved_until) if reserved_until else None,
            instant_us(pickup_by) if pickup_by else None,
        )
    )
