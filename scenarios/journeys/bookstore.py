"""Journeys through the campus flash sale: browse, fill the cart, order, pay (again), cancel, pick up, or not.

Basket sizes and prices are drawn from real purchases (see ``scenarios/data``). Everything a customer does is drawn from
streams of their own, so one more customer changes nobody else's day.
"""

from __future__ import annotations

import csv
import random
from bisect import bisect
from collections.abc import Generator, Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Any

import msgspec

from reference_services.kernel.edge import decimal_of, instant_us, rfc3339
from reference_services.kernel.operation import Principal
from reference_services.kernel.random_streams import stream

from ..arrivals import arrivals_of
from ..model import Scenario
from ..steps import Do, Got, Journey, Think, ThinkUntil, Visit
from .shared import PATIENCE_S, PUBLIC, Duration, JourneyMix, Share, human_us, must, succeeded, told

DATA = Path(__file__).parent.parent / "data"
TITLES = ("Hoodie", "Mug", "Notebook", "Tote bag", "Cap", "Water bottle")
STAFF = Principal("staff", "staff")
COUNTER = Principal("counter-1", "device")

ASKS = 12
"""How often a shopper asks how an unsettled order stands before giving up on the screen (not on the order)."""

SECOND_LOOKS = 2
"""How often a persistent shopper comes back to see whether something became free again."""


