"""A random walk through all that can happen to the bookstore: any order, any delay, every fault that it must bear.

A walk is a function of its seed. First customers, time and trouble are let loose for some hundred steps. Then it heals:
everything on its way arrives, every call is answered, and time runs on until nothing is due any more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fickle_provider import FickleProvider
from whole_bookstore import PARTITIONS, Log, WholeBookstore

from reference_services.bookstore.operations import (
    OrderLineRequest,
    OrderRequest,
    PaymentRequest,
    PickupRequest,
    ProductRequest,
    ReceiptRequest,
)
from reference_services.bookstore.terms import HOUR_US, MINUTE_US, SECOND_US, Terms
from reference_services.bookstore.views import OrderEntry, OrdersView
from reference_services.kernel.edge import decimal_of, rfc3339
from reference_services.kernel.operation import Principal
from reference_services.kernel.random_streams import stream

OPENS_US = 1_788_256_800_000_000
DAY_US = 24 * HOUR_US
SALE_US = 2 * DAY_US
SKUS = ("hoodie", "mug")
TITLES = ("Plain", "Striped", "Glittering")
CUSTOMERS = ("ann", "bob", "cho")
CARDS = ("card-ok", "card-ok", "card-ok", "card-declined")
STAFF = Principal("staff", "staff")
COUNTER = Principal("counter", "device")

LATENESS_MAX_US = 5 * SECOND_US
"""How long after a deadline its command may be sent: a worker was busy, or being restarted."""

LAG_MAX_US = MINUTE_US
"""How long a command or an event may wait for the one who reads it."""

STEPS_TO_ARRIVE = 20_000
DEADLINES_TO_SETTLE = 1_000
"""More than any healthy walk needs; beyond it something goes round in circles."""

OFFSETS_LOST_MAX = 8

SET_ASIDE = 100
"""How often a command is set aside in walks out of order: about as often as one is decided."""

SWARM = (0, 1, 1, 4)
"""Each walk takes each kind of trouble so many times as often as usual, so that walks differ in character.
Source: Groce et al., "Swarm Testing", ISSTA 2012."""

Move = Callable[[], str]
"""Something that can happen. Returns what happened, for the trail."""


class Walk:
    """One walk under ``seed``, of ``steps`` steps before it heals; ``out_of_order``: commands are set aside, too."""

    def __init__(self, seed: int, steps: int = 400, *, out_of_order: bool = False) -> None:
        self.shop = WholeBookstore(Terms(), OPENS_US - MINUTE_US)
        self.trail: list[str] = []
        self._draw = stream(seed, "walk")
        self._provider = FickleProvider(self.shop, self._draw)
        self._steps = steps
        self._requests: list[tuple[str, Principal, dict[str, str], Any, str]] = []
        self._possible = self._conditions()
        self._work = self._work_with(self._provider.take_call)
        self._healing = self._work_with(self._provider.take_call_well)
        self._life = {**self._work, **self._passing_of_time(), **self._trouble()}
        if out_of_order:
            self._life[self._set_aside] = SET_ASIDE

    def run(self) -> list[str]:
        """Walk, heal, and return what the checkers have to say of it: nothing if all is well.

        Raises AssertionError at the first breach; `trail` tells how it came to it.
        """
        self._open_the_shop()
        for _ in range(self._steps):
            self._step(self._life)
        self._heal()
        self.shop.count_inboxes()
        end_us = self.shop.now_us + 2 * self.shop.terms.settlement_bound_us
        broken = [finding for finding in self.shop.checker.finish(end_us) if finding.status != "held"]
        return [f"{finding.name} {finding.status}: {finding.error or finding.samples}" for finding in broken]

    def _work_with(self, take_call: Move) -> dict[Move, int]:
        """What the system and the provider do, and how often, where calls are taken by ``take_call``."""
        provider = self._provider
        return {
            self._decide: 100,
            self._react: 100,
            take_call: 20,
            provider.answer: 20,
            provider.settle: 10,
            provider.deliver_webhook: 10,
        }

    def _passing_of_time(self) -> dict[Move, int]:
        return {self._pass_time: 30, self._ring: 60, self._come_at_the_last_moment: 60}

    def _trouble(self) -> dict[Move, int]:
        """What customers, staff and faults do. How often is drawn for each walk."""
        weights: dict[Move, int] = {
            self._order: 3,
            self._send_again: 1,
            self._retry_payment: 2,
            self._pick_up: 4,
            self._cancel: 1,
            self._change_offer: 1,
            self._restock: 1,
            self._begin_or_end_outage: 1,
            self._provider.tell_unasked: 2,
            self._crash_decider: 1,
            self._crash_reactor: 1,
            self._append_as_zombie: 1,
        }
        return {move: weight * self._draw.choice(SWARM) for move, weight in weights.items()}

    def _conditions(self) -> dict[Move, Callable[[], object]]:
        """When a move can be made; those that are not here always can."""
        shop, provider = self.shop, self._provider
        return {
            self._decide: shop.inboxes,
            self._react: shop.busy_reactors,
            provider.take_call: provider.has_call,
            provider.take_call_well: provider.has_call,
            provider.answer: provider.has_answer,
            provider.settle: provider.has_payment_to_settle,
            provider.deliver_webhook: provider.has_webhook,
            provider.tell_unasked: provider.has_payment,
            self._ring: shop.is_due,
            self._set_aside: self._crowded_inboxes,
            self._come_at_the_last_moment: self._nearly_late,
            self._retry_payment: lambda: self._orders("reserved"),
            self._pick_up: self._orders,
            self._cancel: self._orders,
        }

    def _step(self, moves: dict[Move, int]) -> None:
        possible = {move: weight for move, weight in moves.items() if self._can(move)}
        move = self._draw.choices(list(possible), list(possible.values()))[0]
        self.trail.append(f"{move.__name__.strip('_')}: {move()}")
        assert not self.shop.violations(), self.shop.violations()

    def _can(self, move: Move) -> bool:
        condition = self._possible.get(move)
        return condition is None or bool(condition())

    # Customers and staff

    def _open_the_shop(self) -> None:
        for sku in SKUS:
            self._list(sku)
        self._arrive()
        for sku in SKUS:
            self._request("receive_stock", STAFF, {"sku": sku}, ReceiptRequest(self._draw.randint(1, 3)))
        self._arrive()
        self.shop.now_us = OPENS_US - SECOND_US

    def _list(self, sku: str) -> str:
        limit, price_cents = self._draw.randint(1, 3), self._draw.randint(1, 9_999)
        window = rfc3339(OPENS_US), rfc3339(OPENS_US + SALE_US)
        offer = ProductRequest(self._draw.choice(TITLES), decimal_of(price_cents), limit, *window)
        return self._request("list_product", STAFF, {"sku": sku}, offer)

    def _order(self) -> str:
        customer = Principal(self._draw.choice(CUSTOMERS), "customer")
        skus = self._draw.sample(SKUS, self._draw.randint(1, len(SKUS)))
        lines = tuple(OrderLineRequest(sku, self._draw.choice((1, 1, 1, 2))) for sku in skus)
        return self._request("place_order", customer, {}, OrderRequest(self._draw.choice(CARDS), lines=lines))

    def _send_again(self) -> str:
        """A client that lost its answer sends its request again, with the same key."""
        request = self._draw.choice(self._requests)
        self.shop.request(*request)
        return f"{request}"

    def _retry_payment(self) -> str:
        return self._retry_payment_of(self._draw.choice(self._orders("reserved")))

    def _retry_payment_of(self, order: OrderEntry) -> str:
        body = PaymentRequest(self._draw.choice(CARDS))
        return self._request("retry_payment", _owner(order), {"order_id": order.order_id}, body)

    def _cancel(self) -> str:
        order = self._draw.choice(self._orders())
        return self._request("cancel_order", _owner(order), {"order_id": order.order_id}, None)

    def _pick_up(self) -> str:
        return self._pick_up_order(self._draw.choice(self._orders("ready") or self._orders()))

    def _pick_up_order(self, order: OrderEntry) -> str:
        code = order.pickup_code if self._draw.random() < 0.8 else "WRONG"
        return self._request("confirm_pickup", COUNTER, {"order_id": order.order_id}, PickupRequest(code))

    def _come_at_the_last_moment(self) -> str:
        order = self._draw.choice(self._nearly_late())
        return self._retry_payment_of(order) if order.status == "reserved" else self._pick_up_order(order)

    def _nearly_late(self) -> list[OrderEntry]:
        """Orders that their customers come for moments before it is too late, or after."""
        deadlines = [(order, order.reserved_until_us) for order in self._orders("reserved")]
        deadlines += [(order, order.pickup_by_us) for order in self._orders("ready", "refunding", "refunded")]
        return [order for order, due_us in deadlines if abs(due_us - self.shop.now_us) <= LATENESS_MAX_US]

    def _change_offer(self) -> str:
        return self._list(self._draw.choice(SKUS))

    def _restock(self) -> str:
        return self._request("receive_stock", STAFF, {"sku": self._draw.choice(SKUS)}, ReceiptRequest(1))

    def _orders(self, *statuses: str) -> list[OrderEntry]:
        orders = self.shop.views.get(OrdersView).orders.values()
        return [order for order in orders if not statuses or order.status in statuses]

    def _request(self, name: str, principal: Principal, path: dict[str, str], body: Any) -> str:
        request = (name, principal, path, body, f"key-{len(self._requests)}")
        self._requests.append(request)
        self.shop.request(*request)
        return f"{request}"

    # The system at work

    def _decide(self) -> str:
        return self.shop.decide_next(*self._draw.choice(self.shop.inboxes()))

    def _react(self) -> str:
        return self.shop.react_next(self._draw.choice(self.shop.busy_reactors()))

    def _pass_time(self) -> str:
        """To the next deadline, to just before it, or a little while; never further than the lag may grow."""
        now_us, due_us, waiting_since_us = self.shop.now_us, self.shop.next_due_us(), self.shop.waiting_since_us()
        instants, latest_us = [now_us + self._draw.randrange(10 * SECOND_US)], now_us + DAY_US
        if due_us is not None:
            instants += [due_us, due_us - 1, due_us - self._draw.randrange(5 * SECOND_US)]
            latest_us = min(latest_us, due_us + LATENESS_MAX_US)
        if waiting_since_us is not None:
            latest_us = min(latest_us, waiting_since_us + LAG_MAX_US)
        self.shop.now_us = max(now_us, min(self._draw.choice(instants), latest_us))
        return f"{self.shop.now_us - OPENS_US:+} us"

    def _ring(self) -> str:
        return self.shop.ring()

    # Trouble

    def _begin_or_end_outage(self) -> str:
        self._provider.fall_asleep_or_wake()
        return "the provider is awake" if self._provider.awake else "the provider is away"

    def _crash_decider(self) -> str:
        decider = self._draw.choice(list(self.shop.deciders.values()))
        self.shop.crash(decider, self._draw.randint(0, OFFSETS_LOST_MAX))
        return decider.service.name

    def _crash_reactor(self) -> str:
        reactor = self._draw.choice(self.shop.reactors)
        reactor.log.rewind(self._draw.randint(0, OFFSETS_LOST_MAX))
        return reactor.name

    def _set_aside(self) -> str:
        return self.shop.set_aside(self._draw.choice(self._crowded_inboxes()))

    def _crowded_inboxes(self) -> list[Log]:
        """Inboxes in which a command can be overtaken. What staff says of an offer counts in its order, so it waits."""
        inboxes = [inbox for decider, inbox in self.shop.inboxes() if decider.service.name != "catalog"]
        return [inbox for inbox in inboxes if len(inbox.entries) - inbox.read > 1]

    def _append_as_zombie(self) -> str:
        decider = self._draw.choice(list(self.shop.deciders.values()))
        self.shop.append_again(decider, self._draw.randrange(PARTITIONS))
        return decider.service.name

    # Healing

    def _heal(self) -> None:
        self._provider.awake = True
        self._arrive()
        for _ in range(DEADLINES_TO_SETTLE):
            due_us = self.shop.next_due_us()
            if due_us is None:
                return
            self.shop.now_us = max(self.shop.now_us, due_us)
            self.shop.ring()
            self._arrive()
        raise AssertionError("deadlines without end")

    def _arrive(self) -> None:
        """Let everything on its way arrive, in any order."""
        for _ in range(STEPS_TO_ARRIVE):
            if not any(self._can(move) for move in self._healing):
                return
            self._step(self._healing)
        raise AssertionError("messages without end")


def _owner(order: OrderEntry) -> Principal:
    return Principal(order.customer_id, "customer")