class Population(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who comes to the sale, what is on offer, and how people behave."""

    customers: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    products: Annotated[int, msgspec.Meta(ge=1, le=len(TITLES))] = 6
    units_per_product: Annotated[int, msgspec.Meta(ge=1)] = 200
    limit_per_customer: Annotated[int, msgspec.Meta(ge=1, le=100)] = 2
    sale_window_us: Duration
    two_devices_share: Share = 0.1
    think_median_us: Duration
    persistent_share: Share = 0.15
    look_again_within_us: Annotated[int, msgspec.Meta(ge=SECOND_LOOKS)]
    hawk_share: Share = 0.02
    holds_run_out_after_us: Duration
    hawk_within_us: Duration
    retry_at_once_share: Share = 0.5
    retry_last_second_share: Share = 0.4
    last_second_us: Duration
    change_of_mind_share: Share = 0.01
    impatient_share: Share = 0.0
    impatient_after_us: Duration = 300_000
    last_minute_pickup_share: Share = 0.1
    last_minute_us: Duration
    pickup_within_us: Duration
    no_pickup_share: Share = 0.03


def setup(scenario: Scenario, seed: int) -> Journey:
    """The staff lists the products and takes in the stock, before the doors open. Raises `SetupFailed` if not."""
    population = population_of(scenario)
    opens_us = scenario.opens_at_us
    offers = _offers(population, seed)
    for sku, (title, price_cents) in offers.items():
        body = {
            "title": title,
            "price": decimal_of(price_cents),
            "limit_per_customer": population.limit_per_customer,
            "sale_opens": rfc3339(opens_us),
            "sale_closes": rfc3339(opens_us + population.sale_window_us),
        }
        yield from must(Do("list_product", STAFF, {"sku": sku}, body, idempotency_key=f"list-{sku}"))
    for sku in offers:
        body = {"units": population.units_per_product}
        yield from must(Do("receive_stock", STAFF, {"sku": sku}, body, idempotency_key=f"receive-{sku}"))


def visits(scenario: Scenario, seed: int) -> list[Visit]:
    """Every arrival of the scenario, in order of time; some customers come with two devices at once."""
    population = population_of(scenario)
    mix = JourneyMix(scenario, JOURNEYS)
    arrivals: list[Visit] = []
    for arrives_us, index in arrivals_of(scenario, seed):
        customer = f"student-{index:05d}"
        draw = stream(seed, "customer", index)
        name = mix.draw(draw)
        arrivals.append(_visit(arrives_us, customer, name, population, seed, "phone"))
        if draw.random() < population.two_devices_share:
            later_us = arrives_us + draw.randrange(3_000_000)
            arrivals.append(_visit(later_us, customer, name, population, seed, "laptop"))
    arrivals.sort(key=lambda visit: visit.arrives_us)
    return arrivals


def population_of(scenario: Scenario) -> Population:
    """The scenario's population, typed. Raises `ScenarioError`, which names the line."""
    return scenario.convert(("population",), Population)


def shopper(customer: str, device: str, population: Population, seed: int) -> Journey:
    """Comes to buy: browse, fill the cart, order, and see it through."""
    draw = stream(seed, "shopper", f"{customer}/{device}")
    me = Principal(customer, "customer")
    for look, come_back in enumerate(_looks(population, draw)):
        if come_back is not None:
            yield come_back
        key = f"{customer}/{device}/{look}"
        hurry = stream(seed, "impatience", key)
        patient = hurry.random() >= population.impatient_share
        got = yield from _order(me, key, population, draw, PATIENCE_S if patient else 0)
        if got is None or got.outcome in ("error", "unknown"):
            return
        if got.outcome == "ok" and not patient:
            yield from _cancel_at_once(me, key, got, population, hurry)
            return
        if got.outcome == "ok":
            yield from _after_order(me, key, got, population, draw)
            return
        if got.reason in ("payment-declined", "payment-failed"):
            yield from _pay_again(me, key, population, draw)
            return
        if got.reason != "sold-out":
            return


def window_shopper(customer: str, device: str, population: Population, seed: int) -> Journey:
    """Only looks: the catalog, then a product or two."""
    draw = stream(seed, "window-shopper", f"{customer}/{device}")
    got = yield Do("browse_catalog", PUBLIC)
    if not succeeded(got):
        return
    for product in draw.sample(got.body["products"], min(2, len(got.body["products"]))):
        yield _think(population, draw)
        yield Do("view_product", PUBLIC, {"sku": product["sku"]})


def express_shopper(customer: str, device: str, population: Population, seed: int) -> Journey:
    """Knows what to buy: one order of one unit, and waits until it is confirmed."""
    draw = stream(seed, "express-shopper", f"{customer}/{device}")
    sku = f"sku-{1 + draw.randrange(population.products)}"
    order = {"lines": [{"sku": sku, "units": 1}], "card_token": f"card-{customer}"}
    me = Principal(customer, "customer")
    yield Do("place_order", me, body=order, wait_s=PATIENCE_S, idempotency_key=f"{customer}/{device}/express")


JOURNEYS = {"shopper": shopper, "window_shopper": window_shopper, "express_shopper": express_shopper}


def _looks(population: Population, draw: random.Random) -> Iterator[Think | None]:
    """When a shopper looks: now, and, should it be sold out, for the persistent some more times.

    Hawks know when unpaid holds run out and come back just then; other persistent shoppers come back any time.
    """
    yield None
    mood = draw.random()
    if mood < population.hawk_share:
        yield Think(population.holds_run_out_after_us + draw.randrange(population.hawk_within_us))
    elif mood < population.hawk_share + population.persistent_share:
        for _ in range(SECOND_LOOKS):
            yield Think(draw.randrange(population.look_again_within_us // SECOND_LOOKS))


Steps = Generator[Any, Got | None, Got | None]


def _order(me: Principal, key: str, population: Population, draw: random.Random, wait_s: int) -> Steps:
    """From the catalog to the answer to "order", waiting for it so long; None if nothing was ordered."""
    catalog = yield Do("browse_catalog", PUBLIC)
    if not succeeded(catalog):
        return None
    yield _think(population, draw)
    basket = _basket(catalog.body["products"], population, draw)
    cart = yield Do("open_cart", me, idempotency_key=f"{key}/cart")
    if not told(cart, "cart_id"):
        return cart
    for sku, units in basket.items():
        path = {"cart_id": cart.body["cart_id"], "sku": sku}
        line = yield Do("set_cart_line", me, path, {"units": units}, idempotency_key=f"{key}/{sku}")
        if not succeeded(line):
            return line
        yield _think(population, draw)
    order = {"cart_id": cart.body["cart_id"], "card_token": f"card-{me.subject}"}
    return (yield Do("place_order", me, body=order, wait_s=wait_s, idempotency_key=f"{key}/order"))


def _basket(products: list[dict[str, Any]], population: Population, draw: random.Random) -> dict[str, int]:
    """What the customer wants: real basket sizes, spread over products, no more of one than the limit allows."""
    wanted = min(_draw_from(_basket_units(), draw), 2 * population.limit_per_customer)
    basket: dict[str, int] = {}
    for product in draw.sample(products, len(products)):
        if wanted <= 0:
            break
        basket[product["sku"]] = min(wanted, population.limit_per_customer)
        wanted -= basket[product["sku"]]
    return basket


def _after_order(me: Principal, key: str, got: Got, population: Population, draw: random.Random) -> Steps:
    """Wait until the order is ready; then mostly pick it up, rarely cancel."""
    order = yield from _settled(me, got)
    if order is None or order["status"] != "ready":
        if order is not None and order["status"] == "reserved":
            yield from _pay_again(me, key, population, draw)
        return None
    path = {"order_id": order["order_id"]}
    if draw.random() < population.change_of_mind_share:
        yield _think(population, draw)
        return (yield Do("cancel_order", me, path, idempotency_key=f"{key}/cancel"))
    if draw.random() < population.no_pickup_share:
        return None
    yield _pickup_time(order, population, draw)
    code = {"pickup_code": order["pickup_code"]}
    return (yield Do("confirm_pickup", COUNTER, path, code, idempotency_key=f"{key}/pickup"))


def _cancel_at_once(me: Principal, key: str, got: Got, population: Population, draw: random.Random) -> Steps:
    """Do not wait how the order comes out: cancel it, perhaps while it is being paid."""
    if not told(got, "order_id"):
        return None
    yield Think(draw.randrange(population.impatient_after_us))
    return (yield Do("cancel_order", me, {"order_id": got.body["order_id"]}, idempotency_key=f"{key}/cancel-at-once"))


def _pickup_time(order: dict[str, Any], population: Population, draw: random.Random) -> ThinkUntil | Think:
    if draw.random() < population.last_minute_pickup_share:
        late_us = draw.randint(-population.last_minute_us, population.last_minute_us)
        return ThinkUntil(instant_us(order["pickup_by"]) + late_us)
    return Think(draw.randrange(population.pickup_within_us))


def _pay_again(me: Principal, key: str, population: Population, draw: random.Random) -> Steps:
    """After a decline: try another card at once, at the last second, or give up."""
    listed = yield Do("list_orders", me)
    if not succeeded(listed) or not listed.body["orders"]:
        return None
    order = listed.body["orders"][0]
    if order["status"] != "reserved" or order["reserved_until"] is None:
        return None
    mood = draw.random()
    if mood < population.retry_at_once_share:
        yield _think(population, draw)
    elif mood < population.retry_at_once_share + population.retry_last_second_share:
        yield ThinkUntil(instant_us(order["reserved_until"]) - draw.randrange(population.last_second_us))
    else:
        return None
    path, card = {"order_id": order["order_id"]}, {"card_token": f"other-card-{me.subject}"}
    got = yield Do("retry_payment", me, path, card, wait_s=PATIENCE_S, idempotency_key=f"{key}/pay-again")
    if not succeeded(got):
        return got
    return (yield from _after_order(me, f"{key}/again", got, population, draw))


def _settled(me: Principal, got: Got) -> Generator[Any, Got | None, dict[str, Any] | None]:
    """Ask until the order is settled; None if that cannot be learnt."""
    order: dict[str, Any] | None = got.body if told(got, "order_id") else None
    for _ in range(ASKS):
        if order is None or order["status"] not in ("placed", "paying", "paid", "confirmed"):
            return order
        again = yield Do("view_order", me, {"order_id": order["order_id"]}, wait_s=PATIENCE_S)
        if not succeeded(again):
            return None
        order = again.body
    return None


def _think(population: Population, draw: random.Random) -> Think:
    """A pause to think."""
    return Think(human_us(population.think_median_us, draw))


def _visit(arrives_us: int, customer: str, journey: str, population: Population, seed: int, device: str) -> Visit:
    play = JOURNEYS[journey]
    return Visit(arrives_us, customer, journey, lambda: play(customer, device, population, seed))


def _offers(population: Population, seed: int) -> dict[str, tuple[str, int]]:
    """The products by sku: title and price, the prices drawn from real ones."""
    return {
        f"sku-{index + 1}": (TITLES[index], _draw_from(_unit_prices(), stream(seed, "price", index)))
        for index in range(population.products)
    }


Distribution = tuple[list[int], list[int]]


def _draw_from(distribution: Distribution, draw: random.Random) -> int:
    values, cumulated = distribution
    return values[bisect(cumulated, draw.randrange(cumulated[-1]))]


@cache
def _basket_units() -> Distribution:
    return _read_distribution("retail_basket_units.csv")


@cache
def _unit_prices() -> Distribution:
    return _read_distribution("retail_unit_prices.csv")


def _read_distribution(name: str) -> Distribution:
    with (DATA / name).open(newline="") as file:
        rows = [(int(value), int(count)) for value, count in list(csv.reader(file))[1:]]
    return [value for value, _ in rows], list(accumulate(count for _, count in rows))
